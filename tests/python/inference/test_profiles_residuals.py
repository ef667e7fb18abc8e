"""Profiles of models whose residuals have a covariance: deviances of dense algebra at the ends of intervals."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

import hlmrs
from hlmrs.inference.profiles import profiles
from test_residuals import DATA, lag_of, panel

RISE = 3.841458820694124
"""The 0.95 quantile of a chi-square with one degree of freedom."""
NEVER = 1e6


def interval(fit: hlmrs.LinearMixedFit, name: str) -> tuple[float, float]:
    """Return an interval of confint(), without those of all others."""
    (found,) = profiles(fit._estimate, 0.95, [name])
    return found.low, found.high


def deviance(v: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """-2 log-likelihood at the best coefficients."""
    lower = np.linalg.cholesky(v)
    x, y = np.linalg.solve(lower, x), np.linalg.solve(lower, y)
    e = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(2 * np.log(np.diag(lower)).sum() + e @ e + len(y) * math.log(2 * math.pi))


def least(of, start: list[float]) -> float:
    """Return the least value, found twice over."""
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 20_000, "maxfev": 20_000}
    found = minimize(of, start, method="Nelder-Mead", options=options)
    return float(minimize(of, found.x, method="Nelder-Mead", options=options).fun)


def parts(data: dict, *names: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.column_stack([np.ones(len(data["y"])), *(data[name] for name in names)])
    return x, np.array(data["y"]), np.equal.outer(data["id"], data["id"])


def test_the_ends_of_intervals_of_an_autoregressive_model_are_those_of_a_grid_of_deviances() -> None:
    fit = hlmrs.gls("y ~ x + t", DATA, residual="ar1(t | id)")
    x, y, same = parts(DATA, "x", "t")
    lag = lag_of(DATA, "t")

    def at(rho: float, sigma: float, x: np.ndarray = x, y: np.ndarray = y) -> float:
        return deviance(sigma**2 * np.where(same, rho**lag, 0.0), x, y) if 0 < rho < 1 and sigma > 0 else NEVER

    best = least(lambda p: at(*p), [0.9, 3.0])
    bounds = fit.confint(method="profile")
    assert list(bounds["term"]) == ["(Intercept)", "x", "t", "rho", "sigma"]
    assert (bounds["conf_low"][3], bounds["conf_high"][3]) == interval(fit, "rho")
    for rho in interval(fit, "rho"):
        assert least(lambda p, rho=rho: at(rho, p[0]), [3.0]) - best == pytest.approx(RISE, abs=2e-6)
    for sigma in interval(fit, "sigma"):
        assert least(lambda p, sigma=sigma: at(p[0], sigma), [0.9]) - best == pytest.approx(RISE, abs=2e-6)
    for beta in interval(fit, "x"):
        held = least(lambda p, beta=beta: at(*p, x=x[:, [0, 2]], y=y - beta * x[:, 1]), [0.9, 3.0])
        assert held - best == pytest.approx(RISE, abs=2e-6)


def test_coefficients_of_the_dispersion_and_sigma_beside_them() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="cs(1 | id)", dispersion="~ w")
    x, y, same = parts(DATA, "x")
    w = np.array(DATA["w"])

    def at(rho: float, log_sigma: float, slope: float) -> float:
        sd = np.exp(log_sigma + slope * w)
        c = np.where(same, rho, 0.0) + (1 - rho) * np.eye(len(y))
        return deviance(c * np.outer(sd, sd), x, y) if 0 < rho < 1 else NEVER

    best = least(lambda p: at(*p), [0.8, 1.0, 0.0])
    for slope in interval(fit, "dispersion:w"):
        assert least(lambda p, s=slope: at(*p, s), [0.8, 1.0]) - best == pytest.approx(RISE, abs=2e-6)
    for sigma in interval(fit, "sigma"):
        assert least(lambda p, s=sigma: at(p[0], math.log(s), p[1]), [0.8, 0.0]) - best == pytest.approx(RISE, abs=2e-6)


def three_visits() -> dict[str, list]:
    rows = [k for k, t in enumerate(DATA["t"]) if t < 3]
    return {name: [values[k] for k in rows] for name, values in DATA.items()}


def test_correlations_and_deviations_of_visits_that_are_functions_of_several_coordinates() -> None:
    data = three_visits()
    fit = hlmrs.gls("y ~ x", data, residual="us(v | id)")
    x, y, same = parts(data, "x")
    visit = np.array(data["v"], int)

    def at(logs: list[float], outer: float, one: float, partial: float) -> float:
        """Take cor(0, 2), and tanh⁻¹ of cor(0, 1) and of the partial correlation of 1 and 2, which are free."""
        first, rest = math.tanh(one), math.tanh(partial)
        other = first * outer + rest * math.sqrt((1 - first**2) * (1 - outer**2))
        c = np.array([[1.0, first, outer], [first, 1.0, other], [outer, other, 1.0]])
        sd = np.exp(logs)
        return deviance(np.where(same, (c * np.outer(sd, sd))[np.ix_(visit, visit)], 0.0), x, y)

    logs = list(np.log(fit.residual_parameters()["estimate"][3:]))
    best = least(lambda p: at(p[:3], math.tanh(p[3]), p[4], p[5]), [*logs, 1.0, 1.0, 1.0])
    for rho in interval(fit, "cor(0, 2)"):
        held = least(lambda p, rho=rho: at(p[:3], rho, p[3], p[4]), [*logs, 1.0, 1.0])
        assert held - best == pytest.approx(RISE, abs=1e-5)
    for sd in interval(fit, "sd(1)"):
        held = least(
            lambda p, sd=sd: at([p[0], math.log(sd), p[1]], math.tanh(p[2]), p[3], p[4]),
            [logs[0], logs[2], 1.0, 1.0, 1.0],
        )
        assert held - best == pytest.approx(RISE, abs=1e-5)
    assert interval(fit, "sd(0)") == pytest.approx(interval(fit, "sigma"), rel=1e-6)


def test_deviations_and_correlations_of_random_effects_beside_correlated_residuals() -> None:
    data = panel(30, seed=8)
    data["site"] = [f"s{int(name[1:]) % 10}" for name in data["id"]]
    shift = np.random.default_rng(4).multivariate_normal([0, 0], [[4.0, 0.8], [0.8, 0.5]], 10)
    site = np.array([int(name[1:]) for name in data["site"]])
    data["y"] = list(np.array(data["y"]) + shift[site, 0] + shift[site, 1] * np.array(data["x"]))
    fit = hlmrs.lmer("y ~ x + (x | site)", data, residual="ar1(t | id)")
    x, y, same = parts(data, "x")
    lag, sites = lag_of(data, "t"), np.equal.outer(data["site"], data["site"])

    def at(sd0: float, sd1: float, r: float, rho: float, log_sigma: float) -> float:
        if min(sd0, sd1) < 0 or abs(r) > 1 or not 0 < rho < 1:
            return NEVER
        g = np.array([[sd0**2, r * sd0 * sd1], [r * sd0 * sd1, sd1**2]])
        return deviance(sites * (x @ g @ x.T) + math.exp(2 * log_sigma) * np.where(same, rho**lag, 0.0), x, y)

    start = [2.0, 0.7, 0.3, 0.6, 0.4]
    best = least(lambda p: at(*p), start)
    for name, k in (("sd(x | site)", 1), ("cor((Intercept), x | site)", 2)):
        for value in interval(fit, name):
            if abs(value) in (0.0, 1.0):
                continue
            others = start[:k] + start[k + 1 :]
            held = least(lambda p, v=value, k=k: at(*p[:k], v, *p[k:]), others)
            assert held - best == pytest.approx(RISE, abs=1e-5)


def test_exchangeable_residuals_have_the_profiles_of_a_random_intercept() -> None:
    own = hlmrs.gls("y ~ x + t", DATA, residual="cs(1 | id)")
    intercept = hlmrs.lmer("y ~ x + t + (1 | id)", DATA)
    for name in ("(Intercept)", "x", "t"):
        assert interval(own, name) == pytest.approx(interval(intercept, name), rel=1e-4)


@pytest.mark.parametrize("residual", ["toep(v | id)", "arma(t | id, p=1, q=1)", "exp(when | id, nugget=True)"])
def test_profiles_rise_from_the_estimate_to_the_ends(residual: str) -> None:
    fit = hlmrs.gls("y ~ 1", DATA, residual=residual, reml=False)
    table = fit.residual_parameters()
    found = fit.profile()
    for name, estimate in zip(table["parameter"], table["estimate"], strict=True):
        own = np.array([term == name for term in found["term"]])
        value, zeta = np.array(found["value"])[own], np.array(found["zeta"])[own]
        assert (np.diff(value) > 0).all()
        assert (np.diff(zeta) > -1e-3).all()
        assert value[np.argmin(np.abs(zeta))] == pytest.approx(estimate, rel=1e-6)
        low, high = interval(fit, name)
        assert low < estimate < high
