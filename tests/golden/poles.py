"""Zero-inflated counts with random effects in both parts, by quadrature and SciPy: python poles.py > poles.json.

The integral over both effects of a site is a sum over the nodes of Gauss and Hermite in each; the maximum is the
higher one of BFGS from two starts, many zeros of another source and few, with slopes by differences.
"""

import csv
import json
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp

NODES = 25, 61
"""Of the effects on counts, and of those on zeros, which vary more."""
MODELS = {"nbinom1": "~ 1 + (1 | site)", "nbinom2": "~ mined + (1 | site)"}


def columns():
    """Counts, sites, and the columns of both parts."""
    with (Path(__file__).parent / "data/Salamanders.csv").open() as lines:
        table = list(csv.DictReader(lines))
    y = np.array([float(row["count"]) for row in table])
    sites = np.unique([row["site"] for row in table], return_inverse=True)[1]
    mined = np.array([row["mined"] == "no" for row in table], dtype=float)
    species = sorted({row["spp"] for row in table})
    dummies = [[float(row["spp"] == name) for row in table] for name in species[1:]]
    one = np.ones(len(y))
    return (
        y,
        sites,
        np.column_stack([one, mined, *dummies]),
        {"~ 1": one[:, None], "~ mined": np.column_stack([one, mined])},
    )


def log_density(family, y, eta, phi):
    """Of counts y[:, None] at the logarithms of their means."""
    mean = np.exp(eta)
    size = mean / phi if family == "nbinom1" else phi
    share = np.log1p(phi) if family == "nbinom1" else np.logaddexp(0, eta - np.log(phi))
    y = y[:, None]
    odds = np.log(phi) - share if family == "nbinom1" else eta - np.log(phi) - share
    return gammaln(y + size) - gammaln(size) - gammaln(y + 1) - size * share + y * odds


def log_likelihood(x, family, y, sites, mean, zero):
    """The sum over sites of the logarithm of the double sum over nodes."""
    (nodes, weights), (others, weights_of_others) = map(np.polynomial.hermite_e.hermegauss, NODES)
    log_weights = np.log(np.outer(weights, weights_of_others) / (2 * np.pi))
    p, q = mean.shape[1], zero.shape[1]
    beta, gamma, (log_phi, first, second) = x[:p], x[p : p + q], x[p + q :]
    counts = log_density(family, y, (mean @ beta)[:, None] + np.exp(first) * nodes, np.exp(log_phi))
    extra = (zero @ gamma)[:, None] + np.exp(second) * others
    own, none = -np.logaddexp(0, extra), -np.logaddexp(0, -extra)
    both = own[:, None, :] + counts[:, :, None]
    both = np.where((y == 0)[:, None, None], np.logaddexp(both, none[:, None, :]), both)
    by_site = np.zeros((sites.max() + 1, *NODES))
    np.add.at(by_site, sites, both)
    return logsumexp(by_site + log_weights, axis=(1, 2)).sum()


def main():
    y, sites, mean, parts = columns()
    found = {}
    for family, formula in MODELS.items():
        zero = parts[formula.removesuffix(" + (1 | site)")]
        p = mean.shape[1]
        start = np.zeros((2, p + zero.shape[1] + 3))
        start[:, 0], start[:, -2:], start[1, p], start[1, -1] = np.log(y.mean()), -1.0, -4.0, 1.2
        tried = [
            minimize(lambda x: -log_likelihood(x, family, y, sites, mean, zero), one, method="BFGS")  # noqa: B023
            for one in start
        ]
        best = min(tried, key=lambda end: end.fun)
        found[family] = {"zero_inflation": formula, "loglik": -best.fun, "largest_slope": float(np.abs(best.jac).max())}
    software = [f"NumPy {np.__version__}", f"SciPy {scipy.__version__}"]
    print(json.dumps({"software": software, "cases": found}, indent=1))


if __name__ == "__main__":
    main()
