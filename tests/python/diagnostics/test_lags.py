"""Correlations by lag against their definitions, written as loops and dense matrices."""

import numpy as np
import pytest

import hlmrs
from hlmrs.diagnostics.joint_lags import joint_test
from hlmrs.diagnostics.lags import lag_correlations, scaled_rows
from hlmrs.diagnostics.series import series_of
from hlmrs.diagnostics.spread import _taken_by_random_effects
from repeated_measures_data import measured


def lags_of(fit, *named, **how):
    series = series_of(fit._estimate, *(named or (None, None)))
    return lag_correlations(fit._estimate, series, **how)


def pairs_of(data, lag):
    n = len(data["t"])
    for i in range(n):
        for j in range(n):
            if data["g"][i] == data["g"][j] and abs(data["t"][j] - data["t"][i] - lag) < 1e-9:
                yield i, j


def test_without_random_effects_correlations_are_mean_products_over_mean_squares():
    data = measured(3, "ar1", groups=15, size=5)
    fit = hlmrs.gls("y ~ t + z", data, dispersion="~ z")
    u = fit.resid() / fit.residual_sd
    found = lags_of(fit, "g", "t")
    for k, lag in enumerate([1, 2, 3, 4]):
        i, j = np.array(list(pairs_of(data, lag))).T
        assert found.pairs[k] == len(i)
        assert found.correlation[k] == pytest.approx(np.sum(u[i] * u[j]) / np.sum((u[i] ** 2 + u[j] ** 2) / 2))


def test_with_random_effects_differences_are_less_what_the_effects_make_of_them():
    item = np.tile(np.arange(5), 15)
    data = measured(4, "slope", groups=15, size=5, intercepts=1.0) | {"item": item.astype(str)}
    data["y"] = data["y"] + np.array([0.0, 2, -1, -2, 1])[item]
    fit = hlmrs.lmer("y ~ t + (t | g) + (1 | item)", data)
    r = data["y"] - fit._estimate.linear_predictor([False, False])
    same, items = (np.equal.outer(data[name], data[name]) for name in ("g", "item"))
    z = np.column_stack([np.ones(75), data["t"]])
    of_slopes, of_items = fit._estimate.core.covariances()
    v = same * (z @ of_slopes @ z.T) + items * of_items[0, 0]
    found = lags_of(fit, "g", "t")
    for k, lag in enumerate([1, 2, 3, 4]):
        i, j = np.array(list(pairs_of(data, lag))).T
        expected = (v[i, i] + v[j, j] - 2 * v[i, j]) / 2
        want = 1 - np.mean((r[i] - r[j]) ** 2 / 2 - expected) / fit.sigma**2
        assert found.correlation[k] == pytest.approx(want)


def test_independent_errors_have_no_correlation_from_being_fitted():
    # of residuals less predicted intercepts it is -1 / 3 or so, with four rows a group
    found = []
    for seed in range(60):
        data = measured(seed, "iid", groups=30, size=4, intercepts=2.0)
        found.append(lags_of(hlmrs.lmer("y ~ t + z + (1 | g)", data), "g", "t").correlation)
    error = np.std(found, axis=0) / np.sqrt(60)
    assert (np.abs(np.mean(found, axis=0)) < 3 * error + 0.03).all()
    assert (error < 0.05).all()


@pytest.mark.parametrize(
    "structure", ["toep(t | g)", "us(t | g)", "ad(t | g)", "cs(1 | g)", "ar1(t | g)", "sph(t | g)"]
)
def test_fitted_correlations_are_means_of_those_of_the_model(structure):
    data = measured(5, "ar1", groups=25, size=5)
    fit = hlmrs.gls("y ~ t", data, residual=structure)
    _, *columns = fit.residual_covariance(correlation=True).values()
    r = np.column_stack([np.asarray(column, float) for column in columns])
    want = [np.diag(r, k).mean() for k in (1, 2, 3, 4)]
    assert lags_of(fit).fitted == pytest.approx(want)
    assert lags_of(fit, normalized=True).fitted == pytest.approx(np.zeros(4))


def test_every_level_of_by_has_its_own_fitted_correlations():
    data = measured(6, "ar1", groups=30, size=5)
    data["arm"] = np.where(np.arange(30) < 20, "a", "b").repeat(5)
    fit = hlmrs.gls("y ~ t", data, residual="ar1(t | g, by=arm)")
    rho = np.array([np.asarray(fit.residual_parameters()["estimate"], float)[k] for k in range(2)])
    want = [(20 * rho[0] ** k + 10 * rho[1] ** k) / 30 for k in (1, 2, 3, 4)]
    assert lags_of(fit).fitted == pytest.approx(want)


def test_uneven_times_are_put_into_bins_of_as_many_pairs():
    data = measured(7, "car1")
    fit = hlmrs.gls("y ~ t", data, residual="car1(t | g)")
    found = lags_of(fit)
    assert not found.is_exact
    assert found.pairs.sum() == 60 * 15
    assert np.ptp(found.pairs) <= 1
    rho = fit.residual_parameters()["estimate"][0]
    assert found.fitted == pytest.approx(rho**found.lag, abs=0.02)


def test_correlations_at_uneven_times_are_those_of_the_errors():
    found = []
    for seed in range(40):
        lags = lags_of(hlmrs.gls("y ~ t + z", measured(seed, "car1"), residual="car1(t | g)"))
        found.append(lags.correlation - lags.fitted)
    error = np.std(found, axis=0) / np.sqrt(40)
    assert (np.abs(np.mean(found, axis=0)) < 3 * error + 0.02).all()
    assert (error < 0.05).all()


def test_standard_errors_are_those_of_repeated_samples():
    found = [lags_of(hlmrs.gls("y ~ t + z", measured(seed, "ar1")), "g", "t") for seed in range(120)]
    sd = np.std([one.correlation for one in found], axis=0)
    error = np.mean([one.std_error for one in found], axis=0)
    # a standard deviation of 120 values has an error of 6.5 %
    assert error == pytest.approx(sd, rel=0.2)


@pytest.mark.parametrize("random", ["(t | g)", "(1 | g)"])
def test_what_random_effects_take_of_normalized_residuals_is_dense_algebra(random):
    data = measured(9, "slope", groups=20, size=6, intercepts=1.5)
    fit = hlmrs.lmer(f"y ~ t + {random}", data, residual="ar1(t | g)")
    rho = fit.residual_parameters()["estimate"][0]
    same = np.equal.outer(data["g"], data["g"])
    r = np.where(same, rho ** np.abs(np.subtract.outer(data["t"], data["t"])), 0.0) * fit.sigma**2
    whitener = np.linalg.inv(np.linalg.cholesky(r))
    (sigma,) = fit._estimate.core.covariances()
    z = np.column_stack([np.ones(120), data["t"]])[:, : len(sigma)]
    free = whitener @ (same * (z @ sigma @ z.T)) @ whitener.T
    want = np.diag(np.eye(120) - np.linalg.inv(np.eye(120) + free))
    assert _taken_by_random_effects(fit._estimate) == pytest.approx(want, abs=1e-8)


def test_terms_that_cross_the_groups_are_subtracted_as_predicted_from_normalized_residuals():
    item = np.arange(100) // 5 * 3 % 7 + np.tile([0, 0, 1, 1, 2], 20)
    data = measured(8, "ar1", groups=20, size=5) | {"item": item.astype(str)}
    data["y"] = data["y"] + np.random.default_rng(1).normal(0, 2, 9)[item]
    fit = hlmrs.lmer("y ~ t + z + (1 | item)", data, residual="ar1(t | g)")
    found = scaled_rows(fit._estimate, normalized=True)
    assert found.u == pytest.approx(fit.resid(kind="normalized"))
    assert not found.terms
    assert len(scaled_rows(fit._estimate).terms) == 1


def test_of_very_many_pairs_some_are_taken_evenly():
    rng = np.random.default_rng(3)
    errors = rng.normal(size=100_000)
    for i in range(1, len(errors)):
        errors[i] += 0.7 * errors[i - 1]
    long = hlmrs.gls("y ~ 1", {"y": errors, "g": np.repeat(["a", "b"], 50_000)})
    series = series_of(long._estimate, "g", None)
    assert series.is_thinned
    found = lag_correlations(long._estimate, series)
    assert 1_000_000 < sum(len(i) for i, _ in series.pairs()) <= 2_100_000
    assert found.correlation[:4] == pytest.approx(0.7 ** np.arange(1, 5), abs=0.02)
    many = hlmrs.gls("y ~ 1", {"y": errors, "g": (np.arange(100_000) // 8).astype(str)})
    assert not series_of(many._estimate, "g", None).is_thinned


def test_a_time_far_off_is_no_lag():
    data = measured(3, "ar1", groups=20, size=5)
    data["t"] = np.where(np.arange(100) == 99, 1e9, data["t"])
    fit = hlmrs.gls("y ~ z", data)
    assert list(lags_of(fit, "g", "t").lag) == [1, 2, 3, 4]


def test_level_and_trend_of_all_lags_are_tested_together_by_their_definition():
    fit = hlmrs.gls("y ~ t + z", measured(3, "nugget"), residual="car1(t | g)")
    lags = lags_of(fit, normalized=True)
    columns = np.column_stack([np.ones(len(lags.lag)), np.log(np.arange(1, len(lags.lag) + 1))])
    root = np.sqrt(lags.pairs)
    # the explained sum of squares of a regression of z on both columns, weighed by pairs
    hat, *_ = np.linalg.lstsq(columns * root[:, None], root * lags.correlation, rcond=None)
    explained = np.sum((root * (columns @ hat)) ** 2)
    found = joint_test(lags)
    assert found.p_value == pytest.approx(np.exp(-explained / 2))
    assert abs(found.largest) == pytest.approx(np.abs(columns @ hat).max())


def test_beside_random_effects_the_joint_test_is_hotellings():
    fit = hlmrs.lmer("y ~ t + z + (1 | g)", measured(3, "ar1", intercepts=1.0), residual="ar1(t | g)")
    lags = lags_of(fit, normalized=True)
    n, d = lags.by_group.shape[0], 2
    place = np.log(np.arange(1, len(lags.lag) + 1))
    trend = place - np.average(place, weights=lags.pairs)
    sums = np.array([lags.pairs * lags.correlation, lags.pairs * trend * lags.correlation]).sum(axis=1)
    of_groups = lags.by_group @ np.array([lags.pairs, lags.pairs * trend]).T
    covariance = n / (n - 1) * of_groups.T @ of_groups
    f = sums @ np.linalg.solve(covariance, sums) * (n - d) / (d * (n - 1))
    # the tail of F with two numerator degrees of freedom has a closed form
    assert joint_test(lags).p_value == pytest.approx((1 + d * f / (n - d)) ** (-(n - d) / 2))
