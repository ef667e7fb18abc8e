"""Tables of pictures of groups, against what they are by hand."""

import numpy as np
import pytest
from scipy.stats import norm

import golden
import hlmrs
from hlmrs.ranking import ranks_of


@pytest.fixture(scope="module")
def dyestuff():
    return hlmrs.lmer("Yield ~ 1 + (1 | Batch)", golden.data("Dyestuff", "polars"))


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))


def test_a_caterpillar_has_the_modes_in_order_with_both_intervals(dyestuff):
    table = dyestuff.plot.caterpillar.data()
    data = golden.data("Dyestuff", "polars")
    tau, sigma = dyestuff.varcorr()["variance"]
    means = {batch: own.mean() for batch, own in zip(*_groups(data), strict=True)}
    shrinkage = tau / (tau + sigma / 5)  # five rows a batch
    by_hand = {batch: shrinkage * (mean - dyestuff.beta[0]) for batch, mean in means.items()}
    assert table["Batch"].to_list() == sorted(by_hand, key=by_hand.get)
    np.testing.assert_allclose(table["estimate"], sorted(by_hand.values()), rtol=1e-6)
    error = np.sqrt(tau * (1 - shrinkage))
    np.testing.assert_allclose(table["std_error"], error, rtol=1e-6)
    np.testing.assert_allclose(table["reliability"], shrinkage, rtol=1e-6)
    np.testing.assert_allclose(table["conf_high"] - table["estimate"], 1.959964 * error, rtol=1e-6)
    np.testing.assert_allclose(table["estimate"] - table["comparison_low"], 1.385904 * error, rtol=1e-6)


def _groups(data):
    batches = data["Batch"].unique(maintain_order=True).to_list()
    return batches, [data.filter(data["Batch"] == batch)["Yield"].to_numpy() for batch in batches]


def test_a_caterpillar_is_of_the_term_that_is_named(sleep):
    table, modes = sleep.plot.caterpillar.data("Subject", "Days"), sleep.ranef("Subject")
    own = modes.filter(modes["term"] == "Days").sort("estimate")
    assert table["Subject"].to_list() == own["Subject"].to_list()
    assert table["estimate"].to_list() == own["estimate"].to_list()
    with pytest.raises(hlmrs.OptionError, match=r"'Day'.*did you mean 'Days'"):
        sleep.plot.caterpillar.data("Subject", "Day")
    with pytest.raises(hlmrs.OptionError, match="no grouping factor"):
        sleep.plot.caterpillar.data("school")


def test_groups_without_variance_have_no_reliability():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", golden.data("Dyestuff2", "polars"))
    table = fit.plot.caterpillar.data()
    assert table["reliability"].to_list() == [0.0] * 6
    assert table["estimate"].to_list() == [0.0] * 6


def test_expected_ranks_of_normal_effects():
    value, error = np.array([0.3, -1.0, 0.8]), np.array([0.4, 0.5, 0.2])
    of = ranks_of(value, error, 0.95)
    z = (value[:, None] - value) / np.hypot(error[:, None], error)
    np.testing.assert_allclose(of.expected, 0.5 + norm.cdf(z).sum(axis=1), atol=1e-7)
    assert of.apart == np.mean([abs(z[j, k]) > 1.96 for j in range(3) for k in range(3) if j != k])
    assert of.expected.sum() == pytest.approx(6)


def test_ranks_of_two_groups_are_probabilities_of_a_difference():
    of = ranks_of(np.array([0.0, 1.0]), np.array([1.0, 1.0]), 0.9)
    above = norm.cdf(1 / np.sqrt(2))
    assert of.expected == pytest.approx([2 - above, 1 + above], abs=1e-7)
    assert (of.low.tolist(), of.high.tolist()) == ([1, 1], [2, 2])


def test_ranks_without_error_are_certain():
    value = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 0.0, 7.0, 6.0])
    of = ranks_of(value, np.zeros(8), 0.95)
    np.testing.assert_allclose(of.expected, value + 1, atol=1e-12)
    np.testing.assert_array_equal(of.low, of.high)
    np.testing.assert_array_equal(of.top, value >= 6)
    np.testing.assert_array_equal(of.bottom, value <= 1)
    assert of.apart == 1


def test_probabilities_of_quarters_are_those_of_the_groups_that_can_be_there(sleep):
    table = sleep.plot.ranks.data("Subject", "Days")
    assert table["top_quarter"].sum() == pytest.approx(4.0, abs=1e-9)  # ranks 15 to 18 of 18
    assert table["bottom_quarter"].sum() == pytest.approx(4.0, abs=1e-9)
    assert (table["rank_low"] <= table["expected_rank"]).all()
    assert (table["expected_rank"] <= table["rank_high"]).all()


def test_shrinkage_goes_from_the_lines_of_single_groups_to_the_modes(sleep):
    table, data = sleep.plot.shrinkage.data(), golden.data("sleepstudy", "polars")
    modes = sleep.ranef("Subject")
    assert table["n"].to_list() == [10] * 36
    assert table["estimate"].to_list() == modes["estimate"].to_list()
    for subject in ("308", "335"):
        own = data.filter(data["Subject"].cast(str) == subject)
        slope, intercept = np.polyfit(own["Days"], own["Reaction"], 1)
        found = table.filter(table["Subject"].cast(str) == subject)["least_squares"]
        np.testing.assert_allclose(found, [intercept - sleep.beta[0], slope - sleep.beta[1]], rtol=1e-7)


def test_shrinkage_of_one_term_and_of_none(sleep):
    table = sleep.plot.shrinkage.data(terms="Days")
    assert table["term"].unique().to_list() == ["Days"]
    with pytest.raises(hlmrs.OptionError, match="no random effect 'Week'"):
        sleep.plot.shrinkage("Subject", "Week")


def test_groups_that_do_not_determine_a_slope_have_no_least_squares():
    data = golden.data("sleepstudy", "polars")
    data = data.filter((data["Subject"].cast(str) != "308") | (data["Days"] == 3))
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
    table = fit.plot.shrinkage.data()
    assert table["least_squares"].is_nan().sum() + table["least_squares"].null_count() == 2
    assert "1 groups have no least squares of their own" in fit.plot.shrinkage._picture(None, None).note
