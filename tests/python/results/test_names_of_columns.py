"""A variable that is named like a column of a result, or like a parameter, loses nothing."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs

R = np.random.default_rng(3)
G = np.repeat(np.arange(10), 6)
DATA = {
    "y": R.normal(size=10)[G] + np.tile([0.0, 1.0, 3.0], 20) + R.normal(size=60),
    "x": R.normal(size=60),
    "f": np.tile(["a", "b", "c"], 20),
    "g": G,
}
LIBRARIES = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame}


def renamed(old, new, library="dict"):
    return LIBRARIES[library]({new if name == old else name: column for name, column in DATA.items()})


def names(table):
    return list(table) if isinstance(table, dict) else list(table.columns)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", ["estimate", "std_error", "df", "conf_low", "conf_high"])
def test_means_keep_the_levels_of_such_a_factor_and_their_numbers(name, library):
    table = hlmrs.lmer(f"y ~ x + {name} + (1 | g)", renamed("f", name, library)).emmeans(name)
    want = hlmrs.lmer("y ~ x + f + (1 | g)", renamed("f", "f", library)).emmeans("f")
    assert names(table) == [f"{name}_", *names(want)[1:]]
    assert list(table[f"{name}_"]) == ["a", "b", "c"]
    np.testing.assert_array_equal(table["estimate"], want["estimate"])


@pytest.mark.parametrize("name", ["term", "contrast", "estimate", "p_value", "statistic"])
def test_slopes_and_contrasts_keep_both(name):
    fit = hlmrs.lmer(f"y ~ x * {name} + (1 | g)", renamed("f", name))
    slopes, by = fit.slopes("x", by=name), fit.contrasts("x", by=name, at={"x": [0, 1]})
    want = hlmrs.lmer("y ~ x * f + (1 | g)", DATA)
    for table, same in ((slopes, want.slopes("x", by="f")), (by, want.contrasts("x", by="f", at={"x": [0, 1]}))):
        assert len(names(table)) == len(names(same))
        np.testing.assert_array_equal(table["estimate"], same["estimate"])
        assert [str(v) for column in table.to_frame().values() for v in column].count("b") == 1
    assert list(slopes["term"]) == ["x"] * 3


def test_names_are_told_apart_however_many_there_are():
    data = {**renamed("f", "estimate"), "estimate_": np.tile(["p", "q"], 30)}
    fit = hlmrs.lmer("y ~ estimate + estimate_ + (1 | g)", data)
    assert names(fit.emmeans(["estimate", "estimate_"]))[:3] == ["estimate__", "estimate_", "estimate"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_coefficients_draws_and_influence_keep_the_column_that_says_of_what(library):
    fit = hlmrs.lmer("y ~ level + (1 | g)", renamed("x", "level", library))
    want = hlmrs.lmer("y ~ x + (1 | g)", renamed("x", "x", library))
    for table, same in (
        (fit.coef(), want.coef()),
        (fit.influence("g").dfbetas(), want.influence("g").dfbetas()),
        (fit.influence("g").estimates(), want.influence("g").estimates()),
    ):
        assert names(table) == [name.replace("x", "level_") for name in names(same)]
        assert [str(level) for level in table["level"]] == [str(k) for k in range(10)]
    draws = hlmrs.lmer("y ~ replicate + (1 | g)", renamed("x", "replicate", library)).bootstrap(4, seed=1).draws
    assert list(draws["replicate"]) == [0, 1, 2, 3]
    np.testing.assert_array_equal(draws["replicate_"], want.bootstrap(4, seed=1).draws["x"])


def test_a_coefficient_named_like_a_parameter_has_its_own_interval():
    name = "sigma"
    fit, want = hlmrs.lmer("y ~ sigma + (1 | g)", renamed("x", name)), hlmrs.lmer("y ~ x + (1 | g)", DATA)
    own = ["(Intercept)", name, "sd((Intercept) | g)", "sigma_"]
    for method, options in (("profile", {}), ("boot", {"n": 20, "seed": 1})):
        table, same = fit.confint(method=method, **options), want.confint(method=method, **options)
        assert list(table["term"]) == own
        np.testing.assert_allclose(table["conf_low"], same["conf_low"], rtol=1e-6)
    assert list(dict.fromkeys(fit.profile(terms=[name])["term"])) == [name]
    intervals = fit.compare_methods(name, n=20, seed=1)["conf_low"]
    np.testing.assert_allclose(intervals, want.compare_methods("x", n=20, seed=1)["conf_low"], rtol=1e-6)


def test_columns_of_a_factor_named_like_another_are_both_there():
    data = {**DATA, "fb": DATA["x"]}
    fit = hlmrs.lmer("y ~ fb + f + (1 | g)", data)
    assert fit.coef_names == ["(Intercept)", "fb", "fb_", "fc"]
    assert fit.fixef()["fb"] == pytest.approx(hlmrs.lmer("y ~ x + f + (1 | g)", DATA).fixef()["x"])


def test_groups_named_like_shares_and_residuals_keep_theirs():
    fit, want = (hlmrs.lmer(f"y ~ x + (1 | {name})", renamed("g", name)) for name in ("adjusted", "g"))
    intervals = fit.icc(interval="bootstrap", n=20, seed=1).intervals
    assert list(intervals) == ["adjusted", "unadjusted", "adjusted_"]
    table = hlmrs.lmer("y ~ x + (1 | Residual)", renamed("g", "Residual")).variance.decomposition()
    np.testing.assert_allclose(table["share_of_level"], want.variance.decomposition()["share_of_level"])


@pytest.mark.parametrize("library", LIBRARIES)
def test_rows_keep_columns_that_a_result_adds(library):
    data = LIBRARIES[library]({**DATA, ".fitted": DATA["x"] + 1})
    out = hlmrs.lmer("y ~ `.fitted` + (1 | g)", data).augment()
    np.testing.assert_array_equal(out[".fitted_"], DATA["x"] + 1)
    assert abs(np.corrcoef(out[".fitted"], DATA["y"])[0, 1]) > 0.3


@pytest.mark.parametrize("options", [{}, {"interval": "confidence"}])
def test_queries_keep_columns_that_a_prediction_adds(options):
    data = pl.DataFrame(DATA).rename({"x": "prediction"})
    fit = hlmrs.lmer("y ~ prediction + (1 | g)", data)
    out = fit.predict(data.lazy(), **options).collect()
    np.testing.assert_array_equal(out["prediction_"], DATA["x"])
    np.testing.assert_allclose(out["prediction"], fit.predict(data), rtol=1e-12)


def test_streamed_fits_name_columns_alike():
    data = pl.DataFrame(DATA).rename({"x": "level"})
    fit = hlmrs.lmer("y ~ level + (1 | g)", data.lazy(), rows="stream")
    assert fit.coef().columns == ["level", "(Intercept)", "level_"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        assert fit.confint(method="profile")["term"].to_list() == [
            "(Intercept)",
            "level",
            "sd((Intercept) | g)",
            "sigma",
        ]
