"""Tables of pictures of the fixed part, against what they are by hand."""

import numpy as np
import polars as pl
import pytest

import golden
import hlmrs


@pytest.fixture(scope="module")
def school():
    return hlmrs.lmer("mAch ~ meanses * cses + sector + (cses | school)", golden.data("Hsb82", "polars"))


def test_an_effect_is_the_fixed_part_along_a_variable(school):
    table = school.plot.effect.data("cses", at={"cses": [-1.0, 0.5], "meanses": 0.2}, ddf="normal")
    b, v = school.fixef(), school.vcov()
    x = np.array([[1.0, 0.2, c, 0.5, 0.2 * c] for c in (-1.0, 0.5)])  # half of either sector
    order = [list(b).index(name) for name in ("(Intercept)", "meanses", "cses", "sectorCatholic", "meanses:cses")]
    np.testing.assert_allclose(table["estimate"], x @ school.beta[order], rtol=1e-9)
    error = np.sqrt(np.einsum("ij,jk,ik->i", x, v[np.ix_(order, order)], x))
    np.testing.assert_allclose(table["conf_high"] - table["estimate"], 1.959964 * error, rtol=1e-6)


def test_a_covariate_is_shown_over_its_range_and_lines_are_a_standard_deviation_apart(school):
    table, data = school.plot.effect.data("cses", by="meanses"), golden.data("Hsb82", "polars")
    assert (table["cses"].min(), table["cses"].max()) == (data["cses"].min(), data["cses"].max())
    mean, sd = data["meanses"].mean(), data["meanses"].std()
    np.testing.assert_allclose(table["meanses"].unique().sort(), [mean - sd, mean, mean + sd], rtol=1e-12)
    assert table.height == 3 * 81


def test_an_effect_of_a_generalized_model_is_a_probability():
    data = golden.data("cbpp", "polars")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    table, b = fit.plot.effect.data("period"), fit.beta
    np.testing.assert_allclose(table["estimate"], 1 / (1 + np.exp(-(b[0] + np.array([0, *b[1:]])))), rtol=1e-9)


@pytest.fixture(scope="module")
def ordered():
    data = golden.data("sleepstudy", "polars")
    time, subject = data["Reaction"].to_numpy(), data["Subject"].cast(pl.String).cast(pl.Int64).to_numpy()
    speed = pl.Series(
        np.array(["fast", "mid", "slow"])[np.digitize(time, [270, 350])], dtype=pl.Enum(["fast", "mid", "slow"])
    )
    data = data.with_columns(speed=speed, late=np.where(subject > 340, "yes", "no"))
    return hlmrs.glmer("speed ~ Days * late + (1 | Subject)", data, family="cumulative")


def test_an_effect_on_ordered_categories_is_a_line_of_probabilities_for_each(ordered):
    table = ordered.plot.effect.data("Days", at={"Days": [0.0, 9.0], "late": "yes"})
    assert table["category"].to_list() == ["fast", "mid", "slow"] * 2
    new = {"Days": [0.0, 9.0], "late": ["yes"] * 2, "Subject": ["new"] * 2}
    by_hand = ordered.predict(new, type="prob", random_effects=False, new_levels="population")
    np.testing.assert_allclose(table["estimate"], np.column_stack(list(by_hand.values())).ravel(), rtol=1e-9)
    picture = ordered.plot.effect._picture("Days", "late", None, "equal", None, hlmrs.TestOptions())
    assert list(dict.fromkeys(picture.further["lines"])) == [
        f"{late}, {speed}" for late in ("no", "yes") for speed in ("fast", "mid", "slow")
    ]
    assert picture.y == "Probability (speed)"


def test_interactions_and_trajectories_of_ordered_categories_are_expected_ones_or_what_is_asked(ordered):
    places = {"at": {"Days": [0.0, 9.0]}}
    expected = ordered.plot.interaction.data("Days", "late", **places)
    assert (
        expected["estimate"].to_list()
        == ordered.emmeans(["Days", "late"], type="mean.class", **places)["estimate"].to_list()
    )
    above = ordered.plot.interaction.data("Days", "late", type="exceedance", **places)
    np.testing.assert_allclose(
        1 + above.group_by("Days", "late", maintain_order=True).agg(pl.sum("estimate"))["estimate"],
        expected["estimate"],
    )
    persons = {"early": {"late": "no"}, "late": {"late": lambda t: "yes" if t > 4 else "no"}}
    of_each = ordered.plot.trajectories.data("Days", persons, type="prob", at={"Days": [0, 9]})
    assert of_each["person"].to_list() == ["early"] * 6 + ["late"] * 6
    assert of_each["category"].to_list() == ["fast", "fast", "mid", "mid", "slow", "slow"] * 2
    by_day = {
        late: ordered.plot.effect.data("Days", at={"Days": [0.0, 9.0], "late": late})["estimate"]
        .to_numpy()
        .reshape(2, 3)
        for late in ("no", "yes")
    }
    np.testing.assert_allclose(of_each["estimate"][:6], by_day["no"].T.ravel(), rtol=1e-12)
    np.testing.assert_allclose(
        of_each["estimate"][6:], np.stack([by_day["no"][0], by_day["yes"][1]]).T.ravel(), rtol=1e-12
    )
    link = ordered.plot.trajectories.data("Days", persons, type="link", at={"Days": [0, 9]})
    b = ordered.fixef()
    assert link["estimate"].to_list() == pytest.approx(
        [0, 9 * b["Days"], 0, 9 * (b["Days"] + b["Days:lateyes"]) + b["lateyes"]]
    )


def test_an_effect_with_a_zero_part_is_what_predict_gives():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(20), 20)
    x, z = rng.normal(size=(2, 400))
    y = rng.poisson(np.exp(0.5 + 0.3 * x + rng.normal(size=20)[g])) * (rng.uniform(size=400) > 1 / (1 + np.exp(-z)))
    rows = pl.DataFrame({"y": y, "x": x, "z": z, "g": g})
    fit = hlmrs.glmer("y ~ x + (1 | g)", rows, family="poisson", zero_inflation="~ z")
    new = {"x": [-1.0, 1.0], "z": [0.0, 0.0], "g": ["new"] * 2}
    predicted = fit.predict(new, random_effects=False, new_levels="population")
    table = fit.plot.effect.data("x", at={"x": [-1.0, 1.0], "z": 0.0})
    np.testing.assert_allclose(table["estimate"], predicted, rtol=1e-9)
    lines = fit.plot.trajectories.data("x", {"zero": {"z": 0.0}}, at={"x": [-1.0, 1.0]})
    np.testing.assert_allclose(lines["estimate"], predicted, rtol=1e-9)
    without = fit.plot.effect.data("x", at={"x": [1.0]}, type="conditional")["estimate"][0]
    assert without == pytest.approx(np.exp(fit.beta.sum()))
    of_zeros = fit.plot.effect.data("z")["estimate"].to_numpy()
    assert (np.diff(of_zeros) < 0).all()


def test_an_unknown_variable_is_named(school):
    with pytest.raises(hlmrs.OptionError, match=r"no variable 'css'.*did you mean 'cses'"):
        school.plot.effect("css")


def test_slopes_along_a_moderator(school):
    lines = school.plot.interaction.data("cses", "meanses")
    assert lines.to_dicts() == school.plot.effect.data("cses", by="meanses").to_dicts()
    table = school.plot.interaction.data("cses", "meanses", "slopes", ddf="normal")
    b, v, m = school.fixef(), school.vcov(), table["meanses"].to_numpy()
    np.testing.assert_allclose(table["estimate"], b["cses"] + b["meanses:cses"] * m, rtol=1e-9)
    j, k = (list(b).index(name) for name in ("cses", "meanses:cses"))
    np.testing.assert_allclose(table["std_error"], np.sqrt(v[j, j] + 2 * m * v[j, k] + m**2 * v[k, k]), rtol=1e-8)
    data = golden.data("Hsb82", "polars")["meanses"]
    assert (m[0], m[-1]) == (data.min(), data.max())


def test_regions_end_where_the_interval_of_the_slope_ends_at_zero():
    data = golden.data("Hsb82", "polars")
    fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", data)
    picture = fit.plot.interaction._pictures(
        "cses", "meanses", {"meanses": [-8.0, 0.0, 2.0]}, None, hlmrs.TestOptions()
    )[1]
    low, high = picture.further["regions"]["low"], picture.further["regions"]["high"]
    assert (low[0], high[-1]) == (-8.0, 2.0)
    edge = fit.slopes("cses", at={"meanses": [float(low[1])]})
    assert min(abs(edge["conf_low"][0]), abs(edge["conf_high"][0])) < 1e-8


def test_a_factor_has_lines_alone_and_moderates_by_level(school):
    assert len(school.plot.interaction._pictures("sector", "meanses", None, None, hlmrs.TestOptions())) == 1
    with pytest.raises(hlmrs.OptionError, match="factor"):
        school.plot.interaction.data("sector", "meanses", "slopes")
    table = school.plot.interaction.data("cses", "sector", "slopes")
    assert table["sector"].to_list() == ["Public", "Catholic"]
    with pytest.raises(hlmrs.OptionError, match="same variable"):
        school.plot.interaction("cses", "cses")


def test_trajectories_are_predictions_for_the_persons_named():
    fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", golden.data("Orthodont", "polars"))
    table = fit.plot.trajectories.data("age", {"girl": {"Sex": "Female"}, "boy": {"Sex": "Male"}}, at={"age": [8, 14]})
    new = {"age": [8.0, 14.0, 8.0, 14.0], "Sex": ["Female", "Female", "Male", "Male"], "Subject": ["new"] * 4}
    np.testing.assert_allclose(table["estimate"], fit.predict(new, random_effects=False, new_levels="population"))
    assert table["person"].to_list() == ["girl", "girl", "boy", "boy"]
    assert fit.plot.trajectories.data("age").height == 81
    with pytest.raises(hlmrs.OptionError, match="'age' is the time"):
        fit.plot.trajectories("age", {"girl": {"age": 3}})
    with pytest.raises(hlmrs.OptionError, match="one person at least"):
        fit.plot.trajectories("age", {})


def test_what_changes_with_time_is_a_function_of_it():
    rng = np.random.default_rng(1)
    time = np.tile(np.arange(6.0), 30)
    rows = {
        "y": rng.normal(size=180) + np.repeat(rng.normal(size=30), 6) + time,
        "t": time,
        "post": 1.0 * (time >= 3),
        "id": np.repeat(np.arange(30), 6),
    }
    fit = hlmrs.lmer("y ~ t + post + (1 | id)", rows)
    table = fit.plot.trajectories.data("t", {"treated": {"post": lambda t: float(t >= 3)}}, at={"t": [0, 2, 3, 5]})
    b = fit.beta
    np.testing.assert_allclose(table["estimate"], b[0] + b[1] * np.array([0, 2, 3, 5]) + b[2] * np.array([0, 0, 1, 1]))


def test_variables_are_called_what_their_file_says_of_them(school):
    estimate = school._estimate
    before = vars(estimate).pop("labels", None)
    vars(estimate)["labels"] = {"mAch": "Mathematics achievement", "cses": "Relative status"}
    try:
        picture = school.plot.effect._picture("cses", None, None, "equal", None, hlmrs.TestOptions())
        title = school.plot.caterpillar._picture(None, None, 0.95).title
        rows = school.plot.within_between._picture("cses", None)
    finally:
        vars(estimate).pop("labels")
        if before is not None:
            vars(estimate)["labels"] = before
    assert (picture.title, picture.x) == ("Mathematics achievement and Relative status", "Relative status")
    assert picture.y == "Predicted Mathematics achievement"
    assert title == "Mathematics achievement: intercepts of school"
    assert (rows.x, rows.y) == ("Relative status", "Mathematics achievement")
    assert "mean_cses" in rows.table
