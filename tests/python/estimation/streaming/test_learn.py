"""What a model learns from a stream is what it learns from the rows."""

import pickle

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed
from hlmrs import splines
from hlmrs.estimation.streaming.quantiles import Quantiles
from hlmrs.estimation.streaming.spline_knots import SplineKnots
from hlmrs.formula import parse

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

DATA = crossed().with_columns(
    z=pl.when(pl.int_range(3000) % 50 == 0).then(None).otherwise("z"), far=1e6 + pl.col("x") ** 3
)
FORMULAS = [
    "y ~ poly(x, 1) + poly(z, 2) + f + (1 | subject)",
    "y ~ poly(far, 4) + (poly(z, 2) || school)",
    "y ~ poly(scale(z), 3) * f + center(scale(x)) + (1 | item)",
    "y ~ between(z, school) + within(z, school) + (within(z, school) | school)",
    "y ~ between(log(x), f) + within(scale(x), subject) + (1 | subject)",
    "y ~ between(within(z, item), school) + (1 | subject)",
    "y ~ center(z, school) + center(within(z, item), school):f + (center(z, school) | subject)",
    "within(y, school) ~ x + (1 | school) + (1 | item)",
    "y ~ scale(x, center = FALSE) + scale(far, scale = FALSE) + offset(scale(off)) + (1 | school)",
    "y ~ bs(x, df = 6) + ns(z, df = 4) + (1 | item)",
    "y ~ bs(log(x), knots = c(3.8, 3.9), Boundary.knots = c(3.6, 4.2)) + f + cr(z, knots = c(-1, 0, 1)) + (1 | item)",
    "y ~ bs(x, df = 5, Boundary.knots = c(20, 80)) + poly(z, 2) + (1 | item)",
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr("hlmrs.frame.polars_frame.BATCH_ROWS", 700)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_streamed_fit_is_that_of_the_rows(formula):
    whole = hlmrs.lmer(formula, DATA)
    fit = hlmrs.lmer(formula, DATA.lazy(), rows="stream")
    assert fit.coef_names == whole.coef_names
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)
    np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6, atol=1e-7 * np.abs(whole.beta).max())
    np.testing.assert_allclose(fit.predict(DATA), whole.predict(DATA), rtol=1e-7)
    np.testing.assert_allclose(
        fit.predict(DATA.lazy()).collect()["prediction"].to_numpy(), fit.predict(DATA), rtol=1e-12
    )
    more = fit.append(DATA.head(100))
    assert more.nobs == fit.nobs + (98 if "z" in formula else 100)


def test_a_polynomial_of_a_skewed_column_keeps_its_digits():
    x = np.exp(3 * np.random.default_rng(1).normal(size=3000))  # most of the rows in a thousandth of the range
    data = DATA.with_columns(x=x)
    formula = "y ~ poly(x, 5) + (1 | subject)"
    whole, fit = hlmrs.lmer(formula, data), hlmrs.lmer(formula, data.lazy(), rows="stream")
    np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6, atol=1e-6)


def test_what_cannot_be_learned_is_refused_by_name():
    def stream(formula, data=DATA):
        return hlmrs.lmer(formula, data.lazy(), rows="stream")

    with pytest.raises(hlmrs.DesignError, match=r"cr\(z, df = 4\).*give knots="):
        stream("y ~ cr(z, df = 4) + (1 | item)")
    with pytest.raises(hlmrs.DesignError, match="3 distinct values, too few for degree 3"):
        stream("y ~ poly(k, 3) + (1 | item)", DATA.with_columns(k=pl.col("item") % 3))
    with pytest.raises(hlmrs.DesignError, match=r"scale\(x\).*constant"):
        stream("y ~ scale(x) + (1 | item)", DATA.with_columns(x=pl.lit(3.1)))
    with pytest.raises(hlmrs.DesignError, match="no values to place the knots"):
        stream("y ~ bs(x, df = 5) + (1 | item)", DATA.with_columns(x=pl.lit(None, dtype=pl.Float64)))
    with pytest.raises(hlmrs.DesignError, match=r"poly\(\) is learned"):
        hlmrs.SufficientStatistics("y ~ poly(x, 2) + (1 | item)").update(DATA)


@pytest.mark.parametrize("few", [1 << 20, 50, 0])
@pytest.mark.parametrize("values", ["normal", "ties", "signs", "wide"])
def test_quantiles_of_batches_are_exact(values, few, monkeypatch):
    monkeypatch.setattr("hlmrs.estimation.streaming.quantiles._FEW", few)
    rng = np.random.default_rng(7)
    x = {
        "normal": rng.normal(size=1001),
        "ties": rng.integers(0, 5, 1000) / 3,
        "signs": np.repeat([-0.0, 0.0, -1e-300, 1e-300, np.pi], 100),
        "wide": rng.normal(size=1000) * 10.0 ** rng.integers(-200, 200, 1000),
    }[values]
    places = [0.1, 1 / 3, 0.5, 0.975]
    quantiles, passes = Quantiles(places, x.size), 0
    while quantiles.needs_rows:
        other = Quantiles.__new__(Quantiles)
        other.__dict__ = pickle.loads(pickle.dumps(quantiles.__dict__))
        quantiles.add(x[:300])
        other.add(x[300:])
        quantiles.merge(other)
        quantiles.finish()
        passes += 1
    np.testing.assert_array_equal(quantiles.result(), np.quantile(x, places))
    assert passes <= 4


@pytest.mark.parametrize("text", ["bs(x, df = 6)", "ns(x, df = 4)", "ns(x)", "cr(x, knots = c(0, 1))"])
def test_knots_of_parts_are_those_of_the_whole(text):
    x = np.append(np.random.default_rng(2).normal(size=999), np.nan)
    (factor,) = parse(f"y ~ {text} + (1 | g)").splines()
    whole = splines.SplineBasis.for_values(factor.expression, x)
    learner = SplineKnots(text, factor.expression)
    while learner.needs_rows:
        other = pickle.loads(pickle.dumps(learner))
        other.forget()
        learner.add(x[:10])
        other.add(x[10:])
        learner.merge(other)
        learner.finish()
    np.testing.assert_allclose(learner.basis.matrix(x[:50]), whole.matrix(x[:50]), atol=1e-12)


@pytest.mark.parametrize(
    "text", ["bs(x, df = 6)", "ns(x, df = 4)", "cr(x, knots = c(0, 1))", "bs(x, df = 4, Boundary.knots = c(-1, 1))"]
)
def test_values_that_are_forgotten_leave_no_trace(text):
    x = np.random.default_rng(2).normal(size=200)
    (factor,) = parse(f"y ~ {text} + (1 | g)").splines()
    learner, whole = SplineKnots(text, factor.expression), SplineKnots(text, factor.expression)
    while learner.needs_rows:
        learner.add(3 * x + 1)
        learner.forget()
        for knots in (learner, whole):
            knots.add(x)
            knots.finish()
    assert learner.basis.settings == whole.basis.settings


def test_a_column_whose_values_are_forgotten_has_none():
    (factor,) = parse("y ~ bs(x) + (1 | g)").splines()
    learner = SplineKnots("bs(x)", factor.expression)
    learner.add(np.array([1.0, 2.0]))
    learner.forget()
    with pytest.raises(hlmrs.DesignError, match="there are no values to place the knots by"):
        learner.finish()
