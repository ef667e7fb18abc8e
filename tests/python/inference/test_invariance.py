"""Inference does not depend on units, on constants that are added, on the order of rows, or on the scale of weights."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from kinds_of_models import rows_of_groups
from methods_of_inference import DDF

FORMULA = "y ~ x + w + f + (x | g)"


def fitted(data: Any, formula: str = FORMULA, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return hlmrs.lmer(formula, data, **options)


@pytest.fixture(scope="module")
def fit():
    return fitted(rows_of_groups(), weights="weight")


def column(table: Any, name: str) -> np.ndarray:
    return np.array([row[name] for row in rows(table)], dtype=float)


def unitless(fit: Any) -> dict[str, np.ndarray]:
    """Everything without a unit: degrees of freedom, statistics, p-values of slopes, and shares."""
    out = {}
    for ddf in DDF:
        table = fit.tidy(ddf=ddf)
        out |= {f"{ddf} {name}": column(table, name)[1:] for name in ("df", "statistic", "p_value")}
        out[f"{ddf} F"] = column(fit.anova(ddf=ddf), "statistic")
    for vcov in ("CR0", "CR2", "CR3"):
        out |= {f"{vcov} {name}": column(fit.tidy(vcov=vcov), name)[1:] for name in ("df", "statistic")}
    out["ranova"] = column(fit.ranova(), "p_value")
    out["pairs"] = column(fit.marginal.pairs("f"), "p_value")
    out["icc"] = np.array([fit.icc().adjusted, fit.r2().marginal, fit.r2().conditional])
    return out


def same(one: Any, two: Any, *, rtol: float, but: tuple[str, ...] = ()) -> None:
    got = unitless(two)
    for name, want in unitless(one).items():
        if name not in but:
            np.testing.assert_allclose(got[name], want, rtol=rtol, atol=1e-9, err_msg=name)


SCALES = {
    "another unit of the response": (pl.col("y") * 1e6, pl.col("x")),
    "a large constant in the response": (pl.col("y") + 1e8, pl.col("x")),
    "another unit of a predictor": (pl.col("y"), pl.col("x") * 1e-5),
    "years for a predictor": (pl.col("y"), pl.col("x") * 1e3 + 1e6),
}


@pytest.mark.parametrize("change", SCALES)
def test_tests_do_not_depend_on_units_and_constants(fit, change):
    y, x = SCALES[change]
    other = fitted(rows_of_groups().with_columns(y=y, x=x), weights="weight")
    same(fit, other, rtol=2e-4)


@pytest.mark.parametrize("change", SCALES)
def test_intervals_of_predictions_are_in_the_responses_unit_alone(fit, change):
    y, x = SCALES[change]
    other = fitted(rows_of_groups().with_columns(y=y, x=x), weights="weight")
    for interval in ("confidence", "prediction"):
        one, two = (
            column(f.predict(interval=interval), "conf_high") - column(f.predict(interval=interval), "prediction")
            for f in (fit, other)
        )
        unit = 1e6 if "unit of the response" in change else 1.0
        np.testing.assert_allclose(two / unit, one, rtol=2e-4)


@pytest.mark.parametrize("change", SCALES)
def test_profile_intervals_are_in_the_responses_unit_alone(fit, change):
    y, x = SCALES[change]
    other = fitted(rows_of_groups().with_columns(y=y, x=x), weights="weight")
    one, two = (
        dict(zip(t["term"], zip(t["conf_low"], t["conf_high"], strict=True), strict=True))
        for t in (f.confint(method="profile") for f in (fit, other))
    )
    unit = 1e6 if "unit of the response" in change else 1.0
    for name in ("w", "fb", "sigma"):
        np.testing.assert_allclose(np.array(two[name]) / unit, one[name], rtol=1e-4, err_msg=name)


def test_the_order_of_rows_and_levels_changes_nothing(fit):
    data = rows_of_groups().sample(fraction=1.0, shuffle=True, seed=2)
    other = fitted(data.with_columns(g="z" + pl.col("g").str.reverse()), weights="weight")
    same(fit, other, rtol=1e-4)


def test_weights_of_another_scale_change_no_test():
    # sigma takes the scale up: the model is the same
    one = fitted(rows_of_groups(), weights="weight")
    two = fitted(rows_of_groups().with_columns(weight=pl.col("weight") * 100), weights="weight")
    same(one, two, rtol=1e-4, but=("icc",))  # of a row of weight one


@pytest.mark.parametrize("kind", ["parametric", "residual", "case"])
def test_replicates_do_not_depend_on_the_unit(kind):
    one, two = (
        fitted(rows_of_groups().with_columns(y=pl.col("y") * k)).bootstrap(20, kind=kind, seed=3).values[:, :4] / k
        for k in (1.0, 1000.0)
    )
    np.testing.assert_allclose(one, two, rtol=1e-4)


@pytest.mark.parametrize("constant", [1e-300, 1e-100, 1e-20, 1e-12, 1e12, 1e30, 1e100, 1e290])
def test_weights_times_a_constant_are_the_same_model(constant):
    """Var(e) = sigma^2 / w: sigma^2 grows by the constant, beta and the likelihood stay."""
    data = rows_of_groups()
    one = fitted(data, weights="weight")
    two = fitted(data.with_columns(weight=pl.col("weight") * constant), weights="weight")
    assert two.verdict.status == one.verdict.status
    np.testing.assert_allclose(two.beta, one.beta, rtol=1e-5)
    np.testing.assert_allclose(np.diag(two.vcov()), np.diag(one.vcov()), rtol=1e-5)
    np.testing.assert_allclose(two.sigma / np.sqrt(constant), one.sigma, rtol=1e-6)
    np.testing.assert_allclose(np.array(two.theta) * np.sqrt(constant), one.theta, rtol=1e-4)
    np.testing.assert_allclose(two.loglik, one.loglik, rtol=0, atol=1e-9)


@pytest.mark.parametrize("constant", [1e-30, 1e30])
def test_streamed_weights_times_a_constant_are_the_same_model(constant):
    """The first batch may have weights of another size than all rows have."""
    data = rows_of_groups().with_columns(weight=pl.col("weight") * constant).sort("weight")
    half = data.height // 2
    sums = hlmrs.SufficientStatistics(FORMULA, weights="weight").update(data[half:]).update(data[:half])
    other = hlmrs.SufficientStatistics(FORMULA, weights="weight").update(data[:half])
    merged = other.merge(hlmrs.SufficientStatistics(FORMULA, weights="weight").update(data[half:]))
    whole = fitted(rows_of_groups(), weights="weight")
    for statistics in (sums, merged):
        streamed = fitted(statistics)
        np.testing.assert_allclose(streamed.beta, whole.beta, rtol=1e-5)
        np.testing.assert_allclose(streamed.sigma / np.sqrt(constant), whole.sigma, rtol=1e-6)
        np.testing.assert_allclose(streamed.loglik, whole.loglik, rtol=0, atol=1e-8)
