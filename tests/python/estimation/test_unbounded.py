"""A likelihood that rises as a standard deviation grows without end has no optimum, whatever an approximation has."""

import numpy as np
import pytest
from scipy.optimize import minimize

import hlmrs
from benches import optima_generalized

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.errors.HlmrsWarning")


@pytest.mark.parametrize("nagq", [1, 7, 25])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_four_rows_that_their_groups_tell_perfectly_have_no_standard_deviation(nagq, link):
    rows = {"y": [0, 1, 1, 0], "g": ["a", "b", "c", "a"]}
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", rows, family=hlmrs.Family("binomial", link), nagq=nagq)
    assert fit.verdict.status == "unbounded"
    assert not fit.verdict.converged
    assert fit.verdict.flat_terms == ("(1 | g)",)
    assert "the standard deviation of (1 | g) has no finite best value" in " ".join(fit.verdict.explain().split())


@pytest.mark.parametrize("nagq", [1, 7])
def test_groups_that_are_all_alike_inside_are_warned_of(nagq):
    k = np.arange(96)
    rows = {"y": k % 8 < 4, "x": np.sin(k), "g": k // 4}
    with pytest.warns(hlmrs.ConvergenceWarning, match="no finite best value"):
        fit = hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial", nagq=nagq)
    assert fit.verdict.status == "unbounded"
    rows["y"] = np.where(k % 11 == 0, ~rows["y"], rows["y"])
    assert hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial", nagq=nagq).verdict.converged


def test_ordered_responses_hurdles_and_vectors_of_effects_can_be_told_perfectly_too():
    k = np.arange(80)
    g, x = k // 4, np.sin(3.0 * k)
    ordered = hlmrs.glmer("y ~ 1 + (1 | g)", {"y": g % 3, "g": g}, family="cumulative")
    assert ordered.verdict.status == "unbounded"
    counts = np.where(g % 2 == 0, 0, 1 + k % 4)
    hurdle = hlmrs.glmer(
        "y ~ x + (1 | h)",
        {"y": counts, "x": x, "g": g, "h": k % 5},
        family="truncated_poisson",
        zero_inflation="~ 1 + (1 | g)",
    )
    assert hurdle.verdict.status == "unbounded"
    vector = hlmrs.glmer("y ~ x + diag(1 + x | g)", {"y": (x > np.cos(5.0 * g)), "x": x, "g": g}, family="binomial")
    assert vector.verdict.status == "unbounded"


def test_a_limit_above_a_moderate_optimum_of_the_approximation_is_seen():
    """Groups that are alike inside: quadrature stops at 4.7, where the log-likelihood is -2.69; the limit has -2.5."""
    rows = {"y": [0, 1, 1, 1, 1, 1, 1, 1], "g": [2, 3, 4, 3, 0, 4, 5, 3]}
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", rows, family="binomial", nagq=9)
    assert 4 < fit.theta[0] < 6
    assert fit.verdict.status == "unbounded"
    limit = 4 * np.log(4 / 5) + np.log(1 / 5)  # one group of five is on the other side
    assert f"-2.69 here, and {limit:.2f}" in fit.verdict.reason


def test_large_standard_deviations_that_some_rows_speak_against_are_optima():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(40), 6)
    y = rng.random(240) < 1 / (1 + np.exp(-6 * rng.normal(size=40)[g]))
    for nagq in (1, 15):
        fit = hlmrs.glmer("y ~ 1 + (1 | g)", {"y": y, "g": g}, family="binomial", nagq=nagq)
        assert fit.theta[0] > 3
        assert fit.verdict.status == "optimum"


def test_small_random_designs_have_no_optimum_where_the_likelihood_has_none():
    assert [seed for seed in range(40) if optima_generalized.endless(seed)] == []


def drawn(seed):
    """Return 5 to 12 groups of 2 to 5 binary rows, with effects whose standard deviation may be 6."""
    rng = np.random.default_rng(seed)
    n_groups, size = rng.integers(5, 13), rng.integers(2, 6)
    g, x = np.repeat(np.arange(n_groups), size), rng.normal(size=n_groups * size)
    sd, uniform = rng.choice([1, 2, 4, 6]), rng.random(len(x))
    eta = rng.normal() + x * rng.normal() + sd * rng.normal(size=n_groups)[g]
    return {"y": (uniform < 1 / (1 + np.exp(-eta))).astype(float), "x": x, "g": g}


def loglik(rows, beta, sd):
    """Return the log-likelihood, by sums over points a fraction of a logistic step apart."""
    step = min(0.05, 0.4 / sd)
    u = np.arange(-9, 9 + step, step)
    sign, fixed = 2 * rows["y"] - 1, beta[0] + beta[1] * rows["x"]
    at = -np.logaddexp(0, -sign[:, None] * (fixed[:, None] + sd * u))
    levels = np.array([at[rows["g"] == level].sum(axis=0) for level in np.unique(rows["g"])])
    return (np.logaddexp.reduce(levels - 0.5 * u**2, axis=1) + np.log(step / np.sqrt(2 * np.pi))).sum()


def highest(rows, sd, beta):
    """Return the highest log-likelihood at a standard deviation."""
    return -minimize(lambda beta: -loglik(rows, sd * beta, sd), beta / sd, method="Nelder-Mead").fun


@pytest.mark.parametrize(("seed", "nagq", "sd"), [(24, 25, 6.81), (243, 25, 4.52), (484, 61, 8.31)])
def test_a_likelihood_that_is_higher_at_finite_estimates_than_at_the_limit_has_an_optimum(seed, nagq, sd):
    """The limit is higher than the likelihood at Laplace's estimates, and that at quadrature's is higher still."""
    rows = drawn(seed)
    fit = hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial")
    best = hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial", nagq=nagq)
    assert best.theta[0] == pytest.approx(sd, abs=0.01 * sd)
    here, there = loglik(rows, fit.beta, fit.theta[0]), loglik(rows, best.beta, best.theta[0])
    assert here < highest(rows, 100.0, fit.beta * 100.0 / fit.theta[0]) < there - 0.02
    assert fit.verdict.status == "optimum"
    assert f"the log-likelihood is {here:.2f} here, and {there:.2f} where the standard deviation" in fit.verdict.reason
    assert fit.verdict.reason in " ".join(fit.verdict.explain().split())
    assert best.verdict.status == "optimum"
    assert hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial", nagq=25).verdict.status != "unbounded"


@pytest.mark.parametrize(("seed", "limit"), [(40, -12.91), (45, -11.33)])
def test_a_limit_above_all_finite_standard_deviations_is_no_optimum(seed, limit):
    rows = drawn(seed)
    fit = hlmrs.glmer("y ~ x + (1 | g)", rows, family="binomial")
    direction = fit.beta / fit.theta[0]
    assert max(highest(rows, sd, sd * direction) for sd in (1.0, 3.0, 8.0, 20.0)) < limit - 0.05
    assert highest(rows, 200.0, 200.0 * direction) == pytest.approx(limit, abs=0.02)
    assert fit.verdict.status == "unbounded"
    assert f"{limit} where it is infinite" in fit.verdict.reason
