import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlmrs.display.numbers import plural, write_column, write_df, write_fixed, write_p

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(numbers, min_size=1, max_size=6))
def test_a_written_column_reads_back_to_the_digits_shown(values):
    for value, text in zip(values, write_column(values), strict=True):
        assert float(text) == pytest.approx(value, rel=1e-3, abs=1e-300)


@given(st.lists(st.floats(0.1, 999), min_size=1, max_size=6))
def test_a_column_of_like_sizes_has_one_number_of_decimals(values):
    assert len({len(text.partition(".")[2]) for text in write_column(values)}) == 1


def test_what_is_not_there_is_blank_and_infinity_a_sign():
    assert write_column([1.0, math.nan, math.inf]) == ["1.000", "", "∞"]
    assert write_fixed(math.nan, 2) == ""
    assert write_df(math.inf) == "∞"
    assert write_df(17.0) == "17"
    assert write_df(17.01) == "17.01"


def test_small_p_values_are_bounded_not_rounded_to_zero():
    assert write_p(9.9e-5) == "<0.0001"
    assert write_p(1.2e-4) == "0.0001"
    assert write_p(math.nan) == ""


def test_counts_have_a_unit_in_the_right_number():
    assert plural(0, "row") == "0 rows"
    assert plural(1, "row") == "1 row"
    assert plural(73421, "row") == "73,421 rows"
