"""Tests of variance components: the exact distribution, mixtures, and what is refused."""

import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs.inference import chi_square_tail, f_tail


def fitted(formula: str, data: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return hlmrs.lmer(formula, data, **options)


def dropped_one_by_one(fit: Any, **options: Any) -> list[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return rows(fit.ranova(**options))


def test_what_the_data_do_not_identify_is_not_tested():
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(12), 8), rng.normal(size=96)
    data = {"y": x + rng.normal(size=12)[g] * (1 + x) + rng.normal(size=96), "x": x, "g": g, "h": g + 100}
    fit = fitted("y ~ x + (1 | g) + (1 | h)", data)
    assert fit.verdict.status == "flat"
    for method in ("mixture", "simulate"):
        for row in dropped_one_by_one(fit, method=method, n=20, seed=1):
            assert row["p_value"] is None
            assert row["method"].startswith("none: the data do not identify the term")
    slope, intercept = dropped_one_by_one(fitted("y ~ x + (x | g) + (1 | h)", data))
    assert intercept["p_value"] is None
    assert slope["p_value"] < 0.01
    assert "do not identify" in slope["method"]


def test_contrasts_of_effects_that_are_dropped_are_dropped_too():
    data = hlmrs.datasets.load("Machines", "polars")
    formula = "score ~ 1 + (1 | Worker) + (0 + Machine | Worker)"
    table = dropped_one_by_one(fitted(formula, data, contrasts={"Machine": "sum"}))
    assert [row["term"] for row in table] == ["(1 | Worker)", "(0 + Machine | Worker)"]


@pytest.mark.parametrize("reml", [True, False])
def test_in_a_balanced_one_way_layout_the_exact_test_is_the_f_test(reml):
    data = hlmrs.datasets.load("Dyestuff", "polars")
    y = data["Yield"].to_numpy().reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / 24
    f = 5 * y.mean(axis=1).var(ddof=1) / within
    (row,) = dropped_one_by_one(
        fitted("Yield ~ 1 + (1 | Batch)", data, reml=reml), method="simulate", n=200_000, seed=4
    )
    want = f_tail(f, 5, 24)
    assert row["p_value"] == pytest.approx(want, abs=4 * math.sqrt(want / 200_000))
    assert row["method"] == "exact, 200000 draws"


def test_weighted_unbalanced_groups_have_the_distribution_of_their_bootstrap():
    rng = np.random.default_rng(3)
    g, x = rng.integers(0, 7, 40), rng.normal(size=40)
    data = pl.DataFrame({"y": x + 0.45 * rng.normal(size=7)[g] + rng.normal(size=40), "x": x, "g": g.astype(str)})
    data = data.with_columns(w=rng.uniform(0.3, 3, 40))
    fit = fitted("y ~ x + (1 | g)", data, weights="w")
    from hlmrs._core import exact_null, null_statistics

    exact = exact_null(fit._estimate.core, 40_000, 1, 0)
    boot = null_statistics(fit._estimate.core, fit._estimate.rows, None, 20_000, 2, 0, None)
    for p in (0.6, 0.8, 0.9, 0.95, 0.99):
        assert (boot > np.quantile(exact, p)).mean() == pytest.approx(1 - p, abs=4 * math.sqrt(p * (1 - p) / 13_000))
    assert (boot <= 1e-9).mean() == pytest.approx((exact <= 1e-9).mean(), abs=0.02)


def test_a_slope_has_the_mixture_of_its_variance_and_covariance():
    fit = fitted("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
    (row,) = dropped_one_by_one(fit)
    smaller = fitted("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
    statistic = smaller.criterion - fit.criterion
    assert (row["term"], row["n_params"], row["df"]) == ("Days in (1 + Days | Subject)", 4, 2)
    assert row["statistic"] == pytest.approx(statistic)
    assert row["p_value"] == pytest.approx(0.5 * (chi_square_tail(statistic, 1) + chi_square_tail(statistic, 2)))
    assert (row["loglik"], row["aic"]) == pytest.approx((smaller.loglik, smaller.aic))


def test_terms_are_dropped_one_by_one_and_effects_before_those_that_contain_them():
    data = hlmrs.datasets.load("Machines", "polars").with_columns(x=pl.int_range(pl.len()) % 7 / 7.0)
    table = dropped_one_by_one(fitted("score ~ Machine + (1 | Worker/Machine)", data))
    assert [(r["term"], r["df"]) for r in table] == [("(1 | Worker)", 1), ("(1 | Worker:Machine)", 1)]
    (row,) = dropped_one_by_one(fitted("score ~ Machine + (Machine | Worker)", data))
    assert (row["df"], row["method"]) == (5, "chi-square(5), conservative")
    (row,) = dropped_one_by_one(fitted("score ~ Machine + diag(1 + x | Worker)", data))
    assert (row["term"], row["df"]) == ("x in diag(1 + x | Worker)", 1)
    assert row["method"].startswith("mixture of chi-square(0) and (1)")
    (row,) = dropped_one_by_one(fitted("score ~ Machine + cs(0 + Machine | Worker)", data))
    assert (row["term"], row["df"]) == ("cs(0 + Machine | Worker)", 4)


def test_a_variance_of_zero_has_no_evidence_against_it():
    (row,) = dropped_one_by_one(fitted("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars")))
    assert (row["statistic"], row["p_value"]) == (0, 1)


def test_the_bootstrap_of_a_crossed_model_is_near_its_mixture_and_does_not_depend_on_threads():
    data = hlmrs.datasets.load("Pastes", "polars")
    one, two = (
        dropped_one_by_one(
            fitted("strength ~ 1 + (1 | batch/cask)", data, control=hlmrs.Control(n_threads=k)),
            method="simulate",
            n=300,
            seed=1,
        )
        for k in (1, 2)
    )
    assert one == two
    (batch, _) = one
    assert batch["p_value"] == pytest.approx(0.2087, abs=0.08)


def test_smaller_models_are_fitted_to_the_rows_of_the_larger_one():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    data = data.with_columns(z=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col("Days") % 3))
    formula = "Reaction ~ Days + (1 + z | Subject)"
    for options in ({}, {"method": "simulate", "n": 20, "seed": 1}):
        one = dropped_one_by_one(fitted(formula, data), **options)
        two = dropped_one_by_one(fitted(formula, data.drop_nulls()), **options)
        for left, right in zip(one, two, strict=True):
            assert left["loglik"] == pytest.approx(right["loglik"], rel=1e-9)
            assert left["p_value"] == pytest.approx(right["p_value"], rel=1e-6)


def test_unknown_methods_are_refused():
    with pytest.raises(hlmrs.OptionError, match="'mixture', 'simulate'"):
        dropped_one_by_one(
            fitted("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy", "polars")), method="naive"
        )
