"""Planned rows: who lies in what, and what is laid over them."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import FormulaError, OptionError
from hlmrs.planning.spread import in_shares, normal_scores, places, sizes


def test_units_lie_in_others_and_meet_all():
    design = hlmrs.Design("(school/pupil) * wave", {"school": 3, "pupil": [2, 1, 4], "wave": 2})
    columns = design.columns()
    assert design.n_rows == 14
    assert design.counts() == {"school": 3, "pupil": 7, "wave": 2}
    assert np.bincount(columns["school"])[1:].tolist() == [4, 2, 8]
    pairs = set(zip(columns["pupil"].tolist(), columns["wave"].tolist(), strict=True))
    assert len(pairs) == 14


def test_crossed_units_within_sites_are_those_of_one_site():
    design = hlmrs.Design("site/(subject * item)", {"site": 2, "subject": 3, "item": 4})
    columns = design.columns()
    assert design.counts() == {"site": 2, "subject": 6, "item": 8}
    for name in ("subject", "item"):
        assert len({*zip(columns[name].tolist(), columns["site"].tolist(), strict=True)}) == len(
            set(columns[name].tolist())
        )


def test_treatments_are_balanced_at_their_level():
    design = hlmrs.Design(
        "school/class/pupil",
        {"school": 6, "class": 3, "pupil": 5},
        {"a": "school", "b": "class", "c": "pupil", "d": "class"},
    )
    columns = design.columns()
    assert columns["a"].mean() == columns["b"].mean() == 0.5
    assert abs(columns["c"].mean() - 0.5) < 0.02
    assert len({*zip(columns["b"].tolist(), columns["class"].tolist(), strict=True)}) == 18
    cells = np.unique(np.stack([columns["b"], columns["d"]]), axis=1, return_counts=True)[1]
    assert len(cells) == 4


def test_a_latin_square_meets_groups_of_subjects_evenly():
    design = hlmrs.Design(
        "subject * item", {"subject": 8, "item": 8}, {"group": "subject", "condition": "subject * item"}
    )
    columns = design.columns()
    for name in ("subject", "item", "group"):
        for unit in np.unique(columns[name]):
            assert columns["condition"][columns[name] == unit].mean() == 0.5
    for item in np.unique(columns["item"]):
        own = columns["item"] == item
        assert abs(np.corrcoef(columns["condition"][own], columns["group"][own])[0, 1]) < 1e-12


def test_values_stand_by_place_in_shares_and_by_step():
    design = hlmrs.Design(
        "cluster * period",
        {"cluster": 8, "period": 5},
        {
            "time": ("period", [0, 1, 2, 4, 8]),
            "arm": ("cluster", {"old": 0.75, "new": 0.25}),
            "on": ("cluster * period", "stepped"),
        },
    )
    columns = design.columns()
    assert columns["time"][:5].tolist() == [0, 1, 2, 4, 8]
    assert columns["arm"].count("new") == 10
    assert columns["on"].reshape(8, 5).sum(axis=1).tolist() == [4, 3, 2, 1, 4, 3, 2, 1]
    assert (np.diff(columns["on"].reshape(8, 5), axis=1) >= 0).all()


def test_waves_drop_out_for_good():
    design = hlmrs.Design("person * wave", {"person": 50, "wave": 4}, missing={"wave": [0, 0.1, 0.2, 0.4]})
    columns = design.columns()
    assert np.bincount(columns["wave"])[1:].tolist() == [50, 45, 40, 30]
    for person in np.unique(columns["person"]):
        own = columns["wave"][columns["person"] == person]
        assert own.tolist() == list(range(1, len(own) + 1))


def test_sizes_have_their_mean_and_spread():
    found = sizes(200, 20.0, 8.0)
    assert found.sum() == 4000
    assert found.std() == pytest.approx(8, rel=0.1)
    assert sizes(7, 12.0, 0.0).tolist() == [12] * 7
    assert sizes(50, 1.2, 1.0).min() == 1


def test_what_is_spread_has_no_pattern():
    found = places(100)
    assert sorted(found) == pytest.approx((np.arange(100) + 0.5) / 100)
    assert abs(found[::2].mean() - found[1::2].mean()) < 0.03  # a draw: 0.06
    assert in_shares(np.arange(90), [1, 1, 1]).tolist() == [0, 1, 2] * 30
    scores = normal_scores(60)
    assert (scores.mean(), (scores**2).mean()) == pytest.approx((0, 1))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("school/", "expected the name of units"),
        ("school & pupil", "a layout has names"),
        ("(school * pupil", "expected '\\)'"),
        ("school/school", "stands twice"),
    ],
)
def test_layouts_that_cannot_be_read_are_refused(layout, message):
    with pytest.raises(FormulaError, match=message):
        hlmrs.Design(layout, {"school": 2, "pupil": 2})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"units": {"school": 2}}, "how many units of 'pupil'"),
        ({"units": {"school": 2, "pupil": 2, "pupils": 3}}, "did you mean 'pupil'"),
        ({"units": {"school": 2, "pupil": 0}}, "whole number from 1 on"),
        ({"units": {"school": 2, "pupil": 2.5}}, "whole number from 1 on"),
        ({"units": {"school": 20_000, "pupil": 2_000}}, "is the most"),
        ({"variables": {"treat": "schol"}}, "did you mean 'school'"),
        ({"variables": {"pupil": "school"}}, "the name of units as well"),
        ({"variables": {"treat": ("school", "norml")}}, "did you mean 'normal'"),
        ({"variables": {"treat": ("school", {"a": 1, "b": 0})}}, "a share above zero"),
        ({"variables": {"treat": ("school", "stepped")}}, "takes two levels"),
        ({"missing": {"pupil": 1.2}}, "from 0 to below 1"),
    ],
)
def test_designs_that_cannot_be_are_refused(changes, message):
    arguments = {"units": {"school": 2, "pupil": 2}} | changes
    with pytest.raises(OptionError, match=message):
        hlmrs.Design("school/pupil", **arguments).n_rows  # noqa: B018


def test_designs_print_within_eighty_columns():
    design = hlmrs.Design(
        "(district/school/classroom) * measurement_occasion",
        {"district": 10, "school": (12, 4), "classroom": [1, 2, 30], "measurement_occasion": 12},
        {
            "months_since_start": ("measurement_occasion", list(range(12))),
            "treat": ("school", {"control": 0.6, "x": 0.4}),
        },
        {"measurement_occasion": [0.05 * k for k in range(12)]},
    )
    assert max(map(len, repr(design).splitlines())) <= 80
    assert "<table>" in design._repr_html_()
