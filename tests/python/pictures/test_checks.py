"""Tables of pictures of what a fit assumes, against what they are by hand."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, norm

import golden
import hlmrs
from hlmrs.diagnostics import group_deviations
from hlmrs.pictures.checks.bands import bands
from hlmrs.pictures.checks.predictive import bandwidth
from hlmrs.pictures.checks.residuals import ROOT_OF_NORMAL
from hlmrs.pictures.checks.smooth import smooth


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))


@pytest.fixture(scope="module")
def school():
    return hlmrs.lmer("mAch ~ meanses + cses + (1 | school)", golden.data("Hsb82", "polars"))


@pytest.fixture(scope="module")
def cbpp():
    data = golden.data("cbpp", "polars")
    return hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")


def test_the_smooth_mean_of_a_line_is_the_line():
    x = np.random.default_rng(1).normal(size=200)
    places, mean, error = smooth(x, 3 - 2 * x)
    np.testing.assert_allclose(mean, 3 - 2 * places, atol=1e-9)
    np.testing.assert_allclose(error, 0, atol=1e-8)


def test_the_band_of_a_smooth_mean_covers_the_mean_of_noise():
    rng, inside = np.random.default_rng(2), []
    x = np.sort(rng.uniform(size=150))
    for _ in range(200):
        _, mean, error = smooth(x, rng.normal(size=150))
        inside.append((np.abs(mean) <= 1.96 * error).mean())
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_there_is_no_smooth_mean_of_few_rows_or_of_one_place():
    assert smooth(np.arange(5.0), np.arange(5.0)) is None
    assert smooth(np.ones(50), np.arange(50.0)) is None


def test_a_predictor_of_two_values_has_a_smooth_mean_through_their_means():
    x = np.repeat([0.0, 1.0], 20)
    y = np.where(x == 0, 1.0, 3.0) + np.tile([-0.5, 0.5], 20)
    places, mean, _ = smooth(x, y)
    np.testing.assert_allclose(mean[places == 0], 1.0, atol=0.1)
    np.testing.assert_allclose(mean[places == 1], 3.0, atol=0.1)


def test_the_reference_of_spreads_is_the_mean_of_roots_of_normal_sizes():
    assert norm.expect(lambda z: np.sqrt(abs(z)), lb=0) * 2 == pytest.approx(ROOT_OF_NORMAL, abs=1e-6)


@pytest.mark.parametrize("n", [5, 40, 1000])
def test_pointwise_bands_are_those_of_order_statistics(n):
    places, low, high, *_ = bands(n, 0.95)
    ranks = np.round(norm.cdf(places) * (n + 0.25) + 0.375)
    np.testing.assert_allclose(norm.cdf(low), beta.ppf(0.025, ranks, n - ranks + 1), rtol=1e-8)
    np.testing.assert_allclose(norm.cdf(high), beta.ppf(0.975, ranks, n - ranks + 1), rtol=1e-8)


@pytest.mark.parametrize("n", [10, 60])
def test_simultaneous_bands_hold_95_percent_of_normal_samples(n):
    _, _, _, low, high = bands(n, 0.95)
    samples = np.sort(np.random.default_rng(5).normal(size=(20_000, n)), axis=1)
    inside = ((samples >= low) & (samples <= high)).all(axis=1).mean()
    assert inside == pytest.approx(0.95, abs=0.012)


def test_quantiles_are_residuals_in_order_less_normal_ones(sleep):
    table = sleep.plot.quantiles.data()
    rows = table.filter(pl.col("group") == "rows")
    resid = sleep.resid("studentized")
    assert rows["value"].to_list() == sorted(resid)
    np.testing.assert_allclose(rows["normal_quantile"], norm.ppf((np.arange(180) + 0.625) / 180.25), atol=1e-12)
    np.testing.assert_allclose(rows["deviation"], rows["value"] - rows["normal_quantile"], atol=1e-14)
    assert rows["level"][-1] == str(int(np.argmax(resid)))
    slopes = table.filter(pl.col("term") == "Days")
    standardized = sleep.check.group_residuals("Subject").filter(pl.col("term") == "Days")["standardized"]
    assert slopes["value"].to_list() == sorted(standardized)
    assert table.select("group", "term").unique().height == 3


def test_effects_of_a_generalized_model_are_over_the_root_of_what_their_variance_loses(cbpp):
    table, modes = cbpp.plot.quantiles.data("herd"), cbpp.ranef("herd")
    tau = cbpp.varcorr()["variance"][0]
    by_hand = modes["estimate"] / (tau - modes["std_error"] ** 2).sqrt()
    np.testing.assert_allclose(table["value"], np.sort(by_hand), rtol=1e-9)


def test_residuals_have_their_fitted_values_and_groups(sleep):
    table = sleep.plot.residuals.data()
    assert table["residual"].to_list() == sleep.resid("studentized").tolist()
    assert table["fitted"].to_list() == sleep.fitted.tolist()
    assert table["group"].to_list() == golden.data("sleepstudy", "polars")["Subject"].to_list()
    boxes = sleep.plot.residuals._found(None, 1)[1][2].table
    own = table.group_by("group").agg(pl.col("residual").median()).sort("residual")
    assert boxes["level"] == own["group"].to_list()
    np.testing.assert_allclose(boxes["median"], own["residual"], rtol=1e-12)


def test_effects_of_groups_are_shown_over_variables_of_the_groups(school, sleep):
    table = school.plot.residuals.data("school")
    assert table["predictor"].unique().to_list() == ["meanses"]
    data = golden.data("Hsb82", "polars").group_by("school", maintain_order=True).agg(pl.col("meanses").first())
    by_school = dict(zip(data["school"].cast(str), data["meanses"], strict=True))
    assert table["value"].to_list() == pytest.approx([by_school[k] for k in table["school"].cast(str)])
    without = sleep.plot.residuals.data("Subject")
    assert without["predictor"].unique().to_list() == ["rows of the group"]
    assert without["value"].to_list() == [10.0] * 36


def test_simulated_densities_are_densities(sleep):
    table = sleep.plot.predictive.data(n=3, seed=4)
    for (_, draw), own in table.group_by("panel", "draw"):
        step = own["value"][1] - own["value"][0]
        assert own["density"].sum() * step == pytest.approx(1, abs=0.02), draw
    y = golden.data("sleepstudy", "polars")["Reaction"].to_numpy()
    kernel = norm.pdf((table["value"].to_numpy()[64] - y) / bandwidth(y)).mean() / bandwidth(y)
    assert table["density"][64] == pytest.approx(kernel, rel=0.01)
    assert table.equals(sleep.plot.predictive.data(n=3, seed=4))


def test_counts_have_shares_and_means_of_groups_densities_that_are_not_below_zero(cbpp):
    data = golden.data("cbpp", "polars").with_columns(count=pl.col("incidence"))
    fit = hlmrs.glmer("count ~ period + (1 | herd)", data, family="poisson")
    table = fit.plot.predictive.data(n=5, seed=1)
    rows = table.filter((pl.col("panel") == "rows") & (pl.col("draw") == 0))
    shares = data["count"].value_counts(normalize=True).sort("count")
    assert rows["value"].to_list() == shares["count"].to_list()
    np.testing.assert_allclose(rows["density"], shares["proportion"], rtol=1e-12)
    means = table.filter((pl.col("panel") == "means") & (pl.col("draw") == 0))
    assert means["value"].min() > 0
    step = means["value"][1] - means["value"][0]
    assert means["density"].sum() * step == pytest.approx(1, abs=0.02)


def test_influence_is_in_order_with_the_moves_of_coefficients(sleep):
    table, found = sleep.plot.influence.data(), sleep.influence("Subject")
    order = np.argsort(-found.cooks_distance)
    assert table["level"].to_list() == [found.levels[k] for k in order]
    assert table["cooks_distance"].to_list() == found.cooks_distance[order].tolist()
    assert table["Days"].to_list() == found.dfbetas()["Days"].to_numpy()[order].tolist()


def test_groups_whose_residual_variance_is_unlike_the_others_are_marked():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(20), 30)
    spread = np.where(group == 7, 4.0, 1.0)
    rows = pl.DataFrame(
        {"y": rng.normal(size=20)[group] + spread * rng.normal(size=600), "g": [f"g{k}" for k in group]}
    )
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", rows)
    boxes = fit.plot.residuals._found(None, 1)[1][2]
    assert [level for level, far in zip(boxes.table["level"], boxes.table["unusual"], strict=True) if far] == ["g7"]
    variance = rows.group_by("g", maintain_order=True).agg(pl.col("y").var())["y"].to_numpy()
    d = (np.log(variance) - np.log(variance).mean()) / np.sqrt(2 / 29)
    np.testing.assert_allclose(group_deviations(29 * variance, np.full(20, 29.0)), d, rtol=1e-12)
    assert "1 with an unusual spread" in boxes.note
