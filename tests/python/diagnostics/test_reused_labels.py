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


def test_labels_of_their_own_and_crossed_factors_are_not():
    data = classrooms([2, 3, 4, 2, 4, 3])
    data["room"] = data["room"] + 10 * data["school"]
    fits = [
        hlmrs.lmer("y ~ 1 + (1 | school) + (1 | room)", data),
        hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin")),
        hlmrs.lmer("y ~ 1 + (1 | s) + (1 | d)", hlmrs.datasets.load("InstEval")),
    ]
    assert not any("begin anew" in str(fit.summary()) for fit in fits)
