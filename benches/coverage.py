"""How often 95 % intervals cover, by seeded simulation, at 6, 10 and 30 groups.

    python benches/coverage.py                      # 1000 data sets for each number of groups
    python benches/coverage.py 200                  # fewer
    python benches/coverage.py 1000 docs/coverage.md  # writes the page, up to what is of generalized models

Model: y = 1 + 0.5 w + 0.5 x + b0 + b1 x + e, fitted as y ~ w + x + (x | g): w varies between groups, x within, the
groups have 3 to 9 rows; sd(b0) = 1, sd(b1) = 0.5, corr(b0, b1) = 0.3, sd(e) = 1.
"""

import sys
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import hlmrs
from hlmrs.errors import HlmrsError

GROUPS = (6, 10, 30)
TRUTH = {"w": 0.5, "x": 0.5, "sd((Intercept) | g)": 1.0, "sigma": 1.0}
HEADS = {"sd((Intercept) | g)": "sd of intercepts"}
REPLICATES = 200

METHODS = {
    "Wald, normal": {"ddf": "normal"},
    "Wald, residual df": {"ddf": "residual"},
    "Satterthwaite": {"ddf": "satterthwaite"},
    "Kenward-Roger": {"ddf": "kenward-roger"},
    "robust CR2": {"vcov": "CR2"},
}

PREDICTIONS = {
    "prediction, variances known": {"variances": "known"},
    "prediction, normal": {"ddf": "normal"},
    "prediction, Satterthwaite": {},
}


class Design:
    """One design, and what is drawn on it."""

    def __init__(self, n_groups: int, rng: np.random.Generator) -> None:
        sizes = 3 + np.arange(n_groups) % 7
        self.g = np.repeat(np.arange(n_groups), sizes)
        self.w = rng.normal(size=n_groups)[self.g]
        self.x = rng.normal(size=len(self.g))
        self.n_groups = n_groups

    def draw(self, rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any], np.ndarray]:
        """Return data, new rows in a known and in a new group, and what these turn out to be."""
        root = np.linalg.cholesky(np.array([[1, 0.15], [0.15, 0.25]]))
        b = rng.normal(size=(self.n_groups + 1, 2)) @ root.T
        line = lambda w, x, g: 1 + 0.5 * w + 0.5 * x + b[g, 0] + b[g, 1] * x  # noqa: E731
        y = line(self.w, self.x, self.g) + rng.normal(size=len(self.g))
        data = {"y": y, "w": self.w, "x": self.x, "g": [f"g{k}" for k in self.g]}
        new_g = np.array([0, self.n_groups])
        new_w, new_x = np.array([self.w[0], rng.normal()]), rng.normal(size=2)
        new = {"w": new_w, "x": new_x, "g": [f"g{k}" for k in new_g]}
        return data, new, line(new_w, new_x, new_g) + rng.normal(size=2)


class Tally:
    """Hits, trials and widths by method and target."""

    def __init__(self) -> None:
        self.hits: dict[tuple[str, str], list[bool]] = defaultdict(list)

    def add(self, method: str, target: str, low: float, high: float, truth: float) -> None:
        """Count one interval; one that does not exist is left out."""
        if not (np.isnan(low) or np.isnan(high)):
            self.hits[method, target].append(bool(low <= truth <= high))

    def percent(self, method: str, target: str) -> str:
        """Return the share of hits."""
        hits = self.hits.get((method, target))
        return f"{100 * np.mean(hits):.1f}" if hits else ""


def one(data: Any, new: Any, outcome: np.ndarray, seed: int, tally: Tally) -> None:
    """Fit one data set by every method."""
    fit = hlmrs.lmer("y ~ w + x + (x | g)", data)
    for method, options in METHODS.items():
        table = fit.tidy(**options)
        for k in (1, 2):
            tally.add(method, table["term"][k], table["conf_low"][k], table["conf_high"][k], 0.5)
    boot = fit.bootstrap(REPLICATES, seed=seed)
    for method, bounds in (
        ("profile likelihood", lambda: fit.confint(method="profile")),
        ("bootstrap, percentile", lambda: boot.confint()),
        ("bootstrap, BCa", lambda: boot.confint(method="bca")),
    ):
        try:
            table = bounds()
        except HlmrsError:
            continue
        for term, low, high in zip(table["term"], table["conf_low"], table["conf_high"], strict=True):
            if term in TRUTH:
                tally.add(method, term, low, high, TRUTH[term])
    for method, how in PREDICTIONS.items():
        table = fit.predict(new, new_levels="population", interval="prediction", **how)
        for k, target in enumerate(("known group", "new group")):
            tally.add(method, target, table["conf_low"][k], table["conf_high"][k], outcome[k])


def simulate(n_groups: int, n: int) -> Tally:
    """Tally `n` data sets."""
    rng = np.random.default_rng(20261123 + n_groups)
    design, tally = Design(n_groups, rng), Tally()
    for k in range(n):
        one(*design.draw(rng), seed=k, tally=tally)
        if sys.stderr.isatty():
            print(f"\r{n_groups} groups: {k + 1} of {n}", end="", file=sys.stderr)
    return tally


def page(tallies: dict[int, Tally], n: int) -> str:
    """Write the tables."""
    lines = [
        "# Coverage of 95 % intervals",
        "",
        f"By `python benches/coverage.py {n}`: {n} data sets for each number of groups, so that a share near 95 % has",
        f"a standard error of {100 * np.sqrt(0.95 * 0.05 / n):.1f} points; {REPLICATES} bootstrap replicates each.",
        "The model is `y ~ w + x + (x | g)` with 3 to 9 rows a group: `w` varies between groups, `x` within, its",
        "slope between them;",
        "standard deviations 1 (intercepts), 0.5 (slopes), 1 (residuals), correlation 0.3.",
        "",
    ]
    sections = (
        ("Coefficients", [*METHODS, "profile likelihood", "bootstrap, percentile", "bootstrap, BCa"], ("w", "x")),
        (
            "Standard deviations",
            ["profile likelihood", "bootstrap, percentile", "bootstrap, BCa"],
            ("sd((Intercept) | g)", "sigma"),
        ),
        (
            "New observations",
            [*PREDICTIONS],
            ("known group", "new group"),
        ),
    )
    for title, methods, targets in sections:
        heads = [f"{HEADS.get(target, target)}, {g} groups" for target in targets for g in tallies]
        lines += [f"## {title}", "", f"| method | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
        for method in methods:
            shares = [tallies[g].percent(method, target) for target in targets for g in tallies]
            lines.append(f"| {method} | {' | '.join(shares)} |")
        lines.append("")
    return "\n".join(lines)


GENERALIZED = "# Generalized models"
"""The heading of the second half of the page."""


def write(path: Path, *, linear: str | None = None, generalized: str | None = None) -> None:
    """Write one half of the page; the other stays."""
    old = path.read_text() if path.exists() else ""
    first, mark, second = old.partition(GENERALIZED)
    first = first if linear is None else linear
    second = mark + second if generalized is None else generalized
    path.write_text(f"{first.rstrip()}\n\n{second.strip()}".strip() + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    text = page({g: simulate(g, count) for g in GROUPS}, count)
    if len(sys.argv) > 2:
        write(Path(sys.argv[2]), linear=text)
    else:
        print(text)
