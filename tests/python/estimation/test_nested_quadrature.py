"""Quadrature for classes in schools."""

import numpy as np
import polars as pl
import pytest

import hlmrs

FORMULA = "y ~ x + (1 | school/class)"
OF_WHAT = (
    "quadrature is for the random effects of one grouping factor, or for one effect in each of two nested ones, "
    "and the model has 2 grouping factors with "
)


@pytest.fixture(scope="module")
def pupils() -> pl.DataFrame:
    """Four pupils in each of five classes of forty schools."""
    rng = np.random.default_rng(11)
    n_classes = np.arange(200)
    label, school = np.repeat(n_classes, 4), np.repeat(n_classes // 5, 4)
    x = rng.normal(size=800)
    eta = -0.3 + 0.7 * x + rng.normal(0, 1.2, 200)[label] + rng.normal(0, 0.9, 40)[school]
    return pl.DataFrame({"y": rng.random(800) < 1 / (1 + np.exp(-eta)), "x": x, "school": school, "class": label})


def test_more_points_take_the_bias_of_laplace_away(pupils: pl.DataFrame) -> None:
    laplace = hlmrs.glmer(FORMULA, pupils, family="binomial")
    fits = [hlmrs.glmer(FORMULA, pupils, family="binomial", nagq=n) for n in (5, 9, 15)]
    assert all(fit.verdict.status == "optimum" for fit in fits)
    assert abs(fits[2].criterion - fits[1].criterion) < 1e-2 < abs(laplace.criterion - fits[2].criterion)
    np.testing.assert_allclose(fits[1].beta, fits[2].beta, rtol=1e-3)
    # the next term of the expansion points the same way as quadrature does
    assert fits[2].loglik > laplace.loglik
    assert laplace.approximation.error == pytest.approx(fits[2].loglik - laplace.loglik, rel=0.5)
    assert fits[2].varcorr()["sd"][0] > laplace.varcorr()["sd"][0]


def test_schools_without_variance_are_the_classes_alone(pupils: pl.DataFrame) -> None:
    one = hlmrs.glmer("y ~ x + (1 | class)", pupils, family="binomial", nagq=7)
    # schools of one class from each fifth of the classes, dealt there and back, have the same means
    order = np.argsort(np.argsort(one.ranef()["estimate"].to_numpy()))
    dealt = np.where(order // 40 % 2 == 0, order % 40, 39 - order % 40)
    apart = pupils.with_columns(school=pl.Series(np.repeat(dealt, 4)))
    with pytest.warns(hlmrs.errors.SingularFitWarning):
        both = hlmrs.glmer("y ~ x + (1 | class) + (1 | school)", apart, family="binomial", nagq=7)
    assert both.varcorr()["sd"].min() == pytest.approx(0, abs=1e-3)
    assert both.criterion == pytest.approx(one.criterion, abs=1e-6)


def test_crossed_factors_and_slopes_are_refused_with_the_reason(pupils: pl.DataFrame) -> None:
    crossed = pupils.with_columns(item=pl.Series(np.arange(800) % 7))
    with pytest.raises(hlmrs.DesignError, match=OF_WHAT + "1 and 1 effects; fit.approximation of nagq=1"):
        hlmrs.glmer("y ~ x + (1 | class) + (1 | item)", crossed, family="binomial", nagq=3)
    with pytest.raises(hlmrs.DesignError, match=OF_WHAT + "2 and 1 effects"):
        hlmrs.glmer("y ~ x + (1 + x | class) + (1 | school)", pupils, family="binomial", nagq=3)
    with pytest.raises(hlmrs.DesignError, match="40 points in each of 2 dimensions are more than 1000; ask for fewer"):
        hlmrs.glmer(FORMULA, pupils, family="binomial", nagq=40)
