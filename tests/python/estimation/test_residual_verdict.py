"""Residuals whose correlations are at an end of what they can be, and dispersions that depend on fitted values."""

import sys

import numpy as np
import polars as pl
import pytest

import hlmrs

N, VISITS = 50, 6


def data(residuals: np.ndarray) -> pl.DataFrame:
    """Rows of groups at whole times; x is balanced, so that least squares of every group has the same residuals."""
    group, time = np.repeat(np.arange(len(residuals)), residuals.shape[1]), np.arange(residuals.size)
    return pl.DataFrame({"id": group, "t": time % residuals.shape[1], "y": residuals.ravel()})


def draws(*size: int) -> np.ndarray:
    """Standard normal numbers, the same in every run."""
    return np.random.default_rng(4).normal(size=size)


@pytest.mark.parametrize("residual", ["ar1(t | id)", "exp(t | id)", "car1(t | id)", "cs(1 | id)"])
def test_a_correlation_of_one_acts_like_a_random_intercept(residual: str) -> None:
    """All residuals of a group are nearly the same."""
    rows = data(draws(N, 1) + 1e-4 * draws(N, VISITS))
    with pytest.warns(hlmrs.SingularFitWarning, match=r"act like a random intercept; write \(1 \| id\)"):
        fit = hlmrs.gls("y ~ 1", rows, residual=residual)
    assert (fit.verdict.status, fit.verdict.singular_terms) == ("boundary", (residual,))


def opposite_neighbours() -> pl.DataFrame:
    """Neighbours have a negative correlation, which these structures cannot."""
    shocks = draws(N, VISITS + 1)
    return data(shocks[:, 1:] - 0.9 * shocks[:, :-1])


@pytest.mark.parametrize("residual", ["exp(t | id)", "car1(t | id)", "gau(t | id)", "sph(t | id)"])
def test_structures_of_positive_correlations_end_without_any(residual: str) -> None:
    """Where neighbours have opposite signs the best is no correlation: the plain model, with the same likelihood."""
    rows = opposite_neighbours()
    fit, plain = hlmrs.gls("y ~ 1", rows, residual=residual), hlmrs.gls("y ~ 1", rows)
    assert (fit.verdict.status, fit.verdict.limits) == ("boundary", (residual,))
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert "fits as well" in " ".join(fit.verdict.explain().split())
    assert fit.residual_parameters()["parameter"][0] in ("range", "rho")


def test_a_nugget_of_zero_is_named() -> None:
    """Residuals of a random walk have no nugget."""
    rows = data(draws(N, VISITS).cumsum(1))
    with_nugget = hlmrs.gls("y ~ 1", rows, residual="exp(t | id, nugget=True)")
    without = hlmrs.gls("y ~ 1", rows, residual="exp(t | id)")
    assert with_nugget.verdict.limits == ("exp(t | id, nugget=True)",)
    assert with_nugget.loglik == pytest.approx(without.loglik, abs=1e-3)


def test_an_alternating_series_has_the_smallest_correlation() -> None:
    """Neighbours are each other's opposite."""
    rows = data(draws(N, 1) * np.resize([1.0, -1.0], VISITS) + 1e-4 * draws(N, VISITS))
    with pytest.warns(hlmrs.SingularFitWarning, match="the smallest that there can be"):
        fit = hlmrs.gls("y ~ 1", rows, residual="ar1(t | id)")
    assert fit.verdict.status == "boundary"


def test_the_level_of_by_is_named() -> None:
    """Groups of one level are at the boundary, those of the other are not."""
    same = np.repeat([True, False], N // 2)[:, None]
    residuals = np.where(same, draws(N, 1) + 1e-4 * draws(N, VISITS), draws(N, VISITS))
    arm = np.where(np.repeat(same.ravel(), VISITS), "treated", "control")
    rows = data(residuals).with_columns(arm=pl.Series(arm, dtype=pl.Enum(["control", "treated"])))
    with pytest.warns(hlmrs.SingularFitWarning, match="of treated"):
        fit = hlmrs.gls("y ~ arm", rows, residual="ar1(t | id, by=arm)")
    assert fit.verdict.singular_terms == ("ar1(t | id, by=arm) of treated",)


def test_fewer_groups_than_visits_cannot_have_any_covariances() -> None:
    """The likelihood of us() has no maximum there."""
    with pytest.raises(hlmrs.DesignError, match="4 groups are too few for the covariances of 6 visits"):
        hlmrs.gls("y ~ 1", data(draws(4, VISITS)), residual="us(t | id)")


def test_visits_that_depend_on_each_other_are_named() -> None:
    """The third visit is the difference of the others: the search goes on to a singular matrix, without an end."""
    two = draws(40, 2)
    third = np.c_[two, two[:, 0] - two[:, 1] + 1e-6 * draws(40)]
    with pytest.warns(hlmrs.ConvergenceWarning, match="a combination of those at others"):
        fit = hlmrs.gls("y ~ 1", data(third), residual="us(t | id)")
    assert not fit.verdict.converged


def test_fitted_values_that_do_not_settle_are_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round is too few; the default number is enough."""
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 9, 300)
    rows = pl.DataFrame({"x": x, "y": 1 + x + 0.3 * (1 + x) * rng.normal(size=300)})
    assert hlmrs.gls("y ~ x", rows, dispersion="~ log(fitted)").verdict.converged
    for room in ("estimate", "fitting"):
        monkeypatch.setattr(sys.modules[f"hlmrs.estimation.{room}"], "MOST_ROUNDS", 1)
    with pytest.warns(hlmrs.ConvergenceWarning, match="still changed after 1 rounds"):
        fit = hlmrs.gls("y ~ x", rows, dispersion="~ log(fitted)")
    assert fit.verdict.status == "not-converged"
