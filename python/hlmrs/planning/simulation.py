"""Power by simulation: responses drawn from a plan, each fitted and tested as data would be; the check of all else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .._core import f_tail, fit_many, two_sided_ps
from ..control import count, seed_or_new
from ..errors import HlmrsError, HlmrsWarning, OptionError
from ..estimation import Estimate, core_model, fit_model, reestimate
from ..estimation.family_spec import link_means
from ..estimation.generalized_many import fit_each, many_request
from ..families import Family
from ..frame import Column
from ..inference.degrees_of_freedom import joint_test
from ..resources import Progress
from .plan import Outlook
from .single_test import Level
from .tested import Hypotheses

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_AT_ONCE = 4_000_000
"""Numbers in responses that are drawn together."""
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many of n data sets had a significant test, test by test, and how many had none."""

    n: int
    significant: Vector
    failed: Vector

    @property
    def power(self) -> Vector:
        """The share of significant tests; a fit without a test has none."""
        return self.significant / self.n

    def columns(self) -> dict[str, Column]:
        """Return the shares with intervals of 95 % (Wilson 1927), and how many data sets had no test."""
        low, high = wilson(self.significant, self.n)
        return {"simulated": self.power, "conf_low": low, "conf_high": high, "failed": self.failed.astype(int)}


def wilson(k: Vector, n: int) -> tuple[Vector, Vector]:
    """Return Wilson's interval of k successes of n, of 95 %."""
    share, z2 = k / n, _NORMAL_95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return np.where(k == 0, 0.0, center - half), np.where(k == n, 1.0, center + half)


def simulate(outlook: Outlook, n: int, seed: int | None, threads: int | None) -> Simulated:
    """Draw and test n data sets."""
    n, covariates = count("n", n), outlook.plan.covariates
    if covariates:
        raise OptionError(
            f"covariates={covariates}: data sets are simulated of the formula alone, and these stand beside it; give "
            "the design variables in their place, such as ('school', 'normal'), and the formula their terms"
        )
    if threads is not None:
        outlook = _with_threads(outlook, threads)
    rng = np.random.default_rng(seed_or_new(seed))
    p_values = np.empty((n, len(outlook.tested)))
    with Progress("data sets", n) as progress:
        for first, y in _batches(outlook, n, rng):
            p_values[first : first + len(y)] = _p_values(outlook, y, partial(_reach, progress, first))
    return Simulated(n, (p_values < outlook.plan.level.alpha).sum(axis=0), np.isnan(p_values).sum(axis=0))


def _with_threads(outlook: Outlook, threads: int) -> Outlook:
    request = outlook.model.request
    request = replace(request, control=replace(request.control, n_threads=threads))
    return replace(outlook, model=replace(outlook.model, request=request))


def _reach(progress: Progress, before: int, done: int) -> None:
    progress.reach(before + done)


def _batches(outlook: Outlook, n: int, rng: np.random.Generator) -> Iterator[tuple[int, Matrix]]:
    at_once = max(1, _AT_ONCE // len(outlook.model.x))
    for first in range(0, n, at_once):
        yield first, responses(outlook, min(at_once, n - first), rng)


def responses(outlook: Outlook, n: int, rng: np.random.Generator) -> Matrix:
    """Draw n responses, a row each."""
    predictor, family = linear_predictors(outlook, n, rng), outlook.plan.family
    if family is not None:
        means = link_means(family, predictor)[0]
        return (rng.binomial(1, means) if family.name == "binomial" else rng.poisson(means)).astype(np.float64)
    return np.asarray(predictor + outlook.variances.sigma * rng.standard_normal(predictor.shape))


def linear_predictors(outlook: Outlook, n: int, rng: np.random.Generator) -> Matrix:
    """Draw random effects, and return what they and the fixed part add up to: a row each."""
    model = outlook.model
    offset = model.data.rows.offset()
    total = np.tile(model.x @ outlook.beta + (0.0 if offset is None else offset), (n, 1))
    for term, covariance in zip(model.random, outlook.variances.terms, strict=True):
        values, vectors = np.linalg.eigh(covariance.matrix)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        effects = rng.standard_normal((n, int(term.codes.max()) + 1, len(root))) @ root.T
        for k in range(len(root)):
            total += term.z[:, k] * effects[:, term.codes, k]
    return total


def _p_values(outlook: Outlook, y: Matrix, reach: Callable[[int], None]) -> Matrix:
    """Fit every response and test it."""
    level = outlook.plan.level
    if outlook.plan.family is not None:
        return _of_generalized(outlook, outlook.plan.family, y, reach)
    places = [place for tested in outlook.tested if (place := _coefficient(tested)) is not None]
    if len(places) < len(outlook.tested):
        return _one_by_one(outlook, y, level, reach)
    rows, request = outlook.model.data.rows, outlook.model.request
    fits = fit_many(rows, y, request.reml, request.settings(), "satterthwaite", reach)
    out = np.empty((len(y), len(places)))
    for k, (place, tested) in enumerate(zip(places, outlook.tested, strict=True)):
        effect = tested.rows[0, place] * fits["estimate"][:, place] - tested.value[0]
        statistic = effect / (abs(tested.rows[0, place]) * fits["std_error"][:, place])
        out[:, k] = sided(statistic, two_sided_ps(statistic, fits["df"][:, place]), level)
    return out


def _one_by_one(outlook: Outlook, y: Matrix, level: Level, reach: Callable[[int], None]) -> Matrix:
    """Fit the responses one after the other, and test what is of several coefficients."""
    model, out = outlook.model, np.full((len(y), len(outlook.tested)), np.nan)
    core = fit_model(core_model(model.request, model.data), model.request)
    first = Estimate(model.request, core, "dict", model.data.splines, model.data)
    for k, response in enumerate(y):
        with suppress(HlmrsError), warnings.catch_warnings():
            warnings.simplefilter("ignore", HlmrsWarning)
            fit = reestimate(first, response)
            out[k] = [_p_value(fit, tested, level) for tested in outlook.tested]
        reach(k + 1)
    return out


def _of_generalized(outlook: Outlook, family: Family, y: Matrix, reach: Callable[[int], None]) -> Matrix:
    """Fit generalized models, whose tests are normal and chi-square."""
    model, out = outlook.model, np.full((len(y), len(outlook.tested)), np.nan)
    request = many_request(model.request, family)
    whole = np.full((len(y), model.data.rows.n_rows_input), np.nan)
    whole[:, slice(None) if model.data.rows.kept is None else model.data.rows.kept] = y
    for k, fit in enumerate(fit_each(request, "dict", model.columns, whole, ["y"] * len(y))):
        if not isinstance(fit, HlmrsError):
            beta, covariance = fit.own.coefficients_of("conditional"), fit.own.covariance_of("conditional")
            if len(beta) == len(outlook.beta) and np.isfinite(covariance).all():
                out[k] = [_normal_p(tested, beta, covariance, outlook.plan.level) for tested in outlook.tested]
        reach(k + 1)
    return out


def _normal_p(tested: Hypotheses, beta: Vector, covariance: Matrix, level: Level) -> float:
    effect = tested.effect(beta)
    statistic = float(effect @ np.linalg.solve(tested.rows @ covariance @ tested.rows.T, effect))
    p = f_tail(statistic / len(effect), len(effect), np.inf)
    return p if len(effect) > 1 else float(sided(effect, np.array([p]), level)[0])


def _p_value(fit: Estimate, tested: Hypotheses, level: Level) -> float:
    origin = np.asarray(np.linalg.lstsq(tested.rows, tested.value, rcond=None)[0], dtype=np.float64)
    num_df, den_df, statistic = joint_test(fit, tested.rows, origin=origin)
    p = f_tail(statistic, num_df, den_df)
    if len(tested.rows) > 1:
        return p
    return float(sided(np.sign(tested.effect(fit.core.beta)), np.array([p]), level)[0])


def sided(statistic: Vector, p_value: Vector, level: Level) -> Vector:
    """Return the p-values against what is tested against, from two-sided ones."""
    if level.alternative == "two-sided":
        return p_value
    towards = statistic > 0 if level.alternative == "greater" else statistic < 0
    return np.asarray(np.where(np.isnan(statistic), np.nan, np.where(towards, p_value / 2, 1 - p_value / 2)))


def _coefficient(tested: Hypotheses) -> int | None:
    """Return the one coefficient that a test is about; None if there are several."""
    places = np.flatnonzero(tested.rows.any(axis=0))
    return int(places[0]) if len(places) == 1 and len(tested.rows) == 1 else None
