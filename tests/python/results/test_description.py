import matplotlib
import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs

matplotlib.use("Agg")
CLASSES = hlmrs.datasets.load("classrooms", "polars")


def rows(found):
    return {row["variable"]: row for row in found.to_frame().to_dicts()}


def test_every_variable_has_the_level_within_whose_units_it_is_constant():
    found = rows(hlmrs.describe(CLASSES, "school/classroom"))
    levels = {name: row["level"] for name, row in found.items()}
    assert levels == {
        **dict.fromkeys(("student", "score", "prior", "motivation", "ses"), "row"),
        **dict.fromkeys(("approach", "experience"), "school:classroom"),
        "sector": "school",
    }
    assert found["student"]["kind"] == "identifier"
    assert (found["approach"]["kind"], found["approach"]["n_levels"]) == ("levels", 3)


def test_values_of_units_are_counted_once():
    data = pl.DataFrame({"g": [1, 1, 1, 2], "w": [10.0, 10.0, 10.0, 20.0], "k": [1.0, 1.0, 1.0, 1.0]})
    found = rows(hlmrs.describe(data, "g"))
    assert (found["w"]["mean"], found["w"]["sd"]) == (15.0, pytest.approx(np.sqrt(50)))
    assert found["k"]["level"] == "constant"
    assert found["w"]["icc_g"] is None


def test_an_icc_of_a_variable_of_units_is_among_these():
    found = rows(hlmrs.describe(CLASSES, ["school", "classroom"]))
    units = CLASSES.unique("classroom", maintain_order=True)
    alone = rows(hlmrs.describe(units, "school", variables=["experience"]))
    assert found["experience"]["icc_school"] == pytest.approx(alone["experience"]["icc_school"], rel=1e-12)
    assert found["experience"]["icc_classroom"] is None


def test_what_is_missing_is_counted_by_row_and_by_unit():
    data = CLASSES.with_columns(
        sector=pl.when(pl.col("school") == "s03").then(None).otherwise("sector"),
        experience=pl.when(pl.col("student").is_in([1, 2, 21])).then(None).otherwise("experience"),
        ses=pl.when(pl.col("student") == 5).then(None).otherwise("ses"),
        school=pl.when(pl.col("student") > 1998).then(None).otherwise("school"),
    )
    found = hlmrs.describe(data, ["school", "classroom"])
    table = rows(found)
    assert (table["sector"]["n_missing"], table["sector"]["n_units_missing"]) == (80, 1)
    assert (table["experience"]["n_missing"], table["experience"]["n_units_missing"]) == (3, 0)
    assert table["experience"]["n_units_partly_missing"] == 2
    assert (table["ses"]["n_missing"], table["ses"]["n_units_missing"]) == (1, 1)
    text = " ".join(str(found).split())
    assert "sector is missing in 1 of 25 units of school." in text
    assert "experience is missing in some rows of 2 units of classroom, whose others have it." in text
    assert "2 rows without a value of school" in text


def test_units_are_a_table():
    found = hlmrs.describe(hlmrs.datasets.load("dropout_wages", "polars"), "id").units().to_dicts()[0]
    assert found["n_units"] == 888
    assert (found["min"], found["max"], found["singletons"], found["balanced"]) == (1, 13, 38, False)
    assert found["mean"] == pytest.approx(6402 / 888)


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "duckdb", "dict"])
def test_every_kind_of_frame_is_described_alike_and_has_its_own_tables(kind):
    data = hlmrs.datasets.load("Pastes", kind)
    found = hlmrs.describe(data, "batch/cask")
    assert str(found) == str(hlmrs.describe(hlmrs.datasets.load("Pastes", "polars"), "batch/cask"))
    assert type(found.units()) is type(data)


def test_a_query_reads_no_more_than_what_is_described():
    lazy = CLASSES.lazy().with_columns(odd=pl.col("score").map_batches(lambda _: 1 / 0, return_dtype=pl.Float64))
    found = hlmrs.describe(lazy, "school", variables=["ses"])
    assert found.to_frame()["variable"].to_list() == ["ses"]
    assert isinstance(found.to_frame(), pl.DataFrame)


def test_a_report_fits_a_terminal_and_is_html_in_a_notebook():
    found = hlmrs.describe(hlmrs.datasets.load("InstEval", "polars"), ["s", "d", "dept"])
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "73,421 of 3,352,416 pairs have rows" in " ".join(text.split())
    assert "No value is missing." in text
    assert "┌─ dept  14 units" in text
    page = found._repr_html_()
    assert page.startswith('<div class="hlmrs" role="group" tabindex="0" aria-label="')
    assert "<pre" in page
    assert "┌─ dept" in page


def test_the_picture_says_what_it_shows():
    axis = hlmrs.describe(CLASSES, ["school", "classroom"]).plot()
    assert axis.hlmrs_alt == ("Diagram of levels: 2,000 rows; 100 units of classroom in school; 25 units of school.")
    texts = [text.get_text() for text in axis.texts]
    assert "school\n25 units\n4 of classroom each" in texts
    assert len(axis.lines) == 2


@pytest.mark.parametrize(
    ("groups", "variables", "error", "says"),
    [
        ("scool", None, hlmrs.DataError, "no column 'scool'; did you mean 'school'"),
        ("school", ["sess"], hlmrs.DataError, "no column 'sess'; did you mean 'ses'"),
        ("school +", None, hlmrs.FormulaError, "groups='school \\+'"),
        (3, None, TypeError, "groups=3"),
        ([3], None, TypeError, "names of columns"),
    ],
)
def test_what_cannot_be_described_is_named(groups, variables, error, says):
    with pytest.raises(error, match=says):
        hlmrs.describe(CLASSES, groups, variables=variables)


def test_frames_without_rows_or_values_are_described():
    empty = hlmrs.describe(CLASSES.head(0), "school")
    assert "0 rows" in str(empty)
    assert str(hlmrs.describe(pd.DataFrame({"g": [1, 1, 2], "x": [np.nan] * 3}), "g"))


def test_columns_of_any_type_are_described():
    data = pl.DataFrame(
        {
            "g g": ["a", "a", "b", "b"],
            "true": [True, False, None, True],
            "day": pl.Series(["2020-01-01"] * 3 + [None]).str.to_date(),
            "nothing": [None] * 4,
            "endless": [1.0, 2.0, float("inf"), 4.0],
        }
    )
    found = hlmrs.describe(data, "g g")
    kinds = {name: (row["kind"], row["level"]) for name, row in rows(found).items()}
    assert kinds == {
        "true": ("levels", "row"),
        "day": ("levels", "constant"),
        "nothing": ("number", "row"),
        "endless": ("number", "row"),
    }
    assert rows(found)["endless"]["icc_g g"] is None
    assert "nothing" not in str(found).partition("Numbers")[2]
    with pytest.raises(hlmrs.OptionError, match="at least one"):
        hlmrs.describe(data, [])


def test_a_response_of_different_whole_numbers_is_a_number():
    data = pl.DataFrame(
        {"g": [1, 1, 1, 2, 2, 2], "y": [12, 15, 11, 19, 14, 17], "row": [0, 1, 2, 3, 4, 5], "who": list("adcbfe")}
    )
    found = rows(hlmrs.describe(data, "g"))
    assert {name: row["kind"] for name, row in found.items()} == {
        "y": "number",
        "row": "identifier",
        "who": "identifier",
    }
    assert found["y"]["mean"] == pytest.approx(88 / 6)
