"""Checks of generalized fits: quantile residuals, exact and simulated, find what is wrong and nothing else."""

from importlib import import_module

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly, rows_of_groups
from golden import library, rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

POSITIVE = data_of().filter(pl.col("count") > 0)
SHARES = data_of().with_columns(share=(pl.col("won") + 0.5) / (pl.col("won") + pl.col("lost") + 1))
FAMILIES = {
    "binomial": ("cbind(won, lost) ~ x + (1 | g)", data_of(), {"family": "binomial"}),
    "poisson": ("count ~ x + (1 | g)", data_of(), {"family": "poisson"}),
    "nbinom2": ("count ~ x + (1 | g)", data_of(), {"family": "nbinom2"}),
    "nbinom1": ("count ~ x + (1 | g)", data_of(), {"family": "nbinom1"}),
    "gamma": ("time ~ x + (1 | g)", data_of(), {"family": "gamma", "link": "log"}),
    "inverse_gaussian": ("time ~ x + (1 | g)", data_of(), {"family": "inverse_gaussian", "link": "log"}),
    "beta": ("share ~ x + (1 | g)", SHARES, {"family": "beta"}),
    "gaussian": ("time ~ x + (1 | g)", data_of(), {"family": "gaussian", "link": "log"}),
    "lognormal": ("time ~ x + (1 | g)", data_of(), {"family": "lognormal"}),
    "student": ("time ~ x + (1 | g)", data_of(), {"family": "student"}),
    "truncated_poisson": ("count ~ x + (1 | g)", POSITIVE, {"family": "truncated_poisson"}),
}


def below(fit, y, trials):
    """P(Y <= y) by SciPy, at the fitted random effects."""
    # of a lognormal response that of logarithms, of a truncated one that of the whole law
    mean = fit.predict(type="link") if fit.family.name == "lognormal" else fit.predict(type="conditional")
    mean = np.exp(fit.predict(type="link")) if fit.family.name == "truncated_poisson" else mean
    dispersion = fit._estimate.own.coefficients_of("dispersion")[0] if "dispersion" in fit._estimate.parts else 0.0
    phi = np.exp(dispersion)
    return {
        "binomial": lambda: stats.binom.cdf(y, trials, mean),
        "poisson": lambda: stats.poisson.cdf(y, mean),
        "nbinom2": lambda: stats.nbinom.cdf(y, phi, phi / (phi + mean)),
        "nbinom1": lambda: stats.nbinom.cdf(y, mean / phi, 1 / (1 + phi)),
        "gamma": lambda: stats.gamma.cdf(y, phi, scale=mean / phi),
        "inverse_gaussian": lambda: stats.invgauss.cdf(y, mean * phi, scale=1 / phi),
        "beta": lambda: stats.beta.cdf(y, mean * phi, (1 - mean) * phi),
        "gaussian": lambda: stats.norm.cdf(y, mean, phi),
        "lognormal": lambda: stats.norm.cdf(np.log(y), mean, phi),
        "student": lambda: stats.t.cdf((y - mean) / phi, fit.family_parameters["df"]),
        "truncated_poisson": lambda: (stats.poisson.cdf(y, mean) - np.exp(-mean)) / (1 - np.exp(-mean)),
    }[fit.family.name]()


@pytest.mark.parametrize("name", FAMILIES)
def test_exact_quantile_residuals_lie_between_the_ends_of_the_step_of_the_response(name):
    formula, data, options = FAMILIES[name]
    fit = quietly(lambda: hlmrs.glmer(formula, data, **options))
    y, trials = fit._estimate.response.y, fit._estimate.response.trials
    high = below(fit, y, trials)
    discrete = name in ("binomial", "poisson", "nbinom1", "nbinom2", "truncated_poisson")
    low = np.where(y > 0, below(fit, y - 1, trials), 0.0) if discrete else high
    got = np.array([fit.resid("quantile", method="exact", seed=seed) for seed in range(60)])
    assert (got >= low - 1e-9).all()
    assert (got <= high + 1e-9).all()
    np.testing.assert_allclose(
        got.max(axis=0) - got.min(axis=0), 0.96 * (high - low), atol=0.12 * (high - low).max() + 1e-9
    )
    np.testing.assert_array_equal(got[3], fit.resid("quantile", method="exact", seed=3))


def test_exact_residuals_of_zero_parts_and_ordered_responses():
    fit = fit_of("zero part")
    y, mean = fit._estimate.response.y, fit.predict(type="conditional")
    phi, zero = fit.dispersion, fit.predict(type="zprob")
    high = zero + (1 - zero) * stats.nbinom.cdf(y, phi, phi / (phi + mean))
    low = np.where(y > 0, zero + (1 - zero) * stats.nbinom.cdf(y - 1, phi, phi / (phi + mean)), 0.0)
    got = fit.resid("quantile", method="exact", seed=1)
    assert ((low - 1e-9 <= got) & (got <= high + 1e-9)).all()
    fit = fit_of("ordered")
    below = np.column_stack([np.zeros(fit.nobs), np.cumsum(fit.predict(type="prob").to_numpy(), axis=1)])
    code = np.array([["low", "mid", "high"].index(v) for v in data_of()["grade"]])
    got, i = fit.resid("quantile", method="exact", seed=1), np.arange(fit.nobs)
    assert ((below[i, code] <= got) & (got <= below[i, code + 1])).all()
    tweedie = quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", data_of(), family="tweedie"))
    with pytest.raises(hlmrs.OptionError, match="method='simulated'"):
        tweedie.resid("quantile", method="exact")


def test_the_test_of_uniformity_is_that_of_kolmogorov_and_smirnov():
    from hlmrs.diagnostics.simulated import uniformity

    rng = np.random.default_rng(2)
    for n, power in ((40, 1.0), (200, 1.0), (200, 1.2), (1000, 1.1)):
        u = rng.random(n) ** power
        distance, p = uniformity(u)
        want = stats.kstest(u, "uniform")
        assert distance == pytest.approx(want.statistic, abs=1e-12)
        assert p == pytest.approx(want.pvalue, abs=0.02)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_holds_has_no_concern(name):
    found = quietly(lambda: fit_of(name).check(seed=1))
    verdicts = {check.name: check.verdict for check in found.checks}
    assert "concern" not in verdicts.values()
    assert {verdicts[name] for name in ("residuals", "outliers")} == {"no concern"}
    table = rows(found.to_frame())
    assert [row["check"] for row in table] == [check.name for check in found.checks]
    assert ("zeros" in verdicts) == (name in ("zero part", "crossed"))
    assert ("dispersion" in verdicts) == (name != "ordered")


def overdispersed(seed=3):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(30), 10)
    x = rng.normal(size=300)
    mean = np.exp(1 + 0.3 * x + 0.3 * rng.normal(size=30)[g])
    many = rng.poisson(mean * rng.gamma(0.7, 1 / 0.7, 300)).astype(float)
    zeros = np.where(rng.random(300) < 0.35, 0.0, rng.poisson(mean)).astype(float)
    return {"many": many, "zeros": zeros, "x": x, "g": g}


def test_checks_find_what_is_wrong():
    data = overdispersed()
    wrong = hlmrs.glmer("many ~ x + (1 | g)", data, family="poisson").check
    for check in (wrong.dispersion(seed=1), wrong.residuals(seed=1), wrong.overdispersion(), wrong.outliers(seed=1)):
        assert check.verdict != "no concern", check
        assert check.p_value < 0.05 or check.name == "outliers"
    assert "nbinom2" in wrong.overdispersion().finding
    right = hlmrs.glmer("many ~ x + (1 | g)", data, family="nbinom2").check
    for check in (right.dispersion(seed=1), right.residuals(seed=1), right.zeros(seed=1)):
        assert check.verdict == "no concern", check
    without = hlmrs.glmer("zeros ~ x + (1 | g)", data, family="poisson").check.zeros(seed=1)
    assert without.verdict == "concern"
    assert "zero_inflation" in without.finding
    table = rows(without.to_frame())[0]
    assert table["observed"] == (data["zeros"] == 0).sum() > 1.3 * table["expected"]
    with_part = hlmrs.glmer("zeros ~ x + (1 | g)", data, family="poisson", zero_inflation="~ 1").check.zeros(seed=1)
    assert with_part.verdict == "no concern"


def test_pearson_s_chi_square_is_the_sum_of_squares():
    fit = fit_of("cbind")
    table = rows(fit.check.overdispersion().to_frame())[0]
    chi2, df = (fit.resid("pearson") ** 2).sum(), fit.nobs - fit.n_params
    assert (table["statistic"], table["df"]) == (pytest.approx(chi2), df)
    assert table["p_value"] == pytest.approx(stats.chi2.sf(chi2, df))
    with pytest.raises(hlmrs.OptionError, match="dispersion of its own"):
        fit_of("crossed").check.overdispersion()
    assert "single trial" in fit_of("two levels").check.overdispersion().finding


def test_sparse_tables_and_few_groups_are_noticed():
    data = rows_of_groups(5, 12).with_columns(f=pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("rare")).otherwise("f"))
    fit = quietly(lambda: hlmrs.glmer("cbind(won, lost) ~ f + (1 | g)", data, family="binomial"))
    found = fit.check.sparseness()
    counts = {(row["variable"], row["level"]): row for row in rows(found.to_frame())}
    rare = data.filter(pl.col("f") == "rare")
    assert counts["f", "rare"]["n_rows"] == 2
    assert counts["f", "rare"]["count"] == min(rare["won"].sum(), rare["lost"].sum())
    assert (found.verdict == "look closer") == (counts["f", "rare"]["count"] < 5)
    few = fit.check.random_effects()
    assert few.verdict == "look closer"
    assert "fewer than 6 levels" in few.finding
    with pytest.raises(hlmrs.OptionError, match="no kinds"):
        fit_of("weights").check.sparseness()
    with pytest.raises(hlmrs.OptionError, match="zeros are of counts"):
        fit_of("weights").check.zeros()


def test_seeds_repeat_checks():
    check = fit_of("crossed").check
    assert check.dispersion(seed=4).p_value == check.dispersion(seed=4).p_value
    one, two = (fit_of("crossed").resid("quantile", seed=seed) for seed in (4, 5))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize(("name", "frame"), [("cbind", "polars"), ("zero part", "pandas"), ("ordered", "polars")])
def test_panels_draw_their_tables(name, frame):
    mpl.use("Agg")
    fit = fit_of(name, frame)
    titles = [axis.get_title(loc="left") for axis in fit.plot.diagnostics(seed=1).axes if axis.get_title(loc="left")]
    own = {"cbind": ["Calibration"], "zero part": ["Rootogram"], "ordered": []}[name]
    assert titles == ["Quantile residuals", "Residuals and predictions", *own, "(Intercept) | g", "Influence of g"]
    mpl.pyplot.close("all")
    resid = fit.resid("quantile", seed=1)
    uniform, predicted = (fit.plot.diagnostics.data(panel, seed=1) for panel in ("uniform", "predicted"))
    assert library(uniform) == frame
    assert [row["residual"] for row in rows(uniform)] == sorted(resid)
    assert [row["residual"] for row in rows(predicted)] == list(resid)
    assert [row["predicted"] for row in rows(predicted)] == list(fit.predict(random_effects=False))
    effects = rows(fit.plot.diagnostics.data("random"))
    modes = {row["level"]: row for row in rows(fit.ranef())}
    for row in effects:
        assert row["estimate"] == modes[row["level"]]["estimate"]
        assert row["conf_high"] - row["estimate"] == pytest.approx(
            1.959964 * modes[row["level"]]["std_error"], rel=1e-5
        )
    wrong = {"cbind": "rootogram", "zero part": "calibration", "ordered": "rootogram"}[name]
    with pytest.raises(hlmrs.OptionError, match="not of family"):
        fit.plot.diagnostics.data(wrong)


def test_rootogram_and_calibration_count_what_they_say():
    fit = fit_of("zero part")
    table = rows(fit.plot.diagnostics.data("rootogram", seed=1))
    y = data_of()["count"].to_numpy()
    assert [row["observed"] for row in table] == list(np.bincount(y.astype(int)))
    assert sum(row["expected"] for row in table) == pytest.approx(len(y), rel=0.05)
    fit = fit_of("cbind")
    table = rows(fit.plot.diagnostics.data("calibration", seed=1))
    trials = (data_of()["won"] + data_of()["lost"]).to_numpy()
    assert sum(row["trials"] for row in table) == trials.sum()
    assert sum(row["observed"] * row["trials"] for row in table) == pytest.approx(data_of()["won"].sum())
    averaged = (fit.predict(marginal=True) * trials).sum()
    assert sum(row["predicted"] * row["trials"] for row in table) == pytest.approx(averaged, rel=0.03)


def of_a_true_model(kind, seed):
    """Rows with strong groups, so that shrinkage would show."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(100), 6)
    x = rng.normal(size=600)
    eta = -0.3 + 0.7 * x + 1.2 * rng.normal(size=100)[g]
    if kind == "gaussian":
        y = eta + np.exp(-0.3 + 0.4 * x) * rng.normal(size=600)
        return hlmrs.glmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g}, family="gaussian", dispersion="~ x")
    if kind == "cumulative":
        grade = np.array(["1", "2", "3"])[np.digitize(eta + rng.logistic(size=600), [-0.5, 1.0])]
        data = pl.DataFrame({"y": pl.Series(grade).cast(pl.Enum(["1", "2", "3"])), "x": x, "g": g})
        return hlmrs.glmer("y ~ x + (1 | g)", data, family="cumulative")
    draw = {"binomial": lambda: rng.binomial(1, 1 / (1 + np.exp(-eta))), "poisson": lambda: rng.poisson(np.exp(eta))}
    return hlmrs.glmer("y ~ x + (1 | g)", {"y": draw[kind]().astype(float), "x": x, "g": g}, family=kind)


@pytest.mark.parametrize("kind", ["binomial", "poisson", "cumulative", "gaussian"])
def test_residuals_of_a_true_model_have_no_trend_along_its_predictions(kind):
    table = of_a_true_model(kind, 1).plot.diagnostics.data("predicted", seed=1)
    table = {name: np.array([row[name] for row in rows(table)]) for name in ("predicted", "residual")}
    assert len(np.unique(table["predicted"])) == 600
    assert abs(stats.spearmanr(table["predicted"], table["residual"]).statistic) < 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_true_model_is_calibrated_and_one_without_its_curve_is_not(seed):
    def share_within(fit):
        table = rows(fit.plot.diagnostics.data("calibration", seed=1))
        return np.mean([row["conf_low"] <= row["observed"] <= row["conf_high"] for row in table])

    fit = of_a_true_model("binomial", seed)
    assert share_within(fit) >= 0.9
    rng = np.random.default_rng(seed)
    x, g = rng.normal(size=600), np.repeat(np.arange(100), 6)
    y = rng.binomial(1, 1 / (1 + np.exp(1.5 - x - 1.5 * x**2))).astype(float)
    assert share_within(hlmrs.glmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g}, family="binomial")) < 0.7


def test_predictions_of_the_fixed_part_leave_out_the_effects_of_every_part():
    fit = quietly(
        lambda: hlmrs.glmer("count ~ x + (1 | g)", data_of(), family="poisson", zero_inflation="~ 1 + (1 | h)")
    )
    np.testing.assert_allclose(fit.predict(random_effects=False), fit.predict(data_of(), random_effects=False))


def test_checks_that_do_not_apply_are_left_out_and_lines_are_short():
    data = data_of()
    found = quietly(lambda: hlmrs.glmer("win ~ 1 + (1 | g)", data, family="binomial").check(seed=1))
    names = {check.name for check in found.checks}
    assert not {"collinearity", "overdispersion"} & names
    assert {"residuals", "dispersion"} <= names
    both = quietly(lambda: hlmrs.glmer("cbind(won, lost) ~ x + f + (1 | g)", data, family="binomial").check(seed=1))
    assert {"collinearity", "overdispersion"} <= {check.name for check in both.checks}
    one = quietly(lambda: hlmrs.lmer("time ~ x + (1 | g)", data).check())
    assert "collinearity" not in {check.name for check in one.checks}
    assert max(len(line) for check in (found, both, one) for line in repr(check).splitlines()) <= 80


def test_influence_that_takes_long_is_drawn_on_request(monkeypatch):
    mpl.use("Agg")
    fit = fit_of("ordered")
    monkeypatch.setattr(import_module("hlmrs.diagnostics.generalized_plot_data"), "_MOST_LEFT_OUT", 10)
    titles = [axis.get_title(loc="left") for axis in fit.plot.diagnostics(seed=1).axes]
    assert "Influence of g" not in titles
    for chosen in ({"group": "g"}, {"panels": ["influence"]}):
        assert "Influence of g" in [axis.get_title(loc="left") for axis in fit.plot.diagnostics(seed=1, **chosen).axes]
    mpl.pyplot.close("all")


def test_fits_without_rows_say_so(tmp_path):
    fit_of("cbind").save(tmp_path / "fit")
    loaded = hlmrs.load(tmp_path / "fit")
    for needs_rows in (loaded.check, loaded.check.overdispersion, loaded.check.sparseness, loaded.plot.diagnostics):
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            needs_rows()
    assert loaded.check.singularity().verdict == "no concern"


def test_spread_counts_rows_by_their_weights():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(20), 12)
    x, weights = rng.normal(size=240), rng.integers(1, 4, 240)
    # of ten times the variance where weights are large
    y = np.exp(0.3 * x + 0.3 * rng.normal(size=20)[g] + rng.normal(size=240) * np.where(weights == 3, 1.0, 0.3))
    data = pl.DataFrame({"y": y, "x": x, "g": g, "w": weights.astype(float)})
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="lognormal", weights="w")
    ratio = rows(fit.check.dispersion(n=400, seed=1).to_frame())[0]["ratio"]
    draws = np.asarray(fit.simulate(400, seed=1))
    centre = draws.mean(axis=1)
    repeated = np.repeat(np.arange(240), weights)
    own = np.var((y - centre)[repeated])
    others = np.var((draws - centre[:, None])[repeated], axis=0)
    assert ratio == pytest.approx(own / others.mean(), rel=1e-9)
