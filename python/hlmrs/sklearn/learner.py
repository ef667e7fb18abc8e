"""A learner in the fixed part: its predictions and the random part in turns, until the criterion settles.

Given the random part, the learner learns the response minus it; given the learner, its predictions are subtracted from
the response, and a mixed model of the rest, with an intercept alone, has the random part (as Hajjem, Bellavance and
Larocque 2014 do with forests).  Predictions are out of fold: what a learner remembers of a row is no part of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from ..errors import ArgumentError, ConvergenceWarning, HlmrsWarning, OptionError, warn
from ..estimation import warn_about_optimum
from ..results import LinearMixedFit
from .folds import Folds

Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """What a learner learns from."""

    features: Any
    weights: Vector | None
    folds: Folds | None

    def learned(self, learner: Any, target: Vector, rows: NDArray[np.intp] | None = None) -> Any:
        """Return a new learner that has learned a target from some of the rows."""
        rows = np.arange(len(target)) if rows is None else rows
        return learned(learner, _safe_indexing(self.features, rows), target[rows], _of_rows(self.weights, rows))

    def predicted(self, learner: Any, target: Vector) -> Vector:
        """Return predictions of all rows, each by a learner that has not seen its fold."""
        if self.folds is None:
            return np.asarray(self.learned(learner, target).predict(self.features), dtype=np.float64)
        found = np.empty(len(target))
        for train, test in self.folds:
            found[test] = self.learned(learner, target, train).predict(_safe_indexing(self.features, test))
        return found


@dataclass(frozen=True)
class Alternated:
    """A learner and a random part that agree."""

    learner: Any
    fit: LinearMixedFit[Any]
    predicted: Vector
    criteria: list[float]


@dataclass(frozen=True)
class Round:
    """Predictions of the learner, the model of the rest, and its random part."""

    predicted: Vector
    fit: LinearMixedFit[Any]
    random: Vector


def learned(learner: Any, features: Any, target: Vector, weights: Vector | None) -> Any:
    """Return a new learner that has learned a target."""
    weighted = {} if weights is None else {_weighted(learner)[0]: weights}
    return clone(learner).fit(features, target, **weighted)


def _of_rows(weights: Vector | None, rows: NDArray[np.intp]) -> Vector | None:
    return None if weights is None else weights[rows]


def refuse_what_cannot_learn(learner: Any, weighted: bool) -> None:
    """Refuse what is no regressor, or takes no weights where there are some."""
    if isinstance(learner, type):
        raise ArgumentError(f"learner={learner.__name__}: give a regressor and not its class, {learner.__name__}()")
    if not all(hasattr(learner, method) for method in ("fit", "predict", "get_params")):
        raise ArgumentError(
            f"learner={learner!r}: give a regressor with fit, predict and get_params, such as "
            "HistGradientBoostingRegressor()"
        )
    if weighted and not any(_options(taker := _weighted(learner)[1])):
        raise OptionError(
            f"sample_weight: the learner {type(taker).__name__} takes no weights; leave them out, or give one that "
            "does, such as HistGradientBoostingRegressor()"
        )


def _weighted(learner: Any) -> tuple[str, Any]:
    """Return what weights are called in a call of fit, and what takes them: of a pipeline its last step.

    Where scikit-learn routes metadata they have one name, and the parts of a learner ask for them.
    """
    name, taker = _within(learner)
    return "sample_weight" if get_config()["enable_metadata_routing"] else name, taker


def _within(learner: Any) -> tuple[str, Any]:
    if isinstance(learner, Pipeline):
        step, last = learner.steps[-1]
        name, taker = _within(last)
        return f"{step}__{name}", taker
    inner = getattr(learner, "estimator", getattr(learner, "regressor", None))  # of searches; of transformed responses
    passed_on = inner is not None and not _options(learner)[0]
    return _within(inner) if passed_on else ("sample_weight", learner)


def _options(learner: Any) -> tuple[bool, bool]:
    """Tell whether weights can be given to fit by their name, and whether anything can."""
    options = signature(learner.fit).parameters
    return "sample_weight" in options, any(one.kind is Parameter.VAR_KEYWORD for one in options.values())


def alternate(
    learner: Any,
    rows: Rows,
    y: Vector,
    fit_rest: Callable[[Vector], LinearMixedFit[Any]],
    tol: float,
    max_rounds: int,
) -> Alternated:
    """Alternate until the criterion changes by less than `tol` a row, or for `max_rounds` rounds."""
    criteria: list[float] = []
    for last in _rounds(learner, rows, y, fit_rest):
        criteria.append(last.fit.criterion)
        change = abs(criteria[-1] - criteria[-2]) if len(criteria) > 1 else np.inf
        if change <= tol * len(y) or len(criteria) == max_rounds:
            break
    warn_about_optimum(last.fit.verdict)
    if change > tol * len(y) and max_rounds > 1:
        warn(
            f"the criterion still changed by {change:.3g} in round {max_rounds}, the last; allow more by max_rounds=, "
            "a larger change a row by tol=, or give the learner a random_state",
            ConvergenceWarning,
        )
    return Alternated(rows.learned(learner, y - last.random), last.fit, last.predicted, criteria)


def _rounds(learner: Any, rows: Rows, y: Vector, fit_rest: Callable[[Vector], LinearMixedFit[Any]]) -> Iterator[Round]:
    """Yield every round, without its warnings: those of the last are told in the end."""
    fit, random = None, np.zeros(len(y))
    while True:
        predicted = rows.predicted(learner, y - random)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HlmrsWarning)
            fit = fit_rest(y - predicted) if fit is None else fit.refit(y - predicted)
        random = fit.fitted - fit.predict(random_effects=False)
        yield Round(predicted, fit, random)
