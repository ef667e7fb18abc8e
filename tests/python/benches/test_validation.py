"""The table of docs/validation.md: its parts run, and their differences are small."""

import re

import pytest

from benches import validation


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("part", [validation.profiles, validation.equations, validation.trials])
def test_differences_are_small(part):
    rows = list(part())
    assert rows
    for _, _, cases, text in rows:
        assert int(cases) >= 3
        assert all(float(number) < 1e-3 for number in re.findall(r"\d\.\de-\d\d", text))


def test_the_page_counts_the_numbers_of_textbooks():
    page = validation.PAGE.read_text(encoding="utf-8")
    for what, program, cases, text in validation.textbooks():
        assert f"| {what} | {program} | {cases} | {text} |" in page
