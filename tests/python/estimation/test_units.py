"""A continuous response times a constant is the same model: estimates follow, whatever unit the response is in."""

import warnings

import numpy as np
import pytest

import hlmrs
from golden import rows

SLEEP = hlmrs.datasets.load("sleepstudy", "dict")
Y = np.asarray(SLEEP["Reaction"], dtype=float)
UNITS = [1e-12, 1e-6, 1e-3, 1e3, 1e9, 1e12]


def fit(y, family="gaussian", formula="y ~ Days + (1 | Subject)", data=SLEEP, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(formula, {**data, "y": y}, family=family, **more)


def sds(one):
    return np.array([row["sd"] for row in rows(one.varcorr()) if row["term2"] is None])


@pytest.mark.parametrize("unit", UNITS)
def test_gaussian_models_are_linear_ones_in_any_unit(unit):
    formula = "y ~ Days + (Days | Subject)"
    linear = hlmrs.lmer(formula, {**SLEEP, "y": unit * Y}, reml=False)
    general = fit(unit * Y, formula=formula)
    assert general.verdict.status == "optimum"
    assert general.criterion == pytest.approx(linear.criterion, abs=1e-5)
    np.testing.assert_allclose(general.beta, linear.beta, rtol=1e-5)
    np.testing.assert_allclose(general.vcov(), linear.vcov(), rtol=1e-3)
    np.testing.assert_allclose(sds(general), sds(linear), rtol=2e-3)
    np.testing.assert_allclose(general.fitted, linear.fitted, rtol=1e-4)
    modes, others = (np.array([row["estimate"] for row in rows(one.ranef())]) for one in (general, linear))
    np.testing.assert_allclose(modes, others, atol=2e-2 * unit)


@pytest.mark.parametrize("unit", [4.0**-9, 4.0**9])
@pytest.mark.parametrize(
    ("family", "link", "power"),
    [
        ("gaussian", "identity", 1),
        ("gaussian", "log", 0),
        ("gaussian", "inverse", -1),
        ("gaussian", "sqrt", 0.5),
        ("student", "identity", 1),
        ("gamma", "inverse", -1),
        ("gamma", "identity", 1),
        ("gamma", "log", 0),
        ("inverse_gaussian", "1/mu^2", -2),
        ("inverse_gaussian", "log", 0),
    ],
)
def test_everything_follows_the_unit(family, link, power, unit):
    one, other = fit(Y, family, link=link), fit(unit * Y, family, link=link)
    factor, shift = unit**power, np.array([np.log(unit) if link == "log" else 0.0, 0.0])
    assert one.verdict.status == other.verdict.status
    assert other.loglik == pytest.approx(one.loglik - 180 * np.log(unit), abs=1e-6)
    np.testing.assert_allclose(other.beta, factor * one.beta + shift, rtol=1e-6)
    np.testing.assert_allclose(np.diag(other.vcov()), factor**2 * np.diag(one.vcov()), rtol=1e-4)
    np.testing.assert_allclose(sds(other)[0], factor * sds(one)[0], rtol=1e-5)
    np.testing.assert_allclose(other.fitted, unit * one.fitted, rtol=1e-6)
    np.testing.assert_allclose(other.predict(SLEEP), other.fitted, rtol=1e-9)
    np.testing.assert_allclose(other.residual_sd, unit * one.residual_sd, rtol=1e-5)
    np.testing.assert_allclose(other.theta, factor * one.theta, rtol=1e-5)
    again = other.refit(unit * Y)
    np.testing.assert_allclose(again.beta, other.beta, rtol=1e-9)


def test_offsets_dispersion_models_and_weights_follow_the_unit():
    data = {**SLEEP, "o": 3.0 * np.asarray(SLEEP["Days"]), "w": np.tile([1.0, 2.0], 90)}
    formula = "y ~ Days + offset({} * o) + (1 | Subject)"
    wide = {"dispersion": "~ Days", "weights": "w", "data": data}
    one, other = fit(Y, formula=formula.format(1), **wide), fit(1024 * Y, formula=formula.format(1024), **wide)
    gamma, delta = (np.asarray(one.tidy(component="dispersion")["estimate"]) for one in (one, other))
    np.testing.assert_allclose(delta - gamma, [np.log(1024), 0.0], atol=1e-6)
    assert other.loglik == pytest.approx(one.loglik - 270 * np.log(1024), abs=1e-6)
    np.testing.assert_allclose(other.residual_sd, 1024 * one.residual_sd, rtol=1e-6)


def test_profiles_and_bootstrap_of_a_response_in_another_unit_follow_it():
    one, other = fit(Y), fit(4.0**10 * Y)
    low, high = (np.asarray(one.confint(method="profile")["conf_low"]) for one in (one, other))
    np.testing.assert_allclose(high[:2], 4.0**10 * low[:2], rtol=1e-4)
    # the dispersion is a logarithm
    np.testing.assert_allclose(high[2], low[2] + 10 * np.log(4.0), rtol=1e-4)
    draws, others = (fit.simulate(2, seed=1) for fit in (one, other))
    np.testing.assert_allclose(others, 4.0**10 * draws, rtol=1e-5)


def test_a_t_law_without_heavy_tails_is_at_its_limit_in_any_unit():
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(30), 10)
    x = rng.normal(size=300)
    y = 1 + x + rng.normal(0, 0.5, 30)[g] + rng.normal(size=300)
    # a normal law is that of infinitely many degrees of freedom
    normal = hlmrs.lmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g}, reml=False)
    for unit in (1.0, 1e5):
        found = hlmrs.glmer("y ~ x + (1 | g)", {"y": unit * y, "x": x, "g": g}, family="student")
        assert found.verdict.status == "boundary"
        np.testing.assert_allclose(found.beta / unit, normal.beta, rtol=1e-4)
        np.testing.assert_allclose(found.tidy()["std_error"] / unit, normal.tidy()["std_error"], rtol=1e-3)


@pytest.mark.parametrize("family", ["gamma", "inverse_gaussian"])
def test_links_that_do_not_take_every_predictor_have_a_start(family):
    for seed in (1, 3):
        rng = np.random.default_rng(seed)
        g = np.repeat(np.arange(25), 8)
        x = rng.normal(size=200)
        mean = np.exp(0.3 + 0.5 * x + 0.5 * rng.normal(size=25)[g])
        found = fit(rng.gamma(2, mean / 2), family, "y ~ x + (1 | g)", {"x": x, "g": g})
        assert found.verdict.status in ("optimum", "boundary")


def test_what_update_is_not_given_stays():
    data = hlmrs.datasets.load("cbpp")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial", nagq=7)
    assert fit.update(reml=False).loglik == pytest.approx(fit.loglik, abs=1e-8)


@pytest.mark.parametrize("family", ["gaussian", "inverse_gaussian", "gamma", "student"])
@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_responses_whose_squares_are_no_numbers_are_refused(family, size):
    with pytest.raises(hlmrs.DataError, match="divide it by its spread"):
        fit(size * Y, family)


def test_single_trials_have_no_overdispersion():
    data = {"y": np.arange(60) % 3 == 0, "g": np.repeat(np.arange(12), 5)}
    with pytest.raises(hlmrs.DesignError, match="family 'binomial' is for these"):
        hlmrs.glmer("y ~ 1 + (1 | g)", data, family="betabinomial")


def test_one_gross_outlier_does_not_move_a_t_law():
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(30), 10)
    y = rng.standard_t(4, size=300) + rng.normal(size=30)[g]
    data = {"g": g}
    clean = fit(y, "student", "y ~ 1 + (1 | g)", data)
    y[3] = 1e6
    found = fit(y, "student", "y ~ 1 + (1 | g)", data)
    assert found.verdict.status == "optimum"
    assert found.beta[0] == pytest.approx(clean.beta[0], abs=0.1)
