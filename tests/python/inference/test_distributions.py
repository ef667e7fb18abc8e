"""Closed forms of Student's t for 1 and 2 degrees of freedom, R, published tables, and the normal limit."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import FOLDER
from hlmrs.inference import chi_square_tail, f_tail, two_sided_p, two_sided_quantile

R = json.loads((FOLDER / "distributions.json").read_text())
statistics = st.floats(-50, 50)


@given(statistics)
def test_one_degree_of_freedom_is_cauchy(t):
    assert two_sided_p(t, 1.0) == pytest.approx(1 - 2 / math.pi * math.atan(abs(t)), rel=1e-11, abs=1e-14)


@given(statistics)
def test_two_degrees_of_freedom_have_a_closed_form(t):
    assert two_sided_p(t, 2.0) == pytest.approx(1 - abs(t) / math.sqrt(2 + t * t), rel=1e-10, abs=1e-14)


@given(st.floats(-8, 8))
def test_many_degrees_of_freedom_are_nearly_normal(t):
    assert two_sided_p(t, 1e9) == pytest.approx(two_sided_p(t, math.inf), rel=2e-6)


@given(st.floats(0, 6), st.floats(998, 1002))
def test_nothing_jumps_where_the_method_changes(t, half):
    assert two_sided_p(t, 2 * half) == pytest.approx(two_sided_p(t, 2 * half * (1 + 1e-9)), rel=1e-7)


# NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2: three decimals
@pytest.mark.parametrize(
    ("level", "df", "quantile"),
    [(0.95, 1, 12.706), (0.95, 5, 2.571), (0.95, 30, 2.042), (0.99, 10, 3.169), (0.90, 100, 1.660), (0.998, 7, 4.785)],
)
def test_quantiles_are_those_of_the_tables(level, df, quantile):
    assert two_sided_quantile(level, df) == pytest.approx(quantile, abs=5.1e-4)


def test_normal_quantile():
    assert two_sided_quantile(0.95, math.inf) == pytest.approx(1.959963984540054, abs=1e-14)


@given(st.floats(0.01, 0.9999), st.one_of(st.floats(0.5, 1e7), st.just(math.inf)))
def test_quantile_and_tail_are_inverse(level, df):
    assert two_sided_p(two_sided_quantile(level, df), df) == pytest.approx(1 - level, rel=1e-8)


def test_what_is_unknown_stays_unknown():
    assert math.isnan(two_sided_p(math.nan, 3.0))
    assert math.isnan(two_sided_quantile(0.95, math.nan))
    assert two_sided_p(math.inf, 3.0) == 0


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("student", lambda df, t: two_sided_p(t, df)),
        ("normal", lambda t: two_sided_p(t, math.inf)),
        ("quantile", lambda df, level: two_sided_quantile(level, df)),
        ("f", lambda num_df, den_df, f: f_tail(f, num_df, den_df)),
        ("chi_square", lambda df, x: chi_square_tail(x, df)),
    ],
)
def test_tails_and_quantiles_are_those_of_r_near_and_far(kind, function):
    assert len(R[kind]) > 8
    for *arguments, want in R[kind]:
        assert function(*arguments) == pytest.approx(want, rel=1e-12), arguments


@pytest.mark.parametrize("level", [1e-300, 1e-12, 1e-6, 0.1, 0.499999999, 0.5, 0.9, 1 - 2**-40])
def test_quantiles_of_one_and_two_degrees_of_freedom_have_closed_forms(level):
    one = math.tan(math.pi * level / 2) if level < 0.75 else 1 / math.tan(math.pi * (1 - level) / 2)
    assert two_sided_quantile(level, 1.0) == pytest.approx(one, rel=1e-13)
    two = level * math.sqrt(2 / ((1 - level) * (1 + level)))
    assert two_sided_quantile(level, 2.0) == pytest.approx(two, rel=1e-13)
