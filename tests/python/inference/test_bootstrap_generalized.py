"""The bootstrap of generalized fits: refits to simulated responses, and to groups drawn or left out."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import library, rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def all_coefficients(fit):
    estimate = fit._estimate
    parts = sorted(estimate.parts, key=lambda name: estimate.parts[name].first)
    return np.concatenate([estimate.own.coefficients_of(part) for part in parts])


def effects(fit):
    """Standard deviations and correlations of random effects by the names that parameters have."""
    table = [row for row in rows(fit.varcorr()) if row["group"] != "Residual"]
    return {
        f"sd({row['term1']} | {row['group']})"
        if row["term2"] is None
        else f"cor({row['term1']}, {row['term2']} | {row['group']})": row["sd"] if row["term2"] is None else row["corr"]
        for row in table
    }


ORDERED = {
    "nominal": {"nominal": "~ x", "scale": "~ f"},
    "equidistant": {"thresholds": "equidistant"},
    "symmetric": {"thresholds": "symmetric", "nominal": "~ f"},
}


@pytest.mark.parametrize("name", [*MODELS, *ORDERED])
def test_replicates_are_refits_to_simulated_responses(name):
    if name in ORDERED:
        formula = "grade ~ 1 + (1 | g)" if name == "symmetric" else "grade ~ f + (1 | g)"
        fit = hlmrs.glmer(formula, data_of(), family="cumulative", **ORDERED[name])
    else:
        fit = fit_of(name)
    boot = fit.bootstrap(4, seed=7)
    y = fit.simulate(4, seed=7)
    n = len(all_coefficients(fit))
    np.testing.assert_allclose(boot.estimate[:n], all_coefficients(fit), rtol=1e-12)
    assert dict(zip(boot.terms[n:], boot.estimate[n:], strict=True)) == pytest.approx(effects(fit), rel=1e-9)
    compared = 0
    for k in range(4):
        try:
            again = fit.refit(y[:, k])
        except hlmrs.HlmrsError:
            assert np.isnan(boot.values[k]).all()
            continue
        se = np.sqrt(np.diag(again._estimate.own.fit.covariance()))
        near = np.abs(boot.values[k, :n] - all_coefficients(again)) < 1e-3 * np.where(se < 5, se, np.nan)
        compared += near.sum()
        assert (near | ~(se < 5)).all(), (name, k)
        sds = [term.startswith("sd(") for term in boot.terms[n:]]
        own, others = boot.values[k, n:][sds], np.array(list(effects(again).values()))[sds]
        np.testing.assert_allclose(own, others, atol=5e-3)
    assert compared > n


@pytest.mark.parametrize("name", ["cbind", "zero part", "ordered", "weights", "crossed"])
def test_leaving_out_groups_is_fitting_the_other_rows(name):
    from hlmrs._core import generalized_jackknife
    from hlmrs.inference import parameters

    formula, options = MODELS[name]
    formula = formula.replace("poly(x, 2)", "x + I(x^2)")  # whose columns do not depend on the rows
    data = data_of()
    fit = quietly(lambda: hlmrs.glmer(formula, data, **options))
    chosen = list(parameters(fit._estimate).values())
    factors = {group: k for k, group in enumerate(fit.n_groups)}
    found = generalized_jackknife(fit._estimate.own.fit, chosen, [*factors.values()], 0, None)
    n, first = len(all_coefficients(fit)), 0
    for group, size in fit.n_groups.items():
        levels = fit._estimate.layout.groups[factors[group]].levels
        for k in (0, size - 1):
            rest = data.filter(pl.col(group) != levels[k])
            again = quietly(lambda: hlmrs.glmer(formula, rest, **options))  # noqa: B023
            se = np.sqrt(np.diag(again._estimate.own.fit.covariance()))
            np.testing.assert_array_less(np.abs(found[first + k, :n] - all_coefficients(again)) / se, 1e-3)
        first += size


@pytest.mark.parametrize("kind", ["parametric", "case"])
def test_a_seed_gives_the_same_replicates_on_any_number_of_threads(kind):
    for name in ("cbind", "crossed"):
        fit = fit_of(name)
        one = fit.update(control=hlmrs.Control(n_threads=1)).bootstrap(20, seed=3, kind=kind)
        three = fit.update(control=hlmrs.Control(n_threads=3)).bootstrap(20, seed=3, kind=kind)
        np.testing.assert_array_equal(one.values, three.values)
        assert not np.array_equal(one.values, fit.bootstrap(20, seed=4, kind=kind).values)


def test_replicates_spread_as_standard_errors_say():
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(40), 6)
    x = rng.normal(size=240)
    y = rng.poisson(np.exp(0.5 + 0.4 * x + 0.5 * rng.normal(size=40)[g])).astype(float)
    fit = hlmrs.glmer("y ~ x + (1 | g)", pl.DataFrame({"y": y, "x": x, "g": g}), family="poisson")
    se = np.sqrt(np.diag(fit.vcov()))
    for kind in ("parametric", "case"):
        boot = fit.bootstrap(100, seed=2, kind=kind)
        assert boot.n_failed == 0
        # 100 replicates tell a standard deviation to 7 percent; clusters of data from the model spread alike
        np.testing.assert_allclose(boot.values[:, :2].std(axis=0), se, rtol=0.25)
        np.testing.assert_allclose(boot.values[:, :2].mean(axis=0), fit.beta, atol=0.3 * se.max())


def test_intervals_of_every_method_are_of_all_parameters():
    fit = fit_of("zero part")
    names = ["(Intercept)", "x", "dispersion:(Intercept)"]
    names += [f"zero_inflation:{name}" for name in ("(Intercept)", "fb", "fc")] + ["sd((Intercept) | g)"]
    table = fit.confint(method="boot", n=30, seed=1)
    assert rows(table) == rows(fit.bootstrap(30, seed=1).confint())
    assert [row["term"] for row in rows(table)] == names
    boot = fit_of("cbind", "pandas").bootstrap(60, seed=1)
    for method in ("percentile", "basic", "bca"):
        bounds = boot.confint(method=method, level=0.8)
        assert library(bounds) == "pandas"
        low, high = bounds["conf_low"].to_numpy(), bounds["conf_high"].to_numpy()
        assert ((low < boot.estimate) & (boot.estimate < high)).all()
    assert list(boot.draws.columns) == ["replicate", *boot.terms]


def test_statistics_of_one_s_own():
    fit = fit_of("ordered")
    boot = fit.bootstrap(
        3, seed=5, statistic=lambda fit: {"slope": fit.beta[0], "high": fit.predict(type="prob")["high"][0]}
    )
    assert boot.terms == ["slope", "high"]
    assert boot.values[0, 0] == pytest.approx(fit.refit(fit.simulate(1, seed=5)[:, 0]).beta[0], abs=1e-6)


def test_replicates_without_an_estimate_are_counted():
    data = {"y": [0, 0, 1, 0, 1, 1, 0, 1], "x": np.arange(8.0), "g": np.repeat(np.arange(4), 2)}
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial")
    with pytest.warns(hlmrs.InferenceWarning, match="of 60 replicates of the bootstrap could not be fitted"):
        boot = fit.bootstrap(60, seed=1)
    assert 0 < boot.n_failed < 50
    assert np.nanmax(np.abs(boot.values[:, 1])) < 50


def test_what_cannot_be_drawn_is_refused_with_the_reason(tmp_path):
    with pytest.raises(hlmrs.OptionError, match="residuals of a normal response"):
        fit_of("cbind").bootstrap(3, kind="residual")
    with pytest.raises(hlmrs.OptionError, match="understates"):
        fit_of("crossed").bootstrap(3, kind="case", cluster="g")
    fit_of("cbind").save(tmp_path / "fit")
    for kind in ("parametric", "case"):
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            hlmrs.load(tmp_path / "fit").bootstrap(3, kind=kind)


@pytest.mark.parametrize("how", [{"reml": True}, {"nagq": 0}])
@pytest.mark.parametrize("name", ["cbind", "zero part", "crossed"])
def test_restricted_and_penalized_fits_are_refitted_as_they_are(how, name):
    fit = quietly(lambda: fit_of(name).update(**how))
    drawn = fit.bootstrap(4, seed=3)
    simulated = fit.bootstrap(4, seed=3, statistic=lambda again: {"beta": again.beta[1], "sd": again.theta[0]})
    found = dict(zip(drawn.terms, drawn.values.T, strict=True))
    np.testing.assert_allclose(found["x"], simulated.values[:, 0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["sd((Intercept) | g)"], simulated.values[:, 1], rtol=1e-3, atol=1e-4)
    table = quietly(lambda: fit.confint(method="boot", n=20, seed=1))
    assert (table["conf_low"] <= table["conf_high"]).all()


@pytest.mark.parametrize("how", [{"reml": True}, {"nagq": 0}])
def test_fixed_effects_that_are_no_parameters_are_refused_with_what_there_is_instead(how):
    fit = fit_of("cbind").update(**how)
    for refused in (
        lambda: fit.bootstrap(3, seed=1, kind="case"),
        lambda: fit.vcov("CR0"),
        lambda: fit.influence("g"),
        lambda: fit.influence("g", method="refit"),
    ):
        with pytest.raises(hlmrs.DesignError, match=r"fit\.update\(reml=False"):
            refused()
    assert fit.bootstrap(3, seed=1, statistic=lambda fit: fit.beta).n_failed == 0
    assert fit.check(seed=1).verdict != "concern"
