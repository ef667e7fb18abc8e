"""Normalized residuals: uncorrelated where the residuals of a model have a covariance."""

import pickle

import numpy as np
import pytest
from scipy.linalg import solve_triangular

import hlmrs
from test_residuals import DATA, STRUCTURES, crossed, lag_of, residual_covariance, table


def normalized(covariance: np.ndarray, raw: np.ndarray, times: list[float]) -> np.ndarray:
    """L^-1 e, rows in the order of their times: groups are blocks, whatever stands between their rows."""
    order = np.argsort(times, kind="stable")
    out = np.empty(len(raw))
    out[order] = solve_triangular(np.linalg.cholesky(covariance[np.ix_(order, order)]), raw[order], lower=True)
    return out


@pytest.mark.parametrize("residual", STRUCTURES)
def test_they_are_those_of_dense_algebra(residual: str) -> None:
    times = [0.0] * len(DATA["y"]) if "(1 |" in residual else DATA["t"]
    alone = hlmrs.gls("y ~ x + t", DATA, residual=residual)
    want = normalized(residual_covariance(alone, DATA, residual), alone.resid(), times)
    np.testing.assert_allclose(alone.resid("normalized"), want, rtol=1e-9, atol=1e-10)
    mixed = hlmrs.lmer("y ~ x + t + (1 | site)", DATA, residual=residual, weights="w", dispersion="~ x")
    want = normalized(residual_covariance(mixed, DATA, residual), mixed.resid(), times)
    np.testing.assert_allclose(mixed.resid("normalized"), want, rtol=1e-9, atol=1e-10)


def test_they_are_those_of_dense_algebra_beside_crossed_effects_and_parameters_of_every_arm() -> None:
    data = crossed()
    fit = hlmrs.lmer("y ~ x + (1 | item)", data, residual="ar1(t | id)", weights="w")
    same = np.equal.outer(data["id"], data["id"])
    v = np.where(same, table(fit)["rho"] ** lag_of(data, "t"), 0.0) * np.outer(fit.residual_sd, fit.residual_sd)
    np.testing.assert_allclose(fit.resid("normalized"), normalized(v, fit.resid(), data["t"]), rtol=1e-9)
    own = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id, by=arm)")
    rho = np.array([table(own)[f"rho, {arm}"] for arm in DATA["arm"]])
    same = np.equal.outer(DATA["id"], DATA["id"])
    v = np.where(same, rho[:, None] ** lag_of(DATA, "t"), 0.0) * np.outer(own.residual_sd, own.residual_sd)
    np.testing.assert_allclose(own.resid("normalized"), normalized(v, own.resid(), DATA["t"]), rtol=1e-9)


def test_their_variance_is_one_and_neighbours_are_uncorrelated() -> None:
    rng = np.random.default_rng(8)
    e = np.zeros((400, 6))
    for t in range(6):
        e[:, t] = rng.normal(size=400) if t == 0 else 0.7 * e[:, t - 1] + np.sqrt(0.51) * rng.normal(size=400)
    e *= np.exp(0.2 * np.arange(6))
    data = {"y": e.ravel(), "t": np.tile(np.arange(6.0), 400), "id": np.repeat(np.arange(400), 6)}
    fit = hlmrs.gls("y ~ t", data, residual="ar1(t | id)", dispersion="~ t")
    free = fit.resid("normalized").reshape(400, 6)
    assert free.var(axis=0) == pytest.approx(np.ones(6), abs=0.2)
    correlations = np.corrcoef(free.T) - np.eye(6)
    assert abs(correlations).max() < 0.15
    assert np.corrcoef(fit.resid("standardized").reshape(400, 6).T)[0, 1] > 0.6


def test_without_a_structure_they_are_the_standardized_ones() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, weights="w")
    np.testing.assert_allclose(fit.resid("normalized"), fit.resid("standardized"), rtol=1e-14)
    only = hlmrs.gls("y ~ x", DATA, dispersion="~ w")
    np.testing.assert_allclose(only.resid("normalized"), only.resid() / only.residual_sd, rtol=1e-12)


def test_the_data_have_them_beside_fitted_values_where_rows_were_dropped() -> None:
    data = {**DATA, "y": [np.nan, *DATA["y"][1:]]}
    with pytest.warns(hlmrs.errors.DroppedRowsWarning):
        fit = hlmrs.gls("y ~ x", data, residual="ar1(t | id)")
    column = np.array(fit.augment()[".normalized"])
    assert np.isnan(column[0])
    np.testing.assert_array_equal(column[1:], fit.resid("normalized"))
    assert ".normalized" not in hlmrs.gls("y ~ x", DATA).augment()


def test_a_copy_of_a_fit_and_a_refit_have_their_own() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)")
    again = pickle.loads(pickle.dumps(fit))
    np.testing.assert_array_equal(again.resid("normalized"), fit.resid("normalized"))
    other = fit.refit(list(2 * np.array(DATA["y"])))
    np.testing.assert_allclose(other.resid("normalized"), fit.resid("normalized"), rtol=1e-5)


def test_marginal_residuals_are_not_normalized_beside_random_effects() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)")
    with pytest.raises(hlmrs.OptionError, match="conditional"):
        fit.resid("normalized", marginal=True)
    alone = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)")
    np.testing.assert_array_equal(alone.resid("normalized", marginal=True), alone.resid("normalized"))
