"""Tables of pictures of the data, against what they are by hand."""

import numpy as np
import polars as pl
import pytest

import golden
import hlmrs


@pytest.fixture(scope="module")
def school():
    return hlmrs.lmer("mAch ~ ses + (1 | school)", golden.data("Hsb82", "polars"))


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))


def test_lines_of_groups_and_of_all_rows_are_least_squares(sleep):
    table, data = sleep.plot.by_group.data("Days"), golden.data("sleepstudy", "polars")
    assert table.height == data.height
    pooled = np.polyval(np.polyfit(data["Days"], data["Reaction"], 1), table["Days"])
    np.testing.assert_allclose(table["pooled_line"], pooled, rtol=1e-9)
    for (subject,), own in data.group_by("Subject"):
        line = np.polyfit(own["Days"], own["Reaction"], 1)
        found = table.filter(pl.col("Subject") == subject)
        np.testing.assert_allclose(found["group_line"], np.polyval(line, found["Days"]), rtol=1e-9)
        assert sorted(found["Reaction"]) == sorted(own["Reaction"])


def test_of_many_groups_those_at_even_ranks_of_their_slopes_are_drawn(school):
    data = golden.data("Hsb82", "polars")
    slopes = {k: np.polyfit(own["ses"], own["mAch"], 1)[0] for (k,), own in data.group_by("school")}
    ranked = sorted(slopes, key=slopes.get)
    expected = [ranked[k] for k in np.linspace(0, 159, 24).round().astype(int)]
    shown = school.plot.by_group.data("ses")["school"].unique(maintain_order=True).to_list()
    assert shown == expected
    assert school.plot.by_group.data("ses", groups=2)["school"].unique(maintain_order=True).to_list() == [
        ranked[0],
        ranked[-1],
    ]
    with pytest.raises(hlmrs.OptionError, match="groups=0"):
        school.plot.by_group("ses", groups=0)


def test_a_line_is_drawn_through_the_rows_of_a_group_in_their_order(sleep):
    shuffled = golden.data("sleepstudy", "polars").sample(fraction=1.0, shuffle=True, seed=2)
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", shuffled)
    table = fit.plot.spaghetti.data("Days")
    assert all(own["Days"].is_sorted() for _, own in table.group_by("Subject", maintain_order=True))
    assert sleep.plot.spaghetti.data("Days", groups=3)["Subject"].n_unique() == 3


def test_slopes_within_and_between_are_those_of_two_regressions(school):
    data = golden.data("Hsb82", "polars")
    slopes = school.plot.within_between._picture("ses", None).further["slopes"]
    dummies = data["school"].to_dummies().to_numpy().astype(float)
    x, y = np.column_stack([data["ses"], dummies]), data["mAch"].to_numpy()
    coefficients, (rss,), *_ = np.linalg.lstsq(x, y, rcond=None)
    error = np.sqrt(rss / (len(y) - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0])
    assert slopes["within"] == pytest.approx((coefficients[0], error), rel=1e-8)
    means = data.group_by("school", maintain_order=True).agg(pl.col("ses", "mAch").mean())
    x = np.column_stack([np.ones(160), means["ses"]])
    coefficients, (rss,), *_ = np.linalg.lstsq(x, means["mAch"].to_numpy(), rcond=None)
    error = np.sqrt(rss / 158 * np.linalg.inv(x.T @ x)[1, 1])
    assert slopes["between"] == pytest.approx((coefficients[1], error), rel=1e-8)
    table = school.plot.within_between.data("ses")
    np.testing.assert_allclose(table["mean_ses"], means["ses"], rtol=1e-9)
    np.testing.assert_allclose(table["mean_mAch"], means["mAch"], rtol=1e-9)
    width = table["line_high"] - table["line_low"]
    np.testing.assert_allclose(width, slopes["within"][0] * (table["x_high"] - table["x_low"]), atol=1e-9)


@pytest.mark.parametrize(("x", "unknown"), [("cses", "between"), ("meanses", "within")])
def test_a_slope_that_rounding_alone_would_give_is_not_known(school, x, unknown):
    picture = school.plot.within_between._picture(x, None)
    slopes = picture.further["slopes"]
    known = "within" if unknown == "between" else "between"
    assert np.isnan(slopes[unknown]).all()
    assert np.isfinite(slopes[known]).all()
    assert ("The means of the groups do not differ" if unknown == "between" else "does not vary within") in picture.note


def test_any_numeric_column_of_the_data_is_a_variable(sleep):
    data = golden.data("sleepstudy", "polars").with_columns(load=pl.col("Days") * 2.0)
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    assert fit.plot.by_group.data("load")["load"].max() == 18.0
    with pytest.raises(hlmrs.OptionError, match=r"no such variable.*did you mean 'Days'"):
        sleep.plot.by_group("Day")
    with pytest.raises(hlmrs.OptionError, match="not numeric"):
        sleep.plot.by_group("Subject")
