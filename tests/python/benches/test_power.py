"""The bench of power: a row for every design, and tables that go between their marks."""

from pathlib import Path

from benches.power.__main__ import HEADS, inserted, rows
from benches.power.closed_forms import all_forms
from benches.power.designs import LINEAR


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


def test_closed_forms_of_balanced_designs_are_what_is_computed():
    forms = all_forms()
    assert {form.model for form in forms} == {
        "CRA2_2r", "CRA3_3r", "CRA4_4r", "BIRA2_1r", "BIRA3_1r", "BCRA3_2r", "growth"
    }  # fmt: skip
    for form in forms:
        assert max(map(abs, form.differences)) < 1e-7, form.about
        assert 0.05 < form.power < 0.999
