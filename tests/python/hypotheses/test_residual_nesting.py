"""A structure of residuals lies in another if its correlation matrices, in closed form, have the other's form."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest

import hlmrs
from hlmrs.formula import RESIDUAL_STRUCTURES
from hlmrs.hypotheses.nesting import embed
from hlmrs.hypotheses.residual_nesting import _HOLDS, different_correlations

TIMES = {"t": np.arange(5.0), "u": np.array([0.0, 1.0, 3.0, 4.0, 8.0])}
"""Equally far from each other, and not."""


def panel() -> dict[str, list]:
    """Twenty groups of five visits, of autoregressive residuals."""
    rng = np.random.default_rng(4)
    rows = []
    for g in range(20):
        e = rng.normal()
        for k in range(5):
            e = 0.5 * e + 0.8 * rng.normal()
            rows.append((f"g{g}", "ab"[g % 2], *(float(own[k]) for own in TIMES.values()), e))
    return dict(zip(("id", "arm", *TIMES, "y"), map(list, zip(*rows, strict=True)), strict=True))


DATA = panel()


@cache
def fit(residual: str | None) -> hlmrs.LinearMixedFit:
    return hlmrs.gls("y ~ 1", DATA, residual=residual, reml=False)


def distances(time: str) -> np.ndarray:
    return np.abs(np.subtract.outer(TIMES[time], TIMES[time]))


def of_moving_average(time: str, a: float, b: float) -> np.ndarray:
    """e_t = z_t + a z_(t-1) + b z_(t-2)."""
    lags = np.zeros(20)
    lags[:3] = [1, (a + a * b) / (1 + a * a + b * b), b / (1 + a * a + b * b)]
    return lags[distances(time).astype(int)]


MATRICES: dict[str, Callable[[str, np.random.Generator], np.ndarray]] = {
    "ar1({} | id)": lambda time, rng: rng.uniform(-0.9, 0.9) ** distances(time),
    "car1({} | id)": lambda time, rng: rng.uniform(0.1, 0.9) ** distances(time),
    "exp({} | id)": lambda time, rng: np.exp(-distances(time) / rng.uniform(0.5, 5)),
    "gau({} | id)": lambda time, rng: np.exp(-((distances(time) / rng.uniform(0.5, 5)) ** 2)),
    "exp({} | id, nugget=True)": lambda time, rng: (
        np.eye(5) + rng.uniform(0.1, 0.9) * np.exp(-distances(time) / rng.uniform(0.5, 5)) * (1 - np.eye(5))
    ),
    "arma({} | id, p=0, q=2)": lambda time, rng: of_moving_average(time, *rng.uniform(-0.4, 0.4, 2)),
    "cs(1 | id)": lambda time, rng: np.where(np.eye(5) == 1, 1.0, rng.uniform(-0.2, 0.9)),
}
"""A correlation matrix of each structure, with parameters as they come."""


def is_of_lags(r: np.ndarray, time: str) -> bool:
    return all(np.ptp(np.diag(r, k)) < 1e-12 for k in range(1, 5))


def is_of_products(r: np.ndarray, time: str) -> bool:
    return all(abs(r[i, j] - np.prod(np.diag(r, 1)[i:j])) < 1e-12 for i in range(5) for j in range(i + 1, 5))


def is_of_powers(r: np.ndarray, time: str) -> bool:
    """Whether it is rho^distance, rho found from the neighbours at distance one."""
    return bool(np.allclose(r, r[0, 1] ** distances(time), atol=1e-12))


def is_of_positive_powers(r: np.ndarray, time: str) -> bool:
    return bool(r[0, 1] > 0) and is_of_powers(r, time)


def is_of_arma_1_1(r: np.ndarray, time: str) -> bool:
    """Whether there are c and phi such that a correlation is c phi^(lag - 1) at equally distant times."""
    lags = r[0, 1:]
    phi = lags[1] / lags[0]
    return is_of_lags(r, time) and abs(phi) < 1 and np.allclose(lags, lags[0] * phi ** np.arange(4), atol=1e-12)


def is_of_two_lags(r: np.ndarray, time: str) -> bool:
    return is_of_lags(r, time) and not r[0, 3:].any()


def is_of_any_two(r: np.ndarray, time: str) -> bool:
    return True


FORMS: dict[str, Callable[[np.ndarray, str], bool]] = {
    "corr({} | id)": is_of_any_two,
    "toep({} | id)": is_of_lags,
    "ad({} | id)": is_of_products,
    "ar1({} | id)": is_of_powers,
    "car1({} | id)": is_of_positive_powers,
    "arma({} | id)": is_of_arma_1_1,
    "arma({} | id, p=0, q=2)": is_of_two_lags,
}
"""Whether a matrix is one of a structure's."""


def cases() -> Iterator[tuple[str, str, str]]:
    for time in TIMES:
        for small in MATRICES:
            for large in FORMS:
                if time == "t" or "arma" not in small + large:
                    yield small, large, time


@pytest.mark.parametrize(("small", "large", "time"), list(cases()))
def test_it_is_nested_if_and_only_if_all_its_matrices_are_of_the_form(small: str, large: str, time: str) -> None:
    rng = np.random.default_rng(1)
    want = all(FORMS[large](MATRICES[small](time, rng), time) for _ in range(20))
    estimates = [fit(text.format(time))._estimate for text in (small, large)]
    found = different_correlations(*estimates)
    assert found == ("" if want else f"not nested: residuals {small.format(time)} and {large.format(time)}")


def test_every_structure_can_be_the_larger_one_of_a_comparison() -> None:
    correlations = {structure.correlation for structure in RESIDUAL_STRUCTURES.values()}
    assert correlations == set(_HOLDS)
    assert correlations <= set(RESIDUAL_STRUCTURES)


def test_exponential_correlations_and_car1_are_the_same_model() -> None:
    car1, exponential = fit("car1(u | id)"), fit("exp(u | id)")
    assert car1.criterion == pytest.approx(exponential.criterion, abs=1e-6)
    last = hlmrs.compare(car1, exponential).to_dicts()[-1]
    assert (last["chisq"], last["null_distribution"]) == (None, "no test: the same model in other words")


def test_models_of_as_many_parameters_that_differ_are_not_called_the_same() -> None:
    last = hlmrs.compare(fit("ar1(t | id)"), fit("cs(1 | id)")).to_dicts()[-1]
    assert last["null_distribution"] == "not nested: residuals ar1(t | id) and cs(1 | id)"


def test_a_nugget_of_zero_is_at_the_end_of_its_range() -> None:
    small, large = fit("exp(u | id)"), fit("exp(u | id, nugget=True)")
    last = hlmrs.compare(small, large).to_dicts()[-1]
    assert (last["df"], last["null_distribution"]) == (1, "0.5 chi2(0) + 0.5 chi2(1)")
    by_arm = hlmrs.compare(small, fit("exp(u | id, nugget=True, by=arm)")).to_dicts()[-1]
    assert by_arm["null_distribution"] == "chi2(3), conservative: a variance is on its boundary"
    assert embed(large._estimate, small._estimate) == "not nested: residuals exp(u | id, nugget=True) and exp(u | id)"


@pytest.mark.parametrize(
    ("small", "large", "said"),
    [
        (None, "arma(t | id)", "cancel"),
        ("ar1(t | id)", "arma(t | id, p=2, q=1)", "cancel"),
        (None, "arma(t | id, p=0, q=2)", ""),
        ("ar1(t | id)", "arma(t | id, p=2, q=0)", ""),
        ("exp(t | id, nugget=True)", "arma(t | id, p=2, q=1)", ""),
        (None, "gau(t | id)", "end of its range"),
        (None, "toep(t | id)", ""),
        ("ar1(t | id)", "ar1(t | arm:id)", ""),
        ("ar1(t | id)", "ar1(t | id, by=arm)", ""),
        ("ar1(t | id, by=arm)", "corr(t | id)", "not nested"),
    ],
)
def test_where_parameters_cannot_be_told_apart_or_are_at_an_end_there_is_no_test(
    small: str | None, large: str, said: str
) -> None:
    found = different_correlations(fit(small)._estimate, fit(large)._estimate)
    assert said in found
    assert bool(found) == bool(said)
