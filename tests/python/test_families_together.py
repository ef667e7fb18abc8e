"""Every family with every part that it can have: fits, their optima, predictions and simulations."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.inference.generalized_poisson import generalized_poisson_quantiles

pytestmark = [
    pytest.mark.filterwarnings("ignore::hlmrs.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::hlmrs.SingularFitWarning"),
]
N, GROUPS = 240, 12
SLOPE = 0.5
"""Of the logarithm of the dispersion in x."""


def intercept_of_dispersion(family: str) -> float:
    """Return one for which most counts of a generalized Poisson law are of more dispersion than Poisson's."""
    return 1.2 if "genpois" in family else -0.2


COUNTS = ("poisson", "nbinom1", "nbinom2", "genpois")
POSITIVE = ("gamma", "inverse_gaussian", "lognormal", "beta")
DISPERSED = (
    *(name for name in (*COUNTS, *(f"truncated_{name}" for name in COUNTS)) if "poisson" not in name),
    *POSITIVE,
    *("ordbeta", "betabinomial", "tweedie", "gaussian", "student"),
)


def data(family: str, *, zeros: bool = False, seed: int = 1) -> pl.DataFrame:
    """Return responses of a family whose dispersion depends on `x` and the group, so that its models hold."""
    rng = np.random.default_rng(seed)
    code, x = np.arange(N) % GROUPS, rng.normal(size=N)
    eta = 0.8 + 0.4 * x + 0.5 * rng.normal(size=GROUPS)[code]
    mean, share = np.exp(eta), 1 / (1 + np.exp(-eta))
    phi = np.exp(intercept_of_dispersion(family) + SLOPE * x + 0.4 * rng.normal(size=GROUPS)[code])
    draws: Any = {
        "poisson": lambda: rng.poisson(mean),
        "nbinom1": lambda: rng.poisson(rng.gamma(mean / phi) * phi),
        "nbinom2": lambda: rng.poisson(rng.gamma(phi) * mean / phi),
        "genpois": lambda: generalized_poisson_quantiles(rng.random(N), mean, phi),
        "gamma": lambda: rng.gamma(phi) * mean / phi,
        "inverse_gaussian": lambda: rng.wald(mean, 1 / phi),
        "lognormal": lambda: np.exp(rng.normal(eta, phi)),
        "beta": lambda: np.clip(rng.beta(share * phi, (1 - share) * phi), 1e-6, 1 - 1e-6),
        "ordbeta": lambda: shares_with_ends(rng, eta, phi),
        "betabinomial": lambda: rng.binomial(8, rng.beta(share * phi, (1 - share) * phi)),
        # of power 3/2: a Poisson number of exponential amounts
        "tweedie": lambda: rng.gamma(rng.poisson(2 * np.sqrt(mean) / phi)) * phi * np.sqrt(mean) / 2,
        "gaussian": lambda: rng.normal(eta, phi),
        "student": lambda: eta + phi * rng.standard_t(6, size=N),
    }
    draw = draws[family.removeprefix("truncated_")]
    y = np.asarray(draw(), dtype=float)
    while family.startswith("truncated_") and (y == 0).any():
        y = np.where(y == 0, draw(), y)
    if zeros:
        y = np.where(rng.random(N) < 0.3, 0.0, y)
    return pl.DataFrame({"y": y, "n": np.full(N, 8), "x": x, "g": [f"g{k}" for k in code]})


def shares_with_ends(rng: np.random.Generator, eta: Any, phi: Any) -> Any:
    """Return draws of the ordered beta law with the ends at -1.5 and 1.8."""
    mean, not_low, high = (1 / (1 + np.exp(end - eta)) for end in (0.0, -1.5, 1.8))
    inner, u = rng.beta(phi * mean, phi * (1 - mean)), rng.random(len(eta))
    return np.where(u < high, 1.0, np.where(u < not_low, np.clip(inner, 1e-6, 1 - 1e-6), 0.0))


def fitted(family: str, *, zeros: bool = False, **options: Any) -> Any:
    response = "cbind(y, n - y)" if family == "betabinomial" else "y"
    link = {"gamma": "log", "inverse_gaussian": "log"}.get(family)
    frame = data(family, zeros=zeros)
    return frame, hlmrs.glmer(f"{response} ~ x + (1 | g)", frame, family=family, link=link, **options)


def holds(frame: pl.DataFrame, fit: Any, family: str) -> None:
    assert fit.verdict.converged, fit.verdict
    assert np.isfinite(fit.loglik)
    assert abs(fit._estimate.own.fit.slope()).max() < 1e-3
    np.testing.assert_allclose(fit.predict(frame), fit.fitted, rtol=1e-9)
    pearson = fit.resid("pearson")
    assert np.isfinite(pearson).all()
    draws = fit.simulate(400, seed=2)
    if family == "lognormal" and len(fit.theta) > 1:
        # the mean over random effects of its dispersion is infinite, that of logarithms is not
        means, expected = np.log(draws).mean(axis=0), fit.predict(type="link", random_effects=False).mean()
    else:
        means = draws.mean(axis=0) / (8 if family == "betabinomial" else 1)
        expected = fit.predict(type="response", marginal=True).mean()
    assert means.mean() == pytest.approx(expected, abs=4 * means.std() / 20), (means.mean(), expected)
    assert np.isfinite(fit.resid("quantile", n=60, seed=1)).all()
    if family not in ("tweedie", "betabinomial"):
        exact = fit.resid("quantile", method="exact", seed=1)
        assert ((exact >= 0) & (exact <= 1)).all()
        # the distance of Kolmogorov and Smirnov that one of a hundred samples of uniform numbers exceeds
        assert np.abs(np.sort(exact) - (np.arange(N) + 0.5) / N).max() < 1.63 / np.sqrt(N)
    written = frame.select(fit.to_polars_expr(type="response")).to_series()
    np.testing.assert_allclose(written, fit.predict(frame, random_effects=False), rtol=1e-9)


@pytest.mark.parametrize("family", [*COUNTS, *(f"truncated_{name}" for name in COUNTS), *POSITIVE])
def test_zeros_of_another_source_are_a_part_of_counts_truncated_counts_and_positive_numbers(family):
    frame, fit = fitted(family, zeros=True, zero_inflation="~ x")
    holds(frame, fit, family)
    share = (frame["y"] == 0).mean()
    zeros = fit.predict(type="zprob").mean()
    # of counts some zeros are their own
    assert zeros == pytest.approx(share, abs=0.02) if family not in COUNTS else zeros < share


@pytest.mark.parametrize("family", DISPERSED)
def test_every_dispersion_can_depend_on_variables_and_groups(family):
    frame, fit = fitted(family, dispersion="~ x + (1 | g)")
    holds(frame, fit, family)
    table = fit.tidy(component="dispersion")
    assert table["term"].to_list() == ["(Intercept)", "x"]
    # an error of 0.4 / sqrt(12) is that of the mean of the random effects
    error = np.hypot(table["std_error"].to_numpy(), [0.4 / GROUPS**0.5, 0.0])
    true = [intercept_of_dispersion(family), SLOPE]
    assert (abs(table["estimate"].to_numpy() - true) < 3 * error).all(), table
    assert (error < [0.5, 0.35]).all()
    assert (abs(fit.beta - [0.8, 0.4]) < 3 * fit.tidy()["std_error"].to_numpy()).all(), fit.tidy()
    assert fit.n_params == {"tweedie": 7, "student": 7, "ordbeta": 8}.get(family, 6)


def test_generalized_poisson_counts_are_less_or_more_dispersed_than_poisson():
    rng = np.random.default_rng(5)
    group = np.arange(600) % 20
    mean = np.exp(1.2 + 0.3 * rng.normal(size=20)[group])
    more = rng.poisson(rng.gamma(mean / 2) * 2)
    less = rng.binomial(20, mean / 20)
    for y, low, high in ((more, 2.2, 4.0), (less, 0.6, 0.95)):
        frame = {"y": y, "g": [f"g{k}" for k in group]}
        fit = hlmrs.glmer("y ~ 1 + (1 | g)", frame, family="genpois")
        assert low < fit.dispersion < high
        assert fit.simulate(40, seed=1).mean() == pytest.approx(y.mean(), rel=0.15)
        assert fit.simulate(40, seed=1).var() == pytest.approx(y.var(), rel=0.3)
        poisson = hlmrs.glmer("y ~ 1 + (1 | g)", frame, family="poisson")
        assert fit.loglik > poisson.loglik + 2


def test_ordered_beta_gives_shares_their_ends_and_says_where_there_are_none():
    rng = np.random.default_rng(8)
    group, x = np.arange(900) % 30, rng.normal(size=900)
    eta = 0.3 + 0.6 * x + 0.5 * rng.normal(size=30)[group]
    mean, not_low, high = (1 / (1 + np.exp(c - eta)) for c in (0.0, -1.5, 1.8))
    u = rng.random(900)
    y = np.where(u < high, 1.0, np.where(u < not_low, rng.beta(6 * mean, 6 * (1 - mean)), 0.0))
    frame = pl.DataFrame({"y": y, "x": x, "g": [f"g{k}" for k in group]})
    fit = hlmrs.glmer("y ~ x + (1 | g)", frame, family="ordbeta")
    se = fit.tidy()["std_error"].to_numpy()
    assert (abs(fit.beta - [0.3, 0.6]) < 3 * np.maximum(se, 0.05)).all()
    assert fit.family_parameters["lower"] == pytest.approx(-1.5, abs=0.3)
    assert fit.family_parameters["upper"] == pytest.approx(1.8, abs=0.3)
    inner = frame.head(200).with_columns(pl.col("y").clip(0.01, 0.99))
    none = hlmrs.glmer("y ~ x + (1 | g)", inner, family="ordbeta")
    beta = hlmrs.glmer("y ~ x + (1 | g)", inner, family="beta")
    assert none.loglik == pytest.approx(beta.loglik, abs=1e-3)
    assert "There are no zeros" in " ".join(none.verdict.explain().split())
    assert "There are no ones" in " ".join(none.verdict.explain().split())


def test_ends_are_named_where_a_share_has_them():
    frame = data("ordbeta")
    with pytest.raises(hlmrs.errors.DataError, match="family 'ordbeta' has them"):
        hlmrs.glmer("y ~ x + (1 | g)", frame, family="beta")


@pytest.mark.parametrize("family", ["gamma", "inverse_gaussian", "lognormal"])
def test_zeros_and_positive_numbers_are_two_models_in_any_unit(family):
    frame = data(family, zeros=True).with_columns(is_zero=(pl.col("y") == 0).cast(pl.Int64))
    link = None if family == "lognormal" else "log"
    positive = hlmrs.glmer("y ~ x + (1 | g)", frame.filter(pl.col("y") > 0), family=family, link=link)
    p = frame["is_zero"].mean()
    zeros = N * (p * np.log(p) + (1 - p) * np.log(1 - p))
    for unit in (1.0, 1000.0):
        scaled = frame.with_columns(y=pl.col("y") * unit)
        fit = hlmrs.glmer("y ~ x + (1 | g)", scaled, family=family, link=link, zero_inflation="~ 1")
        in_unit = positive.loglik - N * (1 - p) * np.log(unit)
        assert fit.loglik == pytest.approx(in_unit + zeros, abs=1e-5)
        assert fit.beta[1] == pytest.approx(positive.beta[1], abs=1e-4)
