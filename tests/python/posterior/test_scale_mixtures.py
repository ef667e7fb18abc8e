"""Student's t and the horseshoe of coefficients of linear models: flat posteriors weighed, and special cases."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError
from hlmrs.posterior.by_priors import _coefficients


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.datasets.load("sleepstudy", "polars")


FORMULA = "Reaction ~ Days + (Days | Subject)"
VARIANCES = {"(Intercept)": hlmrs.Flat(), "sd": hlmrs.HalfNormal(60), "sigma": hlmrs.HalfNormal(60)}


@pytest.mark.parametrize("prior", [hlmrs.StudentT(3, 0, 2), hlmrs.StudentT(1, 4, 0.5)])
def test_a_t_prior_weighs_the_draws_of_a_flat_one(sleep, prior):
    flat = hlmrs.bayes(FORMULA, sleep, priors={**VARIANCES, "Days": hlmrs.Flat()}, draws=20_000, seed=3)
    own = hlmrs.bayes(FORMULA, sleep, priors={**VARIANCES, "Days": prior}, draws=8000, seed=4)
    days = flat.draws["Days"].to_numpy()
    weights = np.exp(prior.log_density(days))
    mean = np.average(days, weights=weights)
    sd = np.sqrt(np.average((days - mean) ** 2, weights=weights))
    worth = weights.sum() ** 2 / (weights**2).sum()
    found = own.draws["Days"].to_numpy()
    assert worth > 300
    assert found.mean() == pytest.approx(mean, abs=5 * sd * np.sqrt(1 / worth + 1 / 1000))
    assert found.std() == pytest.approx(sd, rel=0.1)


def test_many_degrees_of_freedom_are_a_normal_prior(sleep):
    normal = hlmrs.bayes(FORMULA, sleep, priors={**VARIANCES, "Days": hlmrs.Normal(0, 3)}, draws=8000)
    own = hlmrs.bayes(FORMULA, sleep, priors={**VARIANCES, "Days": hlmrs.StudentT(1e6, 0, 3)}, draws=8000, seed=2)
    for name in ("Days", "sigma"):
        a, b = normal.draws[name].to_numpy(), own.draws[name].to_numpy()
        assert a.mean() == pytest.approx(b.mean(), abs=0.1 * a.std())
        assert a.std() == pytest.approx(b.std(), rel=0.06)


def test_both_methods_draw_the_same(sleep):
    priors = {**VARIANCES, "Days": hlmrs.StudentT(2, 0, 1)}
    direct, chains = (hlmrs.bayes(FORMULA, sleep, priors=priors, draws=4000, method=m) for m in ("direct", "nuts"))
    a, b = direct.draws["Days"].to_numpy(), chains.draws["Days"].to_numpy()
    assert a.mean() == pytest.approx(b.mean(), abs=0.12 * a.std())
    assert a.std() == pytest.approx(b.std(), rel=0.1)


def test_the_defaults_of_brms_have_its_intercept(sleep):
    post = hlmrs.bayes(FORMULA, sleep, priors="brms", draws=400)
    shown = {row["parameter"]: row["prior"] for row in post.priors().to_dicts()}
    assert shown["(Intercept)"] == "StudentT(3, 288.7, 59.3)"
    assert shown["Days"] == "Flat()"


@pytest.fixture(scope="module")
def sparse():
    rng = np.random.default_rng(5)
    n, p = 120, 8
    x = rng.normal(size=(n, p))
    g = np.arange(n) % 12
    y = 2.0 * x[:, 0] - 1.5 * x[:, 1] + 0.5 * rng.normal(size=12)[g] + rng.normal(size=n)
    return {"y": y, "g": [f"g{k}" for k in g], **{f"x{k}": x[:, k] for k in range(p)}}


def test_a_horseshoe_leaves_what_is_large_and_draws_the_rest_to_zero(sparse):
    formula = "y ~ " + " + ".join(f"x{k}" for k in range(8)) + " + (1 | g)"
    flat = hlmrs.bayes(formula, sparse, priors={"fixed": hlmrs.Flat()}, draws=2000)
    own = hlmrs.bayes(formula, sparse, priors={"fixed": hlmrs.Horseshoe(1)}, draws=2000)
    assert own.verdict.trusted
    a, b = (np.array([post.draws[f"x{k}"] for k in range(8)]) for post in (flat, own))
    assert b[:2].mean(axis=1) == pytest.approx(a[:2].mean(axis=1), abs=0.1)
    noise = slice(2, 8)
    assert (np.abs(b[noise]).mean(axis=1) < np.abs(a[noise]).mean(axis=1)).all()


def test_the_density_of_the_horseshoe_is_that_of_its_draws():
    prior, rng = hlmrs.Horseshoe(0.5), np.random.default_rng(1)
    drawn = np.abs(prior.sample(rng, 400_000))
    grid = np.exp(np.linspace(-30, 30, 60_001))
    density = 2 * np.exp(prior.log_density(grid)) * grid * 1e-3
    assert density.sum() == pytest.approx(1, abs=1e-4)
    for end in (0.05, 0.5, 5.0):
        assert density[grid <= end].sum() == pytest.approx((drawn <= end).mean(), abs=0.004)


def test_where_a_horseshoe_cannot_be(sleep):
    with pytest.raises(OptionError, match="standard deviation"):
        hlmrs.bayes(FORMULA, sleep, priors={"sigma": hlmrs.Horseshoe(1)})
    cbpp = hlmrs.datasets.load("cbpp", "polars")
    formula, priors = "cbind(incidence, size - incidence) ~ period + (1 | herd)", {"fixed": hlmrs.Horseshoe(1)}
    with pytest.raises(OptionError, match="offered of linear models"):
        hlmrs.bayes(formula, cbpp, family="binomial", priors=priors)
    with pytest.raises(OptionError, match="Uniform"):
        hlmrs.bayes(FORMULA, sleep, priors={"Days": hlmrs.Uniform(0, 9)})


def test_priors_are_drawn_with_what_they_share(sparse):
    formula = "y ~ x0 + x1 + (1 | g)"
    priors = {"(Intercept)": hlmrs.StudentT(5, 0, 1), "fixed": hlmrs.Horseshoe(0.1)}
    post = hlmrs.bayes(formula, sparse, priors=priors, draws=100)
    drawn = post.prior_predictive(50)
    assert drawn.shape == (120, 50)
    assert np.isfinite(drawn).all()
    first, second = np.log(np.abs(_coefficients(post._draws.priors, 20_000, np.random.default_rng(1))[:, 1:])).T
    # log|b| has the log of the common variate, of variance pi²/4, and as much of its own, and log|z|, of variance pi²/8
    assert np.corrcoef(first, second)[0, 1] == pytest.approx((1 / 4) / (1 / 4 + 1 / 4 + 1 / 8), abs=0.03)


def test_very_many_degrees_of_freedom_are_no_end_of_numbers(sparse):
    a, b = (
        hlmrs.bayes("y ~ x0 + x1 + (1 | g)", sparse, priors={"fixed": prior}, draws=400)
        for prior in (hlmrs.StudentT(1e300, 0, 2), hlmrs.Normal(0, 2))
    )
    assert (
        a.draws.equals(b.draws)
        if hasattr(a.draws, "equals")
        else all((a.draws[n] == b.draws[n]).all() for n in a.draws)
    )
