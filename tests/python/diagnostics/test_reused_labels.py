"""A note for labels that begin anew in every group, and none for factors that cross or are nested already."""

import numpy as np
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def classrooms(sizes):
    """Pupils of classrooms 1 to k of each school."""
    r = np.random.default_rng(2)
    school = np.concatenate([np.full(5 * k, s) for s, k in enumerate(sizes)])
    room = np.concatenate([np.repeat(np.arange(1, k + 1), 5) for k in sizes])
    return {"y": r.normal(size=len(school)) + r.normal(size=len(sizes))[school], "school": school, "room": room}


@pytest.mark.parametrize("sizes", [[4] * 8, [2, 3, 4, 2, 4, 3]])
def test_classrooms_that_begin_anew_are_noted(sizes):
    data = classrooms(sizes)
    note = "(1 | school/room)"
    for formula in ("y ~ 1 + (1 | school) + (1 | room)", "y ~ 1 + (1 | room) + (1 | school)"):
        assert note in " ".join(str(hlmrs.lmer(formula, data).summary()).split())
    assert "begin anew" not in str(hlmrs.lmer("y ~ 1 + (1 | school/room)", data).summary())


def test_gaps_words_and_single_rooms_do_not_hide_labels_that_begin_anew():
    data = classrooms([12, 11, 1, 12, 10])  # more classrooms in a school than schools
    with_gap = ~((data["school"] == 3) & (data["room"] == 5))
    data = {name: values[with_gap] for name, values in data.items()}
    for room in (data["room"], np.array([f"class {k}" for k in data["room"]])):  # "class 10" sorts before "class 2"
        fit = hlmrs.lmer("y ~ 1 + (1 | school) + (1 | room)", data | {"room": room})
        assert "(1 | school/room)" in " ".join(str(fit.summary()).split())


def test_levels_that_meet_at_random_are_crossed():
    r = np.random.default_rng(5)
    data = {"y": r.normal(size=600), "rater": r.integers(0, 8, 600), "item": r.integers(0, 30, 600)}
    keep = r.random((8, 30)) < 0.7
    data = {name: values[keep[data["rater"], data["item"]]] for name, values in data.items()}
    assert "begin anew" not in str(hlmrs.lmer("y ~ 1 + (1 | rater) + (1 | item)", data).summary())


def test_labels_of_their_own_and_crossed_factors_are_not():
    data = classrooms([2, 3, 4, 2, 4, 3])
    data["room"] = data["room"] + 10 * data["school"]
    fits = [
        hlmrs.lmer("y ~ 1 + (1 | school) + (1 | room)", data),
        hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin")),
        hlmrs.lmer("y ~ 1 + (1 | s) + (1 | d)", hlmrs.datasets.load("InstEval")),
    ]
    assert not any("begin anew" in str(fit.summary()) for fit in fits)
