"""Exposures are offsets of their logarithm, whether named or given."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.errors import DataError, OptionError

_RNG = np.random.default_rng(4)
_GROUP = np.repeat(np.arange(12), 6)
_DAYS = np.tile([3.0, 7.0, 14.0, 30.0, 60.0, 90.0], 12)
_X = _RNG.normal(size=72)
DATA = pl.DataFrame(
    {
        "visits": _RNG.poisson(_DAYS * np.exp(-2 + 0.3 * _X + 0.4 * _RNG.normal(size=12)[_GROUP])),
        "x": _X,
        "days seen": _DAYS,
        "log_days": np.log(_DAYS),
        "g": _GROUP,
    }
)
CALL = {"formula": "visits ~ x + (1 | g)", "data": DATA, "family": "poisson"}


@pytest.fixture(scope="module")
def of_offset():
    return hlmrs.glmer(**CALL, offset="log_days")


@pytest.mark.parametrize("exposure", ["days seen", "`days seen`", _DAYS], ids=["name", "quoted", "array"])
def test_the_fit_is_that_with_an_offset_of_logarithms(exposure, of_offset):
    fit = hlmrs.glmer(**CALL, exposure=exposure)
    assert fit.loglik == pytest.approx(of_offset.loglik, abs=1e-9)
    np.testing.assert_allclose(fit.beta, of_offset.beta, rtol=1e-6)


def test_new_rows_have_their_own_exposure():
    fit = hlmrs.glmer(**CALL, exposure="days seen")
    new = pl.DataFrame({"x": [0.0, 0.0], "g": [0, 0], "days seen": [10.0, 20.0]})
    once, twice = fit.predict(new)
    assert twice == pytest.approx(2 * once)
    with pytest.raises(DataError, match="days seen"):
        fit.predict(new.drop("days seen"))


def test_estimating_equations_have_exposures_too():
    call = {"formula": "visits ~ x", "data": DATA, "groups": "g", "family": "poisson"}
    np.testing.assert_allclose(
        hlmrs.gee(**call, exposure="days seen").beta, hlmrs.gee(**call, offset="log_days").beta, rtol=1e-8
    )


def test_the_call_in_a_report_makes_the_fit_again():
    fit = hlmrs.glmer(**CALL, exposure="days seen")
    assert "offset(log(`days seen`))" in fit.formula
    again = hlmrs.glmer(fit.formula, DATA, family="poisson")
    assert again.loglik == fit.loglik


def test_exposures_belong_to_rates():
    with pytest.raises(OptionError, match=r"exposure= is for rates.*'logit'"):
        hlmrs.glmer("visits ~ x + (1 | g)", DATA, family="binomial", exposure="days seen")


def test_exposures_are_positive():
    days = _DAYS.copy()
    days[[4, 9]] = 0.0
    with pytest.raises(DataError, match="exposure has 0 in row 4, as in 2 rows"):
        hlmrs.glmer(**CALL, exposure=days)
    with pytest.raises(DataError, match="days"):
        hlmrs.glmer("visits ~ x + (1 | g)", DATA.with_columns(days=days), family="poisson", exposure="days")
    with pytest.raises(TypeError, match="exposure= takes"):
        hlmrs.glmer(**CALL, exposure={"a": 1})


def test_an_array_beside_an_offset_is_refused():
    with pytest.raises(OptionError, match="offset= alone"):
        hlmrs.glmer(**CALL, exposure=_DAYS, offset="x")
