"""What changes nothing of a generalized fit, and special cases whose answers are known."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import rows

CBPP = hlmrs.datasets.load("cbpp", "polars")
COUNTS = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


@pytest.mark.parametrize("name", ["cbind", "zero part", "ordered", "crossed", "two levels"])
def test_names_and_order_of_levels_and_rows_do_not_matter(name: str) -> None:
    formula, options = MODELS[name]
    plain = fit_of(name)
    renamed = {f"g{k}": f"h{(7 * k) % 15:02d}" for k in range(15)}
    other = data_of().with_columns(pl.col("g").replace_strict(renamed)).sample(fraction=1.0, shuffle=True, seed=3)
    fit = quietly(lambda: hlmrs.glmer(formula, other, **options))
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-9 * abs(plain.criterion))
    assert fit.verdict.status == plain.verdict.status
    np.testing.assert_allclose(fit.beta, plain.beta, atol=1e-6)
    modes = {row["level"]: row["estimate"] for row in rows(fit.ranef()) if row["group"] == "g"}
    for row in rows(plain.ranef()):
        if row["group"] == "g":
            assert modes[renamed[row["level"]]] == pytest.approx(row["estimate"], abs=1e-5)


@pytest.mark.parametrize("name", ["zero part", "ordered", "dispersion", "two levels"])
def test_weights_of_one_are_none(name: str) -> None:
    formula, options = MODELS[name]
    fit = quietly(lambda: hlmrs.glmer(formula, data_of().with_columns(one=pl.lit(1.0)), weights="one", **options))
    assert fit.criterion == pytest.approx(fit_of(name).criterion, rel=1e-12)
    np.testing.assert_allclose(fit.beta, fit_of(name).beta, rtol=1e-9)


def test_rows_that_are_alike_can_be_one_row_with_their_number_as_weight() -> None:
    rng = np.random.default_rng(3)
    data = pl.DataFrame({"x": rng.integers(0, 3, 400), "g": rng.integers(0, 12, 400), "y": rng.poisson(2.0, 400)})
    merged = data.group_by("x", "g", "y", maintain_order=True).len("n").with_columns(pl.col("n").cast(float))
    assert merged.height < 250
    whole, short = (
        quietly(lambda: hlmrs.glmer("y ~ x + (1 | g)", frame, family="poisson", **how))  # noqa: B023
        for frame, how in ((data, {}), (merged, {"weights": "n"}))
    )
    assert short.criterion == pytest.approx(whole.criterion, abs=1e-8)
    np.testing.assert_allclose(short.beta, whole.beta, atol=1e-6)


def test_counts_have_the_binomial_coefficient_that_single_rows_have_not() -> None:
    single = pl.concat(
        CBPP.with_columns(hit=pl.lit(hit))
        .select(pl.all().repeat_by("incidence" if hit else pl.col("size") - pl.col("incidence")))
        .explode(pl.all())
        for hit in (True, False)
    ).drop_nulls()
    by_count = hlmrs.glmer(COUNTS, CBPP, family="binomial")
    by_row = hlmrs.glmer("hit ~ period + (1 | herd)", single, family="binomial")
    size, y = (CBPP[name].to_numpy().astype(float) for name in ("size", "incidence"))
    # log C(n, y) = log P(Y = y) of n fair coins + n log 2
    constant = (stats.binom.logpmf(y, size, 0.5) + size * np.log(2)).sum()
    assert by_count.loglik - by_row.loglik == pytest.approx(constant, abs=1e-7)


@pytest.mark.parametrize("factor", [1e9, 1e-9])
def test_columns_of_any_size_have_the_same_tests_and_verdict(factor: float) -> None:
    data = hlmrs.datasets.load("Contraception", "polars").with_columns(big=(pl.col("age") + 40) * factor)
    plain = hlmrs.glmer("use ~ age + (1 | district)", data, family="binomial")
    fit = hlmrs.glmer("use ~ big + (1 | district)", data, family="binomial")
    assert fit.verdict.status == plain.verdict.status == "optimum"
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-8)
    own, other = (rows(one.tidy())[1] for one in (fit, plain))
    assert own["statistic"] == pytest.approx(other["statistic"], rel=1e-5)
    assert own["p_value"] == pytest.approx(other["p_value"], rel=1e-4)


@pytest.mark.parametrize("name", ["cbind", "zero part", "crossed", "ordered"])
def test_the_likelihood_does_not_depend_on_how_it_was_maximized(name: str) -> None:
    fit = fit_of(name)
    control = hlmrs.Control(optimizer="bobyqa", max_evaluations=5000)
    other = quietly(lambda: fit.update(control=control))
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-5)
    assert other.aic == pytest.approx(fit.aic, abs=1e-5)


def test_effects_by_penalized_likelihood_are_those_of_lme4_without_quadrature() -> None:
    rough = hlmrs.glmer(COUNTS, CBPP, family="binomial", nagq=0)
    # lme4 1.1-31, nAGQ = 0 and 1
    assert rough.beta[0] == pytest.approx(-1.3605, abs=5e-4)
    assert hlmrs.glmer(COUNTS, CBPP, family="binomial").beta[0] == pytest.approx(-1.3985, abs=5e-4)
    assert "nagq=0" in str(rough.summary())


def test_quadrature_of_overdispersed_counts_does_not_lose_their_groups() -> None:
    rng = np.random.default_rng(9)
    g, x = np.repeat(np.arange(30), 8), rng.normal(size=240)
    mean = np.exp(0.8 + 0.3 * x + 0.7 * rng.normal(size=30)[g])
    data = {"y": rng.poisson(rng.gamma(2, mean / 2)), "x": x, "g": g}
    laplace, fine, finer = (hlmrs.glmer("y ~ x + (1 | g)", data, family="nbinom2", nagq=nagq) for nagq in (1, 9, 15))
    sds = [fit.varcorr()["sd"][0] for fit in (laplace, fine, finer)]
    np.testing.assert_allclose(sds, sds[0], rtol=0.03)
    assert sds[0] > 0.4
    assert fine.loglik == pytest.approx(finer.loglik, abs=1e-4)
    # the same scale: the error of Laplace is what its next term says
    assert fine.loglik - laplace.loglik == pytest.approx(laplace.approximation.error, abs=0.02)


def test_groups_of_one_to_four_rows_and_a_column_that_differs_in_one_row_are_fitted() -> None:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(30), np.arange(30) % 4 + 1)
    x = rng.normal(size=len(g))
    y = (rng.random(len(g)) < 1 / (1 + np.exp(-x - rng.normal(size=30)[g]))) * 1.0
    fit = quietly(lambda: hlmrs.glmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g}, family="binomial"))
    assert fit.verdict.status in ("optimum", "boundary")
    assert np.isfinite(fit.vcov()).all()
    counts = rng.poisson(np.exp(0.5 + 0.5 * x))
    other = x.copy()
    other[7] += 1.0
    data = {"y": counts, "x": x, "other": other, "g": g}
    close = quietly(lambda: hlmrs.glmer("y ~ x + other + (1 | g)", data, family="poisson"))
    assert close.verdict.status in ("optimum", "boundary")
    assert np.isfinite(close.vcov()).all()
    # the row that differs has a coefficient of its own: the others are fitted as without it
    keep = np.arange(len(g)) != 7
    rest = {name: np.asarray(values)[keep] for name, values in data.items()}
    without = quietly(lambda: hlmrs.glmer("y ~ x + (1 | g)", rest, family="poisson"))
    if close.verdict.status == without.verdict.status == "boundary":
        assert close.beta[[1, 2]].sum() == pytest.approx(without.beta[1], abs=1e-4)


def test_a_variance_of_zero_leaves_the_coefficients_of_the_model_without_groups() -> None:
    # each group has two of four successes where x is 0, and three where it is 1
    y = np.tile([1.0, 0, 1, 0, 1, 1, 0, 1], 12)
    data = {"y": y, "x": np.tile([0, 0, 0, 0, 1, 1, 1, 1], 12), "g": np.repeat(np.arange(12), 8)}
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial")
    assert fit.verdict.status == "boundary"
    assert fit.theta[0] == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(fit.beta, [0.0, np.log(3)], atol=1e-6)
    assert fit.loglik == pytest.approx(48 * np.log(0.5) + 36 * np.log(0.75) + 12 * np.log(0.25), abs=1e-8)


def test_a_correlation_of_one_is_a_boundary_with_its_direction() -> None:
    fit = fit_of("dispersion")
    assert fit.verdict.status == "boundary"
    assert [row["corr"] for row in rows(fit.varcorr())][-1] == pytest.approx(-1.0, abs=1e-6)
    assert fit.verdict.singular_terms == ("(1 + x | g)",)
    assert "the correlation of (Intercept) and x is estimated as -1" in " ".join(fit.verdict.explain().split())


RAIL: Any = {
    "travel": [55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83],
    "rail": np.repeat(["1", "2", "3", "4", "5", "6"], 3),
}
"""Travel times of ultrasonic waves in rails (Devore 2000; Rail in R's package nlme)."""


def test_a_gaussian_response_with_a_log_link_has_the_likelihood_of_its_integral() -> None:
    fit = hlmrs.glmer("travel ~ 1 + (1 | rail)", RAIL, family="gaussian", link="log")
    assert fit.sigma == pytest.approx(4.0, abs=0.05)
    assert fit.loglik == pytest.approx(-64.5, abs=0.1)
    sd, total = fit.varcorr()["sd"][0], 0.0
    effects = np.linspace(-6 * sd, 6 * sd, 200_001)
    for own in np.reshape(RAIL["travel"], (6, 3)):
        log = stats.norm.logpdf(own[:, None], np.exp(fit.beta[0] + effects), fit.sigma).sum(axis=0)
        total += np.log((np.exp(log + stats.norm.logpdf(effects, 0, sd))).sum() * (effects[1] - effects[0]))
    assert fit.loglik == pytest.approx(total, abs=0.02)


def test_an_offset_in_the_formula_is_that_of_new_rows() -> None:
    rng = np.random.default_rng(4)
    time, g = rng.uniform(0.5, 4.0, 200), np.arange(200) % 20
    data = {"y": rng.poisson(time * np.exp(0.5 * rng.normal(size=20)[g] + 1)), "time": time, "g": g}
    fit = hlmrs.glmer("y ~ 1 + offset(log(time)) + (1 | g)", data, family="poisson")
    np.testing.assert_allclose(fit.predict(data), fit.fitted, rtol=1e-12)
    twice = fit.predict({"time": 2 * time[:5], "g": g[:5]})
    np.testing.assert_allclose(twice, 2 * fit.fitted[:5], rtol=1e-12)
    named = hlmrs.glmer("y ~ 1 + (1 | g)", data | {"log_time": np.log(time)}, family="poisson", offset="log_time")
    assert named.criterion == pytest.approx(fit.criterion, abs=1e-9)


def test_the_link_of_a_gamma_response_is_the_inverse_unless_another_is_named() -> None:
    data = data_of()
    fit = quietly(lambda: hlmrs.glmer("time ~ f + (1 | g)", data, family="gamma"))
    assert fit.family.link == "inverse"
    np.testing.assert_allclose(fit.predict(), 1 / fit.predict(type="link"), rtol=1e-12)
    # jointly by maximum likelihood: 1/sqrt(shape) is the coefficient of variation
    log_shape = fit.tidy(component="dispersion")["estimate"][0]
    assert fit.dispersion == pytest.approx(np.exp(-0.5 * log_shape), rel=1e-12)
    shape = stats.gamma(np.exp(log_shape), scale=fit.fitted / np.exp(log_shape))
    np.testing.assert_allclose(shape.std(), fit.residual_sd, rtol=1e-9)


def test_shares_with_weights_and_pairs_of_counts_have_the_same_residuals_and_draws() -> None:
    data = CBPP.with_columns(share=pl.col("incidence") / pl.col("size"))
    pair = hlmrs.glmer(COUNTS, data, family="binomial")
    share = hlmrs.glmer("share ~ period + (1 | herd)", data, family="binomial", weights="size")
    np.testing.assert_allclose(share.resid("pearson"), pair.resid("pearson"), atol=1e-7)
    np.testing.assert_allclose(share.resid("quantile", seed=1), pair.resid("quantile", seed=1), atol=1e-7)
    size = CBPP["size"].to_numpy()[:, None]
    own, other = share.simulate(3, seed=2), pair.simulate(3, seed=2)
    np.testing.assert_allclose(own * (size if np.max(own) <= 1 else 1), other, atol=1e-9)


WEIGHTED: dict[str, Any] = {
    "binomial": lambda rng, n: rng.random(n) < 0.4,
    "poisson": lambda rng, n: rng.poisson(2.0, n),
    "nbinom1": lambda rng, n: rng.negative_binomial(2, 0.4, n),
    "nbinom2": lambda rng, n: rng.negative_binomial(2, 0.4, n),
    "genpois": lambda rng, n: rng.negative_binomial(2, 0.4, n),
    "truncated_poisson": lambda rng, n: 1 + rng.poisson(1.0, n),
    "truncated_nbinom2": lambda rng, n: 1 + rng.negative_binomial(1, 0.4, n),
    "gamma": lambda rng, n: rng.gamma(2.0, 1.0, n),
    "inverse_gaussian": lambda rng, n: rng.wald(2.0, 3.0, n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "beta": lambda rng, n: rng.beta(2.0, 3.0, n),
    "ordbeta": lambda rng, n: np.clip(1.4 * rng.beta(2.0, 3.0, n) - 0.2, 0.0, 1.0),
    "tweedie": lambda rng, n: rng.gamma(2.0, 1.0, n) * (rng.random(n) < 0.6),
    "gaussian": lambda rng, n: rng.normal(size=n),
    "student": lambda rng, n: rng.standard_t(4, n),
    "cumulative": lambda rng, n: rng.integers(0, 3, n),
}


@pytest.mark.parametrize("family", WEIGHTED)
def test_a_weight_of_two_is_the_row_twice(family: str) -> None:
    rng = np.random.default_rng(2)
    n = 100
    g, x = np.repeat(np.arange(20), 5), rng.normal(size=n)
    twice = rng.integers(1, 3, n)
    y = np.asarray(WEIGHTED[family](rng, n), dtype=float)
    data = {"y": y, "x": x, "g": [f"g{k}" for k in g], "w": twice.astype(float)}
    repeated = {name: np.repeat(np.asarray(values), twice) for name, values in data.items()}
    link = "log" if family in ("gamma", "inverse_gaussian") else None
    # of shares weights are numbers of trials
    weighted = quietly(lambda: hlmrs.glmer("y ~ x + (1 | g)", data, family=family, link=link, weights="w"))
    plain = quietly(lambda: hlmrs.glmer("y ~ x + (1 | g)", repeated, family=family, link=link))
    np.testing.assert_allclose(weighted.loglik, plain.loglik, rtol=1e-7)
    np.testing.assert_allclose(weighted.beta, plain.beta, atol=1e-4)
