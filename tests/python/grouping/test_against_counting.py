"""Descriptions of small random frames against counting by hand."""

from itertools import combinations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hlmrs.frame import open_frame
from hlmrs.grouping import describe_frame

LABELS = st.one_of(st.none(), st.sampled_from("abcd"))
VALUES = st.one_of(st.none(), st.sampled_from([1.0, 2.5, -3.0]))
ROWS = st.lists(st.tuples(LABELS, LABELS, LABELS, VALUES), min_size=1, max_size=25)


def units(column):
    return {label for label in column if label is not None}


def lies_in(inner, outer):
    """Whether every inner unit has rows of one outer unit alone, of which there are fewer."""
    met = {}
    for a, b in zip(inner, outer, strict=True):
        if a is not None and b is not None:
            met.setdefault(a, set()).add(b)
    return len(units(outer)) < len(units(inner)) and all(len(found) == 1 for found in met.values())


def frame_of(rows):
    names = ("p", "q", "r", "x")
    return {name: np.array(column, dtype=object) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


@settings(max_examples=200, deadline=None)
@example(  # with missing units, p lies in q and q in r, but p does not lie in r
    [
        (None, None, "a", None),
        (None, None, "d", None),
        (None, "a", "b", None),
        ("a", None, "c", None),
        ("b", "c", "c", None),
        (None, "b", None, None),
    ]
)
@given(ROWS)
def test_what_lies_in_what_is_what_counting_says(rows):
    data = frame_of(rows)
    found = describe_frame(open_frame(data), ["p", "q", "r"], [])
    levels = {level.grouping.name: level for level in found.levels}
    for name, level in levels.items():
        assert level.grouping.n_units == len(units(data[name]))
        assert sorted(level.sizes) == sorted(list(data[name]).count(unit) for unit in units(data[name]))
        above = {other for other in levels if other != name and lies_in(data[name], data[other])}
        direct = {o for o in above if not any(lies_in(data[p], data[o]) for p in above if p != o)}
        assert set(level.within) == direct
        assert all(levels[other].number > level.number for other in above)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_pairs_of_units_are_what_counting_says(rows):
    data = frame_of(rows)
    found = describe_frame(open_frame(data), ["p", "q", "r"], [])
    for pair in found.pairings:
        met = {(a, b) for a, b in zip(data[pair.first], data[pair.second], strict=True) if None not in (a, b)}
        assert pair.n_pairs == len(met)
        counts = [sum(first == unit for first, _ in met) for unit in units(data[pair.first]) if met]
        if met:
            assert pair.first_meets == (min(c for c in counts if c), max(counts))
    apart = {
        frozenset(two)
        for two in combinations("pqr", 2)
        if not lies_in(data[two[0]], data[two[1]]) and not lies_in(data[two[1]], data[two[0]])
    }
    assert {frozenset((pair.first, pair.second)) for pair in found.pairings} <= apart


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_the_level_of_a_variable_is_what_counting_says(rows):
    data = frame_of(rows)
    (x,) = describe_frame(open_frame(data), ["p", "q", "r"], ["x"]).variables
    known = [(p, q, r, v) for p, q, r, v in zip(*data.values(), strict=True) if v is not None]
    assert x.n_missing == len(rows) - len(known)
    if len({v for *_, v in known}) == 1:
        assert x.level == "constant"
        return
    constant = []
    for place, name in enumerate("pqr"):
        met = {}
        for row in known:
            if row[place] is not None:
                met.setdefault(row[place], set()).add(row[3])
        if met and all(len(values) == 1 for values in met.values()):
            constant.append((len(units(data[name])), name))
    if not constant:
        assert x.level == "row"
    else:
        assert x.level in {name for n, name in constant if n == min(constant)[0]}
