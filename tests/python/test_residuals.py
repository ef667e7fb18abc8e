"""Models whose residuals have a covariance of their own, against dense algebra and special cases."""

import math
import pickle
import re
import warnings

import numpy as np
import pytest

import hlmrs

VISITS = ["baseline", "month 1", "month 2", "month 4", "year 1"]


def panel(n_groups: int = 14, seed: int = 3) -> dict[str, list]:
    """Groups of up to five visits, some missing, within sites; variances and correlations as they come."""
    rng = np.random.default_rng(seed)
    rows = []
    for g in range(n_groups):
        site, arm = g % 4, "ab"[g % 2]
        level, e = (-4.0, -1.0, 2.0, 3.0)[site], rng.normal()
        for t in range(5):
            e = 0.6 * e + 0.8 * rng.normal()
            if t == 0 or rng.random() < 0.85:
                x, w = rng.normal(), rng.uniform(0.5, 2.0)
                y = 1 + 0.5 * x + 0.3 * t + level + e * (1 + 0.2 * t)
                rows.append((f"g{g}", f"s{site}", arm, VISITS[t], float(t), t**1.5, x, w, y))
    rows = [rows[k] for k in rng.permutation(len(rows))]
    names = ("id", "site", "arm", "visit", "t", "when", "x", "w", "y")
    data = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    data["v"] = data["t"]
    return data


DATA = panel()


def table(fit) -> dict[str, float]:
    return {row["parameter"]: row["estimate"] for row in _dicts(fit.residual_parameters())}


def _dicts(frame) -> list[dict]:
    return [dict(zip(frame, values, strict=True)) for values in zip(*frame.values(), strict=True)]


def lag_of(data: dict, name: str) -> np.ndarray:
    times = np.array(data[name], float)
    return np.abs(np.subtract.outer(times, times))


def by_pairs(data: dict, found: dict[str, float]) -> np.ndarray:
    n = len(data["y"])
    out = np.eye(n)
    for name, value in found.items():
        if pair := re.fullmatch(r"cor\((\d), (\d)\)", name):
            one, two = (np.array(data["v"]) == float(pair[k]) for k in (1, 2))
            out[np.outer(one, two) | np.outer(two, one)] = value
    return out


def chained(data: dict, found: dict[str, float]) -> np.ndarray:
    rho = [found[f"cor({k}, {k + 1})"] for k in range(4)]
    v = np.array(data["v"], int)
    product = [[math.prod(rho[min(a, b) : max(a, b)]) for b in range(5)] for a in range(5)]
    return np.array([[product[a][b] for b in v] for a in v])


def arma11(data: dict, found: dict[str, float]) -> np.ndarray:
    ar, ma = found["ar1"], found["ma1"]
    first = (1 + ar * ma) * (ar + ma) / (1 + 2 * ar * ma + ma**2)
    lag = lag_of(data, "t")
    return np.where(lag == 0, 1.0, first * ar ** np.maximum(lag - 1, 0))


def spherical(data: dict, found: dict[str, float]) -> np.ndarray:
    u = lag_of(data, "when") / found["range"]
    return np.where(u < 1, 1 - 1.5 * u + 0.5 * u**3, 0.0)


def lags(data: dict, found: dict[str, float]) -> np.ndarray:
    return np.array([1.0, *(found[f"cor(lag {k})"] for k in range(1, 5))])[lag_of(data, "v").astype(int)]


def with_nugget(data: dict, found: dict[str, float]) -> np.ndarray:
    decay = np.exp(-lag_of(data, "when") / found["range"])
    return np.where(lag_of(data, "when") == 0, 1.0, (1 - found["nugget"]) * decay)


STRUCTURES = {
    "ar1(t | id)": lambda d, f: f["rho"] ** lag_of(d, "t"),
    "ar1h(t | id)": lambda d, f: f["rho"] ** lag_of(d, "t"),
    "car1(when | id)": lambda d, f: f["rho"] ** lag_of(d, "when"),
    "cs(1 | id)": lambda d, f: np.where(np.eye(len(d["y"])) > 0, 1.0, f["rho"]),
    "csh(1 | id)": lambda d, f: np.where(np.eye(len(d["y"])) > 0, 1.0, f["rho"]),
    "corr(v | id)": by_pairs,
    "us(v | id)": by_pairs,
    "toep(v | id)": lags,
    "toeph(v | id)": lags,
    "ad(v | id)": chained,
    "adh(v | id)": chained,
    "arma(t | id, p=1, q=1)": arma11,
    "exp(when | id)": lambda d, f: np.exp(-lag_of(d, "when") / f["range"]),
    "gau(when | id)": lambda d, f: np.exp(-((lag_of(d, "when") / f["range"]) ** 2)),
    "sph(when | id)": spherical,
    "exp(when | id, nugget=True)": with_nugget,
}


def residual_covariance(fit, data: dict, residual: str) -> np.ndarray:
    """sd_i sd_j C_ij within groups, from what the fit reports."""
    same = np.equal.outer(data["id"], data["id"])
    return np.where(same, STRUCTURES[residual](data, table(fit)), 0.0) * np.outer(fit.residual_sd, fit.residual_sd)


def dense_criterion(v: np.ndarray, y: np.ndarray, x: np.ndarray, *, reml: bool) -> float:
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    m = len(y) - (x.shape[1] if reml else 0)
    restricted = np.linalg.slogdet(information)[1] if reml else 0.0
    return float(np.linalg.slogdet(v)[1] + restricted + e @ inverse @ e + m * math.log(2 * math.pi))


def covariance_of_site(fit, data: dict) -> np.ndarray:
    variance = _dicts(fit.varcorr())[0]["variance"]
    return variance * np.equal.outer(data["site"], data["site"])


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("residual", STRUCTURES)
def test_the_criterion_is_that_of_dense_algebra(residual: str, reml: bool) -> None:
    y, x = np.array(DATA["y"]), np.column_stack([np.ones(len(DATA["y"])), DATA["x"], DATA["t"]])
    alone = hlmrs.gls("y ~ x + t", DATA, residual=residual, reml=reml)
    assert alone.criterion == pytest.approx(
        dense_criterion(residual_covariance(alone, DATA, residual), y, x, reml=reml), abs=1e-8
    )
    mixed = hlmrs.lmer("y ~ x + t + (1 | site)", DATA, residual=residual, weights="w", reml=reml)
    v = residual_covariance(mixed, DATA, residual) + covariance_of_site(mixed, DATA)
    assert mixed.criterion == pytest.approx(dense_criterion(v, y, x, reml=reml), abs=1e-8)


@pytest.mark.parametrize("residual", ["ar1(t | id)", "car1(when | id)", "cs(1 | id)", "us(v | id)", "ad(v | id)"])
def test_no_parameter_nearby_has_a_lower_criterion(residual: str) -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual=residual, dispersion="~ x" if "us" not in residual else None)
    y, x = np.array(DATA["y"]), np.column_stack([np.ones(len(DATA["y"])), DATA["x"]])
    found, sd = table(fit), fit.residual_sd
    same = np.equal.outer(DATA["id"], DATA["id"])

    def at(correlations: dict[str, float], log_sd: np.ndarray) -> float:
        r = np.where(same, STRUCTURES[residual](DATA, correlations), 0.0)
        scale = sd * np.exp(log_sd)
        return dense_criterion(r * np.outer(scale, scale), y, x, reml=True)

    step, centre = 1e-4, at(found, np.zeros(len(y)))
    moves = [lambda s: at(found, np.full(len(y), s))]
    if "us" not in residual:
        moves.append(lambda s: at(found, s * np.array(DATA["x"])))
    names = [name for name in found if name.startswith(("rho", "cor"))]
    moves += [lambda s, name=name: at(found | {name: found[name] + s}, np.zeros(len(y))) for name in names]
    for move in moves:
        up, down = move(step), move(-step)
        slope, curvature = (up - down) / (2 * step), (up - 2 * centre + down) / step**2
        assert curvature > 0
        assert slope**2 / (2 * curvature) < 1e-7, "the decrease that a step of Newton's expects"


def test_exchangeable_residuals_are_a_random_intercept() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="cs(1 | id)")
    intercept = hlmrs.lmer("y ~ x + (1 | id)", DATA)
    assert fit.criterion == pytest.approx(intercept.criterion, abs=1e-7)
    variance = _dicts(intercept.varcorr())[0]["variance"]
    total = variance + intercept.sigma**2
    assert table(fit)["rho"] == pytest.approx(variance / total, rel=1e-4)
    assert fit.sigma == pytest.approx(math.sqrt(total), rel=1e-4)
    np.testing.assert_allclose(fit.vcov(), intercept.vcov(), rtol=1e-4)


def test_neighbours_at_whole_times_have_the_same_correlation_in_discrete_and_continuous_time() -> None:
    discrete = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)")
    continuous = hlmrs.gls("y ~ x", DATA, residual="car1(t | id)")
    assert discrete.criterion == pytest.approx(continuous.criterion, abs=1e-7)
    assert table(discrete)["rho"] == pytest.approx(table(continuous)["rho"], rel=1e-4)


def test_two_visits_have_one_correlation_whatever_the_structure() -> None:
    rows = [k for k, t in enumerate(DATA["t"]) if t in (0.0, 1.0)]
    data = {name: [values[k] for k in rows] for name, values in DATA.items()}
    free = hlmrs.gls("y ~ x", data, residual="us(v | id)")
    for same in ("ar1h(t | id)", "toeph(v | id)", "adh(v | id)"):
        assert hlmrs.gls("y ~ x", data, residual=same).criterion == pytest.approx(free.criterion, abs=1e-7)
    strata = hlmrs.gls("y ~ x", data, residual="corr(v | id)", dispersion="~ factor(v)")
    assert strata.criterion == pytest.approx(free.criterion, abs=1e-7)
    assert strata.n_params == free.n_params


def test_own_parameters_in_every_arm_are_separate_models() -> None:
    """With all coefficients and parameters by arm the criterion is the sum of those of the arms."""
    together = hlmrs.gls("y ~ 0 + arm + arm:x", DATA, residual="ar1h(t | id, by=arm)", reml=False)
    parts = []
    for arm in "ab":
        rows = [k for k, a in enumerate(DATA["arm"]) if a == arm]
        data = {name: [values[k] for k in rows] for name, values in DATA.items()}
        parts.append(hlmrs.gls("y ~ x", data, residual="ar1h(t | id)", reml=False).criterion)
    assert together.criterion == pytest.approx(sum(parts), abs=1e-6)


def test_rows_in_any_order_and_times_in_any_unit_are_the_same_model() -> None:
    order = np.random.default_rng(1).permutation(len(DATA["y"]))
    other = {name: [values[k] for k in order] for name, values in DATA.items()}
    other["when"] = [1000 * t + 77 for t in other["when"]]
    fits = [hlmrs.lmer("y ~ x + (1 | site)", data, residual="car1(when | id)") for data in (DATA, other)]
    assert fits[0].criterion == pytest.approx(fits[1].criterion, abs=1e-6)
    np.testing.assert_allclose(fits[0].residual_sd[order], fits[1].residual_sd, rtol=1e-5)


def test_prior_weights_divide_the_variances() -> None:
    weighted = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)", weights="w")
    offset = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)", dispersion="~ offset(-log(w) / 2)")
    assert weighted.criterion == pytest.approx(offset.criterion, abs=1e-8)
    np.testing.assert_allclose(weighted.residual_sd, offset.residual_sd, rtol=1e-6)


def test_missing_values_of_times_groups_and_dispersion_are_dropped() -> None:
    data = {name: list(values) for name, values in DATA.items()}
    data["t"][3], data["w"][8] = float("nan"), float("nan")
    with pytest.warns(hlmrs.errors.DroppedRowsWarning, match="2 of"):
        fit = hlmrs.gls("y ~ x", data, residual="ar1(t | id)", dispersion="~ w")
    rows = [k for k in range(len(data["y"])) if k not in (3, 8)]
    less = {name: [values[k] for k in rows] for name, values in DATA.items()}
    assert fit.criterion == hlmrs.gls("y ~ x", less, residual="ar1(t | id)", dispersion="~ w").criterion


@pytest.mark.parametrize(
    ("residual", "formula", "message"),
    [
        ("ar2(t | id)", "y ~ x", "no residual structure"),
        ("ar1(tt | id)", "y ~ x", "no column"),
        ("ar1(t, id)", "y ~ x", "within groups"),
        ("ar1(when | id)", "y ~ x", "car1 takes any times"),
        ("ar1(t | site)", "y ~ x", "two rows at"),
        ("us(v | id)", "y ~ x + (1 | id)", "cannot be told apart"),
        ("ar1(t | id, by=visit)", "y ~ x + (1 | site)", "several levels of by="),
        ("car1(w | y)", "y ~ x + (1 | site)", "every group has one row"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(residual: str, formula: str, message: str) -> None:
    fit = hlmrs.lmer if "|" in formula else hlmrs.gls
    with pytest.raises(hlmrs.HlmrsError, match=message):
        fit(formula, DATA, residual=residual)


def test_a_column_of_the_name_of_the_fitted_values_is_refused() -> None:
    with pytest.raises(hlmrs.FormulaError, match="stands for the fitted values"):
        hlmrs.gls("y ~ x", {**DATA, "fitted": DATA["y"]}, dispersion="~ log(fitted)")


def crossed(n_groups: int = 12, n_items: int = 6, seed: int = 5) -> dict[str, list]:
    """Items in random order within subjects, whose residuals go on from row to row."""
    rng = np.random.default_rng(seed)
    of_subject, of_item, rows = rng.normal(size=n_groups), rng.normal(size=n_items), []
    for g in range(n_groups):
        e = rng.normal()
        for t, item in enumerate(rng.permutation(n_items)[: rng.integers(4, n_items + 1)]):
            e = 0.6 * e + 0.8 * rng.normal()
            x = rng.normal()
            y = 1 + 0.5 * x + of_subject[g] + (1 + 0.3 * x) * of_item[item] + e
            rows.append((f"g{g}", f"i{item}", float(t), x, rng.uniform(0.5, 2.0), y))
    return dict(zip(("id", "item", "t", "x", "w", "y"), map(list, zip(*rows, strict=True)), strict=True))


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("effects", ["(1 | id) + (1 | item)", "(1 | item)", "(1 | id) + (1 + x || item)", "(x | item)"])
def test_crossed_random_effects_beside_correlated_residuals_have_the_criterion_of_dense_algebra(
    effects: str, reml: bool
) -> None:
    data = crossed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer(f"y ~ x + {effects}", data, residual="ar1(t | id)", weights="w", reml=reml)
    y, x = np.array(data["y"]), np.column_stack([np.ones(len(data["y"])), data["x"]])
    same = np.equal.outer(data["id"], data["id"])
    v = np.where(same, table(fit)["rho"] ** lag_of(data, "t"), 0.0) * np.outer(fit.residual_sd, fit.residual_sd)
    columns = {"(Intercept)": x[:, 0], "x": x[:, 1]}
    for row in _dicts(fit.varcorr()):
        if row["group"] != "Residual":
            one = columns[row["term1"]]
            other = one if row["term2"] is None else columns[row["term2"]]
            part = row["variance"] * np.outer(one, other) * np.equal.outer(data[row["group"]], data[row["group"]])
            v += part if row["term2"] is None else part + part.T
    assert fit.criterion == pytest.approx(dense_criterion(v, y, x, reml=reml), abs=1e-8)
    scale = np.linalg.inv(x.T @ np.linalg.inv(v) @ x)
    np.testing.assert_allclose(fit.vcov(), scale, rtol=1e-8)


def test_simulated_responses_have_the_covariance_of_the_residuals() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="us(v | id)")
    draws = fit.simulate(40_000, seed=3)
    fixed = np.column_stack([np.ones(len(DATA["y"])), DATA["x"]]) @ fit.beta
    want = residual_covariance(fit, DATA, "us(v | id)")
    got = (draws - fixed[:, None]) @ (draws - fixed[:, None]).T / draws.shape[1]
    assert np.abs(got - want).max() < 0.05 * want.max()


def test_a_refit_is_the_fit_to_the_other_response() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)", dispersion="~ w")
    other = fit.simulate(1, seed=7)[:, 0]
    again = fit.refit(other)
    direct = hlmrs.lmer("y ~ x + (1 | site)", {**DATA, "y": list(other)}, residual="ar1(t | id)", dispersion="~ w")
    assert again.criterion == pytest.approx(direct.criterion, abs=1e-6)
    np.testing.assert_allclose(again.beta, direct.beta, rtol=1e-4)
    assert again.sigma == pytest.approx(direct.sigma, rel=1e-4)


def test_bootstrap_replicates_vary_as_standard_errors_say() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="ar1(t | id)", dispersion="~ w", reml=False)
    drawn = fit.bootstrap(600, seed=11)
    sigma, slope = (drawn.values[:, drawn.terms.index(name)] for name in ("sigma", "x"))
    assert slope.std() == pytest.approx(math.sqrt(fit.vcov()[1, 1]), rel=0.12)
    error = fit.tidy(component="dispersion")["std_error"][0]
    assert np.log(sigma).std() == pytest.approx(error, rel=0.2)


def test_without_parameters_of_residuals_it_is_least_squares() -> None:
    fit = hlmrs.gls("y ~ x", DATA, reml=False)
    y, x = np.array(DATA["y"]), np.column_stack([np.ones(len(DATA["y"])), DATA["x"]])
    beta, rss = np.linalg.lstsq(x, y, rcond=None)[:2]
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-10)
    assert fit.criterion == pytest.approx(len(y) * (1 + math.log(2 * math.pi * rss[0] / len(y))), abs=1e-9)
    assert (fit.n_params, fit.tidy(ddf="residual")["df"][0]) == (3, len(y) - 2)


def test_models_of_residuals_are_compared_where_one_is_a_special_case_of_the_other() -> None:
    def fit(residual: str | None = None, dispersion: str | None = None) -> hlmrs.LinearMixedFit:
        return hlmrs.gls("y ~ x", DATA, residual=residual, dispersion=dispersion)

    def last(small: hlmrs.LinearMixedFit, large: hlmrs.LinearMixedFit) -> dict:
        return hlmrs.compare(small, large).to_dicts()[-1]

    found = last(fit("ar1(v | id)"), fit("corr(v | id)"))
    assert (found["df"], found["null_distribution"]) == (9, "chi2(9)")
    assert last(fit("cs(1 | id)"), fit("us(v | id)"))["df"] == 13
    assert last(fit(), fit("ar1(t | id)", "~ w"))["df"] == 2
    assert "not nested" in last(fit("ar1(t | id)"), fit("cs(1 | id)", "~ w"))["null_distribution"]
    assert "end of its range" in last(fit(), fit("car1(when | id)"))["null_distribution"]


def test_what_does_not_know_of_residual_parameters_says_so() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)")
    calls = [
        lambda: fit.bootstrap(3, kind="case", seed=1),
        lambda: fit.adapt(DATA),
    ]
    for call in calls:
        with pytest.raises(hlmrs.DesignError, match="residual"):
            call()


@pytest.mark.parametrize("residual", ["us(v | id)", "ar1(t | id, by=arm)", None])
def test_a_saved_fit_says_the_same(residual: str | None, tmp_path) -> None:
    fit = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual=residual, dispersion="~ w")
    with pytest.raises(hlmrs.OptionError, match="keep_rows=True"):
        fit.save(tmp_path / "without.fit")
    fit.save(tmp_path / "own.fit", keep_rows=True)
    for again in (hlmrs.load(tmp_path / "own.fit"), pickle.loads(pickle.dumps(fit))):
        assert again.criterion == fit.criterion
        np.testing.assert_array_equal(again.residual_sd, fit.residual_sd)
        for name, values in fit.residual_parameters().items():
            np.testing.assert_array_equal(again.residual_parameters()[name], values)
        np.testing.assert_array_equal(again.tidy()["df"], fit.tidy()["df"])
        assert str(again.summary()) == str(fit.summary())


def test_correlated_residuals_across_nested_levels_are_those_of_dense_algebra(tmp_path) -> None:
    data = {**DATA, "block": [f"{site}{int(t) % 2}" for site, t in zip(DATA["site"], DATA["t"], strict=True)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer("y ~ x + (1 | site/block)", data, residual="ar1(t | id)")
    v = residual_covariance(fit, data, "ar1(t | id)")
    nested = [f"{s}:{b}" for s, b in zip(data["site"], data["block"], strict=True)]
    for row in _dicts(fit.varcorr())[:-1]:
        v += row["variance"] * np.equal.outer(*[data["site"] if row["group"] == "site" else nested] * 2)
    y, x = np.array(data["y"]), np.column_stack([np.ones(len(data["y"])), data["x"]])
    assert fit.criterion == pytest.approx(dense_criterion(v, y, x, reml=True), abs=1e-8)
    fit.save(tmp_path / "own.fit", keep_rows=True)
    assert hlmrs.load(tmp_path / "own.fit").criterion == fit.criterion


@pytest.mark.parametrize("residual", ["ar1(t | id)", "car1(t | id)"])
def test_long_series_take_the_time_of_their_rows(residual: str) -> None:
    """20,000 rows of one series, of which a matrix would take 3 GB; the likelihood of an autoregression by hand."""
    rng = np.random.default_rng(5)
    n = 20_000
    noise = rng.normal(size=n)
    series = np.empty(n)
    series[0] = noise[0]
    for t in range(1, n):
        series[t] = 0.7 * series[t - 1] + np.sqrt(1 - 0.49) * noise[t]
    x = rng.normal(size=n)
    rows = {"id": np.zeros(n, int), "t": np.arange(n), "x": x, "y": 1 + 2 * x + series}
    fit = hlmrs.gls("y ~ x", rows, residual=residual, reml=False)
    rho = fit.residual_parameters()["estimate"][0]
    e = rows["y"] - fit.fitted
    shocks = np.r_[e[0], (e[1:] - rho * e[:-1]) / np.sqrt(1 - rho**2)]
    logdet = (n - 1) * np.log(1 - rho**2)
    by_hand = -0.5 * (n * np.log(2 * np.pi * fit.sigma**2) + logdet + shocks @ shocks / fit.sigma**2)
    assert fit.loglik == pytest.approx(by_hand, abs=1e-6)
    assert rho == pytest.approx(0.7, abs=0.02)
    np.testing.assert_allclose(fit.resid("normalized") * fit.sigma, shocks, atol=1e-9)


def test_the_first_visit_is_one_that_there_is() -> None:
    """The first level of by= has no row at the first visit: standard deviations are relative to its second."""
    rng = np.random.default_rng(8)
    rows = [(i, arm, t) for i in range(60) for arm in [i % 2] for t in range(3) if arm or t]
    sd = {(0, 1): 1.0, (0, 2): 3.0, (1, 0): 0.5, (1, 1): 1.0, (1, 2): 2.0}
    data = {
        "id": [i for i, _, _ in rows],
        "arm": ["ab"[arm] for _, arm, _ in rows],
        "t": [t for _, _, t in rows],
        "y": [sd[arm, t] * rng.normal() for _, arm, t in rows],
    }
    fit = hlmrs.gls("y ~ arm", data, residual="ar1h(t | id, by=arm)")
    table = fit.residual_parameters()
    found = dict(zip(table["parameter"], table["estimate"], strict=True))
    named = {(0, 1): "sd(1, a)", (0, 2): "sd(2, a)", (1, 0): "sd(0, b)", (1, 1): "sd(1, b)", (1, 2): "sd(2, b)"}
    for cell, name in named.items():
        assert found[name] == pytest.approx(sd[cell], rel=0.4), name


@pytest.mark.parametrize("seed", [1, 94, 102, 213])
@pytest.mark.parametrize("residual", ["ar1(t | id)", "arma(t | id, p=1, q=0)"])
def test_the_sign_of_an_autoregression_with_gaps_is_that_of_the_lowest_optimum(seed: int, residual: str) -> None:
    """Criteria on a grid of rho by dense algebra; with gaps there is an optimum on either side of zero."""
    rng = np.random.default_rng(seed)
    group, time, y = [], [], []
    for i in range(8):
        own = np.sort(rng.choice(14, 5, replace=False))
        group += [i] * 5
        time += own.tolist()
        y += rng.multivariate_normal(np.zeros(5), (-0.8) ** np.abs(np.subtract.outer(own, own))).tolist()
    times, values = np.array(time).reshape(8, 5), np.array(y).reshape(8, 5)

    def criterion(rho: float) -> float:
        inverse = [np.linalg.inv(rho ** np.abs(np.subtract.outer(own, own))) for own in times]
        logdet = -sum(np.linalg.slogdet(one)[1] for one in inverse)
        information = sum(one.sum() for one in inverse)
        mean = sum((one @ own).sum() for one, own in zip(inverse, values, strict=True)) / information
        square = sum((own - mean) @ one @ (own - mean) for one, own in zip(inverse, values, strict=True))
        return logdet + np.log(information) + 39 * (1 + np.log(2 * np.pi * square / 39))

    fit = hlmrs.gls("y ~ 1", {"id": group, "t": time, "y": y}, residual=residual)
    assert fit.criterion <= min(criterion(rho) for rho in np.linspace(-0.97, 0.97, 98)) + 1e-6


def test_spherical_correlations_are_no_worse_than_none() -> None:
    """Its likelihood has kinks; ranges below the smallest distance are independence."""
    rng = np.random.default_rng(0)
    group, time, y = [], [], []
    for i in range(6):
        own = np.cumsum(rng.integers(1, 6, 8))
        matrix = float(rng.choice([-0.9, -0.5, 0.9])) ** np.abs(np.subtract.outer(own, own)) + 1e-9 * np.eye(8)
        group += [i] * 8
        time += own.tolist()
        y += rng.multivariate_normal(np.zeros(8), matrix).tolist()
    data = {"id": group, "t": time, "y": y}
    plain = hlmrs.gls("y ~ 1", data)
    assert hlmrs.gls("y ~ 1", data, residual="sph(t | id)").criterion <= plain.criterion + 1e-6


def test_kenward_roger_with_car1_does_not_depend_on_the_unit_of_time() -> None:
    errors = [
        hlmrs.gls("y ~ x", DATA | {"s": np.array(DATA["t"]) * unit}, residual="car1(s | id)").tidy(ddf="kenward-roger")[
            "std_error"
        ]
        for unit in (1.0, 1 / 365, 1e-6)
    ]
    np.testing.assert_allclose(errors[1], errors[0], rtol=1e-6)
    np.testing.assert_allclose(errors[2], errors[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("residual", "options", "error", "message"),
    [
        ("us(v | id)", {"sigma": 1}, hlmrs.OptionError, "every visit has a standard deviation of its own"),
        ("ar1(date | id)", {}, hlmrs.DataError, "holds dates; give numbers, such as the days since the first"),
    ],
)
def test_requests_without_a_sensible_fit_are_refused(residual, options, error, message) -> None:
    n = len(DATA["y"])
    dates = np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"])[np.asarray(DATA["t"], int) % 4]
    data = DATA | {"row": np.arange(n), "one": np.zeros(n, int), "date": dates}
    with pytest.raises(error, match=message):
        hlmrs.gls("y ~ x", data, residual=residual, **options)


def whole_panel(n_groups: int = 30, visits: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    time = np.tile(np.arange(visits), n_groups)
    return {
        "id": np.repeat(np.arange(n_groups), visits),
        "t": time,
        "visit": np.array(["a", "b", "c", "d"])[time],
        "v": time,
        "level": np.where(time == 0, "first", "later"),
        "y": rng.normal(size=n_groups * visits),
    }


def some_rows(keep) -> dict[str, np.ndarray]:
    data = whole_panel()
    kept = keep(data)
    return {name: values[kept] for name, values in data.items()}


def changed(**columns) -> dict[str, np.ndarray]:
    data = whole_panel()
    return data | {name: change(data) for name, change in columns.items()}


BASELINE_OF_ZEROS = changed(y=lambda d: np.where(d["t"] == 0, 0.0, d["y"]))
CONSTANT_WITHIN = changed(y=lambda d: d["id"] * 1.0)
ONE_LATE_ROW = some_rows(lambda d: (d["t"] < 3) | (d["id"] == 3))
TWO_TIMES = some_rows(lambda d: d["t"] < 2)
PAIRS_OF_VISITS = some_rows(lambda d: (d["t"] < 2) == (d["id"] < 15))


@pytest.mark.parametrize(
    ("data", "formula", "options", "error", "message"),
    [
        (
            BASELINE_OF_ZEROS,
            "y ~ factor(v)",
            {"residual": "us(v | id)"},
            hlmrs.NumericalError,
            "30 responses at visit 0",
        ),
        (
            BASELINE_OF_ZEROS,
            "y ~ factor(v)",
            {"residual": "csh(v | id)"},
            hlmrs.NumericalError,
            "30 responses at visit 0",
        ),
        (BASELINE_OF_ZEROS, "y ~ factor(v)", {"dispersion": "~ level"}, hlmrs.NumericalError, "at the reference level"),
        (ONE_LATE_ROW, "y ~ factor(v)", {"residual": "ar1h(v | id)"}, hlmrs.DesignError, "the 1 response at visit 3"),
        (
            ONE_LATE_ROW,
            "y ~ 1",
            {"dispersion": "~ factor(v)", "reml": False},
            hlmrs.DesignError,
            "the 1 response at factor.v.3",
        ),
        (
            CONSTANT_WITHIN,
            "y ~ 1",
            {"residual": "ar1(t | id)"},
            hlmrs.NumericalError,
            "the same in all rows of a group",
        ),
        (
            CONSTANT_WITHIN,
            "y ~ 1",
            {"residual": "toep(v | id)"},
            hlmrs.NumericalError,
            "the same in all rows of a group",
        ),
        (TWO_TIMES, "y ~ 1", {"residual": "exp(t | id, nugget=True)"}, hlmrs.DesignError, "do not tell nugget from"),
        (TWO_TIMES, "y ~ 1", {"residual": "arma(t | id, p=1, q=1)"}, hlmrs.DesignError, "do not tell ma1 from"),
        (PAIRS_OF_VISITS, "y ~ 1", {"residual": "toep(t | id)"}, hlmrs.DesignError, "do not tell cor.lag 2. from"),
        (
            changed(t=lambda d: d["t"] + 1e17),
            "y ~ 1",
            {"residual": "car1(t | id)"},
            hlmrs.DataError,
            "too large to tell it from the next",
        ),
    ],
)
def test_parameters_that_the_rows_do_not_determine_are_refused(data, formula, options, error, message) -> None:
    with pytest.raises(error, match=message):
        hlmrs.gls(formula, data, **options)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ factor(v)", {"residual": "us(v | id)"}),
        ("y ~ factor(v)", {"residual": "toeph(v | id)"}),
        ("y ~ 1", {"residual": "arma(t | id, p=1, q=1)"}),
        ("y ~ 1", {"residual": "exp(t | id, nugget=True)", "dispersion": "~ t"}),
        ("y ~ 1", {"dispersion": "~ factor(v)"}),
        ("y ~ t", {"residual": "cs(1 | id)"}),
    ],
)
def test_parameters_that_the_rows_determine_are_not(formula, options) -> None:
    assert hlmrs.gls(formula, whole_panel(), **options).verdict.status in ("optimum", "boundary")


def rare_level(n_rare: int = 1) -> dict[str, np.ndarray]:
    return changed(
        level=lambda d: np.where(np.arange(len(d["t"])) < n_rare, "rare", "usual"),
        x=lambda d: np.sin(np.arange(len(d["t"]))),
    )


@pytest.mark.parametrize("n_rare", [1, 2])
@pytest.mark.parametrize("formula", ["y ~ x", "y ~ x + (1 | id)"])
def test_a_rare_level_has_a_standard_deviation_by_reml_alone(formula, n_rare) -> None:
    """Where X explains its rows, log|V| + log|X'V^-1 X| does not move with s; by ML there is no minimum."""
    data = rare_level(n_rare)
    fit = hlmrs.lmer if "|" in formula else hlmrs.gls
    assert math.isfinite(fit(formula, data, dispersion="~ level").criterion)
    s = "" if n_rare == 1 else "s"
    with pytest.raises(hlmrs.DesignError, match=f"the {n_rare} response{s} at"):
        fit(formula, data, dispersion="~ level", reml=False)
    if n_rare == 1:
        with pytest.raises(hlmrs.DesignError, match="the 1 response at"):
            fit(formula.replace("x", "x + level"), data, dispersion="~ level")


def test_the_reml_criterion_of_a_rare_level_is_that_of_dense_algebra() -> None:
    data = rare_level(2)
    fit = hlmrs.gls("y ~ x", data, dispersion="~ level")
    x, y = np.column_stack([np.ones(120), data["x"]]), data["y"]

    def criterion(log_sd):
        v = np.exp(2 * np.where(data["level"] == "rare", log_sd[0], log_sd[1]))
        xvx = x.T @ (x / v[:, None])
        r = y - x @ np.linalg.solve(xvx, x.T @ (y / v))
        return np.log(v).sum() + np.linalg.slogdet(xvx)[1] + r @ (r / v) + (120 - 2) * np.log(2 * np.pi)

    at = np.log(fit.residual_sd)[[0, -1]]
    assert abs(criterion(at) - fit.criterion) < 1e-8
    for step in ([0.1, 0], [-0.1, 0], [0, 0.1], [0, -0.1]):
        assert criterion(at + step) > fit.criterion


@pytest.mark.parametrize("structure", ["ar1", "ar1h"])
@pytest.mark.parametrize("seed", range(6))
def test_the_sign_that_even_lags_do_not_tell_is_positive(structure, seed) -> None:
    weeks = [2, 4, 8, 12]
    matrix = 0.95 ** np.abs(np.subtract.outer(weeks, weeks))
    y = np.random.default_rng(seed).multivariate_normal(np.zeros(4), matrix, size=20).ravel()
    data = {"id": np.repeat(np.arange(20), 4), "week": np.tile(weeks, 20), "y": y}
    fit = hlmrs.gls("y ~ week", data, residual=f"{structure}(week | id)")
    assert table(fit)["rho"] > 0.8
    if structure == "ar1":
        other = hlmrs.gls("y ~ week", data, residual="car1(week | id)")
        assert abs(fit.criterion - other.criterion) < 1e-6
        ahead = {"id": [0], "week": [13]}
        assert math.isclose(fit.predict(ahead, forecast=True)[0], other.predict(ahead, forecast=True)[0], rel_tol=1e-4)


def test_long_gaps_do_not_hide_a_correlation() -> None:
    weeks = np.array([2, 4, 8, 12])
    matrix = 0.95 ** np.abs(np.subtract.outer(weeks, weeks))
    y = np.random.default_rng(5).multivariate_normal(np.zeros(4), matrix, size=20).ravel()
    data = {"id": np.repeat(np.arange(20), 4), "day": np.tile(weeks * 365, 20), "y": y}
    fits = [hlmrs.gls("y ~ 1", data, residual=f"{name}(day | id)") for name in ("ar1", "car1")]
    assert abs(fits[0].criterion - fits[1].criterion) < 1e-6


@pytest.mark.parametrize("decay", ["exp", "gau", "sph"])
@pytest.mark.parametrize("seed", range(4))
def test_a_nugget_is_no_worse_than_compound_symmetry(decay, seed) -> None:
    """Whose correlations are the limit of a range without end."""
    rng = np.random.default_rng(seed)
    n, visits = 8, 5
    ids = np.repeat(np.arange(n), visits)
    time = np.tile(np.arange(visits), n) + rng.uniform(0, 0.6, n * visits)
    data = {"id": ids, "t": time, "y": rng.normal(size=n)[ids] + rng.normal(size=n * visits)}
    fit = hlmrs.gls("y ~ 1", data, residual=f"{decay}(t | id, nugget=True)")
    assert fit.criterion <= hlmrs.gls("y ~ 1", data, residual="cs(1 | id)").criterion + 1e-3


def test_a_covariance_of_visits_that_few_groups_have_has_no_maximum() -> None:
    rng = np.random.default_rng(1)
    ids, time = np.repeat(np.arange(20), 4), np.tile(np.arange(4), 20)
    y = rng.normal(size=80) + rng.normal(size=20)[ids]
    kept = (time < 3) | (ids < 4)
    data = {"id": ids[kept], "t": time[kept], "y": y[kept]}
    with pytest.warns(hlmrs.HlmrsWarning):
        fit = hlmrs.gls("y ~ factor(t)", data, residual="us(t | id)")
    assert not fit.converged
    assert "no maximum" in fit.verdict.reason
    with pytest.warns(hlmrs.HlmrsWarning):
        trial = hlmrs.mmrm("y ~ factor(t)", data, covariance=["us", "toeph"], visit="t", subject="id")
    assert "toeph" in str(trial.formula) + str(trial.summary())


def test_a_search_of_residuals_that_stops_says_what_can_be_done() -> None:
    with pytest.warns(hlmrs.ConvergenceWarning):
        fit = hlmrs.gls("y ~ x", DATA, residual="us(v | id)", control=hlmrs.Control(max_evaluations=1))
    assert "fewer parameters" in fit.verdict.advice[-1]
    assert "start=" not in " ".join(fit.verdict.advice)


@pytest.mark.parametrize("residual", ["ad(t | id)", "toep(t | id)", "us(t | id)"])
def test_structures_of_visits_refuse_long_series(residual: str) -> None:
    data = {
        "id": np.repeat([0, 1, 2], 200),
        "t": np.tile(np.arange(200), 3),
        "y": np.random.default_rng(0).normal(size=600),
    }
    with pytest.raises(hlmrs.DesignError, match="200 visits are more than this structure has time for, 100 at most"):
        hlmrs.gls("y ~ 1", data, residual=residual)


def test_a_pickled_fit_has_its_visits() -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual="us(v | id)")
    again = pickle.loads(pickle.dumps(fit))
    for name, values in fit.residual_covariance().items():
        np.testing.assert_array_equal(again.residual_covariance()[name], values)


@pytest.mark.parametrize("correlation", [False, True])
@pytest.mark.parametrize("dispersion", [None, "~ arm", "~ x", "~ log(fitted)"])
def test_residuals_without_correlation_have_no_table_of_covariances(dispersion: str | None, correlation: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = DATA | {"y": [30 + y for y in DATA["y"]]}
        fits = [hlmrs.gls("y ~ x", data, dispersion=dispersion)]
        fits += [hlmrs.lmer("y ~ x + (1 | site)", data, dispersion=dispersion)] if dispersion else []
    for fit in fits:
        with pytest.raises(hlmrs.DesignError, match=r"are not correlated .* fit\.residual_sd has those of rows"):
            fit.residual_covariance(correlation=correlation)
        assert len(fit.residual_sd) == fit.nobs


def test_rows_are_counted_by_the_part_that_misses_a_value() -> None:
    n = len(DATA["y"])
    holes = {"y": range(8), "arm": range(4, 14)}
    whole = DATA | {"y": [30 + y for y in DATA["y"]]}
    data = whole | {name: [None if k in own else whole[name][k] for k in range(n)] for name, own in holes.items()}
    for dispersion in ("~ arm", "~ arm + log(fitted)"):
        with pytest.warns(hlmrs.DroppedRowsWarning, match=r"14 of \d+ rows .* \(y: 8, dispersion: 10\)"):
            hlmrs.lmer("y ~ x + (1 | site)", data, dispersion=dispersion)
