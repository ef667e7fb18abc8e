"""Whether posteriors are calibrated: of data whose parameters come from the priors, ranks among the draws are uniform.

python -m benches.calibration 1000                        # to the screen
python -m benches.calibration 1000 docs/calibration.md    # between the marks of a page
python -m benches.calibration 200 --only slopes ar1

Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788; the band, of all ranks at once, is that of
Kolmogorov and Smirnov.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import kstest, kstwo

import hlmrs
from benches.results.markdown import inserted, table

HEADS = ("model", "parameter", "data sets", "without a fit", "mean share", "distance", "95 % band", "p")
N_DRAWS = 99
SEED = 5
BASE = {"(Intercept)": hlmrs.Normal(1, 2), "sd": hlmrs.HalfNormal(1), "sigma": hlmrs.HalfNormal(1)}

Truth = dict[str, float]
Generator = np.random.Generator


class Calibrated(NamedTuple):
    """A model, data of it whose parameters come from the priors, and its options."""

    formula: str
    make: Callable[[Generator], tuple[dict[str, Any], Truth]]
    priors: Mapping[str, Any]
    options: Mapping[str, Any] = {}


def one_factor(rng: Generator) -> tuple[dict[str, Any], Truth]:
    """Eight groups of four."""
    groups = np.repeat(np.arange(8), 4)
    mean, tau, sigma = rng.normal(1, 2), abs(rng.normal()), abs(rng.normal())
    y = mean + tau * rng.normal(size=8)[groups] + sigma * rng.normal(size=32)
    return {"y": y, "g": groups.astype(str)}, {"(Intercept)": mean, "sd((Intercept) | g)": tau, "sigma": sigma}


def two_crossed(rng: Generator) -> tuple[dict[str, Any], Truth]:
    """Six by seven, one row each."""
    rows, columns = (own.ravel() for own in np.mgrid[:6, :7])
    mean, tau, other, sigma = rng.normal(1, 2), *np.abs(rng.normal(size=3))
    y = mean + tau * rng.normal(size=6)[rows] + other * rng.normal(size=7)[columns] + sigma * rng.normal(size=42)
    truth = {"(Intercept)": mean, "sd((Intercept) | g)": tau, "sd((Intercept) | h)": other, "sigma": sigma}
    return {"y": y, "g": rows.astype(str), "h": columns.astype(str)}, truth


def slopes(rng: Generator) -> tuple[dict[str, Any], Truth]:
    """Ten groups of five, whose slopes vary; the correlation has LKJ(2)."""
    groups, x = np.repeat(np.arange(10), 5), np.tile(np.linspace(-1, 1, 5), 10)
    mean, slope, sd, sigma = rng.normal(1, 2), rng.normal(), np.abs(rng.normal(size=2)), abs(rng.normal())
    r = 2 * rng.beta(2, 2) - 1
    b = rng.normal(size=(10, 2)) @ np.linalg.cholesky([[1, r], [r, 1]]).T * sd
    y = mean + slope * x + b[groups, 0] + b[groups, 1] * x + sigma * rng.normal(size=50)
    names = ("sd((Intercept) | g)", "sd(x | g)", "cor((Intercept), x | g)")
    truth = {"(Intercept)": mean, "x": slope, **dict(zip(names, (*sd, r), strict=True)), "sigma": sigma}
    return {"y": y, "x": x, "g": groups.astype(str)}, truth


def ar1(rng: Generator) -> tuple[dict[str, Any], Truth]:
    """Twelve groups of six times; the correlation of neighbours is uniform."""
    groups, times = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    mean, tau, sigma, rho = rng.normal(1, 2), abs(rng.normal()), abs(rng.normal()), rng.uniform(-1, 1)
    root = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(np.arange(6), np.arange(6))))
    y = mean + tau * rng.normal(size=12)[groups] + sigma * (rng.normal(size=(12, 6)) @ root.T).ravel()
    truth = {"(Intercept)": mean, "sd((Intercept) | g)": tau, "rho": rho, "sigma": sigma}
    return {"y": y, "t": times, "g": groups.astype(str)}, truth


def bernoulli(rng: Generator) -> tuple[dict[str, Any], Truth]:
    """Fifteen groups of six zeros and ones."""
    groups, x = np.repeat(np.arange(15), 6), np.tile(np.linspace(-1, 1, 6), 15)
    mean, slope, tau = rng.normal(), rng.normal(), abs(rng.normal())
    eta = mean + slope * x + tau * rng.normal(size=15)[groups]
    y = (rng.random(90) < 1 / (1 + np.exp(-eta))).astype(float)
    return {"y": y, "x": x, "g": groups.astype(str)}, {"(Intercept)": mean, "x": slope, "sd((Intercept) | g)": tau}


MODELS = {
    "one factor": Calibrated("y ~ 1 + (1 | g)", one_factor, BASE),
    "two crossed": Calibrated("y ~ 1 + (1 | g) + (1 | h)", two_crossed, BASE),
    "slopes": Calibrated("y ~ x + (x | g)", slopes, BASE | {"x": hlmrs.Normal(0, 1), "cor": hlmrs.LKJ(2)}),
    "ar1": Calibrated("y ~ 1 + (1 | g)", ar1, BASE | {"rho": hlmrs.Uniform(-1, 1)}, {"residual": "ar1(t | g)"}),
    "bernoulli": Calibrated(
        "y ~ x + (1 | g)",
        bernoulli,
        {"(Intercept)": hlmrs.Normal(0, 1), "x": hlmrs.Normal(0, 1), "sd": hlmrs.HalfNormal(1)},
        {"family": "binomial"},
    ),
}


def shares(name: str, n: int, seed: int = SEED) -> tuple[dict[str, np.ndarray], int]:
    """Return, by parameter, the share of draws below the truth by data set, and how many of these were refused.

    Ties are broken at random. Data that have no fit, such as zeros alone, are left out; which ones depends on the data
    alone, so that ranks of the others stay uniform.
    """
    model, rng = MODELS[name], np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    refused = 0
    for k in range(n):
        data, truth = model.make(rng)
        own = {"draws": N_DRAWS, "seed": k, "priors": model.priors, **model.options}
        try:
            draws = hlmrs.bayes(model.formula, data, **own).draws
        except hlmrs.errors.HlmrsError:
            refused += 1
            continue
        for parameter, value in truth.items():
            below = np.sum(np.asarray(draws[parameter]) < value)
            found.setdefault(parameter, []).append((below + rng.random()) / (N_DRAWS + 1))
    return {parameter: np.array(own) for parameter, own in found.items()}, refused


def rows_of(name: str, n: int) -> list[list[str]]:
    """Return the rows of a model in the table."""
    found, refused = shares(name, n)
    rows = []
    for parameter, own in found.items():
        test, band = kstest(own, "uniform"), kstwo.ppf(0.95, len(own))
        numbers = [f"{own.mean():.3f}", f"{test.statistic:.3f}", f"{band:.3f}", f"{test.pvalue:.2f}"]
        named = f"`{parameter}`".replace("|", r"\|")
        rows.append([name, named, str(len(own)), str(refused), *numbers])
    return rows


def main() -> None:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", type=int, nargs="?", default=1000)
    parser.add_argument("page", type=Path, nargs="?")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    arguments = parser.parse_args()
    rows: list[list[str]] = []
    for name in arguments.only:
        rows += rows_of(name, arguments.n)
        print(f"{name}: done", flush=True)
    text = table(HEADS, rows)
    print(text)
    if arguments.page is not None:
        inserted(arguments.page, "calibration", text)


if __name__ == "__main__":
    main()
