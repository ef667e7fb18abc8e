"""Tails of F, chi-square and simultaneous distributions: closed forms, R, and special cases of each other."""

import math

import numpy as np
import pytest

from hlmrs.inference import (
    LargestStatistic,
    chi_square_tail,
    f_quantile,
    f_tail,
    studentized_range_quantile,
    studentized_range_tail,
    two_sided_p,
)


@pytest.mark.parametrize(("statistic", "df"), [(0.3, 2.0), (4.1, 7.5), (30.0, 1e6)])
def test_f_with_one_and_two_degrees_of_freedom_has_closed_forms(statistic, df):
    assert f_tail(statistic, 1, df) == pytest.approx(two_sided_p(math.sqrt(statistic), df), rel=1e-8)
    assert f_tail(statistic, 2, df) == pytest.approx((1 + 2 * statistic / df) ** (-df / 2), rel=1e-8)


def test_f_of_infinite_denominators_is_chi_square():
    assert f_tail(2.0, 3, math.inf) == pytest.approx(chi_square_tail(6.0, 3))
    assert f_tail(2.0, 3, 1e8) == pytest.approx(chi_square_tail(6.0, 3), rel=1e-6)


@pytest.mark.parametrize("x", [0.01, 1.0, 5.0, 300.0])
def test_chi_square_of_two_and_four_has_closed_forms(x):
    assert chi_square_tail(x, 2) == pytest.approx(math.exp(-x / 2), rel=1e-12)
    assert chi_square_tail(x, 4) == pytest.approx(math.exp(-x / 2) * (1 + x / 2), rel=1e-12)


def test_ends_and_missing_values():
    assert (f_tail(0, 2, 3), f_tail(math.inf, 2, 3), chi_square_tail(0, 1)) == (1.0, 0.0, 1.0)
    assert math.isnan(f_tail(math.nan, 1, 1))
    assert math.isnan(studentized_range_tail(math.nan, 3, 4))


# pf, pchisq and ptukey of R 4.2.2; ptukey is good to about 1e-6
R = [
    (f_tail, (1.3, 7.3, 4.4), 0.4133656567366589, 1e-10),
    (chi_square_tail, (200.0, 100.0), 1.178450072098e-08, 1e-10),
    (studentized_range_tail, (3.5, 3, 20.0), 0.05589184908, 1e-8),
    (studentized_range_tail, (8.0, 10, 5.5), 0.02335024618, 1e-6),
    (studentized_range_tail, (4.0, 40, 100.0), 0.6616016356, 1e-6),
    (studentized_range_tail, (3.0, 3, math.inf), 0.08554257165, 1e-8),
    (studentized_range_tail, (3.5, 3, 2.3), 0.2078843006, 1e-5),
]


@pytest.mark.parametrize(("tail", "arguments", "want", "tolerance"), R)
def test_tails_are_those_of_r(tail, arguments, want, tolerance):
    assert tail(*arguments) == pytest.approx(want, rel=tolerance)


@pytest.mark.parametrize("df", [1.0, 1.5, 3.7, 60.0, math.inf])
def test_the_range_of_two_means_is_a_t_test(df):
    for t in (0.5, 2.0, 6.0):
        assert studentized_range_tail(t * math.sqrt(2), 2, df) == pytest.approx(two_sided_p(t, df), rel=1e-8, abs=1e-10)


def test_quantiles_invert_tails():
    assert f_tail(f_quantile(0.03, 3.0, 7.7), 3.0, 7.7) == pytest.approx(0.03)
    assert studentized_range_tail(studentized_range_quantile(0.05, 5, 9.3), 5, 9.3) == pytest.approx(0.05)
    correlation = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    t = LargestStatistic(correlation).quantile(0.05, 12.0)
    assert LargestStatistic(correlation).tail(t, 12.0) == pytest.approx(0.05, rel=1e-5)


def test_the_largest_of_independent_normals_is_a_product():
    p = two_sided_p(2.2, math.inf)
    assert LargestStatistic(np.eye(4)).tail(2.2, math.inf) == pytest.approx(1 - (1 - p) ** 4, abs=1e-4)


def test_equal_statistics_count_once():
    one = np.ones((3, 3))
    assert LargestStatistic(one).tail(2.0, 8.0) == pytest.approx(two_sided_p(2.0, 8.0), abs=1e-4)


def test_dunnetts_critical_values_are_those_of_the_tables():
    # Dunnett (1964), two-sided 5 %: three treatments and a control, 12 degrees of freedom
    correlation = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    assert LargestStatistic(correlation).quantile(0.05, 12.0) == pytest.approx(2.68, abs=0.006)
