"""Posteriors whose mode is far from the fit: degenerate likelihoods, and priors with ends."""

import numpy as np
import pytest

import hlmrs

# a fit of no residual variance: the structure of the effects can stand for it
Y = """-.472 -1.07 3.495 1.982 -.009 3.477 6.304 2.616 -.028 1.227 1.139 -1.484 -1.213 4.322 .379 2.372 .496 -3.152
-2.371 -4.053 3.259 5.593 4.105 .194 -6.539 4.523 4.507 2.414 3.673 2.041 -1.029 -1.428 -2.94 2.026 -.008 -2.322 1.033
-.834 1.799 -.689"""


@pytest.mark.filterwarnings("ignore::hlmrs.errors.ConvergenceWarning", "ignore::hlmrs.errors.SingularFitWarning")
def test_a_fit_without_residual_variance_has_the_posterior_of_its_priors():
    """Means of four posteriors, which differ by more than a tail of k 0.6 lets their errors tell."""
    times = [str(i % 5) for i in range(40)]
    data = {"y": [float(v) for v in Y.split()], "t": times, "g": [f"g{i // 5}" for i in range(40)]}
    priors = {"(Intercept)": hlmrs.Normal(0, 1), "sd": hlmrs.HalfNormal(1), "sigma": hlmrs.HalfNormal(1)}
    fit = hlmrs.lmer("y ~ 1 + ar1(0 + t | g)", data)
    found = [fit.posterior(priors, draws=1000, seed=seed) for seed in (1, 3, 5, 72)]
    assert {one.verdict.method for one in found} == {"direct"}
    tables = [{row["parameter"]: row for row in one.summary().to_dicts()} for one in found]
    for name, expected in means_by_a_grid(np.array(data["y"]).reshape(8, 5)).items():
        mean, mcse = (np.mean([table[name][of] for table in tables]) for of in ("mean", "mcse"))
        atol = min(4.5 * mcse / 2, 0.05 if name == "sigma" else np.inf)
        np.testing.assert_allclose(mean, expected, atol=atol, err_msg=name)


def means_by_a_grid(y):
    """Posterior means over a grid of the three parameters, the coefficient, Normal(0, 1), integrated out."""
    sd = sigma = (np.arange(50) + 0.5) * 0.12
    rho = (np.arange(50) + 0.5) * 0.04 - 1
    sd, rho, sigma = (own.ravel() for own in np.meshgrid(sd, rho, sigma, indexing="ij"))
    apart = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    s = sd[:, None, None] ** 2 * rho[:, None, None] ** apart + sigma[:, None, None] ** 2 * np.eye(5)
    inverse, ones = np.linalg.inv(s), np.ones(5)
    precision = 1 + len(y) * np.einsum("i,nij,j->n", ones, inverse, ones)
    at = np.einsum("i,nij,gj->n", ones, inverse, y)
    square = np.einsum("gi,nij,gj->n", y, inverse, y) - at**2 / precision
    log = -0.5 * (len(y) * np.linalg.slogdet(s)[1] + np.log(precision) + square + sd**2 + sigma**2)
    p = np.exp(log - log.max())
    p /= p.sum()
    return {"sigma": p @ sigma, "sd(g)": p @ sd, "cor(g)": p @ rho}


@pytest.mark.parametrize(
    ("prior", "parameter", "low", "high"),
    [
        ({"sigma": hlmrs.Uniform(0, 1)}, "sigma", 0.99, 1),
        ({"sigma": hlmrs.Uniform(1000, 2000)}, "sigma", 1000, 1060),
        ({"sd(Days | Subject)": hlmrs.Uniform(50, 60)}, "sd(Days | Subject)", 50, 60),
        ({"sd": hlmrs.Uniform(0, 5)}, "sd((Intercept) | Subject)", 0, 5),
    ],
)
def test_priors_with_ends_far_from_the_fit_are_met(prior, parameter, low, high):
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    draws = np.asarray(fit.posterior(prior, draws=400).draws[parameter])
    assert low <= draws.min() <= draws.max() <= high
    assert len(np.unique(draws)) > 100


def test_a_uniform_prior_is_cut_at_the_ends_of_a_correlation():
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=40) + np.repeat(rng.normal(size=10), 4), "g": [f"g{i // 4}" for i in range(40)]}
    fit = hlmrs.gls("y ~ 1", data, residual="cs(1 | g)")
    beside = {"(Intercept)": hlmrs.Normal(0, 1), "sigma": hlmrs.HalfNormal(2)}
    of = [fit.posterior(beside | {"rho": hlmrs.Uniform(low, 1)}, draws=2000).log_marginal for low in (-1 / 3, -1)]
    # correlations of groups of four are above -1/3
    np.testing.assert_allclose(of[0].value, of[1].value, atol=4 * (of[0].std_error + of[1].std_error))


def test_a_hypothesis_between_two_ends_has_the_smaller_gap():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "pandas"))
    posterior = fit.posterior(draws=300)
    table = posterior.hypothesis("8 < Days < 12")
    days = np.asarray(posterior.draws["Days"])
    np.testing.assert_allclose(table["difference"][0], np.minimum(days - 8, 12 - days).mean())
    np.testing.assert_allclose(table["probability"][0], np.mean((days > 8) & (days < 12)))
