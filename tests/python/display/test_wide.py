"""Tables of any width in 80 columns: nothing is cut, nothing is hidden."""

from hypothesis import given
from hypothesis import strategies as st

from hlmrs.display import DisplayColumn, Report
from hlmrs.display.wide import sections_of

_TEXTS = st.text("abcdefgh ", min_size=1, max_size=40).map(str.strip).filter(bool)


def text_of(columns: list[DisplayColumn]) -> str:
    return repr(Report("title", sections_of(columns)))


def test_columns_that_do_not_fit_stand_in_further_tables_that_begin_with_the_names_of_the_rows() -> None:
    columns = [DisplayColumn("term", ["x", "y"], False)]
    columns += [DisplayColumn(f"number_{k}", ["1.2345678", "2.3456789"]) for k in range(12)]
    text = text_of(columns)
    heads = [line.split() for line in text.splitlines() if "term" in line]
    assert len(heads) > 1
    assert all(head[0] == "term" for head in heads)
    assert [name for head in heads for name in head[1:]] == [f"number_{k}" for k in range(12)]
    assert max(map(len, text.splitlines())) <= 80


def test_the_last_table_is_not_one_column_alone() -> None:
    columns = [DisplayColumn("term", ["x"], False), *(DisplayColumn(f"n{k:09}", ["1"]) for k in range(7))]
    heads = [line.split() for line in text_of(columns).splitlines() if "term" in line]
    assert [len(head) for head in heads] == [6, 3]


def test_long_names_of_rows_get_marks_which_are_explained() -> None:
    names = [f"y ~ x + (1 | school) + variable_{k}" for k in range(3)]
    columns = [DisplayColumn("model", names, False), *(DisplayColumn(f"c{k}", ["123.45678"] * 3) for k in range(6))]
    text = text_of(columns)
    for k, name in enumerate(names, 1):
        assert f"m{k}  {name}" in text


def test_a_column_that_says_the_same_in_all_rows_is_said_once() -> None:
    text = text_of([DisplayColumn("model", ["a", "b"], False), DisplayColumn("estimator", ["ML", "ML"], False)])
    assert text.count("ML") == 1


def test_many_rows_are_counted() -> None:
    text = text_of([DisplayColumn("row", [str(k) for k in range(1000)])])
    assert "The first 60 of 1,000 rows; .to_frame() has all." in text
    assert len(text.splitlines()) < 70


@given(st.lists(st.lists(_TEXTS, min_size=3, max_size=3), min_size=1, max_size=12))
def test_every_cell_is_shown_within_80_characters(cells: list[list[str]]) -> None:
    names = [f"column{k}" for k in range(len(cells))]
    text = text_of([DisplayColumn(name, own, False) for name, own in zip(names, cells, strict=True)])
    words = text.split()
    for own in cells:
        for cell in own:
            assert all(word in words for word in cell.split())
    assert max(map(len, text.splitlines())) <= 80


def test_a_table_without_columns_is_nothing() -> None:
    assert sections_of([]) == []
