"""Tails of the noncentral t and F against 40 digits."""

import json
from pathlib import Path

import pytest

from hlmrs import _core

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "noncentral.json").read_text())


def test_the_golden_numbers_are_those_of_two_implementations():
    assert max(GOLDEN["difference_of_scipy"].values()) < 1e-13


def test_tails_of_t():
    for t, df, noncentrality, tail in GOLDEN["t"]:
        assert _core.noncentral_t_tail(t, df, noncentrality) == pytest.approx(tail, rel=1e-9, abs=2e-13)


def test_tails_of_f():
    for statistic, num_df, den_df, noncentrality, tail in GOLDEN["f"]:
        assert _core.noncentral_f_tail(statistic, num_df, den_df, noncentrality) == pytest.approx(
            tail, rel=1e-9, abs=2e-13
        )
