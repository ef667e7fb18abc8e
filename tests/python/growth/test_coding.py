import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hlmrs

AGE = np.array([13.0, 14.0, 14.5, 16.0, 18.0, np.nan])


def coded(**options):
    return hlmrs.time_coding({"age": AGE}, "age", **options)


def test_a_line_begins_at_its_origin_in_its_unit():
    np.testing.assert_array_equal(coded(origin=14, unit=2)["time"], (AGE - 14) / 2)


def test_powers_are_those_of_the_coded_time():
    found = coded(origin=14, degree=3, name="t")
    assert list(found) == ["age", "t", "t_2", "t_3"]
    np.testing.assert_allclose(found["t_3"], (AGE - 14) ** 3)


def test_orthogonal_polynomials_are_orthogonal_over_the_distinct_times():
    times = np.array([3.0, 0.0, 1.0, 1.0, 7.0, np.nan, 0.0])
    found = hlmrs.time_coding({"t": times}, "t", degree=3, orthogonal=True)
    first = [1, 2, 0, 4]
    x = np.column_stack([found[f"time_p{k}"][first] for k in (1, 2, 3)])
    np.testing.assert_allclose(x.T @ x, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(x.sum(axis=0), 0, atol=1e-12)
    assert np.isnan(found["time_p2"][5])
    assert found["time_p2"][1] == found["time_p2"][6]


def test_orthogonal_polynomials_of_equal_steps_are_those_of_the_tables():
    found = hlmrs.time_coding({"t": np.arange(4.0)}, "t", degree=3, orthogonal=True)
    table = np.array([[-3, 1, -1], [-1, -1, 3], [1, -1, -3], [3, 1, 1]])  # Fisher and Yates
    want = table / np.sqrt((table**2).sum(axis=0))
    np.testing.assert_allclose(np.column_stack([found[f"time_p{k}"] for k in (1, 2, 3)]), want, atol=1e-12)


@pytest.mark.parametrize("origin", [12, 14, 15, 17])
def test_phases_sum_to_time_and_each_moves_alone(origin):
    found = coded(origin=origin, knots=[14, 16])
    phases = np.column_stack([found[f"time_phase{k}"] for k in (1, 2, 3)])
    np.testing.assert_allclose(phases.sum(axis=1), AGE - origin)
    inside = np.diff(phases[:5], axis=0)
    assert np.all((inside != 0).sum(axis=1) == 1)


def test_changes_of_slope_are_another_writing_of_the_same_line():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    fits = []
    for phases in ("slopes", "changes"):
        rows = hlmrs.time_coding(data, "Days", knots=4, phases=phases)
        names = rows.columns[-2:]
        fits.append(hlmrs.lmer(f"Reaction ~ {' + '.join(names)} + (1 | Subject)", rows))
    slopes, changes = fits
    assert changes.coef_names == ["(Intercept)", "time", "time_after_4"]
    assert slopes.criterion == pytest.approx(changes.criterion, abs=1e-8)
    np.testing.assert_allclose(slopes.beta[1:], [changes.beta[1], changes.beta[1:].sum()], rtol=1e-8)


def test_events_jump_and_bend_from_their_moment_on():
    data = {"t": [0.0, 1.0, 2.0, 3.0, np.nan], "at": [1.5, 1.0, np.nan, 1.0, 1.0]}
    found = hlmrs.time_coding(data, "t", unit=0.5, events={"ged": "at", "law": 2})
    assert found["ged"].tolist()[:4] == [0, 1, 0, 1]
    assert found["time_since_ged"].tolist()[:4] == [0, 0, 0, 4]
    assert found["law"].tolist()[:4] == [0, 0, 1, 1]
    assert found["time_since_law"].tolist()[:4] == [0, 0, 0, 2]
    assert all(np.isnan(found[name][4]) for name in ("ged", "time_since_ged", "law"))


def test_wages_have_the_coding_of_the_book():
    """Singer and Willett, section 6.1: GED is a jump, POSTEXP the experience since; their file has both."""
    data = hlmrs.datasets.load("dropout_wages", "polars")
    moment = (
        pl.col("experience").filter(pl.col("ged") == 1).min()
        - pl.col("postsecondary_education").filter(pl.col("ged") == 1).min()
    )
    rows = data.with_columns(moment=moment.over("id"))
    found = hlmrs.time_coding(rows, "experience", events={"equivalent": "moment"}, name="work")
    later = found.filter(pl.col("ged") == 1)
    np.testing.assert_allclose(
        later["work_since_equivalent"], later["postsecondary_education"], atol=6e-3
    )  # of few digits in the file
    assert later["equivalent"].mean() > 0.99


FRAMES = {
    "polars": pl.DataFrame({"age": AGE[:5]}),
    "pandas": pd.DataFrame({"age": AGE[:5]}, index=list("abcde")),
    "pyarrow": pa.table({"age": AGE[:5]}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_the_frame_stays_of_its_kind(kind):
    found = hlmrs.time_coding(FRAMES[kind], "age", knots=15)
    assert type(found) is type(FRAMES[kind])
    assert list(getattr(found, "column_names", None) or found.columns) == ["age", "time_phase1", "time_phase2"]


def test_a_query_stays_one():
    lazy = hlmrs.time_coding(FRAMES["polars"].lazy(), "age", origin=14)
    assert isinstance(lazy, pl.LazyFrame)
    np.testing.assert_array_equal(lazy.collect()["time"], AGE[:5] - 14)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"knots": [16, 14]}, hlmrs.OptionError, "ascending"),
        ({"knots": 15, "degree": 2}, hlmrs.OptionError, "knots are for lines"),
        ({"degree": 0}, hlmrs.OptionError, "degree=0"),
        ({"unit": 0}, hlmrs.OptionError, "unit=0"),
        ({"knots": [15, float("nan")]}, hlmrs.OptionError, "ascending"),
        ({"events": {"time": 15}}, hlmrs.OptionError, "'time'"),
        ({"events": ["age"]}, TypeError, "give a dictionary"),
        ({"phases": "slope"}, hlmrs.OptionError, "did you mean 'slopes'"),
        ({"name": "age"}, hlmrs.OptionError, "'age' is taken already"),
        ({"events": {"e": "ag"}}, hlmrs.DataError, "did you mean 'age'"),
        ({"degree": 5, "orthogonal": True}, hlmrs.DataError, "the highest is 4"),
    ],
)
def test_what_does_not_go_together_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        coded(**options)


def test_texts_are_no_time():
    with pytest.raises(hlmrs.DataError, match="holds no numbers"):
        hlmrs.time_coding({"t": ["a", "b"]}, "t")
