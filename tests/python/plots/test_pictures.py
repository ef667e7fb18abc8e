"""What is drawn of every picture: words, marks, the axes given, and nothing left behind."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest

import golden
import hlmrs
from hlmrs.plots.canvas import MOST_MARKS, evenly

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))


@pytest.fixture(scope="module")
def school():
    return hlmrs.lmer("mAch ~ meanses * cses + sector + (cses | school)", golden.data("Hsb82", "polars"))


@pytest.fixture(scope="module")
def large():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(5000), 4)
    x = rng.normal(size=len(group))
    y = x + rng.normal(size=5000)[group] + rng.normal(size=len(group))
    return hlmrs.lmer("y ~ x + (1 | g)", pl.DataFrame({"y": y, "x": x, "g": [f"group {k}" for k in group]}))


def marks(axis):
    """Points, lines of one path each, and bars of axes."""
    points = sum(len(line.get_xdata()) for line in axis.lines if line.get_linestyle() == "None")
    return points + sum(len(found.get_paths()) + len(found.get_offsets()) - 1 for found in axis.collections)


SINGLE = {
    "caterpillar": lambda fit, **how: fit.plot.caterpillar(**how),
    "ranks": lambda fit, **how: fit.plot.ranks(**how),
    "shrinkage": lambda fit, **how: fit.plot.shrinkage(**how),
    "spaghetti": lambda fit, **how: fit.plot.spaghetti(fit.coef_names[-1], **how),
    "within_between": lambda fit, **how: fit.plot.within_between(fit.coef_names[-1], **how),
    "trajectories": lambda fit, **how: fit.plot.trajectories(fit.coef_names[-1], observed=True, **how),
    "variance": lambda fit, **how: fit.plot.variance(fit, **how),
    "coefs": lambda fit, **how: fit.plot.coefs(fit, **how),
    "residual_correlation": lambda fit, **how: fit.plot.residual_correlation(**how),
    "residual_sd": lambda fit, **how: fit.plot.residual_sd(**how),
    "effect": lambda fit, **how: fit.plot.effect(fit.coef_names[-1].rpartition(":")[2], **how),
}
"""Pictures of one panel, as a fit has them by default."""


@pytest.mark.parametrize("name", SINGLE)
def test_a_picture_says_what_it_is_of(name, sleep):
    axis = SINGLE[name](sleep)
    assert "Reaction" in axis.get_title(loc="left")
    assert axis.get_xlabel()
    assert axis.get_ylabel() or any(label.get_text() for label in axis.get_yticklabels())
    assert len(axis.hlmrs_alt) > 40
    assert axis.figure.hlmrs_alt == axis.hlmrs_alt


@pytest.mark.parametrize("name", SINGLE)
def test_a_picture_is_drawn_in_the_axes_given_and_changes_no_state(name, sleep):
    figure, (left, right) = plt.subplots(1, 2)
    plt.sca(left)
    before, settings = plt.get_fignums(), dict(mpl.rcParams)
    assert SINGLE[name](sleep, ax=right) is right
    assert plt.get_fignums() == before
    assert dict(mpl.rcParams) == settings
    assert plt.gca() is left
    assert not left.has_data()
    figure.canvas.draw()


@pytest.mark.parametrize("name", SINGLE)
def test_a_picture_of_5000_groups_has_few_marks(name, large):
    axis = SINGLE[name](large)
    assert marks(axis) <= MOST_MARKS
    axis.figure.canvas.draw()


@pytest.mark.parametrize("name", SINGLE)
def test_a_picture_reads_on_a_dark_background(name, sleep):
    with plt.style.context("dark_background"):
        axis = SINGLE[name](sleep)
        for text in [*axis.texts, axis.title, axis.xaxis.label]:
            assert mpl.colors.to_rgb(text.get_color()) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", SINGLE)
def test_a_picture_takes_its_own_axes_only(name, sleep):
    with pytest.raises(hlmrs.OptionError, match="2 axes, and the picture has 1 panel"):
        SINGLE[name](sleep, ax=plt.subplots(1, 2)[1])


def test_few_groups_are_named_and_of_many_the_extremes(sleep, school):
    few, many = sleep.plot.caterpillar(), school.plot.caterpillar()
    names = [label.get_text() for label in few.get_yticklabels()]
    assert names == sleep.plot.caterpillar.data()["Subject"].to_list()
    lowest = school.plot.caterpillar.data()["school"].to_list()[:5]
    assert any(text.get_text() == "\n".join(["Lowest:", *lowest[::-1]]) for text in many.texts)


def test_lines_and_marks_of_an_effect(school):
    axis = school.plot.effect("cses", by="sector")
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["Public", "Catholic"]
    table = school.plot.effect.data("cses", by="sector")
    drawn = np.concatenate([line.get_ydata() for line in axis.lines[:2]])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(table["estimate"]))
    assert any("Held at meanses = 0.000143 (mean)." in text.get_text().replace("\n", " ") for text in axis.texts)


SEVERAL = {
    "interaction": (2, lambda fit, **how: fit.plot.interaction("cses", "meanses", **how)),
    "residuals": (3, lambda fit, **how: fit.plot.residuals(**how)),
    "residuals of groups": (2, lambda fit, **how: fit.plot.residuals("school", **how)),
    "quantiles": (3, lambda fit, **how: fit.plot.quantiles(**how)),
    "predictive": (2, lambda fit, **how: fit.plot.predictive(seed=1, **how)),
    "influence": (2, lambda fit, **how: fit.plot.influence(**how)),
    "profile": (3, lambda fit, **how: fit.plot.profile(["cses", "sectorCatholic", "sigma"], **how)),
    "structure": (2, lambda fit, **how: fit.plot.structure(**how)),
    "by_group": (24, lambda fit, **how: fit.plot.by_group("cses", **how)),
}
"""Pictures of several panels, and how many they have."""


@pytest.mark.parametrize("name", SEVERAL)
def test_panels_are_drawn_in_as_many_axes_as_are_given(name, school):
    n, draw = SEVERAL[name]
    figure, axes = plt.subplots(1, n)
    before = plt.get_fignums()
    assert draw(school, ax=axes) == list(axes.ravel())
    assert plt.get_fignums() == before
    assert all(axis.hlmrs_alt and axis.get_title(loc="left") for axis in axes.ravel())
    figure.canvas.draw()
    with pytest.raises(hlmrs.OptionError, match=f"1 axes, and the picture has {n} panels"):
        draw(school, ax=axes.ravel()[0])


@pytest.mark.parametrize("name", SEVERAL)
def test_panels_of_a_figure_of_their_own_have_few_marks(name, school):
    axes = SEVERAL[name][1](school)
    assert all(marks(axis) <= MOST_MARKS for axis in axes)
    if name == "by_group":
        assert sum(map(marks, axes)) <= MOST_MARKS
    assert axes[0].figure.hlmrs_alt.startswith(axes[0].hlmrs_alt)
    axes[0].figure.canvas.draw()


def test_of_very_many_rows_all_are_counted(large):
    """A row beyond 3 standard deviations is counted as any other: points of them alone would be two false bands."""
    for axis in large.plot.residuals()[:2]:
        (hexagons,) = (found for found in axis.collections if found.get_array() is not None)
        assert hexagons.get_array().sum() == 20_000
        assert any("All 20,000 are counted" in text.get_text().replace("\n", " ") for text in axis.texts)


def test_quantiles_are_thinned_evenly_along_the_normal_quantile(large):
    axis = large.plot.quantiles()[0]
    drawn = np.sort(np.concatenate([line.get_xdata() for line in axis.lines if line.get_linestyle() == "None"]))
    table = large.plot.quantiles.data().filter(pl.col("group") == "rows")
    assert len(drawn) <= MOST_MARKS
    assert set(drawn) <= set(table["normal_quantile"])
    counts = np.histogram(drawn, np.linspace(-2, 2, 21))[0]
    assert counts.max() - counts.min() <= 2


def test_diagnostics_of_very_many_rows_count_all(large):
    figure = large.plot.diagnostics(["fitted", "scale", "random"])
    assert [
        sum(found.get_array().sum() for found in axis.collections if found.get_array() is not None)
        for axis in figure.axes[:2]
    ] == [20_000, 20_000]
    assert all(marks(axis) <= MOST_MARKS for axis in figure.axes)


def test_the_largest_distances_are_named_and_those_beyond_the_cut_marked(school):
    distances, moves = school.plot.influence()
    table = school.plot.influence.data()
    names = [label.get_text() for label in distances.get_yticklabels()]
    assert names == table["level"].to_list()[:40]
    beyond = [line for line in distances.lines if line.get_marker() == "s"]
    assert len(beyond[0].get_xdata()) == (table["cooks_distance"] > 4 / 160).sum()
    assert [text.get_text() for text in moves.get_legend().get_texts()] == names[:5]


def test_regions_of_an_interaction_are_shaded(school):
    _, slopes = school.plot.interaction("cses", "meanses")
    labels = [text.get_text() for text in slopes.get_legend().get_texts()]
    assert labels == ["differs from zero (p < 0.05)", "95 % band", "rows"]


def test_marks_are_chosen_evenly():
    places = evenly(100_000)
    assert len(places) == MOST_MARKS
    assert (places[0], places[-1]) == (0, 99_999)
    assert set(np.diff(places)) <= {50, 51}
    np.testing.assert_array_equal(evenly(7), np.arange(7))


def test_no_line_of_a_note_ends_between_a_number_and_its_percent_sign(school):
    for size in (2.0, 2.6, 3.3, 4.1, 5.2):
        axis = school.plot.ranks(ax=plt.figure(figsize=(size, 3)).subplots())
        assert not any(line.startswith("%") for text in axis.texts for line in text.get_text().split("\n"))


def test_a_slope_that_is_not_known_has_no_line():
    fit = hlmrs.lmer("mAch ~ cses + (1 | school)", golden.data("Hsb82", "polars"))
    axis = fit.plot.within_between("cses")
    assert [text.get_text().split(":")[0] for text in axis.get_legend().get_texts()] == ["within groups"]
    plt.close("all")


@pytest.mark.parametrize(("style", "least", "most"), [("default", 0.1, 0.3), ("dark_background", 0.3, 0.6)])
def test_bands_are_denser_on_dark_ground(style, least, most):
    fit = hlmrs.lmer("mAch ~ cses + (1 | school)", golden.data("Hsb82", "polars"))
    with plt.style.context(["default", style] if style != "default" else ["default"]):
        (band,) = fit.plot.effect("cses").collections[:1]
        assert least < band.get_alpha() < most
    plt.close("all")


def test_a_thin_line_of_a_large_matrix_is_drawn():
    data = pl.DataFrame({"g": np.repeat(np.arange(3000), 2)}).with_columns(
        y=np.random.default_rng(1).normal(size=6000), x=np.tile([0.0, 1.0], 3000)
    )
    data = data.with_columns(y=pl.col("y") + pl.col("g").hash(seed=1) % 5)
    axis = hlmrs.lmer("y ~ x + (1 | g)", data).plot.structure()[0]
    drawn = np.asarray(axis.images[0].get_array())
    assert len(drawn) <= 200
    assert (np.diag(drawn) > 0.3).all()
    plt.close("all")


def test_categories_beside_another_variable_have_a_panel_for_each_of_its_values():
    rng = np.random.default_rng(2)
    n = 300
    data = pl.DataFrame({"x": rng.normal(size=n), "arm": ["a", "b", "c"] * 100, "g": [f"g{k % 20}" for k in range(n)]})
    latent = data["x"].to_numpy() + rng.normal(size=20)[np.arange(n) % 20] + rng.logistic(size=n)
    levels = ["none", "mild", "severe"]
    state = pl.Series(np.array(levels)[np.digitize(latent, [-1, 1])], dtype=pl.Enum(levels))
    fit = hlmrs.glmer("state ~ x * arm + (1 | g)", data.with_columns(state=state), family="cumulative")
    panels = fit.plot.effect("x", by="arm")
    table = fit.plot.effect.data("x", by="arm")
    assert [axis.get_title(loc="left") for axis in panels] == ["a", "b", "c"]
    for arm, axis in zip("abc", panels, strict=True):
        drawn = {line.get_label(): line for line in axis.lines if line.get_label() in levels}
        assert list(drawn) == levels
        for level, line in drawn.items():
            own = table.filter(arm=arm, category=level)
            np.testing.assert_array_equal(line.get_xdata(), own["x"])
            np.testing.assert_array_equal(line.get_ydata(), own["estimate"])
        assert axis.get_legend() is None
        assert axis.hlmrs_alt.startswith(f"{arm}. Predictions along x by state. none: ")
    (legend,) = panels[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == levels
    _, axis = plt.subplots()
    assert fit.plot.effect("x", by="arm", ax=axis) is axis
    assert len([line for line in axis.lines if len(line.get_xdata()) == 81]) == 9


def test_pictures_of_groups_say_what_to_draw_of_fits_without_random_effects():
    data = golden.data("Orthodont", "polars")
    fit = hlmrs.gls("distance ~ age", data, residual="ar1(1 | Subject)")
    for draw in (fit.plot.caterpillar, fit.plot.ranks, lambda: fit.plot.spaghetti("age")):
        with pytest.raises(hlmrs.OptionError, match=r"lmer\(\) .*terms such as \(1 \| g\).* plot.effect"):
            draw()
    with pytest.raises(hlmrs.OptionError, match=r"lmer\(\) takes terms such as \(1 \| g\)"):
        fit.plot.shrinkage()
