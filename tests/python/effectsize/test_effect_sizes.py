"""Effect sizes: closed forms on balanced data, parts that add up, and dense algebra."""

import re
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))


@pytest.fixture(scope="module")
def pastes():
    return hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes", "polars"))


def test_the_intraclass_correlation_of_one_way_data_is_that_of_mean_squares():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    y = fit._estimate.values.response.reshape(6, 5)
    between = 5 * y.mean(axis=1).var(ddof=1)
    within = y.var(axis=1, ddof=1).mean()
    icc = fit.icc()
    assert icc.adjusted == pytest.approx((between - within) / (between + 4 * within), rel=1e-6)
    assert icc.unadjusted == pytest.approx(icc.adjusted)
    assert fit.variance.reliability()["reliability"][0] == pytest.approx(1 - within / between, rel=1e-6)


def test_shares_of_levels_add_up(pastes):
    icc = pastes.icc()
    assert sum(icc.by_group.values()) == pytest.approx(icc.adjusted)
    variances = {r["group"]: r["variance"] for r in rows(pastes.varcorr())}
    total = sum(variances.values())
    assert icc.by_group["batch:cask"] == pytest.approx(variances["batch:cask"] / total)


def test_r2_is_made_of_the_variances_of_the_parts(sleep):
    eta = sleep.predict(random_effects=False)
    days = hlmrs.datasets.load("sleepstudy", "polars")["Days"].to_numpy()
    z = np.column_stack([np.ones(180), days])
    random = np.mean(np.einsum("ni,ij,nj->n", z, sleep._estimate.core.covariances()[0], z))
    total = eta.var(ddof=1) + random + sleep.sigma**2
    r2 = sleep.r2()
    assert r2.marginal == pytest.approx(eta.var(ddof=1) / total)
    assert r2.conditional == pytest.approx(1 - sleep.sigma**2 / total)


def test_independent_terms_of_a_group_are_all_counted():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    one = hlmrs.lmer("Reaction ~ Days + diag(1 + Days | Subject)", data)
    two = hlmrs.lmer("Reaction ~ Days + (Days || Subject)", data)
    assert one.icc().adjusted == pytest.approx(two.icc().adjusted, rel=1e-6)
    intercept, slope = (r["variance"] for r in rows(two.varcorr())[:2])
    random = intercept + slope * 28.5  # the mean of 0, 1, 4, ... 81
    assert two.icc().adjusted == pytest.approx(random / (random + two.sigma**2), rel=1e-9)
    assert two.icc().by_group["Subject"] == pytest.approx(two.icc().adjusted)


def test_bootstrap_intervals_hold_the_estimate_and_repeat_with_the_seed(pastes):
    one = pastes.icc(interval="bootstrap", n=100, seed=3)
    low, high = one.intervals["adjusted"]
    assert 0 <= low < one.adjusted < high <= 1
    assert set(one.intervals) == {"adjusted", "unadjusted", "batch", "batch:cask"}
    assert pastes.icc(interval="bootstrap", n=100, seed=3).intervals == one.intervals
    assert pastes.r2(interval="bootstrap", n=20, seed=1).intervals["conditional"][1] <= 1
    assert pastes.icc().intervals == {}


def test_sources_and_levels_are_those_of_rights_and_sterba():
    data = hlmrs.datasets.load("Hsb82", "polars")
    fit = hlmrs.lmer("mAch ~ cses + meanses + (cses | school)", data)
    table = {(r["source"], r["level"]): r["variance"] for r in rows(fit.variance.decomposition())}
    slope, between = fit.fixef()["cses"], fit.fixef()["meanses"]
    (tau,) = fit._estimate.core.covariances()
    within = float((data["cses"] ** 2).mean())
    n = len(data)
    # cses is centred in the schools up to its rounding to three digits
    assert table["fixed", "Residual"] == pytest.approx(slope**2 * within * n / (n - 1), rel=1e-3)
    assert table["fixed", "school"] == pytest.approx(between**2 * data["meanses"].var(), rel=1e-3)
    assert table["random slopes", "Residual"] == pytest.approx(tau[1, 1] * within, rel=1e-3)
    assert table["random mean", "school"] == pytest.approx(tau[0, 0], rel=1e-3)
    assert table["residual", "Residual"] == pytest.approx(fit.sigma**2)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("egsingle", "math ~ year * lowinc + black + (year | childid) + (1 | schoolid)"),
        ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
        ("cake", "angle ~ recipe + temp + (1 | recipe:replicate) + (1 | temperature)"),
    ],
)
def test_the_decomposition_adds_up_to_r2(name, formula):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer(formula, hlmrs.datasets.load(name, "polars"))
    table = fit.variance.decomposition().to_frame()
    fixed = table.filter(pl.col("source") == "fixed")["share"].sum()
    residual = table.filter(pl.col("source") == "residual")["share"].sum()
    assert fixed == pytest.approx(fit.r2().marginal)
    assert 1 - residual == pytest.approx(fit.r2().conditional)
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("formula", ["mAch ~ cses + meanses + (cses | school)", "mAch ~ ses * sector + (1 | school)"])
def test_shares_are_of_the_total_and_of_the_level(formula):
    table = hlmrs.lmer(formula, hlmrs.datasets.load("Hsb82", "polars")).variance.decomposition()
    variance, level = table["variance"].to_numpy(), table["level"].to_numpy()
    np.testing.assert_allclose(table["share"], variance / variance.sum())
    for name in ("school", "Residual"):
        own = level == name
        np.testing.assert_allclose(table["share_of_level"].to_numpy()[own], variance[own] / variance[own].sum())


def test_reliabilities_are_of_least_squares_in_every_group(sleep):
    table = sleep.variance.reliability(by_group=True)
    days = np.arange(10.0)
    z = np.column_stack([np.ones(10), days])
    error = sleep.sigma**2 * np.linalg.inv(z.T @ z).diagonal()
    tau = sleep._estimate.core.covariances()[0].diagonal()
    np.testing.assert_allclose(table["reliability"].to_numpy().reshape(18, 2), [tau / (tau + error)] * 18, rtol=1e-8)
    assert sleep.variance.reliability()["n_groups"].to_list() == [18, 18]


def test_reliabilities_of_crossed_factors_are_what_the_data_do_not_leave_of_the_variance():
    data = hlmrs.datasets.load("Penicillin", "polars")
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    z = [data[name].to_numpy()[:, None] == np.unique(data[name]) for name in ("plate", "sample")]
    tau = {row["group"]: row["variance"] for row in rows(fit.varcorr())}
    prior = np.concatenate(
        [np.full(part.shape[1], tau[name]) for part, name in zip(z, ("plate", "sample"), strict=True)]
    )
    both = np.hstack(z).astype(float)
    left = np.linalg.inv(both.T @ both / fit.sigma**2 + np.diag(1 / prior)).diagonal()
    right = 1 - left / prior
    table = rows(fit.variance.reliability(by_group=True))
    found = {(row["group"], row["level"]): row["reliability"] for row in table}
    levels = [(name, str(v)) for name in ("plate", "sample") for v in np.unique(data[name])]
    np.testing.assert_allclose([found[key] for key in levels], right, rtol=1e-8)
    means = {row["group"]: row["reliability"] for row in rows(fit.variance.reliability())}
    assert means == pytest.approx({"plate": right[:24].mean(), "sample": right[24:].mean()})


def test_groups_with_too_few_rows_do_not_enter_the_average():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    short = data.filter((pl.col("Subject") != "308") | (pl.col("Days") == 3))
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", short)
    assert fit.variance.reliability()["n_groups"].to_list() == [17, 17]
    assert fit.variance.reliability(by_group=True)["reliability"].is_null().sum() == 2


def test_a_variance_of_zero_is_not_reliable():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars"))
    assert fit.variance.reliability()["reliability"][0] == 0
    assert fit.icc().adjusted == 0
    assert fit.variance.design_effect()["design_effect"][0] == 1


def test_the_reduction_of_variance_is_against_the_unconditional_model():
    data = hlmrs.datasets.load("Hsb82", "polars")
    null = hlmrs.lmer("mAch ~ 1 + (1 | school)", data)
    fit = hlmrs.lmer("mAch ~ meanses + cses + (1 | school)", data)
    table, given = fit.variance.reduction(), fit.variance.reduction(null)
    assert table["reduction"].to_list() == pytest.approx(given["reduction"].to_list(), abs=1e-6)
    assert table["reduction"][1] == pytest.approx(1 - fit.sigma**2 / null.sigma**2, abs=1e-6)
    other = hlmrs.lmer("ses ~ 1 + (1 | school)", data)
    with pytest.raises(hlmrs.DataError, match="another response"):
        fit.variance.reduction(other)


def test_design_effects_are_kishs():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    row = rows(fit.variance.design_effect())[0]
    assert row["group_size"] == 5
    assert row["design_effect"] == pytest.approx(1 + 4 * fit.icc().adjusted)
    assert row["effective_n"] == pytest.approx(30 / row["design_effect"])


def test_standardized_coefficients_are_those_of_standardized_columns():
    data = hlmrs.datasets.load("Hsb82", "polars")
    fit = hlmrs.lmer("mAch ~ ses + meanses + (1 | school)", data)
    scaled = data.with_columns((pl.col(c) - pl.col(c).mean()) / pl.col(c).std() for c in ("mAch", "ses", "meanses"))
    again = hlmrs.lmer("mAch ~ ses + meanses + (1 | school)", scaled)
    np.testing.assert_allclose(fit.standardized()["estimate"], again.beta[1:], rtol=1e-6)
    np.testing.assert_allclose(fit.standardized()["std_error"], again.tidy()["std_error"][1:], rtol=1e-6)


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
        ("score ~ Machine + homcs(0 + Machine | Worker)", "Machines"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    ],
)
def test_intervals_are_quantiles_of_the_refits_own_shares(formula, name):
    fit = hlmrs.lmer(formula, hlmrs.datasets.load(name, "polars"))
    shares = fit.bootstrap(
        12,
        seed=5,
        statistic=lambda f: {"icc": f.icc().adjusted, "marginal": f.r2().marginal, "all": f.r2().conditional},
    )
    want = np.quantile(shares.values, [0.025, 0.975], axis=0).T
    icc, r2 = (how(interval="bootstrap", n=12, seed=5).intervals for how in (fit.icc, fit.r2))
    got = [icc["adjusted"], r2["marginal"], r2["conditional"]]
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-12)


def test_unknown_intervals_are_refused(sleep):
    with pytest.raises(hlmrs.OptionError, match="choose one of None, 'bootstrap'"):
        sleep.icc(interval="delta")
    with pytest.raises(hlmrs.OptionError, match="positive"):
        sleep.r2(interval="bootstrap", n=0)


def test_the_null_model_is_fitted_to_the_rows_of_the_model():
    data = hlmrs.datasets.load("sleepstudy", "polars").with_columns(
        Days=pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise("Days")
    )
    formula = "Reaction ~ Days + (1 | Subject)"
    with pytest.warns(hlmrs.DroppedRowsWarning):
        one = hlmrs.lmer(formula, data).variance.reduction()
    two = hlmrs.lmer(formula, data.drop_nulls()).variance.reduction()
    np.testing.assert_allclose(one["reduction"].to_numpy(), two["reduction"].to_numpy(), rtol=1e-6)


def test_weights_that_are_all_the_same_change_no_share():
    """The residual variance of a row is σ²/w: that of weights of 1000 is as large as without them."""
    data = hlmrs.datasets.load("Pastes", "polars").with_columns(w=pl.lit(1000.0))
    plain = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", data)
    weighted = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", data, weights="w")
    assert weighted.icc().adjusted == pytest.approx(plain.icc().adjusted, rel=1e-6)
    assert weighted.r2().conditional == pytest.approx(plain.r2().conditional, rel=1e-6)
    shares = (fit.variance.decomposition()["share"].to_numpy() for fit in (weighted, plain))
    np.testing.assert_allclose(*shares, atol=1e-6)
    interval = weighted.icc(interval="bootstrap", n=20, seed=1).intervals["adjusted"]
    assert interval == pytest.approx(plain.icc(interval="bootstrap", n=20, seed=1).intervals["adjusted"], rel=1e-3)


def test_shares_of_rows_of_different_weights_are_averages():
    data = hlmrs.datasets.load("Machines", "polars").with_columns(w=1.0 + pl.int_range(pl.len()) % 3)
    fit = hlmrs.lmer("score ~ 1 + (1 | Worker)", data, weights="w")
    between = fit.varcorr()["variance"][0]
    within = fit.sigma**2 * (1 + 1 / 2 + 1 / 3) / 3
    assert fit.icc().adjusted == pytest.approx(between / (between + within), rel=1e-9)


def test_standardized_coefficients_of_levels_are_said_to_depend_on_their_numbers():
    rng = np.random.default_rng(1)
    visit = [f"t{k + 1}" for k in range(7)] * 20
    data = {"visit": visit, "x": list(rng.normal(size=140)), "g": [f"g{k // 7}" for k in range(140)]}
    data["y"] = list(rng.normal(size=140) + np.repeat(rng.normal(size=20), 7))
    text = " ".join(str(hlmrs.lmer("y ~ x + visit + (1 | g)", data).standardized()).split())
    said = f"'visitt7': columns of two values, .* over {np.std(data['y'], ddof=1):.4g}, the standard deviation of y"
    assert re.search(said, text)
    assert "two values" not in str(hlmrs.lmer("y ~ x + (1 | g)", data).standardized())
