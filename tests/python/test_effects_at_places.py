"""Random effects at places, whose correlations fall with the distance: ou(t | g), exp(x + y | g), gau(t | g)."""

import warnings

import numpy as np
import polars as pl
import pytest
from scipy.special import gamma, kv

import hlmrs
from hlmrs.display.numbers import short
from hlmrs.formula import parse

TIMES = np.array([0.0, 1.0, 2.0, 3.5, 4.0, 6.0, 7.5, 9.0])
DECAYS = {
    "ou": lambda u: np.exp(-u),
    "exp": lambda u: np.exp(-u),
    "gau": lambda u: np.exp(-(u**2)),
    "mat": lambda u: matern(u, 1.5),
    "mat(nu=2.5)": lambda u: matern(u, 2.5),
}


def matern(u, nu):
    """Matérn's correlation by its Bessel function."""
    at = np.where(u > 0, u, 1.0)
    return np.where(u > 0, at**nu * kv(nu, at) / (2 ** (nu - 1) * gamma(nu)), 1.0)


def simulated(seed=1, n_groups=30, rows=2, decay="exp", measure=3.0):
    """Rows at most of the times in every group, crossed with items."""
    rng = np.random.default_rng(seed)
    correlations = DECAYS[decay](np.abs(TIMES[:, None] - TIMES) / measure)
    items, lower = rng.normal(size=6), np.linalg.cholesky(correlations + 1e-10 * np.eye(len(TIMES)))
    found = []
    for g in range(n_groups):
        effects = 1.5 * lower @ rng.normal(size=len(TIMES))
        for k, time in enumerate(TIMES):
            for _ in range(rows):
                if rng.random() < 0.85:
                    i = rng.integers(6)
                    found.append((f"g{g:02d}", f"i{i}", time, rng.normal(), effects[k] + 0.6 * items[i], rng.normal()))
    data = pl.DataFrame(found, ["g", "item", "t", "x", "b", "e"], orient="row")
    side = pl.col("item").str.slice(1).cast(pl.Int64) % 3
    data = data.with_columns(y=2 + 0.5 * pl.col("x") + pl.col("b") + 0.8 * pl.col("e"), w=0.5 + side, s=side * 2.5)
    return data.drop("b", "e")


DATA = simulated()
ONE_A_PLACE = DATA.unique(["g", "t"], keep="first", maintain_order=True)


def estimates(fit):
    found = fit.tidy("ran_pars")
    return dict(zip(found["term"], found["estimate"], strict=True))


def indicators(values):
    return (values[:, None] == np.unique(values)).astype(float)


def dense_criterion(fit, data, columns, decay, *, reml, weights=None, crossed=()):
    """-2 log-likelihood of the estimates from V itself."""
    own = estimates(fit)
    points = data.select(columns).to_numpy().astype(float)
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    measure = own.get("range(g)") or 1 / own["rate(g)"]
    same = data["g"].to_numpy()[:, None] == data["g"].to_numpy()
    v = own["sd(g)"] ** 2 * same * DECAYS[decay](distances / measure)
    for name in crossed:
        z = indicators(data[name].to_numpy())
        v += own[f"sd((Intercept) | {name})"] ** 2 * z @ z.T
    w = np.ones(len(data)) if weights is None else data[weights].to_numpy()
    v += own["sigma"] ** 2 * np.diag(1 / w)
    x, y = np.column_stack([np.ones(len(data)), data["x"]]), data["y"].to_numpy()
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    xvx = x.T @ solved[:, :-1]
    beta = np.linalg.solve(xvx, x.T @ solved[:, -1])
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-8)
    rest = y - x @ beta
    n = len(y) - (2 if reml else 0)
    value = np.linalg.slogdet(v)[1] + rest @ np.linalg.solve(v, rest) + n * np.log(2 * np.pi)
    return value + (np.linalg.slogdet(xvx)[1] if reml else 0)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    ("term", "columns", "decay"),
    [
        ("ou(t | g)", ["t"], "ou"),
        ("exp(t | g)", ["t"], "exp"),
        ("gau(t | g)", ["t"], "gau"),
        ("exp(t + s | g)", ["t", "s"], "exp"),
        ("gau(s + t | g)", ["t", "s"], "gau"),
        ("mat(t | g)", ["t"], "mat"),
        ("mat(t + s | g, nu=2.5)", ["t", "s"], "mat(nu=2.5)"),
    ],
)
def test_the_criterion_is_that_of_the_dense_covariance(term, columns, decay, reml):
    plain = hlmrs.lmer(f"y ~ x + {term}", DATA, reml=reml)
    assert plain.criterion == pytest.approx(dense_criterion(plain, DATA, columns, decay, reml=reml), rel=1e-10)
    both = hlmrs.lmer(f"y ~ x + {term} + (1 | item)", DATA, weights="w", reml=reml)
    want = dense_criterion(both, DATA, columns, decay, reml=reml, weights="w", crossed=["item"])
    assert both.criterion == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize("reml", [True, False])
def test_at_whole_times_ou_is_ar1(reml):
    data = DATA.with_columns(k=pl.col("t").rank("dense").cast(pl.Int64))
    ou, ar1 = (hlmrs.lmer(f"y ~ x + {term}", data, reml=reml) for term in ("ou(k | g)", "ar1(0 + factor(k) | g)"))
    assert ou.criterion == pytest.approx(ar1.criterion, abs=1e-7)
    assert np.exp(-estimates(ou)["rate(g)"]) == pytest.approx(estimates(ar1)["cor(g)"], abs=1e-4)
    np.testing.assert_allclose(ou.ranef()["estimate"], ar1.ranef()["estimate"], atol=1e-3)


def test_a_rate_is_one_over_the_range():
    ou, exponential = (hlmrs.lmer(f"y ~ x + {name}(t | g)", DATA) for name in ("ou", "exp"))
    assert ou.criterion == pytest.approx(exponential.criterion, abs=1e-8)
    assert estimates(ou)["rate(g)"] == pytest.approx(1 / estimates(exponential)["range(g)"], rel=1e-5)


@pytest.mark.parametrize("name", ["exp", "gau"])
def test_with_one_row_a_place_it_is_a_residual_structure_with_a_nugget(name):
    random = hlmrs.lmer(f"y ~ x + {name}(t | g)", ONE_A_PLACE)
    marginal = hlmrs.gls("y ~ x", ONE_A_PLACE, residual=f"{name}(t | g, nugget=True)")
    assert random.criterion == pytest.approx(marginal.criterion, abs=1e-7)
    own, found = estimates(random), marginal.residual_parameters()
    residual = dict(zip(found["parameter"], found["estimate"], strict=True))
    total = own["sd(g)"] ** 2 + own["sigma"] ** 2
    assert own["range(g)"] == pytest.approx(residual["range"], rel=1e-3)
    assert own["sigma"] ** 2 / total == pytest.approx(residual["nugget"], rel=1e-3)
    assert total**0.5 == pytest.approx(marginal.sigma, rel=1e-4)


@pytest.mark.parametrize("places", ["t", "t + s"])
def test_a_matern_covariance_of_smoothness_one_half_is_the_exponential_one(places):
    rough, exponential = (
        hlmrs.lmer(f"y ~ x + {term}", DATA) for term in (f"mat({places} | g, nu=0.5)", f"exp({places} | g)")
    )
    assert rough.criterion == pytest.approx(exponential.criterion, abs=1e-9)
    assert estimates(rough) == pytest.approx(estimates(exponential), rel=1e-6)


def test_the_smoothness_is_part_of_what_a_term_is_called():
    for text in ("mat(t | g)", "mat(t + s | g, nu=0.5)", "mat(t | g, nu=2.5)"):
        (term,) = parse(f"y ~ {text}").random
        assert term.name == text
    assert parse("y ~ mat(t | g, nu=1.5)").random == parse("y ~ mat(t | g)").random
    fit = hlmrs.lmer("y ~ x + mat(t | g, nu=2.5)", DATA)
    assert "mat(nu=2.5), 8 effects" in str(fit.summary())
    low, high = (
        fit.confint(method="profile").filter(pl.col("term") == "range(g)").select("conf_low", "conf_high").row(0)
    )
    assert low < estimates(fit)["range(g)"] < high
    wald = fit.tidy("ran_pars", conf_int="wald").filter(pl.col("term") == "range(g)")
    assert wald["std_error"].item() == pytest.approx((high - low) / 4, rel=0.5)


def test_units_of_time_and_the_order_of_rows_do_not_matter():
    fit = hlmrs.lmer("y ~ x + ou(t | g)", DATA)
    other = hlmrs.lmer(
        "y ~ x + ou(t | g)", DATA.with_columns(t=1000 * pl.col("t") + 7).sample(fraction=1, shuffle=True, seed=1)
    )
    assert other.criterion == pytest.approx(fit.criterion, abs=1e-8)
    assert estimates(other)["rate(g)"] == pytest.approx(estimates(fit)["rate(g)"] / 1000, rel=1e-5)


@pytest.mark.parametrize("name", ["ou", "gau"])
def test_a_generalized_model_of_normal_responses_is_the_linear_one(name):
    formula = f"y ~ x + {name}(t | g)"
    linear, generalized = hlmrs.lmer(formula, DATA, reml=False), hlmrs.glmer(formula, DATA, family="gaussian")
    assert generalized.criterion == pytest.approx(linear.criterion, abs=1e-6)
    shared = estimates(generalized)
    assert shared == pytest.approx({key: estimates(linear)[key] for key in shared}, rel=1e-3)


def test_a_generalized_model_at_whole_times_is_that_of_ar1():
    data = DATA.with_columns(k=pl.col("t").rank("dense").cast(pl.Int64), c=(pl.col("y") > 2).cast(pl.Int64))
    ou, ar1 = (
        hlmrs.glmer(f"c ~ x + {term}", data, family="binomial") for term in ("ou(k | g)", "ar1(0 + factor(k) | g)")
    )
    assert ou.criterion == pytest.approx(ar1.criterion, abs=1e-5)
    assert np.exp(-estimates(ou)["rate(g)"]) == pytest.approx(estimates(ar1)["cor(g)"], abs=1e-3)


def test_intervals_name_the_range():
    fit = hlmrs.lmer("y ~ x + exp(t | g)", DATA, reml=False)
    found = fit.confint(method="profile")
    low, high = found.filter(pl.col("term") == "range(g)").select("conf_low", "conf_high").row(0)
    for end in (low, high):
        held = hlmrs.lmer("y ~ x + exp(t | g)", DATA, reml=False, control=hlmrs.Control(fix={"range(g)": end}))
        assert held.criterion - fit.criterion == pytest.approx(1.959964**2, abs=1e-4)
    row = fit.tidy("ran_pars", conf_int="wald").filter(pl.col("term") == "range(g)")
    assert np.log(row["conf_low"].item() / low) == pytest.approx(0, abs=0.2)
    assert row["std_error"].item() > 0
    boot = fit.confint(method="boot", n=40, seed=1)
    assert boot.filter(pl.col("term") == "range(g)")["conf_low"].item() > 0


def test_the_rate_of_a_generalized_model_has_a_profile():
    data = DATA.with_columns(c=(pl.col("y") > 2).cast(pl.Int64))
    fit = hlmrs.glmer("c ~ x + ou(t | g)", data, family="binomial")
    low, high = fit.confint(method="profile").filter(pl.col("term") == "rate(g)").select("conf_low", "conf_high").row(0)
    assert 0 <= low < estimates(fit)["rate(g)"] < high


def test_a_range_and_standard_deviations_can_be_held():
    control = hlmrs.Control(fix={"range(g)": 2.5, "sd(g)": 1.3})
    fit = hlmrs.lmer("y ~ x + exp(t | g)", DATA, control=control)
    assert (estimates(fit)["range(g)"], estimates(fit)["sd(g)"]) == pytest.approx((2.5, 1.3), rel=1e-9)
    assert fit.criterion == pytest.approx(dense_criterion(fit, DATA, ["t"], "exp", reml=True), rel=1e-10)
    with pytest.raises(hlmrs.OptionError, match="value between 0 and inf"):
        hlmrs.lmer("y ~ x + exp(t | g)", DATA, control=hlmrs.Control(fix={"range(g)": -1}))


@pytest.mark.parametrize("term", ["ou(t | g)", "exp(t + s | g)"])
def test_a_saved_fit_predicts_and_has_its_parameters(term, tmp_path):
    data = DATA.with_columns(c=(pl.col("y") > 2).cast(pl.Int64))
    fits = (hlmrs.lmer(f"y ~ x + {term}", data), hlmrs.glmer(f"c ~ x + {term}", data, family="binomial"))
    for fit in fits:
        fit.save(tmp_path / "fit")
        again = hlmrs.load(tmp_path / "fit")
        assert estimates(again) == pytest.approx(estimates(fit), rel=1e-12)
        np.testing.assert_allclose(again.predict(data.head(20)), fit.predict(data.head(20)), rtol=1e-12)


def test_rows_elsewhere_have_the_prediction_of_the_population_alone():
    fit = hlmrs.lmer("y ~ x + t + ou(t | g)", DATA)
    new = DATA.head(3).with_columns(t=2.6)
    population = fit.beta[0] + fit.beta[1] * new["x"].to_numpy() + fit.beta[2] * 2.6
    np.testing.assert_allclose(fit.predict(new, random_effects=False), population, rtol=1e-12)
    with pytest.raises(hlmrs.DataError, match=r"is at t = 2.6, where the fit has no effect of ou\(t \| g\)"):
        fit.predict(new)
    plane = hlmrs.lmer("y ~ x + exp(t + s | g)", DATA.filter((pl.col("t") > 1) | (pl.col("s") > 0)))
    with pytest.raises(hlmrs.DataError, match=r"is at t = 1, s = 0, where the fit has no effect"):
        plane.predict(DATA.filter((pl.col("t") == 1) & (pl.col("s") == 0)))
    assert "2.7" in str(fit.emmeans("t", at={"t": [2.7]}))


def test_simulated_responses_have_the_covariance_of_the_model():
    fit = hlmrs.lmer("y ~ x + exp(t | g)", DATA)
    draws = fit.simulate(2000, seed=1) - (fit.beta[0] + fit.beta[1] * DATA["x"].to_numpy())[:, None]
    first = DATA.with_row_index().filter(pl.col("g") == "g00")
    own = draws[first["index"].to_numpy()]
    got = np.cov(own)
    values = estimates(fit)
    times = first["t"].to_numpy()
    want = values["sd(g)"] ** 2 * np.exp(-np.abs(times[:, None] - times) / values["range(g)"])
    want += values["sigma"] ** 2 * np.eye(len(times))
    assert np.abs(got - want).max() < 0.25


def test_without_correlation_effects_are_independent_and_the_verdict_says_so():
    rng = np.random.default_rng(3)
    signs = pl.DataFrame({"g": [f"g{k:02d}" for k in range(30)], "sign": rng.choice([-1.0, 1.0], 30)})
    # neighbours in time are of opposite sign, which correlations that fall to zero do not reach
    effect = pl.col("sign") * (-1.0) ** pl.col("t").rank("dense").cast(pl.Int64)
    data = DATA.join(signs, on="g").with_columns(y=1.5 * effect + pl.Series(rng.normal(size=len(DATA))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = hlmrs.lmer("y ~ x + exp(t | g)", data)
    plain = hlmrs.lmer("y ~ x + (1 | g:t)", data)
    assert (fit.verdict.status, fit.verdict.limits) == ("boundary", ("exp(t | g)",))
    assert fit.verdict.suggestions == {"exp(t | g)": "(1 | g:t)"}
    assert "not correlated even at the smallest distance" in fit.verdict.advice[0]
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-6)


def test_with_a_range_without_end_effects_are_one_and_the_verdict_says_so():
    rng = np.random.default_rng(4)
    effects = pl.DataFrame({"g": [f"g{k:02d}" for k in range(30)], "b": 2 * rng.normal(size=30)})
    data = DATA.join(effects, on="g").with_columns(e=pl.Series(rng.normal(size=len(DATA))))
    data = data.with_columns(y=pl.col("b") + pl.col("e"))
    # residuals that tell one time from the next the less the nearer they are
    data = data.with_columns(y=pl.col("y") - pl.col("e").mean().over("g", "t"))
    with pytest.warns(hlmrs.SingularFitWarning, match="correlation one at every distance"):
        fit = hlmrs.lmer("y ~ x + ou(t | g)", data)
    assert fit.verdict.suggestions == {"ou(t | g)": "(1 | g)"}
    assert fit.criterion == pytest.approx(hlmrs.lmer("y ~ x + (1 | g)", data).criterion, abs=1e-6)


def test_near_gaussian_effects_are_at_no_boundary():
    data = simulated(decay="gau", measure=8.0)
    fit = hlmrs.lmer("y ~ x + gau(t | g)", data)
    assert fit.verdict.status == "optimum"
    assert 4 < estimates(fit)["range(g)"] < 16


def test_a_term_reads_back_as_it_is_written():
    for text in ("ou(t | g)", "exp(t + s | g)", "gau(`a b` + t | g:h)"):
        (term,) = parse(f"y ~ {text}").random
        assert term.name == text
    (with_zero,) = parse("y ~ ou(t + 0 | g)").random
    (of_factor,) = parse("y ~ ou(0 + factor(t) | g)").random
    assert with_zero.name == of_factor.name == "ou(t | g)"


def test_the_function_exp_stands_beside_the_structure():
    fit = hlmrs.lmer("y ~ exp(x) + exp(t | g)", DATA)
    assert fit.coef_names == ["(Intercept)", "exp(x)"]


@pytest.mark.parametrize(
    ("formula", "change", "error", "says"),
    [
        (
            "y ~ ou(t | g)",
            {"t": pl.lit(1.0)},
            hlmrs.DesignError,
            r"there is one place, for \(t\) has one value.*\(1 \| g\)",
        ),
        (
            "y ~ ou(t | g)",
            {"t": pl.col("t").cast(pl.Utf8)},
            hlmrs.DataError,
            r"'t' is text .* but ou\(t \| g\) needs numbers",
        ),
        ("y ~ ou(t | g)", {"t": pl.col("t") > 2}, hlmrs.DataError, "'t' is boolean"),
        (
            "y ~ exp(t | g)",
            {"t": pl.int_range(pl.len())},
            hlmrs.DesignError,
            r"\(t\) has \d+ distinct values.*at most \d+",
        ),
        ("y ~ ou(t + s | g)", {}, hlmrs.DesignError, r"one column of times.*exp\(t \+ s \| g\)"),
        ("y ~ ou(1 | g)", {}, hlmrs.FormulaError, r"ou\(\) takes columns of times or coordinates: ou\(t \| g\)"),
        ("y ~ ou(log(t) | g)", {}, hlmrs.FormulaError, r"'log\(t\)' is none; compute it before the fit"),
        ("y ~ exp(t:s | g)", {}, hlmrs.FormulaError, "'t:s' is none"),
        ("y ~ ou(t || g)", {}, hlmrs.FormulaError, "says diagonal"),
        ("y ~ mat(t | g, nu=1)", {}, hlmrs.FormulaError, "nu is one of 0.5, 1.5, 2.5"),
        ("y ~ ou(t | g, nu=1.5)", {}, hlmrs.FormulaError, r"ou\(\) takes one random term: ou\(x \| g\)"),
        ("y ~ mat(t | g, kappa=1.5)", {}, hlmrs.FormulaError, r"mat\(\) takes one random term and nu="),
        ("y ~ gau(t)", {}, hlmrs.FormulaError, r"gau\(\) takes a random term"),
    ],
)
def test_errors_name_the_column_and_the_fix(formula, change, error, says):
    data = pl.concat([DATA, DATA.with_columns(g=pl.col("g") + "b")]).with_columns(**change)
    with pytest.raises(error, match=says):
        hlmrs.lmer(formula, data)


def test_rows_without_a_time_are_dropped_and_counted():
    data = DATA.with_columns(t=pl.when(pl.col("t") > 8).then(None).otherwise(pl.col("t")))
    with pytest.warns(hlmrs.DroppedRowsWarning, match="t: "):
        fit = hlmrs.lmer("y ~ x + ou(t | g)", data)
    assert fit.criterion == pytest.approx(hlmrs.lmer("y ~ x + ou(t | g)", data.drop_nulls()).criterion, rel=1e-12)


def alike_or_not(is_alike: bool, seed: int) -> dict[str, np.ndarray]:
    """Two rows at each of five times of 25 groups, whose effects are one at all times, or independent."""
    rng = np.random.default_rng(seed)
    effects = np.repeat(rng.normal(size=25), 5) if is_alike else rng.normal(size=125)
    return {
        "y": np.concatenate([effects + 0.5 * rng.normal(size=125) for _ in range(2)]),
        "t": np.tile(np.tile(np.arange(5.0), 25), 2),
        "g": np.tile(np.repeat(np.arange(25), 5), 2),
    }


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("structure", ["ou", "exp", "mat"])
def test_tests_at_a_range_of_zero_are_those_of_independent_effects(structure, seed) -> None:
    data = alike_or_not(False, seed)
    fit, same = (hlmrs.lmer(f"y ~ t + {term}", data) for term in (f"{structure}(t | g)", "(1 | g:t)"))
    assert abs(fit.criterion - same.criterion) < 1e-6
    for name in ("std_error", "df"):
        np.testing.assert_allclose(fit.tidy()[name], same.tidy()[name], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("structure", ["ou", "exp", "gau", "mat"])
def test_a_range_is_never_negative(structure, seed) -> None:
    fit = hlmrs.lmer(f"y ~ t + {structure}(t | g)", alike_or_not(True, seed))
    value = fit.tidy("ran_pars")["estimate"][1]
    assert value >= 0
    assert not np.signbit(value)


PLACED = {"ou": "rate", "exp": "range", "gau": "range", "mat": "range"}


@pytest.mark.parametrize("structure", PLACED)
@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
def test_effects_at_many_times_are_told_of_by_their_parameters(structure):
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(8), 5)
    t = np.round(rng.uniform(0, 6, 40), 6)
    y = rng.normal(size=8)[group] + np.sin(3 * t) + 0.3 * rng.normal(size=40)
    fit = hlmrs.lmer(f"y ~ 1 + {structure}(t | g)", {"y": y, "t": t, "g": group.astype(str)})
    parameters = fit.tidy(effects="ran_pars")
    sd, distance = np.asarray(parameters["estimate"], float)[:2]
    components = fit.varcorr()
    assert list(components["term1"]) == [f"{structure}, 40 effects", None]
    assert components["sd"][0] == pytest.approx(sd)
    whole = fit.varcorr(full=True)
    assert len(whole["group"]) == 40 * 41 // 2 + 1
    assert fit.varcorr(se=True)["std_error"][0] == pytest.approx(fit.varcorr(se=True, full=True)["std_error"][0])
    text = " ".join(str(fit.text()).split())
    assert f"({structure}, 40 effects by g)" in text
    assert f"({structure} {PLACED[structure]} by g)" in text
    equations = str(fit.equations(estimates=True))
    assert equations.count("\n") < 20
    assert f"{structure} covariance: sd {short(sd)}, {PLACED[structure]} {short(distance)}" in equations
    table = str(hlmrs.table(fit))
    assert table.count("\n") < 30
    line = next(own for own in table.splitlines() if f"g: {structure} {PLACED[structure]}" in own)
    assert float(line.split()[-1]) == pytest.approx(distance, rel=5e-3)
