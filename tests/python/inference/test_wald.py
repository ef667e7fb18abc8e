"""Wald tests and intervals by the definitions, with SciPy's tails and quantiles."""

import numpy as np
import pytest
from scipy import stats

from hlmrs.errors import OptionError
from hlmrs.inference.wald import interval, wald

ESTIMATE, ERROR = np.array([1.5, -2.0, 0.0]), np.array([0.5, 1.0, 2.0])
DF = np.array([3.5, np.inf, 12.0])


def test_statistics_p_values_and_intervals_are_of_student():
    found = wald(ESTIMATE, ERROR, DF, 0.9, null=0.25)
    t = (ESTIMATE - 0.25) / ERROR
    np.testing.assert_allclose(found.statistic, t)
    np.testing.assert_allclose(found.p_value, 2 * stats.t.sf(np.abs(t), DF))
    margin = stats.t.ppf(0.95, DF) * ERROR
    np.testing.assert_allclose(found.conf_low, ESTIMATE - margin)
    np.testing.assert_allclose(found.conf_high, ESTIMATE + margin)
    np.testing.assert_array_equal(wald(ESTIMATE, ERROR, DF, 0.9).statistic, ESTIMATE / ERROR)


def test_columns_are_those_named_or_all():
    found = wald(ESTIMATE, ERROR, DF, 0.95)
    assert list(found.columns("p_value", "df")) == ["p_value", "df"]
    assert list(found.columns()) == ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]
    np.testing.assert_array_equal(found.columns("df")["df"], DF)


@pytest.mark.parametrize(
    ("level", "instead"), [(95, "0.95"), (1, "0.95"), (0, "0.95"), (100, "0.95"), (99.5, "0.995"), (True, "0.95"),
                           ("0.9", "0.95"), (float("nan"), "0.95")]
)  # fmt: skip
def test_a_level_that_is_no_probability_is_refused_with_the_one_that_was_meant(level, instead):
    with pytest.raises(OptionError, match=rf"between 0 and 1, such as {instead}$"):
        interval(ESTIMATE, ERROR, DF, level)
