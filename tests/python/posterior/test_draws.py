"""Draws are from the posterior: that by quadrature, that of chains, and given the variances that of dense algebra."""

import json
from pathlib import Path

import numpy as np
import pytest

import hlmrs
from hlmrs.posterior import convergence

GOLDEN = Path(__file__).parents[2] / "golden"
EXACT = json.loads((GOLDEN / "posteriors_exact.json").read_text(encoding="utf-8"))["models"]
NAMES = {"dyestuff2": "Dyestuff2", "penicillin": "Penicillin", "sleepstudy": "sleepstudy"}
PRIORS = {"flat": hlmrs.Flat, "normal": hlmrs.Normal, "half_student_t": hlmrs.HalfStudentT, "lkj": hlmrs.LKJ}


def golden_case(name):
    case = json.loads((GOLDEN / "posteriors" / f"{name}.json").read_text(encoding="utf-8"))
    data = hlmrs.datasets.load(NAMES[name.partition("_")[0]], "polars")
    priors = {
        parameter: PRIORS[own["kind"]](**{key: value for key, value in own.items() if key != "kind"})
        for parameter, own in case["priors"].items()
    }
    return case["formula"], data, priors


def differences(values, chains, exact):
    """Mean, standard deviation and quantiles less the exact ones, in Monte Carlo standard errors."""
    draws = values.reshape(chains, -1)
    pairs = {
        "mean": (values.mean(), convergence.mcse_mean(draws)),
        "sd": (values.std(ddof=1), convergence.mcse_sd(draws)),
        "q5": (np.quantile(values, 0.05), convergence.mcse_quantile(draws, 0.05)),
        "q50": (np.quantile(values, 0.5), convergence.mcse_quantile(draws, 0.5)),
        "q95": (np.quantile(values, 0.95), convergence.mcse_quantile(draws, 0.95)),
    }
    return {key: (value - exact[key]) / error for key, (value, error) in pairs.items()}


@pytest.mark.parametrize("name", EXACT)
def test_direct_draws_are_from_the_posterior_by_quadrature(name):
    formula, data, priors = golden_case(name)
    post = hlmrs.bayes(formula, data, priors=priors, draws=3000, method="direct")
    assert post.verdict.trusted
    draws = post.draws
    assert set(draws.columns) == set(EXACT[name]["posterior"])
    for parameter, exact in EXACT[name]["posterior"].items():
        assert max(map(abs, differences(draws[parameter].to_numpy(), 1, exact).values())) < 4.5, parameter


@pytest.mark.parametrize("name", ["dyestuff2", "penicillin"])
def test_chains_are_from_the_posterior_by_quadrature(name):
    formula, data, priors = golden_case(name)
    post = hlmrs.bayes(formula, data, priors=priors, draws=1000, method="nuts")
    assert post.verdict.method == "nuts"
    assert post.verdict.rhat < 1.03
    for parameter, exact in EXACT[name]["posterior"].items():
        assert max(map(abs, differences(post.draws[parameter].to_numpy(), 4, exact).values())) < 4.5, parameter


def dense_posterior(x, z_of, y, sd, sigma, shares=1.0):
    """Mean and covariance of β given the variances under flat priors, and the means of b."""
    v = z_of @ z_of.T * sd**2 + np.eye(len(y)) * sigma**2 * shares
    inverse = np.linalg.inv(v)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    beta = covariance @ x.T @ inverse @ y
    return beta, covariance, sd**2 * z_of.T @ inverse @ (y - x @ beta)


def test_coefficients_and_effects_given_the_variances_are_those_of_dense_algebra():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    post = fit.posterior({"fixed": hlmrs.Flat(), "(Intercept)": hlmrs.Flat()}, draws=300)
    draws, y = post.draws, data["Reaction"].to_numpy()
    x = np.column_stack([np.ones(len(y)), data["Days"].to_numpy()])
    z = np.eye(18)[np.unique(data["Subject"].to_numpy(), return_inverse=True)[1]]
    standard, means = [], []
    for row in draws.iter_rows(named=True):
        beta, covariance, b = dense_posterior(x, z, y, row["sd((Intercept) | Subject)"], row["sigma"])
        gap = np.array([row["(Intercept)"], row["Days"]]) - beta
        standard.append(np.linalg.solve(np.linalg.cholesky(covariance), gap))
        means.append(b)
    assert np.abs(np.mean(standard, axis=0)).max() < 4 / np.sqrt(300)
    assert np.cov(np.transpose(standard)) == pytest.approx(np.eye(2), abs=0.3)
    effects = post.ranef()
    error = effects["sd"].to_numpy() / np.sqrt(300)
    assert np.abs((effects["mean"].to_numpy() - np.mean(means, axis=0)) / error).max() < 4.5


@pytest.mark.parametrize("method", ["direct", "nuts"])
def test_a_seed_gives_the_same_draws_for_any_number_of_threads(method):
    data = hlmrs.datasets.load("Dyestuff", "polars")
    one, two, other = (
        hlmrs.bayes(
            "Yield ~ 1 + (1 | Batch)",
            data,
            draws=100,
            seed=seed,
            method=method,
            control=hlmrs.Control(n_threads=threads),
        )
        for threads, seed in ((1, 7), (2, 7), (1, 8))
    )
    assert one.draws.equals(two.draws)
    assert one.ranef().equals(two.ranef())
    assert not one.draws.equals(other.draws)


def test_effects_that_are_fixed_by_a_prior_are_where_it_says():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    post = hlmrs.bayes(
        "Reaction ~ Days + (1 | Subject)",
        data,
        priors={"Days": hlmrs.Normal(3, 1e-3), "sigma": hlmrs.Uniform(40, 41)},
        draws=400,
    )
    assert post.draws["Days"].to_numpy() == pytest.approx(3, abs=6e-3)
    assert post.draws["sigma"].is_between(40, 41).all()


def test_the_prior_of_the_intercept_is_where_columns_have_their_means():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    post = hlmrs.bayes(
        "Reaction ~ Days + (1 | Subject)", data, priors={"(Intercept)": hlmrs.Normal(250, 1e-3)}, draws=400
    )
    draws = post.draws
    centred = draws["(Intercept)"].to_numpy() + 4.5 * draws["Days"].to_numpy()
    assert centred == pytest.approx(250, abs=6e-3)
