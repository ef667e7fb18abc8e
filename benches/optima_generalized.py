"""Whether generalized fits called converged are the lowest optima, and have likelihoods that are highest there.

    python -m benches.optima_generalized                # 600 designs of all families, links and forms; 200 binary ones
    python -m benches.optima_generalized 60 40          # fewer

Small random designs, with groups of unequal sizes and effects up to very large.  A fit that is called converged is
fitted again from starts with standard deviations far below and above its own, and from random ones; it counts as wrong
if another converged fit is lower by 1e-3.  Of binary responses with one effect of one factor the likelihood itself, by
sums over points a fraction of a logistic step apart, is maximized over the coefficients at every standard deviation of
a grid; a fit called converged counts as wrong if the likelihood is highest at the end of the grid.
"""

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize

import hlmrs
from hlmrs.families import _LINKS as LINKS

TOLERANCE = 1e-3
SCALES = (0.05, 0.3, 3.0, 20.0)
RANDOM_STARTS = 2
FORMS = (
    "~ 1 + (1 | g)",
    "~ x + (1 | g)",
    "~ x + (0 + x | g)",
    "~ x + (x | g)",
    "~ x + (1 | g) + (1 | h)",
)
SDS = (0.01, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 40.0, 100.0, 300.0)


def models() -> list[tuple[str, str, str]]:
    """Return every family with every link and form."""
    return [(family, link, form) for form in FORMS for family, links in LINKS.items() for link in links]


def responses(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    """Return responses that a family can have, about as dispersed as its models."""
    mean, share, n = np.exp(np.clip(0.7 * eta, -6, 6)), 1 / (1 + np.exp(-eta)), len(eta)
    name, shape = family.removeprefix("truncated_"), np.exp(rng.uniform(-0.5, 2.0))
    if name in ("poisson", "nbinom1", "nbinom2", "genpois"):
        counts = rng.poisson(mean * (1.0 if name == "poisson" else rng.gamma(shape, 1 / shape, n)))
        return counts + float(name != family)
    drawn: dict[str, Any] = {
        "binomial": lambda: rng.random(n) < share,
        "betabinomial": lambda: rng.binomial(6, rng.beta(4 * share + 0.01, 4 * (1 - share) + 0.01)),
        "beta": lambda: np.clip(rng.beta(4 * share + 0.01, 4 * (1 - share) + 0.01), 1e-3, 1 - 1e-3),
        "ordbeta": lambda: np.clip(1.3 * rng.beta(4 * share + 0.01, 4 * (1 - share) + 0.01) - 0.15, 0, 1),
        "cumulative": lambda: np.digitize(eta + rng.logistic(size=n), [-0.8, 0.9]),
        "gamma": lambda: np.maximum(rng.gamma(shape, mean / shape), 1e-8),
        "inverse_gaussian": lambda: np.maximum(rng.wald(mean, 3 * shape), 1e-8),
        "lognormal": lambda: np.exp(rng.normal(eta, 0.7)),
        "tweedie": lambda: rng.poisson(mean) * rng.gamma(shape, 1 / shape, n),
        "gaussian": lambda: mean + rng.normal(size=n) * rng.uniform(0.2, 1),
        "student": lambda: mean + rng.standard_t(4, n) * rng.uniform(0.2, 1),
    }
    return np.asarray(drawn[family](), dtype=float)


def design(rng: np.random.Generator, family: str, form: str) -> dict[str, Any]:
    """Return 10 to 60 rows in 3 to 10 groups of unequal sizes, with effects whose size varies by 30."""
    n, n_groups = int(rng.integers(10, 60)), int(rng.integers(3, 10))
    g = rng.choice(n_groups, n, p=rng.dirichlet(np.full(n_groups, rng.choice([1.0, 5.0]))))
    h, x = rng.integers(0, 5, n), rng.normal(size=n)
    sds = 10 ** rng.uniform(-1, 0.5, 3) * (rng.random(3) < 0.8)
    effects = rng.normal(size=(3, n_groups)) * sds[:, None]
    eta = rng.normal() + rng.choice([0.0, 0.5]) * x + effects[0][g]
    eta = eta + effects[1][g] * x * ("x |" in form) + effects[2][h % n_groups] * ("h)" in form)
    y = responses(rng, family, eta)
    rows = {"y": y, "n": np.full(n, 6.0), "x": x, "g": [f"g{k}" for k in g], "h": [f"h{k}" for k in h]}
    if family == "cumulative":
        _, codes = np.unique(y, return_inverse=True)
        rows["y"] = codes
    return rows


def fitted(family: str, link: str, form: str, rows: dict[str, Any], **options: Any) -> Any:
    """Return the fit; None where the data do not allow the model."""
    response = "cbind(y, n - y)" if family == "betabinomial" else "y"
    try:
        return hlmrs.glmer(f"{response} {form}", rows, family=hlmrs.Family(family, link), **options)
    except hlmrs.HlmrsError:
        return None


def starts(rng: np.random.Generator, theta: np.ndarray) -> Iterator[list[float]]:
    """Yield standard deviations far from those of a fit, and random ones."""
    for scale in SCALES:
        yield list(scale * np.where(theta == 0, 0.3, theta))
    for _ in range(RANDOM_STARTS):
        yield list(rng.normal(size=len(theta)) * 10 ** rng.uniform(-1, 1))


def gap(model: tuple[str, str, str], seed: int) -> tuple[str, float]:
    """Return the status of a fit, and how far it is above the lowest converged one from other starts."""
    rng = np.random.default_rng([seed, *"".join(model).encode()])
    rows = design(rng, model[0], model[2])
    fit = fitted(*model, rows)
    if fit is None:
        return "refused", 0.0
    if not fit.verdict.converged:
        return fit.verdict.status, 0.0
    others = [fitted(*model, rows, control=hlmrs.Control(start=start)) for start in starts(rng, fit.theta)]
    sure = ("optimum", "boundary")
    found = [other.criterion for other in others if other is not None and other.verdict.status in sure]
    return fit.verdict.status, float(fit.criterion - min([fit.criterion, *found]))


def binary(rng: np.random.Generator) -> dict[str, Any]:
    """Return 4 to 40 binary rows in 3 to 12 groups, whose effects may be so large that a group's rows are all alike."""
    n, n_groups = int(rng.integers(4, 40)), int(rng.integers(3, 12))
    g, x = rng.integers(0, n_groups, n), rng.normal(size=n)
    effects = 10 ** rng.uniform(-1, 1.5) * rng.normal(size=n_groups)
    eta = rng.normal() + rng.choice([0, 0.5, 2.0]) * x + effects[g]
    return {"y": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), "x": x, "g": g}


def profile(rows: dict[str, Any], with_x: bool) -> np.ndarray:
    """Return the least -2 log-likelihood of a logistic model at each standard deviation."""
    sign, x = 2 * rows["y"] - 1, np.column_stack([np.ones(len(rows["y"])), rows["x"]])[:, : 1 + with_x]
    _, g = np.unique(rows["g"], return_inverse=True)
    found, beta = [], np.zeros(x.shape[1])
    for sd in SDS:
        step = min(0.05, 0.5 / sd)
        u = np.arange(-8.5, 8.5 + step, step)
        weight = -0.5 * u**2 - 0.5 * np.log(2 * np.pi) + np.log(step)

        def criterion(beta: np.ndarray, sd: float = sd, u: np.ndarray = u, weight: np.ndarray = weight) -> float:
            rows_at = -np.logaddexp(0, -sign[:, None] * ((x @ beta * max(sd, 1))[:, None] + sd * u))
            levels = np.zeros((g.max() + 1, len(u)))
            np.add.at(levels, g, rows_at)
            return float(-2 * np.logaddexp.reduce(levels + weight, axis=1).sum())

        end = minimize(criterion, beta, method="BFGS")
        beta = end.x
        found.append(end.fun)
    return np.array(found)


def endless(seed: int) -> list[tuple[int, str]] | None:
    """Return the numbers of points that call a fit without an optimum converged; None where there is no such fit."""
    rng = np.random.default_rng(seed)
    rows, with_x = binary(rng), bool(rng.random() < 0.5)
    form = "~ x + (1 | g)" if with_x else "~ 1 + (1 | g)"
    fits = {nagq: fitted("binomial", "logit", form, rows, nagq=nagq) for nagq in (1, 9, 25)}
    if fits[1] is None:
        return None
    values = profile(rows, with_x)
    if values.argmin() < len(SDS) - 1 or values[-1] > values[:-1].min() - TOLERANCE:
        return []
    called = [(nagq, fit.verdict.status) for nagq, fit in fits.items() if fit is not None and fit.verdict.converged]
    return [entry for entry in called if entry[1] != "flat"]


def main(n_models: int = 600, n_binary: int = 200) -> int:
    """Print what is wrong, and how often each verdict was given."""
    warnings.simplefilter("ignore")
    all_models, wrong, counts = models(), 0, dict[str, int]()
    for seed in range(n_models):
        model = all_models[seed % len(all_models)]
        status, above = gap(model, seed)
        counts[status] = counts.get(status, 0) + 1
        if above > TOLERANCE:
            wrong += 1
            print(f"    {model}   seed {seed}: {status}, {above:.4f} above another optimum", flush=True)
        elif status in ("not-converged", "pole", "rough"):
            print(f"    {model}   seed {seed}: {status}", flush=True)
    print(f"all families: {wrong} above the lowest optimum by more than {TOLERANCE}; verdicts {counts}", flush=True)
    without_end = 0
    for seed in range(n_binary):
        if called := endless(seed):
            without_end += 1
            print(f"    seed {seed}: {called}", flush=True)
    print(f"binary: {without_end} of {n_binary} called converged where the likelihood rises without end")
    return min(wrong + without_end, 1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
