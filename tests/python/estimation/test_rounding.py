"""Responses so large that the log-likelihood has too few digits to tell an optimum."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

import hlmrs

GROUPS = np.arange(120) % 10


def counts(largest: int) -> dict[str, Any]:
    """Return small counts but for one."""
    y = np.random.default_rng(1).poisson(3, 120).astype(np.int64)
    y[5] = largest
    return {"y": y, "g": [f"g{k}" for k in GROUPS]}


def laplace(y: np.ndarray, intercept: float, log_sd: float) -> float:
    """Return -2 log-likelihood of counts with an effect for each group, but for what no parameter moves.

    With t = eta - log(mean of the group) it is a sum of terms as small as what they say of the parameters.
    """
    sd, total = np.exp(log_sd), 0.0
    for own in (y[g == GROUPS] for g in range(10)):
        size, log_mean = own.sum(), np.log(own.mean())
        of_mean = log_mean - intercept
        t = brentq(lambda t, n=size, m=of_mean: n * np.expm1(t) + (m + t) / sd**2, -60, 60, xtol=1e-300, rtol=1e-15)
        total += 2 * size * (np.expm1(t) - t) + ((of_mean + t) / sd) ** 2 + np.log1p(sd**2 * size * np.exp(t))
    return total


@pytest.mark.parametrize("largest", [10**6, 10**9, 10**10])
def test_counts_of_very_different_size_have_the_estimates_of_the_closed_form(largest: int) -> None:
    data = counts(largest)
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson")
    assert fit.verdict.status == "optimum"
    start = [2.0, np.log(3.0)]
    found = minimize(
        lambda x: laplace(data["y"], *x), start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    )
    h = 1e-3 * np.eye(2)
    hessian = np.array(
        [
            [
                sum(s * t * laplace(data["y"], *(found.x + s * a + t * b)) for s in (1, -1) for t in (1, -1)) / 4e-6
                for b in h
            ]
            for a in h
        ]
    )
    error = np.sqrt(2 * np.linalg.inv(hessian)[0, 0])
    # a log-likelihood of 2e11 is rounded to 3e-5, which moves its optimum by some 1e-5 of an error
    digits = 1e-5 if largest < 10**10 else 1e-4
    assert fit.fixef()["(Intercept)"] == pytest.approx(found.x[0], abs=digits * error)
    assert fit.varcorr()["sd"][0] == pytest.approx(np.exp(found.x[1]), rel=1e-5)
    assert fit.tidy()["std_error"][0] == pytest.approx(error, rel=2e-3)


@pytest.mark.filterwarnings("ignore::hlmrs.ConvergenceWarning")
@pytest.mark.parametrize("largest", [10**12, 10**15])
@pytest.mark.parametrize("formula", ["y ~ 1 + (1 | g)", "y ~ x + (1 | g)"])
def test_a_response_whose_digits_hide_all_others_is_named_and_its_fit_not_called_converged(
    formula: str, largest: int
) -> None:
    data = counts(largest) | {"x": np.random.default_rng(2).normal(size=120)}
    fit = hlmrs.glmer(formula, data, family="poisson")
    assert fit.verdict.status == "rounded"
    assert not fit.verdict.converged
    assert f"response 1e{len(str(largest)) - 1} " in fit.verdict.reason
    assert "correct it or leave it out" in " ".join(fit.verdict.explain().split())
