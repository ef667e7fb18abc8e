"""Shares of the variance of generalized models: every method by its formula, from the model without fixed effects."""

import math

import numpy as np
import pytest

import hlmrs
from generalized_models import data_of, quietly
from hlmrs.effectsize.observation_level import trigamma

DATA = data_of()


def pair(response, family, link=None, **more):
    """Return a fit and the one without fixed effects."""
    return tuple(
        quietly(lambda rhs=rhs: hlmrs.glmer(f"{response} ~ {rhs} + (1 | g)", DATA, family=family, link=link, **more))
        for rhs in ("x + f", "1")
    )


def parts(fit):
    """Return the variances of the fixed part and of the groups."""
    eta = fit.predict(random_effects=False, type="link")
    return float(np.var(eta, ddof=1)), float(fit.varcorr()["variance"][0])


def _poisson(mu, _):
    return mu


def _nbinom2(mu, fit):
    return mu + mu**2 / fit.dispersion


def _nbinom1(mu, fit):
    return mu * (1 + fit.dispersion)


LOG = [("count", "poisson", _poisson), ("count", "nbinom2", _nbinom2), ("count", "nbinom1", _nbinom1)]


@pytest.mark.parametrize(("response", "family", "variance"), LOG)
@pytest.mark.parametrize("mean", ["conditional", "marginal"])
def test_a_log_link_has_delta_lognormal_and_trigamma(response, family, variance, mean):
    fit, null = pair(response, family, "log")
    fixed, random = parts(fit)
    # Nakagawa et al. (2017): the mean of the null model, exp(b0) or over the population exp(b0 + variance / 2)
    mu = math.exp(null.beta[0] + (parts(null)[1] / 2 if mean == "marginal" else 0.0))
    cv = variance(mu, null) / mu**2
    own = {"delta": cv, "observation-level": cv, "lognormal": math.log(1 + cv), "trigamma": _trigamma(1 / cv)}
    for method, family_variance in own.items():
        icc, r2 = fit.icc(method=method, mean=mean), fit.r2(method=method, mean=mean)
        total = fixed + random + family_variance
        assert icc.adjusted == pytest.approx(random / (random + family_variance), rel=1e-6), method
        assert icc.unadjusted == pytest.approx(random / total, rel=1e-6)
        assert r2.marginal == pytest.approx(fixed / total, rel=1e-6)
        assert r2.conditional == pytest.approx((fixed + random) / total, rel=1e-6)
    assert fit.icc(mean=mean).adjusted == fit.icc(method="lognormal", mean=mean).adjusted


def _trigamma(x: float) -> float:
    """The sum of 1 / (x + k)², its tail by the integral and its first corrections (Euler and Maclaurin)."""
    n = 100_000
    end = x + n
    return sum(1 / (x + k) ** 2 for k in range(n)) + 1 / end + 1 / (2 * end**2) + 1 / (6 * end**3)


@pytest.mark.parametrize("x", [1e-3, 0.4, 1.0, 2.5, 11.9, 12.0, 300.0])
def test_trigamma_is_its_series(x):
    assert trigamma(x) == pytest.approx(_trigamma(x), rel=1e-12)


def test_trigamma_of_one_and_a_half_are_known():
    assert trigamma(1.0) == pytest.approx(math.pi**2 / 6, rel=1e-14)
    assert trigamma(0.5) == pytest.approx(math.pi**2 / 2, rel=1e-14)


@pytest.mark.parametrize(("link", "latent"), [("logit", math.pi**2 / 3), ("probit", 1.0), ("cloglog", math.pi**2 / 6)])
def test_binary_links_have_a_latent_variance_and_one_of_the_observations(link, latent):
    fit, null = pair("cbind(won, lost)", "binomial", link)
    _, random = parts(fit)
    assert fit.icc().adjusted == pytest.approx(random / (random + latent))
    assert fit.icc(method="theoretical").adjusted == fit.icc().adjusted
    eta = null.beta[0]
    p = {
        "logit": 1 / (1 + math.exp(-eta)),
        "probit": 0.5 * (1 + math.erf(eta / math.sqrt(2))),
        "cloglog": 1 - math.exp(-math.exp(eta)),
    }[link]
    slope = {
        "logit": p * (1 - p),
        "probit": math.exp(-(eta**2) / 2) / math.sqrt(2 * math.pi),
        "cloglog": math.exp(eta) * (1 - p),
    }[link]
    delta = p * (1 - p) / slope**2
    if link == "logit":
        assert delta == pytest.approx(1 / (p * (1 - p)))  # the published form
    found = fit.icc(method="observation-level").adjusted
    assert found == pytest.approx(random / (random + delta), rel=1e-6)


def test_the_mean_over_the_population_of_a_probability_is_near_mcculloch_and_neuhaus():
    # MuMIn takes plogis(b0 - v tanh(b0 (1 + 2 exp(-v/2)) / 6) / 2), McCulloch et al. (2008), an approximation to the
    # mean that quadrature has exactly
    fit, null = pair("cbind(won, lost)", "binomial")
    (_, random), (_, v), b0 = parts(fit), parts(null), null.beta[0]
    p = 1 / (1 + math.exp(-(b0 - 0.5 * v * math.tanh(b0 * (1 + 2 * math.exp(-0.5 * v)) / 6))))
    found = fit.icc(method="delta", mean="marginal").adjusted
    assert found == pytest.approx(random / (random + 1 / (p * (1 - p))), rel=2e-3)
    assert found != fit.icc(method="delta").adjusted


def test_a_square_root_has_a_quarter():
    # Var(y) (d sqrt(mu) / d mu)² = mu / (4 mu)
    fit, _ = pair("count", "poisson", "sqrt")
    _, random = parts(fit)
    assert fit.icc().adjusted == pytest.approx(random / (random + 0.25), rel=1e-9)


def test_gamma_has_its_coefficient_of_variation():
    fit, null = pair("time", "gamma", "log")
    _, random = parts(fit)
    y = DATA["time"].to_numpy()
    mu = null.predict()
    # the family's own relative variance is the same in all rows
    relative = np.unique(np.round((y - mu) ** 2 / null.resid("pearson") ** 2 / mu**2, 8))
    assert len(relative) == 1
    assert fit.icc(method="trigamma").adjusted == pytest.approx(
        random / (random + _trigamma(1 / relative[0])), rel=1e-6
    )


def test_what_is_not_defined_is_refused_with_what_there_is():
    binary, _ = pair("cbind(won, lost)", "binomial")
    with pytest.raises(hlmrs.OptionError, match=r"is of a log link.*method='delta'"):
        binary.icc(method="lognormal")
    counts, _ = pair("count", "poisson")
    with pytest.raises(hlmrs.OptionError, match=r"latent variable.*lognormal, trigamma and delta"):
        counts.r2(method="theoretical")
    ordered, _ = pair("grade", "cumulative")
    assert 0 < ordered.icc(method="theoretical").adjusted < 1
    with pytest.raises(hlmrs.OptionError, match="has no mean"):
        ordered.icc(method="delta")
    cauchit, _ = pair("cbind(won, lost)", "binomial", "cauchit")
    with pytest.raises(hlmrs.OptionError, match="has no variance; method='delta'"):
        cauchit.icc()
    with pytest.raises(hlmrs.OptionError, match="choose one of"):
        counts.icc(method="nakagawa")
    with pytest.raises(hlmrs.OptionError, match="zero part"):
        quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", DATA, family="poisson", zero_inflation="~ 1")).icc()
