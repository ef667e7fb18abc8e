"""Tables that a person looks at: what they print, and how a program reads them."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import hlmrs


def fit(kind: str = "polars") -> Any:
    return hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", kind))


def test_the_frame_is_of_the_callers_library() -> None:
    for kind, made in (("polars", pl.DataFrame), ("pandas", pd.DataFrame), ("pyarrow", pa.Table), ("dict", dict)):
        table = fit(kind).emmeans("Machine")
        assert isinstance(table.to_frame(), made)
        assert [round(float(x), 3) for x in map(float, list(table["estimate"]))] == [52.356, 60.322, 66.272]


def test_columns_rows_and_length() -> None:
    table = fit().contrasts("Machine")
    assert table.columns == list(table) == table.keys() == table.to_frame().columns
    assert len(table) == 3
    assert "p_value" in table
    assert table.to_dicts() == table.to_frame().to_dicts()
    assert isinstance(table["estimate"], pl.Series)


def test_a_number_that_is_missing_is_none_in_rows() -> None:
    models = [hlmrs.lmer(f"score ~ {x} + (1 | Worker)", hlmrs.datasets.load("Machines")) for x in ("1", "Machine")]
    first, second = hlmrs.compare(*models).to_dicts()
    assert first["chisq"] is None
    assert second["chisq"] > 0


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_what_frames_can_do_tables_of_results_can(kind: str) -> None:
    table = fit(kind).emmeans("Machine")
    assert list(table.head(2)["Machine"]) == ["A", "B"]
    assert table[["Machine", "estimate"]].shape == (3, 2)
    if kind == "pandas":
        assert table.iloc[2]["Machine"] == "C"
        assert len(table[table["estimate"] > 60]) == 2
    else:
        assert table.filter(pl.col("estimate") > 60)["Machine"].to_list() == ["B", "C"]


def test_an_unknown_column_or_method_is_refused_with_what_there_is() -> None:
    table = fit().anova()
    with pytest.raises(KeyError, match="no column 'p'; the columns are term, num_df, den_df, statistic, p_value"):
        table["p"]
    with pytest.raises(AttributeError, match=r"neither a result table nor its frame \(DataFrame\) has 'iloc'"):
        table.iloc[0]


@pytest.mark.parametrize("kind", ["polars", "pandas", "dict"])
def test_any_library_reads_it_as_arrow(kind: str) -> None:
    table = fit(kind).anova()
    read = pl.DataFrame(pa.table(table))
    assert read["statistic"].to_list() == list(table["statistic"])
    assert_frame_equal(pl.from_arrow(pa.table(table)), read)  # type: ignore[arg-type]


def test_it_pickles() -> None:
    table = fit().emmeans("Machine")
    assert pickle.loads(pickle.dumps(table)).to_dicts() == table.to_dicts()


def test_what_is_compared_prints_within_80_characters_and_hides_nothing() -> None:
    data = hlmrs.datasets.load("sleepstudy", "polars")
    formulas = ("1 + (1 | Subject)", "Days + (1 | Subject)", "Days + (Days | Subject)")
    table = hlmrs.compare(*(hlmrs.lmer(f"Reaction ~ {right}", data) for right in formulas))
    text = repr(table)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for k, right in enumerate(formulas, 1):
        assert f"m{k}  Reaction ~ {right}" in text
    assert "<0.0001" in text
    assert "m3  0.5 chi2(1) + 0.5 chi2(2)" in text


def test_html_has_all_rows_and_escapes_names() -> None:
    data = hlmrs.datasets.load("Machines", "polars").with_columns(pl.col("Machine").cast(pl.String) + "<b>")
    html = hlmrs.lmer("score ~ Machine + (1 | Worker)", data).emmeans("Machine")._repr_html_()
    assert html.count("<tr>") == 4
    assert "A&lt;b&gt;" in html
    assert "A<b>" not in html


def test_the_interval_names_its_level() -> None:
    text = repr(fit().emmeans("Machine", level=0.9))
    assert "5%" in text
    assert "95%" in text


def test_means_over_an_interaction_are_said_to_depend_on_it() -> None:
    data = hlmrs.datasets.load("Orthodont", "polars")
    model = hlmrs.lmer("distance ~ age * Sex + (1 | Subject)", data)
    words = "There is an interaction with age: the {} may differ between its values."
    assert words.format("means") in model.emmeans("Sex").notes
    assert words.format("contrasts") in model.contrasts("Sex").notes
    assert model.emmeans("Sex", by="age").notes == ()
    assert hlmrs.lmer("distance ~ age + Sex + (1 | Subject)", data).emmeans("Sex").notes == (
        "Held at age = 11 (mean).",
    )


def test_an_adjustment_is_named() -> None:
    assert "tukey" in repr(fit().contrasts("Machine", adjust="tukey"))
    assert "adjusted" not in repr(fit().contrasts("Machine"))


def test_regions_that_are_all_of_the_range_are_said_in_a_sentence() -> None:
    model = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
    regions = model.marginal.johnson_neyman("cses", "meanses")
    assert "The slope differs from zero at every value of meanses from" in repr(regions)


def test_numpy_has_its_values_as_of_a_frame() -> None:
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "pandas"))
    means = fit.emmeans("Machine")
    values = np.asarray(means)
    assert values.shape == (3, 6)
    assert values[:, 0].tolist() == ["A", "B", "C"]
    np.testing.assert_array_equal(np.asarray(values[:, 1:], float), means.to_frame().iloc[:, 1:])
    numbers = hlmrs.results.result_table.ResultTable("numbers", {"a": [1.0, 2.0], "b": [3, 4]}, "pandas")
    assert np.asarray(numbers).dtype == np.float64
    with pytest.raises(ValueError, match="copy=False"):
        np.array(means, copy=False)
