"""Posteriors are calibrated: of data whose parameters are drawn from the priors, ranks among the draws are uniform.

Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788.
"""

import numpy as np
import pytest
from scipy.stats import kstest

import hlmrs

N_DATA, N_DRAWS = 60, 99
PRIORS = {"(Intercept)": hlmrs.Normal(1, 2), "sd": hlmrs.HalfNormal(1), "sigma": hlmrs.HalfNormal(1)}


def one_factor(rng):
    groups = np.repeat(np.arange(8), 4)
    mean, tau, sigma = rng.normal(1, 2), abs(rng.normal()), abs(rng.normal())
    y = mean + tau * rng.normal(size=8)[groups] + sigma * rng.normal(size=32)
    truth = {"(Intercept)": mean, "sd((Intercept) | g)": tau, "sigma": sigma}
    return {"y": y, "g": groups.astype(str)}, truth


def two_crossed(rng):
    rows, columns = (own.ravel() for own in np.mgrid[:6, :7])
    mean, tau, other, sigma = rng.normal(1, 2), *np.abs(rng.normal(size=3))
    y = mean + tau * rng.normal(size=6)[rows] + other * rng.normal(size=7)[columns] + sigma * rng.normal(size=42)
    truth = {"(Intercept)": mean, "sd((Intercept) | g)": tau, "sd((Intercept) | h)": other, "sigma": sigma}
    return {"y": y, "g": rows.astype(str), "h": columns.astype(str)}, truth


def slopes(rng):
    groups, x = np.repeat(np.arange(10), 5), np.tile(np.linspace(-1, 1, 5), 10)
    at_mean, slope = rng.normal(1, 2), rng.normal(0, 1)
    sd, sigma = np.abs(rng.normal(size=2)), abs(rng.normal())
    r = 2 * rng.beta(2, 2) - 1  # LKJ(2) of two effects
    b = rng.normal(size=(10, 2)) @ np.linalg.cholesky([[1, r], [r, 1]]).T * sd
    y = at_mean + slope * x + b[groups, 0] + b[groups, 1] * x + sigma * rng.normal(size=50)
    names = ("sd((Intercept) | g)", "sd(x | g)", "cor((Intercept), x | g)")
    truth = {"(Intercept)": at_mean, "x": slope, **dict(zip(names, (*sd, r), strict=True)), "sigma": sigma}
    return {"y": y, "x": x, "g": groups.astype(str)}, truth


MODELS = {
    "one factor": ("y ~ 1 + (1 | g)", one_factor, {}),
    "two crossed": ("y ~ 1 + (1 | g) + (1 | h)", two_crossed, {}),
    "slopes": ("y ~ x + (x | g)", slopes, {"x": hlmrs.Normal(0, 1), "cor": hlmrs.LKJ(2)}),
}


@pytest.mark.parametrize("name", MODELS)
def test_ranks_of_the_parameters_that_made_the_data_are_uniform(name):
    formula, make, further = MODELS[name]
    rng, ranks = np.random.default_rng(5), []
    for k in range(N_DATA):
        data, truth = make(rng)
        draws = hlmrs.bayes(formula, data, priors=PRIORS | further, draws=N_DRAWS, seed=k).draws
        ranks.append([np.sum(np.asarray(draws[parameter]) < value) for parameter, value in truth.items()])
    shares = (np.array(ranks) + rng.random((N_DATA, len(truth)))) / (N_DRAWS + 1)
    for parameter, own in zip(truth, shares.T, strict=True):
        assert kstest(own, "uniform").pvalue > 1e-3, parameter
