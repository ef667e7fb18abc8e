"""Simulated responses have the mean and the variance of every family's definition, and give the parameters back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs
from generalized_models import fit_of, quietly
from golden import rows

SIZE, N_GROUPS, N_DRAWS = 20, 5, 1000
TRIALS = 6
COUNTS = ("poisson", "nbinom1", "nbinom2", "genpois")
Moments = tuple[Any, Any]


def one_group(family: str) -> Any:
    """Return responses of the rows of one group: quantiles of a law like the family's, in some order."""
    p = (np.arange(SIZE) + 0.5) / SIZE
    share = stats.beta.ppf(p, 2, 3)
    found: Any = {
        "binomial": lambda: stats.binom.ppf(p, TRIALS, 0.4),
        "betabinomial": lambda: stats.betabinom.ppf(p, TRIALS, 1.0, 1.5),
        "gamma": lambda: stats.gamma.ppf(p, 2),
        "inverse_gaussian": lambda: stats.invgauss.ppf(p, 0.7),
        "lognormal": lambda: stats.lognorm.ppf(p, 0.5),
        "beta": lambda: share,
        "ordbeta": lambda: np.clip(1.3 * share - 0.15, 0, 1),
        "tweedie": lambda: np.where(p < 0.3, 0.0, stats.gamma.ppf(p, 2)),
        "gaussian": lambda: stats.norm.ppf(p),
        "student": lambda: stats.t.ppf(p, 8),
        "cumulative": lambda: np.digitize(p, [0.3, 0.7]),
    }.get(family, lambda: stats.nbinom.ppf(p, 2, 0.4) + family.startswith("truncated_"))()
    return np.random.default_rng(4).permutation(found)


def fit_without_differences_of_groups(family: str, **options: Any) -> Any:
    """Return a fit to the same rows in every group, whose random effects have no variance."""
    x = np.tile(np.linspace(-1, 1, SIZE), N_GROUPS)
    data = pl.DataFrame(
        {
            "y": np.tile(one_group(family), N_GROUPS).astype(float),
            "n": np.full(len(x), TRIALS),
            "x": x,
            "g": [f"g{k}" for k in np.repeat(np.arange(N_GROUPS), SIZE)],
        }
    )
    if "zero_inflation" in options:
        data = data.with_columns(y=pl.when(pl.int_range(pl.len()) % 4 == 0).then(0.0).otherwise("y"))
    if family == "cumulative":
        data = data.with_columns(y=pl.col("y").cast(pl.Int64).cast(pl.String).cast(pl.Enum(["0", "1", "2"])))
    response = "cbind(y, n - y)" if family in ("binomial", "betabinomial") else "y"
    link = "log" if family in ("gamma", "inverse_gaussian") else None
    fit = quietly(lambda: hlmrs.glmer(f"{response} ~ x + (1 | g)", data, family=family, link=link, **options))
    assert max(row["sd"] for row in rows(fit.varcorr()) if row["group"] == "g") < 1e-3
    return fit


def counts_with(fit: Any, family: str, eta: Any) -> Moments:
    """Return the mean and the variance of counts, of truncated ones from those of the whole law and its P(0)."""
    phi = fit.dispersion
    name, mu = family.removeprefix("truncated_"), np.exp(eta)
    variance = {"poisson": mu, "nbinom1": mu * (1 + phi), "nbinom2": mu + mu**2 / phi, "genpois": mu * phi}[name]
    if name == family:
        return mu, variance
    zero = {
        "poisson": lambda: np.exp(-mu),
        "nbinom1": lambda: (1 + phi) ** (-mu / phi),
        "nbinom2": lambda: (phi / (phi + mu)) ** phi,
        "genpois": lambda: np.exp(-mu / np.sqrt(phi)),
    }[name]()
    mean = mu / (1 - zero)
    return mean, (variance + mu**2) / (1 - zero) - mean**2


def of_shares_with_ends(fit: Any, eta: Any) -> Moments:
    ends = fit.family_parameters
    mu, not_low, one = (1 / (1 + np.exp(end - eta)) for end in (0.0, ends["lower"], ends["upper"]))
    mean = one + (not_low - one) * mu
    square = one + (not_low - one) * (mu**2 + mu * (1 - mu) / (1 + fit.dispersion))
    return mean, square - mean**2


def of_categories(fit: Any, eta: Any) -> Moments:
    below = 1 / (1 + np.exp(eta[:, None] - fit.tidy(component="thresholds")["estimate"].to_numpy()))
    each = np.diff(below, axis=1, prepend=0.0, append=1.0)
    numbers = np.arange(1, each.shape[1] + 1)
    return each @ numbers, each @ numbers**2 - (each @ numbers) ** 2


def moments(fit: Any, family: str) -> Moments:
    """Return the mean and the variance of every row by the family's definition in docs."""
    eta = fit.predict(type="link", random_effects=False)
    phi, mu, share = fit.dispersion, np.exp(eta), 1 / (1 + np.exp(-eta))
    if family.removeprefix("truncated_") in COUNTS:
        return counts_with(fit, family, eta)
    of: dict[str, Callable[[], Moments]] = {
        "binomial": lambda: (TRIALS * share, TRIALS * share * (1 - share)),
        "betabinomial": lambda: (
            TRIALS * share,
            TRIALS * share * (1 - share) * (1 + (TRIALS - 1) / (1 + phi)),
        ),
        "gamma": lambda: (mu, (mu * phi) ** 2),
        "inverse_gaussian": lambda: (mu, mu**3 * phi),
        "lognormal": lambda: (np.exp(eta + phi**2 / 2), np.expm1(phi**2) * np.exp(2 * eta + phi**2)),
        "beta": lambda: (share, share * (1 - share) / (1 + phi)),
        "ordbeta": lambda: of_shares_with_ends(fit, eta),
        "tweedie": lambda: (mu, phi * mu ** fit.family_parameters["power"]),
        "gaussian": lambda: (eta, phi**2 + 0 * eta),
        "student": lambda: (eta, phi**2 / (1 - 2 / fit.family_parameters["df"]) + 0 * eta),
        "cumulative": lambda: of_categories(fit, eta),
    }
    return of[family]()


def numbers_of(draws: Any) -> Any:
    """Return draws as numbers; those of categories are their places."""
    draws = np.asarray(draws)
    return draws if draws.dtype.kind in "fiu" else draws.astype(int) + 1


def assert_moments(draws: Any, mean: Any, variance: Any) -> None:
    z = (draws.mean(axis=1) - mean) / np.sqrt(variance / draws.shape[1])
    assert np.abs(z).max() < 4.5
    ratio = (draws - mean[:, None]) ** 2 / variance[:, None]
    assert ratio.mean() == pytest.approx(1.0, abs=5 * ratio.std() / np.sqrt(ratio.size))
    assert ratio.std() / np.sqrt(ratio.size) < 0.02


FAMILIES = (*COUNTS, *(f"truncated_{name}" for name in COUNTS), "binomial", "betabinomial", "gamma", "inverse_gaussian")
FAMILIES += ("lognormal", "beta", "ordbeta", "tweedie", "gaussian", "student", "cumulative")


@pytest.mark.parametrize("family", FAMILIES)
def test_simulated_responses_have_the_moments_of_the_definition(family: str) -> None:
    fit = fit_without_differences_of_groups(family)
    assert_moments(numbers_of(fit.simulate(N_DRAWS, seed=2)), *moments(fit, family))
    np.testing.assert_array_equal(fit.simulate(2, seed=5), fit.simulate(2, seed=5))


@pytest.mark.parametrize("family", ["poisson", "nbinom2", "truncated_poisson", "truncated_nbinom1", "gamma", "beta"])
def test_zeros_of_another_source_are_mixed_in(family: str) -> None:
    fit = fit_without_differences_of_groups(family, zero_inflation="~ 1")
    mean, variance = moments(fit, family)
    other = 1 - fit.predict(type="zprob")
    assert 0.6 < other[0] < 0.9
    assert_moments(
        numbers_of(fit.simulate(N_DRAWS, seed=2)), other * mean, other * (variance + mean**2) - (other * mean) ** 2
    )


@pytest.mark.parametrize("name", ["zero part", "dispersion", "ordered", "crossed"])
def test_refits_to_simulated_responses_give_the_parameters_back(name: str) -> None:
    # with as many zeros the data tell little of a dispersion
    fit = quietly(lambda: fit_of(name).update(family="poisson")) if name == "zero part" else fit_of(name)
    estimate = {part: fit.tidy(component=part)["estimate"].to_numpy() for part in fit._estimate.parts}
    error = {part: fit.tidy(component=part)["std_error"].to_numpy() for part in estimate}
    draws = np.asarray(fit.simulate(12, seed=3))
    again = quietly(lambda: [fit.refit(draws[:, k]) for k in range(12)])
    for part, want in estimate.items():
        found = np.array([one.tidy(component=part)["estimate"].to_numpy() for one in again])
        # a median of twelve has an error of 1.25 se / sqrt(12)
        assert (np.abs(np.median(found, axis=0) - want) < 1.2 * error[part]).all(), part
