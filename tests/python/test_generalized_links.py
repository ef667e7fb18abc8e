"""Every link of every family is fitted and gives the coefficients back that responses were drawn with."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs
from generalized_models import quietly
from hlmrs.families import _LINKS

N, GROUPS = 600, 30
DISPERSION = 3.0
TRIALS = 6
# an intercept and a slope for which every mean is possible, and the standard deviation of random effects
PREDICTORS: dict[str, tuple[float, float, float]] = {
    "identity": (2.0, 0.5, 0.2),
    "log": (0.7, 0.4, 0.2),
    "sqrt": (1.5, 0.3, 0.1),
    "inverse": (0.6, 0.15, 0.05),
    "1/mu^2": (0.5, 0.15, 0.05),
    "logit": (0.3, 0.8, 0.5),
    "probit": (0.2, 0.5, 0.3),
    "cloglog": (-0.4, 0.5, 0.3),
    "cauchit": (0.2, 0.6, 0.4),
}
MEANS: dict[str, Any] = {
    "identity": lambda eta: eta,
    "log": np.exp,
    "sqrt": np.square,
    "inverse": np.reciprocal,
    "1/mu^2": lambda eta: eta**-0.5,
    "logit": stats.logistic.cdf,
    "probit": stats.norm.cdf,
    "cloglog": lambda eta: -np.expm1(-np.exp(eta)),
    "cauchit": stats.cauchy.cdf,
}


def drawn(family: str, mean: Any, eta: Any, rng: np.random.Generator) -> Any:
    """Return responses of a mean, those above zero until there is one."""
    phi, n = DISPERSION, len(mean)
    draws: dict[str, Any] = {
        "binomial": lambda: rng.binomial(TRIALS, mean),
        "betabinomial": lambda: rng.binomial(TRIALS, rng.beta(phi * mean, phi * (1 - mean))),
        "beta": lambda: np.clip(rng.beta(phi * mean, phi * (1 - mean)), 1e-9, 1 - 1e-9),
        "poisson": lambda: rng.poisson(mean),
        "nbinom1": lambda: rng.poisson(rng.gamma(mean)),
        "nbinom2": lambda: rng.poisson(rng.gamma(phi, mean / phi)),
        "genpois": lambda: rng.poisson(mean),
        "gamma": lambda: rng.gamma(phi, mean / phi),
        "inverse_gaussian": lambda: rng.wald(mean, 2 * phi),
        "tweedie": lambda: rng.gamma(rng.poisson(2 * np.sqrt(mean))) * np.sqrt(mean) / 2,
        "gaussian": lambda: rng.normal(mean, 0.3),
        "student": lambda: mean + 0.3 * rng.standard_t(5, n),
        "lognormal": lambda: np.exp(rng.normal(mean, 0.3)),
        "ordbeta": lambda: np.clip(rng.beta(phi * mean, phi * (1 - mean)), 1e-9, 1 - 1e-9),
    }
    draw = draws[family.removeprefix("truncated_")]
    y = np.asarray(draw(), dtype=float)
    while family.startswith("truncated_") and (y == 0).any():
        y = np.where(y == 0, draw(), y)
    return y


@pytest.mark.filterwarnings("ignore::hlmrs.ConvergenceWarning")
@pytest.mark.parametrize(
    ("family", "link"),
    [(family, link) for family, links in _LINKS.items() for link in links if family != "cumulative"],
)
def test_coefficients_are_given_back(family: str, link: str) -> None:
    rng = np.random.default_rng(7)
    g, x = np.arange(N) % GROUPS, rng.uniform(-1, 1, N)
    intercept, slope, sd = PREDICTORS[link]
    eta = intercept + slope * x + sd * rng.normal(size=GROUPS)[g]
    y = drawn(family, MEANS[link](eta), eta, rng)
    data = pl.DataFrame({"y": y, "n": np.full(N, TRIALS), "x": x, "g": g})
    response = "cbind(y, n - y)" if family in ("binomial", "betabinomial") else "y"
    fit = quietly(lambda: hlmrs.glmer(f"{response} ~ x + (1 | g)", data, family=family, link=link))
    assert fit.verdict.converged, fit.verdict
    se = np.sqrt(np.diag(fit.vcov()))
    assert (np.abs(fit.beta - [intercept, slope]) < 4 * se).all(), (fit.beta, se)
    # nearly as well known as by all rows alone; a standard error that is anything would pass above
    assert (se < [0.6 * max(1, abs(intercept)), 0.5]).all(), se
    linear = fit.predict(type="link")
    if not family.startswith(("truncated_", "lognormal", "ordbeta")):
        np.testing.assert_allclose(fit.predict(), MEANS[link](linear), rtol=1e-9)


@pytest.mark.parametrize("link", _LINKS["cumulative"])
def test_ordered_responses_have_the_coefficients_of_every_link(link: str) -> None:
    rng = np.random.default_rng(7)
    g, x = np.arange(N) % GROUPS, rng.uniform(-1, 1, N)
    noise = {
        "logit": rng.logistic(size=N),
        "probit": rng.normal(size=N),
        "cloglog": stats.gumbel_l.rvs(size=N, random_state=rng),
        "cauchit": rng.standard_cauchy(N),
    }[link]
    latent = 0.8 * x + 0.4 * rng.normal(size=GROUPS)[g] + noise
    grade = pl.Series(np.digitize(latent, [-0.8, 0.7]).astype(str)).cast(pl.Enum(["0", "1", "2"]))
    fit = hlmrs.glmer("y ~ x + (1 | g)", pl.DataFrame({"y": grade, "x": x, "g": g}), family="cumulative", link=link)
    assert fit.verdict.status == "optimum"
    table = fit.tidy(component="thresholds")
    found, se = np.r_[fit.beta, table["estimate"]], np.r_[fit.tidy()["std_error"], table["std_error"]]
    assert (np.abs(found - [0.8, -0.8, 0.7]) < 4 * se).all(), (found, se)
    assert (se < 0.3).all()
