"""A report lays out facts, tables and notes, as text and as HTML."""

from hlmrs.display import DisplayColumn, Facts, Notes, Report, Section, Table

TABLE = Table([DisplayColumn("term", ["a", "bc"], numeric=False), DisplayColumn("x", ["1.5", "-10"])])
REPORT = Report(
    "Title",
    [
        Section("", Facts([("Rows", "10"), ("Formula", "y < x")])),
        Section("Table", TABLE),
        Section("Remarks", Notes(["one", "two"])),
        Section("Nothing", Notes([])),
    ],
)


def test_text_is_aligned_and_empty_sections_are_left_out():
    assert str(REPORT) == (
        "Title\n\nRows     10\nFormula  y < x\n\nTable\n  term    x\n  a     1.5\n  bc    -10\n\nRemarks\none\n\ntwo"
    )


def test_a_wide_table_is_broken_and_every_part_names_its_rows():
    words = [DisplayColumn("group", ["school", ""], False), DisplayColumn("term", ["a", "b"], False)]
    numbers = [DisplayColumn("" if k else "correlation", [f"{k}.2345678", "-1.234"]) for k in range(9)]
    first, second = (part.splitlines() for part in Table([*words, *numbers]).as_text().split("\n\n"))
    for lines in (first, second):
        assert lines[0].split() == ["group", "term", "correlation"], "a heading over several columns is said again"
        assert lines[1].split()[:2] == ["school", "a"]
        assert max(map(len, lines)) <= 80
    assert first[1].split()[2:] + second[1].split()[2:] == [f"{k}.2345678" for k in range(9)]


def test_long_titles_are_wrapped():
    title = "word " * 30 + "end"
    lines = str(Report(title, [Section(title, TABLE)])).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("end") == 2


def test_html_has_captions_and_escapes():
    html = REPORT._repr_html_()
    assert "<h4>Title</h4>" in html
    assert '<td class="t">y &lt; x</td>' in html
    assert "<table><caption>Table</caption>" in html
    assert '<td class="n">-10</td>' in html
    assert "<p><strong>Remarks</strong></p><p>one</p><p>two</p>" in html
    assert "Nothing" not in html


def test_what_is_wide_scrolls_by_itself_and_is_reached_by_keyboard():
    page = Report("A <title>", [Section("Facts", Facts([("a", "b")]))])._repr_html_()
    assert page.startswith(
        '<div class="hlmrs" role="group" tabindex="0" aria-label="A &lt;title&gt;" style="overflow-x:auto">'
    )
    assert page.count("<h4>") == 1


def test_a_report_without_a_title_has_no_empty_heading():
    page = Report("", [Section("Facts", Facts([("a", "b")]))])._repr_html_()
    assert "<h4>" not in page
    assert 'aria-label="Table"' in page
