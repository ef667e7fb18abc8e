"""A residual standard deviation that is known: meta-analysis, and models of known residual variances."""

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

import hlmrs
from hlmrs.report.call import call_of

Vector = NDArray[np.float64]

# Colditz et al. (1994, JAMA 271, 698-702), as the R package metadat has them in dat.bcg: tuberculosis among vaccinated
# (with, without), among others (with, without), and absolute latitude.
_TRIALS = """
4 119 11 128 44
6 300 29 274 55
3 228 11 209 42
62 13536 248 12619 52
33 5036 47 5761 13
180 1361 372 1079 44
8 2537 10 619 19
505 87886 499 87892 13
29 7470 45 7232 27
17 1699 65 1600 42
186 50448 141 27197 18
5 2493 3 2338 33
27 16886 29 17825 33
"""


def bcg() -> pl.DataFrame:
    """Log relative risks with the inverse of their sampling variances."""
    a, b, c, d, latitude = np.array([line.split() for line in _TRIALS.split("\n") if line], float).T
    y = np.log(a / (a + b)) - np.log(c / (c + d))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    trial = [f"trial {k}" for k in range(len(y))]
    return pl.DataFrame({"y": y, "w": 1 / variance, "latitude": latitude, "trial": trial})


BCG = bcg()
Y, V = BCG["y"].to_numpy(), 1 / BCG["w"].to_numpy()
MEAN = "y ~ 1 + (1 | trial)"


def meta(formula: str = MEAN, data: Any = BCG, **options: Any) -> Any:
    return hlmrs.lmer(formula, data, **{"weights": "w", "sigma": 1, **options})


def errors(fit: Any) -> Vector:
    return fit.tidy()["std_error"].to_numpy()


def criterion(v: Vector, x: Vector, y: Vector, *, reml: bool) -> float:
    """-2 log-likelihood of a normal y of covariance v, restricted without the constant log|X'X|."""
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    information = x.T @ solved[:, :-1]
    r = y - x @ np.linalg.solve(information, x.T @ solved[:, -1])
    free = len(y) - (x.shape[1] if reml else 0)
    found = np.linalg.slogdet(v)[1] + free * np.log(2 * np.pi) + r @ np.linalg.solve(v, r)
    return float(found + (np.linalg.slogdet(information)[1] if reml else 0.0))


def test_the_bcg_trials_are_as_metafor_has_them() -> None:
    # metafor 4, print(rma(yi, vi, data=dat)) and rma(yi ~ ablat, vi, data=dat) in help(rma.uni); AIC to 5 digits in the
    # tests of the R package performance; logLik of method="ML" in metafor's tests of fit statistics
    fit = meta()
    assert fit.varcorr()["variance"][0] == pytest.approx(0.3132, abs=5e-5)
    assert (fit.beta[0], errors(fit)[0]) == (pytest.approx(-0.7145, abs=5e-5), pytest.approx(0.1798, abs=5e-5))
    assert fit.aic - np.log(13) == pytest.approx(28.40474, abs=5e-6)  # whose criterion has -log|X'X| beside ours
    assert meta(reml=False).loglik == pytest.approx(-12.6651, abs=5e-5)
    latitude = meta("y ~ latitude + (1 | trial)")
    # rounded, and of a search that ends at changes of 1e-5
    assert latitude.varcorr()["variance"][0] == pytest.approx(0.0764, abs=6e-5)
    np.testing.assert_allclose(latitude.beta, [0.2515, -0.0291], atol=5e-5)
    np.testing.assert_allclose(errors(latitude), [0.2491, 0.0072], atol=5e-5)


def test_the_variance_solves_the_estimating_equation_of_reml() -> None:
    fit = meta()
    tau2, mu = fit.varcorr()["variance"][0], fit.beta[0]
    w = 1 / (V + tau2)
    assert mu == pytest.approx((w @ Y) / w.sum(), abs=1e-12)
    assert tau2 == pytest.approx((w**2 @ ((Y - mu) ** 2 - V)) / (w**2).sum() + 1 / w.sum(), abs=1e-8)
    assert errors(fit)[0] == pytest.approx(w.sum() ** -0.5, abs=1e-12)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("sigma", [1.0, 1.7])
def test_the_criterion_is_that_of_dense_algebra_with_crossed_effects(reml: bool, sigma: float) -> None:
    rng = np.random.default_rng(8)
    n, g, h = 90, rng.integers(0, 12, 90), rng.integers(0, 7, 90)
    x, w = rng.normal(size=n), rng.uniform(0.5, 3, n)
    y = x + rng.normal(size=12)[g] + 0.8 * rng.normal(size=12)[g] * x + rng.normal(size=7)[h] + 1.7 * rng.normal(size=n)
    data = pl.DataFrame({"y": y, "x": x, "w": w, "g": g.astype(str), "h": h.astype(str)})
    fit = meta("y ~ x + (x | g) + (1 | h)", data, sigma=sigma, reml=reml)
    own, other = (np.asarray(fit.varcorr()["variance"]), np.asarray(fit.varcorr()["corr"], float))
    cov = other[2] * np.sqrt(own[0] * own[1])
    z, zh = np.eye(12)[g], np.eye(7)[h]
    v = np.diag(sigma**2 / w) + own[0] * z @ z.T + own[1] * (z * x[:, None]) @ (z * x[:, None]).T + own[3] * zh @ zh.T
    v += cov * (z @ (z * x[:, None]).T + (z * x[:, None]) @ z.T)
    design = np.column_stack([np.ones(n), x])
    assert fit.criterion == pytest.approx(criterion(v, design, y, reml=reml), abs=1e-9)
    assert fit.sigma == pytest.approx(sigma, abs=1e-15)
    assert fit.n_params == 2 + 4
    assert fit.aic == fit.criterion + 2 * fit.n_params


@pytest.mark.parametrize("reml", [True, False])
def test_sigma_at_its_estimate_changes_nothing_but_the_count(reml: bool) -> None:
    sleep = hlmrs.datasets.load("sleepstudy", "polars")
    free = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", sleep, reml=reml)
    known = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", sleep, reml=reml, sigma=free.sigma)
    np.testing.assert_allclose(known.theta, free.theta, atol=2e-6)
    assert known.criterion == pytest.approx(free.criterion, abs=1e-9)
    assert known.n_params == free.n_params - 1
    np.testing.assert_allclose(known.vcov(), free.vcov(), rtol=1e-5)
    again = known.update(". ~ .", sigma=None)
    assert again.n_params == free.n_params
    assert again.criterion == pytest.approx(free.criterion, abs=1e-9)


def test_a_number_beside_one_scales_the_weights() -> None:
    other = meta(data=BCG.with_columns(w=4 * pl.col("w")), sigma=2)
    assert other.criterion == pytest.approx(meta().criterion, abs=1e-9)
    np.testing.assert_allclose(other.vcov(), meta().vcov(), rtol=1e-7)


def test_degrees_of_freedom_count_the_variance_between_trials_alone() -> None:
    fit = meta()
    tau2 = float(fit.varcorr()["variance"][0])
    w = 1 / (V + tau2)
    s1, s2, s3 = w.sum(), (w**2).sum(), (w**3).sum()
    slope = s2 / s1**2  # of 1 / s1 in tau2

    def at(t: float) -> float:
        return criterion(np.diag(V + t), np.ones((13, 1)), Y, reml=True)

    h = 1e-3
    curvature = (-at(tau2 + 2 * h) + 16 * (at(tau2 + h) + at(tau2 - h)) - 30 * at(tau2) - at(tau2 - 2 * h)) / (
        12 * h**2
    )
    observed, expected = 2 / curvature, 2 / (s2 - 2 * s3 / s1 + (s2 / s1) ** 2)
    assert fit.tidy()["df"][0] == pytest.approx(2 / s1**2 / (slope**2 * observed), rel=1e-4)
    kr = fit.tidy(ddf="kenward-roger")
    assert kr["df"][0] == pytest.approx(2 / s1**2 / (slope**2 * expected), rel=1e-5)
    adjusted = 1 / s1 + 2 * expected * (s3 - s2**2 / s1) / s1**2
    assert kr["std_error"][0] == pytest.approx(np.sqrt(adjusted), rel=1e-6)
    variances = fit.varcorr(se=True)
    assert variances["std_error"][0] == pytest.approx(np.sqrt(observed), rel=1e-4)
    assert variances["std_error"][1] is None


def test_the_profile_is_that_of_the_likelihood_with_sigma_known() -> None:
    fit = meta(reml=False)
    name = "sd((Intercept) | trial)"
    points = fit.profile(terms=[name])
    assert set(fit.profile()["term"]) == {"(Intercept)", name}
    for value, zeta in zip(points["value"], points["zeta"], strict=True):
        deviance = criterion(np.diag(V + value**2), np.ones((13, 1)), Y, reml=False)
        assert zeta**2 == pytest.approx(max(deviance - fit.criterion, 0.0), abs=1e-6)
    mean = fit.profile(terms=["(Intercept)"])

    def least(mu: float) -> float:
        def deviance(t: float) -> float:
            v = V + t**2
            return float(np.sum(np.log(2 * np.pi * v) + (Y - mu) ** 2 / v))

        return float(minimize_scalar(deviance, bounds=(0, 5), method="bounded", options={"xatol": 1e-9}).fun)

    for value, zeta in zip(mean["value"], mean["zeta"], strict=True):
        assert zeta**2 == pytest.approx(max(least(value) - fit.criterion, 0.0), abs=1e-5)
    with pytest.raises(hlmrs.OptionError, match="sigma is fixed at 1"):
        fit.profile(terms=["sigma"])


def test_refits_simulations_and_the_bootstrap_keep_sigma(tmp_path: Any) -> None:
    fit = meta()
    again = fit.refit(Y)
    assert again.criterion == pytest.approx(fit.criterion, abs=1e-8)
    assert again.sigma == 1.0
    other = fit.refit(Y + np.linspace(-1, 1, 13))
    fresh = meta(data=BCG.with_columns(y=Y + np.linspace(-1, 1, 13)))
    assert other.criterion == pytest.approx(fresh.criterion, abs=1e-7)
    draws = fit.simulate(20_000, seed=1)
    expected = V + fit.varcorr()["variance"][0]
    np.testing.assert_allclose(np.var(draws, axis=1), expected, rtol=6 * np.sqrt(2 / 20_000))
    replicates = fit.bootstrap(50, seed=2)
    assert list(replicates.confint()["term"]) == ["(Intercept)", "sd((Intercept) | trial)"]
    fit.save(tmp_path / "meta.fit")
    for loaded in (hlmrs.load(tmp_path / "meta.fit"), pickle.loads(pickle.dumps(fit))):
        assert (loaded.criterion, loaded.n_params, loaded.sigma) == (fit.criterion, 2, 1.0)
        assert loaded.tidy()["df"][0] == fit.tidy()["df"][0]
    predicted = fit.predict(BCG.head(3), interval="prediction", level=0.9)
    mean, tau2 = fit.beta[0], fit.varcorr()["variance"][0]
    shrunk = mean + tau2 / (tau2 + V[:3]) * (Y[:3] - mean)
    np.testing.assert_allclose(predicted["prediction"], shrunk, rtol=1e-10)


def test_what_leaving_a_trial_out_does_is_what_a_fit_without_it_says() -> None:
    table = meta().influence(method="refit").to_frame()
    level = table["level"].cast(pl.Int64).to_list()
    for k in (0, 5):
        without = meta(data=BCG.filter(pl.int_range(pl.len()) != k))
        row = level.index(k)
        move = (meta().beta[0] - without.beta[0]) / errors(without)[0]
        assert abs(table["mdffits"][row]) == pytest.approx(move**2, rel=1e-4)


def test_sums_of_batches_give_the_same_fit() -> None:
    streamed = meta(rows="stream")
    assert streamed.criterion == pytest.approx(meta().criterion, abs=1e-8)
    grown = meta(data=BCG.head(8), rows="stream").append(BCG.tail(5))
    assert grown.criterion == pytest.approx(meta().criterion, abs=1e-8)
    assert grown.n_params == 2


def test_dispersions_and_correlations_beside_a_known_sigma() -> None:
    data = BCG.with_columns(h=-0.5 * pl.col("w").log(), t=pl.Series(np.arange(13) % 4), g=pl.Series(np.arange(13) // 4))
    plain = hlmrs.gls("y ~ 1", data, weights="w", sigma=1)
    assert plain.criterion == pytest.approx(criterion(np.diag(V), np.ones((13, 1)), Y, reml=True), abs=1e-10)
    assert plain.n_params == 1
    offset = hlmrs.gls("y ~ 1", data, dispersion="~ offset(h)", sigma=1)
    assert offset.criterion == pytest.approx(plain.criterion, abs=1e-10)
    modelled = hlmrs.gls("y ~ 1", data, dispersion="~ latitude + offset(h)", sigma=1)
    slope = float(modelled.tidy(component="dispersion")["estimate"][1])
    v = V * np.exp(2 * slope * data["latitude"].to_numpy())
    assert modelled.criterion == pytest.approx(criterion(np.diag(v), np.ones((13, 1)), Y, reml=True), abs=1e-9)
    assert modelled.n_params == 2
    assert modelled.sigma == pytest.approx(1.0, abs=1e-14)
    assert modelled.tidy(component="dispersion")["std_error"][0] is None
    ar1 = hlmrs.gls("y ~ latitude", data, weights="w", residual="ar1(t | g)", sigma=1)
    table = ar1.residual_parameters()
    assert list(table["parameter"]) == ["rho", "sigma"]
    assert table["std_error"][1] is None
    rho, g, t = float(table["estimate"][0]), np.arange(13) // 4, np.arange(13) % 4
    r = np.where(g[:, None] == g, rho ** np.abs(t[:, None] - t), 0.0) * np.sqrt(np.outer(V, V))
    x = np.column_stack([np.ones(13), data["latitude"]])
    assert ar1.criterion == pytest.approx(criterion(r, x, Y, reml=True), abs=1e-9)
    for sign in (-1e-3, 1e-3):
        r = np.where(g[:, None] == g, (rho + sign) ** np.abs(t[:, None] - t), 0.0) * np.sqrt(np.outer(V, V))
        assert criterion(r, x, Y, reml=True) > ar1.criterion


def test_what_a_fit_says_of_a_sigma_that_is_known() -> None:
    fit = meta()
    assert "Residual    1 (fixed)" in str(fit.summary())
    assert "known and not estimated" in str(fit.text())
    assert call_of(meta(sigma=0.1 + 0.2)._estimate) == f"hlmrs.lmer('{MEAN}', data, sigma={0.1 + 0.2!r}, weights='w')"


@pytest.mark.parametrize("sigma", [0, -1, float("nan"), float("inf"), True, "1"])
def test_what_no_standard_deviation_can_be_is_refused(sigma: Any) -> None:
    with pytest.raises(hlmrs.OptionError, match=r"sigma=.*positive number"):
        meta(sigma=sigma)


def test_what_cannot_be_told_apart_is_refused_with_the_way_out() -> None:
    with pytest.raises(hlmrs.DesignError, match="sigma=1 and weights of 1 / variance"):
        hlmrs.lmer(MEAN, BCG, weights="w")
    sleep = hlmrs.datasets.load("sleepstudy", "polars")
    with pytest.raises(hlmrs.OptionError, match="sigma=1 beside a dispersion with random effects"):
        hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep, dispersion="~ (1 | Subject)", sigma=1)
