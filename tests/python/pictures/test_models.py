"""Tables of pictures of parameters and models, against what they are by hand."""

import numpy as np
import polars as pl
import pytest

import golden
import hlmrs


@pytest.fixture(scope="module")
def school():
    data = golden.data("Hsb82", "polars")
    null = hlmrs.lmer("mAch ~ 1 + (1 | school)", data)
    return null, hlmrs.lmer("mAch ~ meanses * cses + sector + (cses | school)", data)


@pytest.fixture(scope="module")
def dyestuff():
    return hlmrs.lmer("Yield ~ 1 + (1 | Batch)", golden.data("Dyestuff", "polars"))


def test_a_profile_ends_intervals_where_confint_does(dyestuff):
    pictures = dyestuff.plot.profile._pictures(None, 0.99)
    bounds = dyestuff.confint(method="profile")
    for picture, low, high in zip(pictures, bounds["conf_low"], bounds["conf_high"], strict=True):
        _, limit, left, right = next(mark for mark in picture.further["marks"] if mark[0] == "95 %")
        assert limit == pytest.approx(1.959964, abs=1e-6)
        assert right == pytest.approx(high, abs=1e-3 * (high - low))
        assert left == pytest.approx(low, abs=1e-3 * (high - low))
    table = dyestuff.plot.profile.data()
    assert table.equals(dyestuff.profile(level=0.99))


def test_the_line_of_a_profile_has_the_slope_of_a_quadratic_likelihood(dyestuff):
    picture = dyestuff.plot.profile._pictures("(Intercept)", 0.99)[0]
    ml = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", golden.data("Dyestuff", "polars"), reml=False)
    assert 1 / picture.further["slope"] == pytest.approx(np.sqrt(ml.vcov()[0, 0]), rel=0.03)


def test_an_interval_that_reaches_zero_says_so():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", golden.data("Dyestuff2", "polars"))
    picture = fit.plot.profile._pictures("sd((Intercept) | Batch)", 0.95)[0]
    assert picture.further["boundary"] == 0.0
    assert "reaches the boundary 0" in picture.note


def test_variances_are_those_of_the_decomposition_and_shares_add_up(school):
    null, full = school
    table = null.plot.variance.data(full, names=["null", "full"])
    own = table.filter(pl.col("model") == "full")
    by_hand = full.variance.decomposition().to_frame().filter(pl.col("variance") > 0)
    assert sorted(own["variance"]) == sorted(by_hand["variance"])
    np.testing.assert_allclose(sorted(own["share"]), sorted(by_hand["share"]), rtol=1e-12)
    shares = table.group_by("model").agg(pl.col("share").sum())
    np.testing.assert_allclose(shares["share"], 1, rtol=1e-12)
    random = table.filter((pl.col("model") == "null") & (pl.col("level") == "school"))["share"][0]
    assert random == pytest.approx(null.icc().adjusted, rel=1e-9)
    with pytest.raises(hlmrs.OptionError, match="2 different names"):
        null.plot.variance(full, names=["one"])


def test_variances_of_a_generalized_model_are_on_the_scale_of_its_link():
    data = golden.data("cbpp", "polars")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    table = fit.plot.variance.data()
    assert dict(zip(table["source"], table["variance"], strict=True))["residual"] == pytest.approx(np.pi**2 / 3)
    herd = table.filter(pl.col("level") == "herd")["share"][0]
    assert herd == pytest.approx(fit.icc().unadjusted, rel=1e-9)


def test_coefficients_of_models_are_their_tests(school):
    null, full = school
    small = hlmrs.lmer("mAch ~ cses + (1 | school)", golden.data("Hsb82", "polars"))
    table = small.plot.coefs.data(full, names=["small", "full"], intercept=True)
    for name, fit in (("small", small), ("full", full)):
        own, tests = table.filter(pl.col("model") == name), fit.tidy()
        for column in ("term", "estimate", "std_error", "conf_low", "conf_high"):
            assert own[column].to_list() == tests[column].to_list()
    standardized = full.plot.coefs.data(standardized=True)
    assert standardized["estimate"].to_list() == full.standardized()["estimate"].to_list()
    with pytest.raises(hlmrs.OptionError, match="no coefficients"):
        null.plot.coefs()
    with pytest.raises(TypeError, match="fits, as lmer returns them, not DataFrame"):
        small.plot.coefs(table)


def test_the_structure_of_crossed_factors():
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", golden.data("Penicillin", "polars"))
    table, (square, factor) = fit.plot.structure._found()
    z = np.concatenate(
        [golden.data("Penicillin", "polars")[name].to_dummies().to_numpy() for name in ("plate", "sample")], axis=1
    )
    np.testing.assert_array_equal(square.table["cells"] > 0, z.T @ z > 0)
    root = np.linalg.cholesky(z.T @ z + np.eye(30))
    np.testing.assert_array_equal(factor.table["cells"] > 0, np.abs(root) > 1e-12)
    assert fit.plot.structure.data().equals(fit.blocks)
    assert table["block"] == ["plate", "sample"]


def test_cells_of_many_levels_are_as_full_as_pairs_of_levels_that_meet():
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"y": rng.normal(size=4000), "a": rng.integers(0, 800, 4000), "b": rng.integers(0, 50, 4000)})
    rows = rows.with_columns(y=pl.col("y") + (pl.col("a") % 7) + (pl.col("b") % 3))
    fit = hlmrs.lmer("y ~ 1 + (1 | a) + (1 | b)", rows)
    square = fit.plot.structure._found()[1][0].table["cells"]
    assert len(square) <= 410
    pairs = rows.select("a", "b").unique().height
    cells = len(square) - 50 * 400 // 850 if len(square) < 400 else 376
    assert square[:cells, cells:].mean() == pytest.approx(pairs / (800 * 50), rel=0.1)
