import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.frame import open_frame
from hlmrs.grouping import Grouping, describe_frame, diagram, icc

RNG = np.random.default_rng(4)


def described(data, groups, variables=()):
    return describe_frame(open_frame(data), groups, variables)


def nested(n_outer=3, n_inner=4, n_rows=5):
    outer, inner, _ = (a.ravel() for a in np.indices((n_outer, n_inner, n_rows)))
    return {"outer": outer, "inner": inner, "unit": outer * n_inner + inner}


def test_nesting_is_found_whatever_the_order_of_the_names():
    for groups in (["outer", "unit"], ["unit", "outer"]):
        lower, higher = described(nested(), groups).levels
        assert (lower.grouping.name, lower.within, lower.number) == ("unit", ("outer",), 2)
        assert (higher.grouping.name, higher.within, higher.number) == ("outer", (), 3)
        assert lower.sizes.tolist() == [5] * 12
        assert higher.parts["unit"].tolist() == [4, 4, 4]


def test_a_slash_nests_labels_that_begin_anew_and_names_alone_say_that_they_do():
    data = nested(6, 4)
    written = described(data, "outer/inner")
    assert [level.grouping.name for level in written.levels] == ["outer:inner", "outer"]
    assert written.levels[0].grouping.labels[:2] == ["0:0", "0:1"]
    assert not written.reused
    crossed = described(data, ["outer", "inner"])
    assert [(inner.name, outer.name) for inner, outer in crossed.reused] == [("inner", "outer")]
    assert crossed.pairings[0].is_complete


def test_labels_of_a_fit_are_told_by_the_same_rule():
    data = nested(6, 4)
    data["y"] = RNG.normal(size=120) + data["outer"] + 3 * data["inner"]
    text = str(hlmrs.lmer("y ~ 1 + (1 | outer) + (1 | inner)", data).summary())
    assert "begin anew in every level of outer" in " ".join(text.split())


def test_crossing_in_part_counts_the_pairs_that_have_rows():
    data = {"a": [0, 0, 1, 1, 2], "b": ["x", "y", "x", "x", "z"]}
    (pair,) = described(data, ["a", "b"]).pairings
    assert (pair.n_pairs, pair.share) == (4, 4 / 9)
    assert (pair.first_meets, pair.second_meets) == ((1, 2), (1, 2))


def test_only_the_lowest_of_nested_factors_stands_for_their_crossing():
    n = 600
    pupil = RNG.integers(0, 30, n)
    data = {"pupil": pupil, "school": pupil // 10, "teacher": RNG.integers(0, 8, n)}
    found = described(data, ["school", "pupil", "teacher"])
    assert [(pair.first, pair.second) for pair in found.pairings] == [("pupil", "teacher")]


def test_a_diagram_has_every_factor_above_what_lies_in_it():
    n = 600
    pupil = np.arange(n) % 30
    data = {"pupil": pupil, "school": pupil // 10, "teacher": RNG.integers(0, 8, n)}
    found = described(data, ["school", "pupil", "teacher"])
    lines = [line.split("  ")[0:2] for line in diagram(found.levels, found.n_rows)]
    names = ["".join(c for c in line if c.isalpha()) for line in ("".join(parts) for parts in lines)]
    assert names[-1] == "row"
    places = {name: next(k for k, text in enumerate(names) if name in text) for name in ("school", "pupil", "teacher")}
    assert places["school"] < places["pupil"]


def test_a_factor_above_two_is_drawn_once():
    a, b = (x.ravel() for x in np.indices((6, 6)))
    data = {"a": a, "b": b + 6 * (a // 3), "top": a // 3}
    found = described(data, ["a", "b", "top"])
    assert {level.grouping.name: level.within for level in found.levels}["a"] == ("top",)
    text = "\n".join(diagram(found.levels, found.n_rows))
    assert text.count("top") == 2 + text.count("of top")
    assert text.count("as drawn elsewhere") == 1


def test_rows_without_a_unit_are_no_unit():
    data = pl.DataFrame({"g": ["a", None, "b", "b"], "x": [1.0, 2.0, 3.0, 3.0]})
    found = described(data, "g", ["x"])
    (level,) = found.levels
    assert (level.grouping.n_units, level.sizes.tolist(), int((level.grouping.codes < 0).sum())) == (2, [1, 2], 1)
    assert found.variables[0].level == "g"


@pytest.mark.parametrize(
    "labels", [[5, 3, 5, 9], [5.5, 3.0, 5.5, -9.0], [2**60, 1, 2**60, 2**61], ["b", "a", "b", "c"]]
)
def test_labels_of_any_type_are_kept(labels):
    (level,) = described({"g": labels}, "g").levels
    wanted = [str(v).removesuffix(".0") for v in sorted(set(labels))]
    assert level.grouping.labels == wanted
    assert [level.grouping.labels[k] for k in level.grouping.codes] == [str(v).removesuffix(".0") for v in labels]


def analysis_of_variance(y, g):
    """The mean squares, group by group."""
    groups = [y[g == k] for k in np.unique(g)]
    n, j = len(y), len(groups)
    between = sum(len(part) * (part.mean() - y.mean()) ** 2 for part in groups) / (j - 1)
    within = sum(((part - part.mean()) ** 2).sum() for part in groups) / (n - j)
    size = (n - sum(len(part) ** 2 for part in groups) / n) / (j - 1)
    return (between - within) / (between + (size - 1) * within)


def grouping(g):
    return Grouping("g", np.asarray(g), [str(k) for k in range(max(g) + 1)])


def test_an_icc_is_that_of_the_analysis_of_variance():
    g = np.sort(RNG.integers(0, 9, 80))
    y = RNG.normal(size=80) + RNG.normal(size=9)[g] + 1e6
    assert icc(y, grouping(g)) == pytest.approx(analysis_of_variance(y, g), rel=1e-6)
    gaps = y.copy()
    gaps[::7] = np.nan
    kept = ~np.isnan(gaps)
    assert icc(gaps, grouping(g)) == pytest.approx(analysis_of_variance(gaps[kept], g[kept]), rel=1e-6)


def test_an_icc_of_equal_sizes_is_that_of_the_null_model_by_reml():
    data = hlmrs.datasets.load("classrooms", "polars")
    fit = hlmrs.lmer("score ~ 1 + (1 | classroom)", data)
    g = data["classroom"].to_physical().to_numpy().astype(int)
    assert icc(data["score"].to_numpy(), grouping(g)) == pytest.approx(fit.icc().adjusted, abs=1e-6)


def test_an_icc_is_missing_where_nothing_can_be_told():
    assert np.isnan(icc(np.array([1.0, 2.0]), grouping([0, 1])))
    assert np.isnan(icc(np.array([1.0, 2.0]), grouping([0, 0])))
    assert np.isnan(icc(np.array([3.0, 3.0, 3.0]), grouping([0, 0, 1])))
    assert np.isnan(icc(np.array([np.nan, np.nan]), grouping([0, 1])))
