"""Pictures of draws show what the draws are, and say it in words."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

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
    for name, low, middle in zip(table["parameter"], table["q5"], table["median"], strict=True):
        assert [low, middle] == pytest.approx(list(post.draws[name].quantile([0.05, 0.5])))
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


@pytest.mark.parametrize("name", ["intervals", "densities", "pairs", "ranks", "predictive"])
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
