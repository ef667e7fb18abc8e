"""Pictures of draws show what the draws are, and say it in words."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.stats

import hlmrs
from hlmrs.errors import OptionError

mpl.use("Agg")


@pytest.fixture(scope="module")
def post():
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    return hlmrs.bayes("Reaction ~ Days + (Days | Subject)", data, draws=800)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_intervals_are_quantiles_of_the_draws(post):
    table = post.plot.intervals.data()
    assert "(Intercept)" not in list(table["parameter"])
    for name, low, middle in zip(table["parameter"], table["conf_low"], table["median"], strict=True):
        assert [low, middle] == pytest.approx(list(post.draws[name].quantile([0.025, 0.5])))
    assert len(post.plot.intervals.data(["sigma", "(Intercept)"])) == 2


def test_densities_integrate_to_one_and_priors_are_those_given(post):
    table = post.plot.densities.data()
    for name, own in table.groupby("parameter"):
        step = np.diff(own["value"]).mean()
        assert own["density"].sum() * step == pytest.approx(1, abs=0.02), name
        mean = (own["density"] * own["value"]).sum() * step
        assert mean == pytest.approx(post.draws[name].mean(), abs=0.2 * post.draws[name].std())
    sigma = table[table["parameter"] == "sigma"]
    scale = post._draws.priors.of("sigma").scale
    expected = hlmrs.HalfStudentT(3, scale).log_density(sigma["value"].to_numpy())
    assert np.log(sigma["prior"].to_numpy()) == pytest.approx(expected)
    assert table[table["parameter"] == "(Intercept)"]["prior"].isna().all()


def test_a_density_near_its_end_is_mirrored_there():
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "pandas"), draws=800)
    own = post.plot.densities.data("sd((Intercept) | Batch)")
    assert own["value"].min() > 0
    assert own["density"].sum() * np.diff(own["value"]).mean() == pytest.approx(1, abs=0.02)
    assert own["density"].iloc[0] > 0.7 * own["density"].max()


def test_pairs_are_draws_of_both(post):
    table = post.plot.pairs.data(["Days", "sigma", "(Intercept)"])
    assert len(table) == 3 * 800
    first = table.head(800)
    assert (first["x"][0], first["y"][0]) == ("Days", "sigma")
    assert np.array_equal(first["x_value"], post.draws["Days"])
    assert np.array_equal(first["y_value"], post.draws["sigma"])


def test_ranks_are_those_of_the_table(post):
    picture, table = post.plot.ranks.data("Subject", "Days"), post.ranks("Subject", "Days").to_frame()
    assert list(picture["level"]) == [str(level) for level in table["Subject"]]
    assert np.array(picture["expected_rank"]) == pytest.approx(np.array(table["expected_rank"]))


def test_replicated_responses_are_drawn_beside_the_observed(post):
    table = post.plot.predictive.data(draws=7)
    assert set(table["panel"]) == {"rows", "means"}
    assert set(table["draw"]) == set(range(8))


@pytest.mark.parametrize("name", ["intervals", "densities", "priors", "pairs", "trace", "ranks", "predictive"])
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_every_picture_is_drawn_and_said_in_words(post, name, style):
    with plt.style.context(style):
        axes = np.ravel(np.asarray(getattr(post.plot, name)(), dtype=object))
    assert all(axis.hlmrs_alt for axis in axes)


def test_parameters_that_are_not_there_are_refused(post):
    with pytest.raises(OptionError, match="did you mean 'sigma'"):
        post.plot.intervals(["sigm"])
    with pytest.raises(OptionError, match="two parameters"):
        post.plot.pairs(["sigma"])


def test_densities_of_distances_end_at_zero_and_integrate_to_one():
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=60), "t": np.tile(np.arange(5.0), 12), "g": np.repeat(np.arange(12), 5).astype(str)}
    post = hlmrs.bayes("y ~ 1 + exp(t | g)", data, draws=400, method="direct")
    own = post.plot.densities.data("range(g)")
    values, density = (np.asarray(own[name]) for name in ("value", "density"))
    assert np.min(post.draws["range(g)"]) < 0.3
    assert values.min() > 0
    assert density.sum() * np.diff(values).mean() == pytest.approx(1, abs=0.02)
    assert density[0] > 0.5 * density.max()


def test_priors_are_drawn_over_all_that_they_allow(post):
    table = post.plot.priors.data()
    draws = post.draws
    for name, own in table.groupby("parameter"):
        step = np.diff(own["value"]).mean()
        assert own["density"].sum() * step == pytest.approx(1, abs=0.02), name
        assert own["prior"].sum() * step == pytest.approx(0.96, abs=0.03), name
    centred = draws["(Intercept)"] + 4.5 * draws["Days"]
    own = table[table["parameter"] == "(Intercept)"]
    mean = (own["value"] * own["density"]).sum() / own["density"].sum()
    assert mean == pytest.approx(centred.mean(), abs=0.1 * centred.std())
    with pytest.raises(OptionError, match="prior of 'Days' is flat"):
        hlmrs.bayes(
            "Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"), priors="brms", draws=20
        ).plot.priors("Days")


def test_priors_of_correlations_are_their_marginal_distributions():
    rng = np.random.default_rng(5)
    data = {name: rng.normal(size=60) for name in "yab"} | {"g": np.repeat(list("qrst"), 15)}
    post = hlmrs.bayes("y ~ 1 + (a + b | g)", data, priors={"cor": hlmrs.LKJ(2)}, draws=40, method="direct")
    own = post.plot.priors.data("cor(a, b | g)")
    expected = scipy.stats.beta(2.5, 2.5, -1, 2).pdf(np.asarray(own["value"]))
    assert np.asarray(own["prior"]) == pytest.approx(expected, abs=1e-12)


def test_a_trace_has_the_draws_in_their_order():
    data = hlmrs.datasets.load("Dyestuff", "pandas")
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, draws=400, method="nuts")
    table = post.plot.trace.data("sigma")
    assert np.array_equal(table["value"], post.draws["sigma"])
    assert list(table["chain"].unique()) == [1, 2, 3, 4]
    assert list(table["draw"][:3]) == [1, 2, 3]
    (axis,) = post.plot.trace("sigma")
    assert "R-hat" in axis.hlmrs_alt
    direct = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, draws=40).plot.trace.data("sigma")
    assert set(direct["chain"]) == {1}


def test_ranks_of_the_picture_are_ranks(post):
    picture, table = post.plot.ranks.data("Subject", "Days", level=0.8), post.ranks("Subject", "Days", level=0.8)
    for name in ("rank_low", "rank_high"):
        assert np.array_equal(picture[name], np.array(table[name]))
        assert np.array(picture[name]).dtype.kind == "i"


def test_shares_are_replicated_between_zero_and_one():
    cbpp = hlmrs.datasets.load("cbpp", "pandas")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    post = hlmrs.bayes(formula, cbpp, family="binomial", draws=100)
    table = post.plot.predictive.data(draws=20)
    assert table["value"].between(0, 1).all()
    for _, own in table.groupby(["panel", "draw"]):
        assert own["density"].sum() * np.diff(own["value"])[0] == pytest.approx(1, abs=0.03)
    rows = table[(table["panel"] == "rows") & (table["draw"] == 0)]
    mean = (rows["value"] * rows["density"]).sum() / rows["density"].sum()
    assert mean == pytest.approx((cbpp["incidence"] / cbpp["size"]).mean(), abs=0.02)


def test_means_of_yes_and_no_stay_between_zero_and_one():
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(12), 10)
    data = {"y": (rng.random(120) < 1 / (1 + np.exp(-2 * rng.normal(size=12)[g]))), "g": g.astype(str)}
    table = hlmrs.bayes("y ~ 1 + (1 | g)", data, family="binomial", draws=60).plot.predictive.data(draws=10)
    values = np.asarray(table["value"])
    assert values.min() >= 0
    assert values.max() <= 1
