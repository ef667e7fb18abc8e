"""Tables of a fit, against closed forms of balanced designs and by their frames' kinds.

Variances agree to 1e-5: at that distance from the optimum the criterion is within 1e-10 of it.
"""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hlmrs
from golden import rows
from hlmrs.inference.random_effects import _of_term

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")
MODEL = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer(MODEL, SLEEP)


@pytest.fixture(scope="module")
def dyestuff():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    y = data["Yield"].to_numpy().reshape(6, 5)
    within = y.var(axis=1, ddof=1).mean()
    between = (y.mean(axis=1).var(ddof=1) * 5 - within) / 5
    return hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data), y, within, between


def test_variance_components_of_a_balanced_design_are_those_of_anova(dyestuff):
    fit, _, within, between = dyestuff
    batch, residual = rows(fit.varcorr())
    assert batch["variance"] == pytest.approx(between, rel=1e-5)
    assert residual["variance"] == pytest.approx(within, rel=1e-6)
    assert batch["sd"] ** 2 == pytest.approx(batch["variance"])
    assert (batch["group"], batch["term1"], batch["term2"], batch["corr"]) == ("Batch", "(Intercept)", None, None)
    assert (residual["group"], residual["term1"]) == ("Residual", None)


def test_random_effects_of_a_balanced_design_are_shrunken_means(dyestuff):
    fit, y, within, between = dyestuff
    shrinkage = between / (between + within / 5)
    table = rows(fit.ranef())
    assert [row["estimate"] for row in table] == pytest.approx(shrinkage * (y.mean(axis=1) - y.mean()), rel=1e-5)
    assert [row["std_error"] for row in table] == pytest.approx([math.sqrt(between * (1 - shrinkage))] * 6, rel=1e-5)
    assert [row["level"] for row in table] == list("ABCDEF")
    coefficients = rows(fit.coef())
    assert [row["(Intercept)"] for row in coefficients] == pytest.approx(
        [fit.beta[0] + row["estimate"] for row in table]
    )


def test_standard_error_of_a_balanced_mean(dyestuff):
    fit, _, within, between = dyestuff
    (row,) = rows(fit.tidy(ddf="residual"))
    assert row["std_error"] == pytest.approx(math.sqrt((between + within / 5) / 6), rel=1e-5)
    assert row["df"] == 29


def test_wald_table(fit):
    table = rows(fit.tidy(ddf="normal"))
    assert [row["term"] for row in table] == fit.coef_names
    for row, estimate, variance in zip(table, fit.beta, np.diag(fit.vcov()), strict=True):
        assert row["estimate"] == estimate
        assert row["std_error"] == pytest.approx(math.sqrt(variance))
        assert row["statistic"] == pytest.approx(estimate / math.sqrt(variance))
        assert row["p_value"] == pytest.approx(math.erfc(abs(row["statistic"]) / math.sqrt(2)))
        assert row["conf_high"] - estimate == pytest.approx(1.959963984540054 * row["std_error"])
        assert row["df"] == math.inf


def test_residual_df_widen_the_intervals(fit):
    normal, residual = rows(fit.confint(ddf="normal")), rows(fit.confint(ddf="residual"))
    assert list(normal[0]) == ["term", "conf_low", "conf_high"]
    # the 97.5 % point of t with 178 df: 1.9734
    width = (residual[1]["conf_high"] - residual[1]["conf_low"]) / (normal[1]["conf_high"] - normal[1]["conf_low"])
    assert width == pytest.approx(1.97338 / 1.95996, rel=1e-5)


def test_a_higher_level_is_wider(fit):
    assert rows(fit.confint(level=0.99))[0]["conf_low"] < rows(fit.confint(level=0.5))[0]["conf_low"]


def test_key_figures_agree_with_each_other(fit):
    (row,) = rows(fit.glance())
    assert row["loglik"] == fit.loglik == -fit.criterion / 2
    assert row["aic"] == fit.aic == fit.criterion + 2 * 6
    assert row["bic"] == pytest.approx(fit.criterion + 6 * math.log(180))
    assert row["nobs"] == fit.nobs == 180
    assert (row["converged"], row["singular"]) == (True, False)


def test_random_parameters_and_values(fit):
    parameters = rows(fit.tidy("ran_pars"))
    assert [row["term"] for row in parameters] == [
        "sd((Intercept) | Subject)",
        "sd(Days | Subject)",
        "cor((Intercept), Days | Subject)",
        "sigma",
    ]
    assert parameters[3]["estimate"] == fit.sigma
    assert rows(fit.tidy("ran_vals")) == rows(fit.ranef())


def test_every_level_has_its_coefficients(fit):
    table = rows(fit.coef("Subject"))
    assert list(table[0]) == ["Subject", "(Intercept)", "Days"]
    assert np.mean([row["Days"] for row in table]) == pytest.approx(fit.fixef()["Days"], rel=1e-9)


def test_effects_without_a_fixed_part_are_columns_too():
    fit = hlmrs.lmer("Reaction ~ 1 + (Days | Subject)", SLEEP)
    table = rows(fit.coef())
    slopes = [row["estimate"] for row in rows(fit.ranef()) if row["term"] == "Days"]
    assert [row["Days"] for row in table] == slopes


@pytest.mark.parametrize(
    ("kind", "type_"), [("polars", pl.DataFrame), ("pandas", pd.DataFrame), ("pyarrow", pa.Table), ("dict", dict)]
)
def test_tables_come_back_in_the_kind_of_the_data(kind, type_):
    fit = hlmrs.lmer(MODEL, hlmrs.datasets.load("sleepstudy", kind))
    for table in (fit.tidy(), fit.varcorr(), fit.ranef(), fit.coef(), fit.glance(), fit.confint(), fit.blocks):
        assert isinstance(table, type_)
    assert isinstance(fit.predict(interval="confidence"), type_)
    assert isinstance(fit.augment(), type_)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_columns_of_names_are_texts_where_there_are_none(kind):
    fit = hlmrs.lmer("Reaction ~ 0 + (Days | Subject)", hlmrs.datasets.load("sleepstudy", kind))
    table = fit.tidy()
    if kind == "polars":
        assert table.schema["term"] == pl.String
    else:
        assert table.schema.field("term").type == pa.string()


@pytest.fixture(scope="module")
def deficient():
    data = SLEEP.with_columns(twice=2 * pl.col("Days") + 1)
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="1 fixed-effects column depends.*'twice'"):
        return hlmrs.lmer("Reaction ~ Days + twice + (Days | Subject)", data)


def test_dependent_columns_are_left_out_and_listed_as_missing(deficient, fit):
    assert deficient.coef_names == ["(Intercept)", "Days"]
    np.testing.assert_allclose(deficient.beta, fit.beta, rtol=1e-6)
    np.testing.assert_allclose(deficient.vcov(), fit.vcov(), rtol=1e-4)
    table = rows(deficient.tidy())
    assert table[2] == dict.fromkeys(table[2]) | {"term": "twice"}
    assert "twice depends on columns before it" in str(deficient.summary())
    assert deficient.criterion == pytest.approx(fit.criterion, abs=1e-6)


def test_predictions_do_without_the_dependent_columns(deficient, fit):
    new = SLEEP.head(4).with_columns(twice=pl.lit(100.0))
    np.testing.assert_allclose(deficient.predict(new), fit.predict(new), rtol=1e-6)


def test_structure_lists_the_blocks():
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin"))
    blocks = rows(fit.blocks)
    assert blocks[0]["block"] == "plate"
    assert blocks[0]["levels"] == 24
    assert {"block", "kind", "levels", "width", "size", "entries", "fill"} == set(blocks[0])


def test_a_correlation_with_what_has_no_variance_is_not_a_number():
    covariance = np.array([[4.0, -3.0, 0.0], [-3.0, 9.0, 0.0], [0.0, 0.0, 0.0]])
    found = {(row.term1, row.term2): row for row in _of_term("g", ["a", "b", "c"], covariance)}
    assert [found[name, None].sd for name in "abc"] == [2.0, 3.0, 0.0]
    assert found["a", "b"].corr == -0.5
    assert found["a", "b"].variance == -3.0
    assert math.isnan(found["a", "c"].corr)
    assert math.isnan(found["b", "c"].corr)
