"""Names of statsmodels and maketables are other names for what a fit has."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows

FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def fits():
    return {kind: hlmrs.lmer(FORMULA, hlmrs.datasets.load("sleepstudy", kind)) for kind in ("polars", "pandas")}


@pytest.mark.parametrize(
    ("name", "column"),
    [("params", "estimate"), ("bse", "std_error"), ("tvalues", "statistic"), ("pvalues", "p_value")],
)
def test_values_by_coefficient_are_those_of_tidy(fits, name, column):
    expected = dict(zip(fits["polars"].tidy()["term"], fits["polars"].tidy()[column], strict=True))
    assert getattr(fits["polars"], name) == expected
    assert getattr(fits["pandas"], name).to_dict() == pytest.approx(expected)


def test_intervals_are_those_of_confint(fits):
    wide = fits["polars"].confint(level=0.9)
    assert fits["polars"].conf_int(alpha=0.1).equals(wide)
    np.testing.assert_allclose(fits["pandas"].conf_int(0.1).to_numpy(), wide.select("conf_low", "conf_high").to_numpy())
    assert fits["pandas"].conf_int().index.to_list() == ["(Intercept)", "Days"]


def test_other_names(fits):
    fit = fits["polars"]
    assert (fit.llf, fit.converged, fit.endog_names) == (fit.loglik, True, "Reaction")
    np.testing.assert_array_equal(fit.fittedvalues, fit.fitted)
    effects = {(row["level"], row["term"]): row["estimate"] for row in rows(fit.ranef())}
    assert fit.random_effects["308"]["Days"] == effects["308", "Days"]


def test_random_effects_of_several_factors_name_these():
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin"))
    assert {"plate: a", "sample: A"} <= set(fit.random_effects)


def test_what_maketables_reads(fits):
    fit = fits["polars"]
    table = fit.__maketables_coef_table__
    assert list(table.columns) == ["b", "se", "t", "p", "ci95l", "ci95u"]
    assert table.loc["Days", "b"] == fit.fixef()["Days"]
    statistics = {key: fit.__maketables_stat__(key) for key in fit.__maketables_default_stat_keys__}
    assert statistics["N"] == 180
    assert statistics["n_clusters"] == 18
    assert statistics["icc"] == fit.icc().adjusted
    assert statistics["aic"] == fit.aic
    assert fit.__maketables_stat__("adj_r2") is None
    assert fit.__maketables_depvar__ == "Reaction"


def test_a_marginal_fit_has_the_names_that_it_can_have():
    data = hlmrs.datasets.load("Contraception", "polars")
    fit = hlmrs.gee("use ~ age", data, groups="district", family="binomial")
    assert fit.params == fit.fixef()
    assert fit.converged
    assert fit.conf_int().equals(fit.tidy().select("term", pl.col("conf_low"), pl.col("conf_high")))
    assert fit.__maketables_stat__("qic") == fit.qic
    with pytest.raises(AttributeError, match="no likelihood"):
        _ = fit.llf
