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


def test_html_has_captions_and_escapes():
    html = REPORT._repr_html_()
    assert "<h4>Title</h4>" in html
    assert '<td class="t">y &lt; x</td>' in html
    assert "<table><caption>Table</caption>" in html
    assert '<td class="n">-10</td>' in html
    assert "<p>Remarks</p><p>one</p><p>two</p>" in html
    assert "Nothing" not in html
