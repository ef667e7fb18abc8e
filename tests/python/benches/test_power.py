"""The bench of power: a row for every design, and tables that go between their marks."""

from pathlib import Path

from benches.power import HEADS, LINEAR, inserted, rows


def test_a_design_is_simulated_into_a_row():
    row = next(rows(LINEAR, 10))
    assert len(row) == len(HEADS)
    assert abs(float(row[HEADS.index("computed")]) - 0.7) < 0.01
    assert row[-1] in ("yes", "no")


def test_a_table_goes_between_its_marks(tmp_path: Path):
    page = tmp_path / "power.md"
    page.write_text("before\n<!-- linear -->\nold\n<!-- end of linear -->\nafter\n")
    inserted(page, LINEAR, "new\n")
    assert page.read_text() == "before\n<!-- linear -->\nnew\n<!-- end of linear -->\nafter\n"
