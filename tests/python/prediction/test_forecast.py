"""New rows of models whose residuals have parameters: intervals, forecasts and simulation, against dense algebra."""

import pickle
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from test_residuals import DATA, crossed, lag_of, table

NEW = {
    "id": ["g0", "g0", "g3", "g5", "never"],
    "site": ["s0", "s0", "s3", "s1", "s2"],
    "arm": ["a", "a", "b", "b", "a"],
    "visit": ["month 1"] * 5,
    "t": [5.0, 7.0, 6.0, 9.0, 5.0],
    "when": [9.5, 2.0, 20.0, 10.0, 3.0],
    "v": [1.0, 2.0, 3.0, 4.0, 0.0],
    "x": [0.3, -1.0, 2.0, 0.1, 0.0],
    "w": [1.0, 2.0, 0.5, 1.5, 1.0],
}


def together(data: dict, new: dict) -> dict[str, np.ndarray]:
    return {name: np.array([*data[name], *values]) for name, values in new.items()}


def kriged(fit, x: np.ndarray, v: np.ndarray, known: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of the other rows given the known ones: joint normal of covariance v, beta estimated."""
    inverse = np.linalg.inv(v[np.ix_(known, known)])
    across, xk = v[np.ix_(known, ~known)], x[known]
    mean = x[~known] @ fit.beta + across.T @ inverse @ (y - xk @ fit.beta)
    left = x[~known] - across.T @ inverse @ xk
    variance = v[np.ix_(~known, ~known)] - across.T @ inverse @ across
    variance = variance + left @ np.linalg.inv(xk.T @ inverse @ xk) @ left.T
    return mean, np.sqrt(np.diag(variance))


def variance_of(fit, group: str) -> float:
    rows = zip(*(fit.varcorr()[name] for name in ("group", "variance")), strict=True)
    return next(float(variance) for name, variance in rows if name == group)


def check(fit, data: dict, new: dict, v: np.ndarray, x: np.ndarray) -> None:
    known = np.arange(len(v)) < len(data["y"])
    mean, error = kriged(fit, x, v, known, np.array(data["y"]))
    how = {"forecast": True, "new_levels": "population"}
    found = fit.predict(new, interval="prediction", variances="known", **how)
    np.testing.assert_allclose(found["prediction"], mean, rtol=1e-8)
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-8)
    np.testing.assert_allclose(fit.predict(new, **how), mean, rtol=1e-8)


CORRELATIONS = {
    "ar1(t | id)": lambda d, f: f["rho"] ** lag_of(d, "t"),
    "car1(when | id)": lambda d, f: f["rho"] ** lag_of(d, "when"),
    "exp(when | id, nugget=True)": lambda d, f: np.where(
        lag_of(d, "when") == 0, 1.0, (1 - f["nugget"]) * np.exp(-lag_of(d, "when") / f["range"])
    ),
    "cs(1 | id)": lambda d, f: np.where(np.eye(len(d["t"])) > 0, 1.0, f["rho"]),
    "arma(t | id, p=1, q=1)": lambda d, f: np.where(
        lag_of(d, "t") == 0,
        1.0,
        (1 + f["ar1"] * f["ma1"])
        * (f["ar1"] + f["ma1"])
        / (1 + 2 * f["ar1"] * f["ma1"] + f["ma1"] ** 2)
        * f["ar1"] ** np.maximum(lag_of(d, "t") - 1, 0),
    ),
}


@pytest.mark.parametrize("residual", CORRELATIONS)
@pytest.mark.parametrize("effects", ["", " + (1 | site)"])
def test_a_forecast_is_the_mean_given_the_rows_that_are_known(residual: str, effects: str) -> None:
    method = hlmrs.lmer if effects else hlmrs.gls
    fit = method("y ~ x + t" + effects, DATA, residual=residual, dispersion="~ x", weights="w")
    both = together(DATA, NEW)
    sd = np.array([*fit.residual_sd, *fit.residual_sd_at(NEW)])
    slope = dict(zip(*(fit.tidy(component="dispersion")[name] for name in ("term", "estimate")), strict=True))["x"]
    np.testing.assert_allclose(sd, fit.sigma * np.exp(slope * both["x"]) / np.sqrt(both["w"]), rtol=1e-9)
    v = np.equal.outer(both["id"], both["id"]) * CORRELATIONS[residual](both, table(fit)) * np.outer(sd, sd)
    if effects:
        v = v + variance_of(fit, "site") * np.equal.outer(both["site"], both["site"])
    check(fit, DATA, NEW, v, np.column_stack([np.ones(len(sd)), both["x"], both["t"]]))


def test_missing_visits_are_forecast_from_those_that_are_there() -> None:
    fit = hlmrs.gls("y ~ x + factor(v)", DATA, residual="us(v | id)")
    seen = set(zip(DATA["id"], DATA["v"], strict=True))
    gone = [(g, v) for g in sorted(set(DATA["id"])) for v in range(5) if (g, float(v)) not in seen]
    assert len(gone) > 3
    new = {"id": [g for g, _ in gone], "v": [float(v) for _, v in gone], "x": [0.5] * len(gone)}
    both = together(DATA, new)
    visits = fit.residual_covariance()
    covariance = np.column_stack([visits[str(k)] for k in range(5)])
    codes = both["v"].astype(int)
    v = np.equal.outer(both["id"], both["id"]) * covariance[np.ix_(codes, codes)]
    x = np.column_stack([np.ones(len(codes)), both["x"], *(codes == k for k in range(1, 5))])
    check(fit, DATA, new, v, x)


def test_rows_of_a_group_in_several_levels_of_a_crossed_factor_are_forecast_exactly() -> None:
    data = crossed()
    new = {
        "id": ["g0", "g1", "g4", "other"],
        "item": ["i2", "i0", "unseen", "i1"],
        "t": [6.0, 7.0, 8.0, 0.0],
        "x": [0.1, -1.0, 1.0, 2.0],
        "w": [1.0, 2.0, 1.0, 0.5],
    }
    fit = hlmrs.lmer("y ~ x + (1 | item)", data, residual="ar1(t | id)", weights="w")
    both = together(data, new)
    sd = fit.sigma / np.sqrt(both["w"])
    v = np.equal.outer(both["id"], both["id"]) * table(fit)["rho"] ** lag_of(both, "t") * np.outer(sd, sd)
    v = v + variance_of(fit, "item") * np.equal.outer(both["item"], both["item"])
    check(fit, data, new, v, np.column_stack([np.ones(len(sd)), both["x"]]))


@pytest.mark.parametrize("effects", ["(1 | id) + (1 + x || item)", "(x | item)", "(1 + x | id) + (1 | item)"])
def test_several_random_effects_of_nested_and_crossed_groups_count_in_a_forecast(effects: str) -> None:
    data = crossed(20, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer(f"y ~ x + {effects}", data, residual="ar1(t | id)")
    new = {"id": ["g0", "g0", "g5", "none"], "item": ["i2", "i7", "new", "i1"], "t": [8.0, 9.0, 9.0, 1.0]}
    new["x"] = [0.1, -1.0, 1.0, 2.0]
    both = together(data, new)
    v = fit.sigma**2 * np.equal.outer(both["id"], both["id"]) * table(fit)["rho"] ** lag_of(both, "t")
    columns = {"(Intercept)": np.ones(len(both["x"])), "x": both["x"]}
    rows = fit.varcorr()
    for group, term1, term2, variance in zip(*(rows[n] for n in ("group", "term1", "term2", "variance")), strict=True):
        if group != "Residual":
            part = np.outer(columns[term1], columns[term2 or term1]) * np.equal.outer(both[group], both[group])
            v = v + variance * (part if term2 is None else part + part.T)
    check(fit, data, new, v, np.column_stack(list(columns.values())))


def test_at_a_known_time_of_its_group_a_row_has_the_residual_that_is_known() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)")
    known = {name: DATA[name][:4] for name in ("id", "t", "x")}
    found = fit.predict(known, interval="prediction", forecast=True)
    for name in ("prediction", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[name], DATA["y"][:4], atol=1e-6)
    further = fit.predict({**known, "x": [x + 1 for x in known["x"]]}, forecast=True)
    np.testing.assert_allclose(further - DATA["y"][:4], fit.beta[1], rtol=1e-9)


def test_a_mean_on_the_scale_of_the_response_counts_what_known_residuals_leave() -> None:
    data = {**DATA, "y": list(np.exp(np.array(DATA["y"]) / 5))}
    fit = hlmrs.gls("log(y) ~ x", data, residual="ar1(t | id)")
    eta = fit.predict(NEW, forecast=True)
    lag = [5.0 - max(t for g, t in zip(DATA["id"], DATA["t"], strict=True) if g == "g0")]
    left = fit.sigma**2 * np.array([1 - table(fit)["rho"] ** (2 * lag[0]), 1.0])
    mean = fit.predict(NEW, forecast=True, type="mean")
    np.testing.assert_allclose(mean[[0, 4]], np.exp(eta[[0, 4]] + left / 2), rtol=1e-9)


def test_own_parameters_in_every_arm_count_for_its_groups() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id, by=arm)")
    both = together(DATA, NEW)
    rho = np.array([table(fit)[f"rho, {arm}"] for arm in both["arm"]])
    v = fit.sigma**2 * np.equal.outer(both["id"], both["id"]) * rho[:, None] ** lag_of(both, "t")
    check(fit, DATA, NEW, v, np.column_stack([np.ones(len(rho)), both["x"]]))


def test_equal_correlations_are_forecast_as_a_random_intercept_is_predicted() -> None:
    new = {"x": [0.5, -1.0, 0.0], "id": ["g0", "g7", "new"]}
    equal = hlmrs.gls("y ~ x", DATA, residual="cs(1 | id)")
    mixed = hlmrs.lmer("y ~ x + (1 | id)", DATA)
    one = equal.predict(new, interval="prediction", forecast=True)
    other = mixed.predict(new, interval="prediction", new_levels="population")
    for name in ("prediction", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4)


def test_intervals_of_new_observations_have_the_standard_deviation_of_their_rows() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="us(v | id)")
    sd = fit.residual_sd_at(NEW)
    by_visit = dict(zip(DATA["v"], fit.residual_sd, strict=True))
    np.testing.assert_allclose(sd, [by_visit[v] for v in NEW["v"]], rtol=1e-12)
    known = {"variances": "known"}
    mean = fit.predict(NEW, interval="confidence", **known)["std_error"]
    one = fit.predict(NEW, interval="prediction", **known)["std_error"]
    np.testing.assert_allclose(one**2, np.square(mean) + sd**2, rtol=1e-10)


def test_intervals_by_estimated_variances_are_those_of_the_model_with_the_same_columns_of_a_plain_one() -> None:
    plain = hlmrs.lmer("y ~ x + (1 | site)", DATA)
    own = hlmrs.lmer("y ~ x + (1 | site)", DATA, dispersion="~ offset(0 * x)")
    for interval in ("confidence", "prediction"):
        for random_effects in (True, False):
            one = plain.predict(NEW, interval=interval, random_effects=random_effects)
            other = own.predict(NEW, interval=interval, random_effects=random_effects)
            for name in ("prediction", "std_error", "conf_low"):
                np.testing.assert_allclose(other[name], one[name], rtol=1e-4)


def test_the_dispersion_of_new_rows_goes_by_their_fitted_values_levels_and_offset() -> None:
    fit = hlmrs.lmer(
        "y ~ x + t + (1 | site)", {**DATA, "y": [30 + y for y in DATA["y"]]}, dispersion="~ log(fitted) + arm"
    )
    coefficients = dict(zip(*(fit.tidy(component="dispersion")[n] for n in ("term", "estimate")), strict=True))
    eta = fit.predict(NEW)
    arms = np.array([arm == "b" for arm in NEW["arm"]])
    want = fit.sigma * np.exp(coefficients["log(fitted)"] * np.log(eta) + coefficients["armb"] * arms)
    np.testing.assert_allclose(fit.residual_sd_at(NEW), want, rtol=1e-9)
    own = fit.predict(interval="prediction", variances="known")
    mean = fit.predict(interval="confidence", variances="known")
    np.testing.assert_allclose(own["std_error"] ** 2 - mean["std_error"] ** 2, fit.residual_sd**2, rtol=1e-6)


def test_intervals_cover_next_observations_that_a_forecast_predicts_closer() -> None:
    rng = np.random.default_rng(4)
    n = 500
    e = np.zeros((n, 7))
    for t in range(7):
        e[:, t] = rng.normal(size=n) if t == 0 else 0.8 * e[:, t - 1] + 0.6 * rng.normal(size=n)
    whole = {"y": 2 + e, "t": np.tile(np.arange(7.0), (n, 1)), "id": np.repeat(np.arange(n), 7).reshape(n, 7)}
    past = {name: values[:, :6].ravel() for name, values in whole.items()}
    after = {name: values[:, 6] for name, values in whole.items()}
    fit = hlmrs.gls("y ~ 1", past, residual="ar1(t | id)")
    found = fit.predict(after, interval="prediction", forecast=True)
    inside = (found["conf_low"] < after["y"]) & (after["y"] < found["conf_high"])
    assert inside.mean() == pytest.approx(0.95, abs=0.03)
    assert np.std(after["y"] - found["prediction"]) == pytest.approx(0.6, abs=0.06)
    plain = fit.predict(after, interval="prediction")
    assert np.median(plain["std_error"] / found["std_error"]) == pytest.approx(1 / 0.6, abs=0.15)


def test_simulated_new_groups_have_correlated_residuals() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)", dispersion="~ x")
    draws = fit.simulate(60_000, newdata=NEW, weights="w", seed=2)
    sd = fit.residual_sd_at(NEW, weights="w")
    want = np.equal.outer(NEW["id"], NEW["id"]) * table(fit)["rho"] ** lag_of(NEW, "t") * np.outer(sd, sd)
    want = want + variance_of(fit, "site") * np.equal.outer(NEW["site"], NEW["site"])
    assert np.abs(np.cov(draws) - want).max() < 0.03 * want.max()
    with pytest.raises(hlmrs.DataError, match="same time"):
        fit.simulate(1, newdata={**NEW, "t": [5.0, 5.0, 6.0, 9.0, 5.0]})


def test_fits_that_went_elsewhere_forecast_the_same(tmp_path) -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1h(v | id, by=arm)", dispersion="~ w")
    how = {"interval": "prediction", "forecast": True, "new_levels": "population"}
    want = fit.predict(NEW, **how)
    fit.save(tmp_path / "own.fit", keep_rows=True)
    for again in (hlmrs.load(tmp_path / "own.fit"), pickle.loads(pickle.dumps(fit))):
        found = again.predict(NEW, **how)
        for name in ("prediction", "std_error", "conf_low"):
            np.testing.assert_allclose(found[name], want[name], rtol=1e-9)
    lazy = fit.predict(pl.DataFrame(NEW).lazy(), forecast=True, new_levels="population").collect()
    np.testing.assert_allclose(lazy["prediction"], want["prediction"], rtol=1e-12)


def test_missing_values_of_new_rows_are_missing_predictions() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)")
    found = fit.predict({**NEW, "t": [np.nan, 7.0, 6.0, 9.0, np.nan]}, forecast=True)
    assert list(np.isnan(found)) == [True, False, False, False, False]


def test_levels_of_another_kind_of_frame_are_the_same_groups() -> None:
    data = {**DATA, "id": [1_000_000 + int(g[1:]) for g in DATA["id"]]}
    fit = hlmrs.gls("y ~ x", data, residual="ar1(t | id)")
    new = {"id": [1_000_000, 1_000_003], "t": [5.0, 5.0], "x": [0.0, 0.0]}
    want = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)").predict({**new, "id": ["g0", "g3"]}, forecast=True)
    np.testing.assert_allclose(fit.predict(new, forecast=True), want, rtol=1e-8)
    np.testing.assert_allclose(fit.predict({**new, "id": ["1000000", "1000003"]}, forecast=True), want, rtol=1e-8)


@pytest.mark.parametrize(
    ("residual", "dispersion", "change", "how", "error", "message"),
    [
        (None, "~ w", {}, {"forecast": True}, hlmrs.OptionError, "not correlated"),
        ("ar1(t | id)", None, None, {"forecast": True}, hlmrs.OptionError, "new data"),
        ("ar1(t | id)", None, {}, {"forecast": 1}, hlmrs.OptionError, "True or False"),
        ("ar1(t | id)", None, {}, {"forecast": True, "random_effects": False}, hlmrs.OptionError, "random_effects="),
        ("ar1(1 | id)", None, {}, {"forecast": True}, hlmrs.DesignError, "order of the rows"),
        ("ar1(t | id)", None, {"t": [5.5] * 5}, {"forecast": True}, hlmrs.DataError, "time of 5.5"),
        ("arma(t | id)", None, {"t": [1e12] * 5}, {"forecast": True}, hlmrs.DataError, "too far"),
        ("car1(when | id)", None, {"when": [np.inf] * 5}, {"forecast": True}, hlmrs.DataError, "no place"),
        ("us(v | id)", None, {"v": [8.0] * 5}, {"forecast": True}, hlmrs.DataError, "8.0"),
        ("us(v | id)", None, {"v": [8.0] * 5}, {"interval": "prediction"}, hlmrs.DataError, "8.0"),
        ("csh(1 | id)", None, {}, {"interval": "prediction"}, hlmrs.DesignError, "name them"),
        (None, "~ arm", {"arm": ["z"] * 5}, {"interval": "prediction"}, hlmrs.DataError, "arm"),
    ],
)
def test_what_cannot_be_predicted_is_refused_with_the_reason(residual, dispersion, change, how, error, message) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual=residual, dispersion=dispersion)
    with pytest.raises(error, match=message):
        fit.predict(None if change is None else {**NEW, **change}, **how)


def test_columns_that_new_data_lack_are_named() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)", dispersion="~ w")
    short = {"x": [0.0], "site": ["s0"]}
    fit.predict(short)
    for how in ({"interval": "prediction"}, {"forecast": True}):
        with pytest.raises(hlmrs.DataError, match="reads column 'w'"):
            fit.predict(short, **how)
    with pytest.raises(hlmrs.DataError, match="reads column 'id'"):
        fit.predict({**short, "w": [1.0]}, forecast=True)
