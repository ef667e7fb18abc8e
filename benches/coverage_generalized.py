"""How often 95 % intervals of generalized models cover, by seeded simulation, at 10 and 30 groups.

    python -m benches.coverage_generalized                       # 200 data sets for each model and number of groups
    python -m benches.coverage_generalized 50                    # fewer
    python -m benches.coverage_generalized 200 docs/coverage.md  # writes the second half of the page

The linear predictor is a + 0.5 w + 0.5 x + b: w varies between groups, x within, the groups have 3 to 9 rows.  Binary
responses have a = 0 and sd(b) = 1 with a logit link, counts a = 1 and sd(b) = 0.5 with a log link.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import hlmrs

from .coverage import GENERALIZED, Tally, write

GROUPS = (10, 30)
SD = "sd((Intercept) | g)"
MIXED = "y ~ w + x + (1 | g)"
REPLICATES = 100
SETTINGS = {"binomial": (0.0, 1.0), "poisson": (1.0, 0.5)}
"""By family the intercept, and the standard deviation of the groups."""
HEADS = {"binomial": "Binary responses", "poisson": "Counts"}


def draw(family: str, n_groups: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a design and its responses."""
    a, sd = SETTINGS[family]
    g = np.repeat(np.arange(n_groups), 3 + np.arange(n_groups) % 7)
    w, x = rng.normal(size=n_groups)[g], rng.normal(size=len(g))
    eta = a + 0.5 * w + 0.5 * x + sd * rng.normal(size=n_groups)[g]
    y = rng.poisson(np.exp(eta)) if family == "poisson" else rng.random(len(g)) < 1 / (1 + np.exp(-eta))
    return {"y": y.astype(float), "w": w, "x": x, "g": [f"g{k:02d}" for k in g]}


def wald(fit: Any, **how: Any) -> Callable[[], Any]:
    """Return what makes Wald's intervals."""
    return lambda: fit.confint(**how)


def profile(fit: Any) -> Callable[[], Any]:
    """Return what makes intervals by profiles."""
    return lambda: fit.confint(method="profile")


def methods(family: str, data: dict[str, Any], seed: int | None) -> dict[str, Callable[[], Any]]:
    """Fit one data set; return what makes intervals of the same parameters, with a seed also by bootstrap."""
    laplace = hlmrs.glmer(MIXED, data, family=family)
    exact = hlmrs.glmer(MIXED, data, family=family, nagq=15)
    found = {
        "Wald, Laplace": wald(laplace),
        "Wald, Laplace, robust CR1": wald(laplace, vcov="CR1"),
        "profile likelihood, Laplace": profile(laplace),
        "Wald, quadrature": wald(exact),
        "profile likelihood, quadrature": profile(exact),
    }
    if seed is not None:
        found["bootstrap, percentile"] = lambda: laplace.bootstrap(REPLICATES, seed=seed).confint()
    if family != "poisson":
        return found
    # with a log link the slopes of the population are those of a group
    gee = hlmrs.gee("y ~ w + x", data, groups="g", family=family, correlation="exchangeable")
    if gee.verdict.converged:
        found["GEE, robust"] = wald(gee)
        found["GEE, Kauermann-Carroll, t"] = wald(gee, vcov="kauermann-carroll", ddf="groups")
        found["GEE, Mancl-DeRouen, t"] = wald(gee, vcov="mancl-derouen", ddf="groups")
    return found


def simulate(family: str, n_groups: int, n: int) -> tuple[Tally, int]:
    """Tally `n` data sets; return how many were refused as well."""
    rng = np.random.default_rng([20261123, n_groups, len(family)])
    tally, refused = Tally(), 0
    truth = {"w": 0.5, "x": 0.5, SD: SETTINGS[family][1]}
    for k in range(n):
        data = draw(family, n_groups, rng)
        try:
            made = methods(family, data, k if 2 * k < n else None)
        except hlmrs.HlmrsError:
            refused += 1
            continue
        for method, intervals in made.items():
            table = intervals()
            for term, low, high in zip(table["term"], table["conf_low"], table["conf_high"], strict=True):
                if term in truth:
                    tally.add(method, str(term), low, high, truth[term])
    return tally, refused


def section(family: str, n: int) -> list[str]:
    """Simulate and tabulate one family."""
    found = {g: simulate(family, g, n) for g in GROUPS}
    targets = {"w": "w", "x": "x", SD: "sd of groups"}
    heads = [f"{head}, {g} groups" for head in targets.values() for g in GROUPS]
    lines = [f"## {HEADS[family]}", "", f"| method | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for method in dict.fromkeys(method for tally, _ in found.values() for method, _ in tally.hits):
        shares = [found[g][0].percent(method, target) for target in targets for g in GROUPS]
        lines.append(f"| {method} | {' | '.join(shares)} |")
    refused = ", ".join(f"{count} of {n} with {g} groups" for g, (_, count) in found.items() if count)
    return [*lines, "", *([f"Left out because a fit was refused: {refused}.", ""] if refused else [])]


def page(n: int) -> str:
    """Write both tables."""
    lines = [
        GENERALIZED,
        "",
        f"By `python -m benches.coverage_generalized {n}`: {n} data sets for each model and number of groups, so that",
        f"a share near 95 % has a standard error of {100 * np.sqrt(0.95 * 0.05 / n):.1f} points. The linear predictor",
        "is `a + 0.5 w + 0.5 x + b` with 3 to 9 rows a group: `w` varies between groups, `x` within. Binary responses:",
        "a logit link, a = 0, standard deviation of the groups 1. Counts: a log link, a = 1, standard deviation 0.5.",
        f"Quadrature has 15 points; the bootstrap, of {REPLICATES} replicates, is of the first half of the data sets.",
        "Of generalized estimating equations, with an exchangeable correlation, those without a solution are left out.",
        "",
    ]
    return "\n".join([*lines, *section("binomial", n), *section("poisson", n)])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    text = page(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    if len(sys.argv) > 2:
        write(Path(sys.argv[2]), generalized=text)
    else:
        print(text)
