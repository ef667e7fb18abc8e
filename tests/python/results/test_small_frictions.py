"""First calls of newcomers: what they get, and what they are told."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.datasets.load("sleepstudy", "pandas")


@pytest.fixture(scope="module")
def school():
    return hlmrs.datasets.load("Hsb82", "polars")


def test_a_column_that_new_data_lack_is_named_with_those_that_they_have(sleep):
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", sleep)
    with pytest.raises(hlmrs.DataError, match="no column 'Days'; did you mean 'days'"):
        fit.predict(pd.DataFrame({"days": [1.0], "Subject": ["308"]}))
    with pytest.raises(hlmrs.DataError, match="they have 'week', 'Subject'"):
        fit.predict(pd.DataFrame({"week": [1.0], "Subject": ["308"]}))


def test_a_slope_that_depends_on_nothing_has_no_regions(school):
    fit = hlmrs.lmer("mAch ~ cses + meanses + (1 | school)", school)
    with pytest.raises(hlmrs.OptionError, match="no product of both, such as cses:meanses"):
        fit.marginal.johnson_neyman("cses", "meanses")
    within = hlmrs.lmer("mAch ~ cses + I(cses * meanses) + (1 | school)", school)
    assert len(within.marginal.johnson_neyman("cses", "meanses")) >= 1


def test_influence_of_groups_joins_to_the_data():
    data = pl.DataFrame({"g": np.repeat(np.arange(20), 5), "y": np.random.default_rng(1).normal(size=100)})
    data = data.with_columns(y=pl.col("y") + pl.col("g"))
    table = hlmrs.lmer("y ~ 1 + (1 | g)", data).influence("g").to_frame()
    assert table.columns[:3] == ["level", "g", "n_rows"]
    assert table["g"].dtype == data["g"].dtype
    assert data.join(table, on="g").height == 100
    assert [str(key) for key in table["g"]] == table["level"].to_list()


def test_a_response_of_zeros_and_ones_is_noted(sleep):
    slow = sleep.assign(slow=(sleep["Reaction"] > 300).astype(float))
    text = " ".join(str(hlmrs.lmer("slow ~ Days + (1 | Subject)", slow).summary()).split())
    assert "slow is 0 or 1: hlmrs.glmer(..., family='binomial') models its probability." in text
    assert "is 0 or 1" not in str(hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep).summary())


def test_the_name_of_one_response_is_a_list_of_one(sleep):
    one, same = (hlmrs.fit_many(own, "~ Days + (1 | Subject)", sleep) for own in ("Reaction", ["Reaction"]))
    pd.testing.assert_frame_equal(one, same)


def test_names_within_the_package_are_not_listed():
    assert not {"Any", "TYPE_CHECKING", "import_module", "annotations"} & set(dir(hlmrs))
    assert set(hlmrs.__all__) < set(dir(hlmrs))


@pytest.mark.parametrize("family", [None, "poisson"])
def test_messages_of_many_responses_do_not_tell_how_it_is_done(family):
    rng = np.random.default_rng(1)
    data = pl.DataFrame({"y": rng.poisson(2.0, 60), "x": rng.normal(size=60), "g": np.arange(60) % 6})
    with pytest.raises(hlmrs.FormulaError) as error:
        hlmrs.fit_many(["y"], "~ nosuch + (1 | g)", data, family=family)
    assert str(error.value).splitlines()[1:] == ["    ~ nosuch + (1 | g)", "      ^"]
    assert "(response)" not in str(error.value)
    infinite = data.with_columns(y=pl.when(pl.col("x") > 1).then(np.inf).otherwise(pl.col("y").cast(float)))
    reasons = hlmrs.fit_many(["y"], "~ x + (1 | g)", infinite, family=family)["reason"].to_list()
    assert all("(response)" not in reason for reason in reasons)
    assert any("inf" in reason for reason in reasons)


def test_an_offset_that_is_an_array_is_called_so(sleep):
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep, offset=np.ones(180))
    assert "+ offset_ij" in str(fit.equations())
    with pytest.raises(hlmrs.DataError, match="offset is infinite at row 3"):
        hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep, offset=np.where(np.arange(180) == 3, np.inf, 0.0))
