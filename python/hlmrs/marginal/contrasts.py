"""Contrasts of named linear functions, within each combination of the variables of `by`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..frame import Column, aside
from ..inference import TestOptions, Uncertainty, uncertainty
from ..options import ContrastScale
from ..prediction import response_scale
from .adjustment import Family, chosen_adjustment, test_columns
from .functions import LOGARITHM, LinearFunctions, estimates, linearized
from .grid import At, Axis, reference_grid, specs_and_by
from .means import mean_functions
from .parts import Outcome, all_coefficients, grid_means, outcome_of, specs_and_by_of_parts, views
from .weights import chosen_method, contrast_weights

Vector = NDArray[np.float64]

_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class ContrastChoice:
    """Which contrasts, and how their tests are adjusted."""

    method: "str | Mapping[str, Any]"
    interaction: "bool | Mapping[str, Any]"
    reference: str | None
    adjust: str
    scale: ContrastScale = "link"

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", choose("type", self.scale, get_args(ContrastScale)))
        object.__setattr__(self, "method", chosen_method(self.method))
        adjust = chosen_adjustment(self.adjust, self.method, one_factor=not self.interaction)
        object.__setattr__(self, "adjust", adjust)


def contrast_table(
    estimate: Estimate,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    choice: ContrastChoice,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate contrasts of marginal means."""
    outcome = None if turns_odds(estimate, choice.scale) else outcome_of(estimate, choice.scale)
    if outcome is not None:
        return _contrasts_of_parts(outcome, specs, by, at, weights, choice, options)
    functions, axes, outer = _to_compare(estimate, specs, by, at, weights)
    how, turn = uncertainty(estimate, options), _way_back(estimate, choice.scale)
    if turn is None:
        functions = linearized(functions, how, response_scale(estimate, choice.scale))
    return tabulate(functions, how, axes, outer, choice, options.level, turn)


def contrasts_as_functions(
    estimate: Estimate,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    choice: ContrastChoice,
) -> "tuple[LinearFunctions, Compared, Turn | None]":
    """Return marginal means and their contrasts as linear functions of the coefficients, and what turns these back.

    Nothing does where the contrasts are those of the means on the scale of the response.
    """
    functions, axes, outer = _to_compare(estimate, specs, by, at, weights)
    if not turns_odds(estimate, choice.scale):
        require_one_predictor(estimate, choice.scale)
    turn = _way_back(estimate, choice.scale)
    compared = compare(functions, axes, outer, choice, ratios=turn is not None and turn.column != "estimate")
    if choice.scale != "link":
        _require_differences(compared.names, compared.weights)
    return functions, compared, turn


def require_one_predictor(estimate: Estimate, scale: str) -> None:
    """Refuse, in draws, what rests on several parts of a generalized model."""
    if outcome_of(estimate, scale) is not None:
        raise OptionError(
            f"type={scale!r} rests on several parts of this model, which are not put together in draws; type='link' is "
            "of the mean's part, and predict(new) has means of rows"
        )


def _to_compare(
    estimate: Estimate,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
) -> tuple[LinearFunctions, list[Axis], list[str]]:
    """Return means, the axes along which they are compared, and the variables within which."""
    inner, outer = specs_and_by(estimate, specs, by)
    if not inner:
        raise OptionError("specs names no variable to compare")
    grid = reference_grid(estimate, at)
    functions = mean_functions(estimate, grid, [*outer, *inner], weights)
    return functions, [grid.axes[grid.index(name)] for name in inner], outer


def _contrasts_of_parts(
    outcome: Outcome,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    choice: ContrastChoice,
    options: TestOptions,
) -> dict[str, Column]:
    """Compare averages of what rests on several parts: as ratios where the link makes factors of the shown mean."""
    parts = views(outcome.estimate)
    inner, outer = specs_and_by_of_parts(parts, specs, by)
    if not inner:
        raise OptionError("specs names no variable to compare")
    means, how = grid_means(outcome, parts, outer, inner, at, weights), all_coefficients(outcome.estimate, options)
    functions, before = means.functions, len(means.axes) - len(inner)
    names = [axis.name for axis in means.axes[:before]]
    turn = RATIOS if outcome.are_ratios else None
    if turn is not None:
        functions = linearized(functions, how, LOGARITHM)
    return tabulate(functions, how, means.axes[before:], names, choice, options.level, turn)


def tabulate(
    functions: LinearFunctions,
    how: Uncertainty,
    axes: Sequence[Axis],
    outer: Sequence[str],
    choice: ContrastChoice,
    level: float,
    turn: "Turn | None",
) -> dict[str, Column]:
    """Compare the functions along the last `axes` within every combination before them, a family of tests each."""
    compared = compare(functions, axes, outer, choice, ratios=turn is not None and turn.column != "estimate")
    tests = test_columns(estimates(compared.functions, how), compared.families, level)
    if choice.scale != "link":
        _require_differences(compared.names, compared.weights)
        tests = tests if turn is None else turned_back(tests, turn)
    result = {"contrast": compared.names, **tests}
    return {**aside(compared.functions.columns, result), **result}


class Compared(NamedTuple):
    """Contrasts as linear functions, their names, the weights of each family, and how many tests each has."""

    functions: LinearFunctions
    names: list[str]
    weights: list[Vector]
    families: list[tuple[int, Family]]


def compare(
    functions: LinearFunctions, axes: Sequence[Axis], outer: Sequence[str], choice: ContrastChoice, *, ratios: bool
) -> Compared:
    """Compare the functions along the last `axes` within every combination before them."""
    n = math.prod(len(axis.places) for axis in axes)
    groups = len(functions) // n
    possible = np.ones(len(functions), dtype=bool) if functions.possible is None else functions.possible
    named = [_possible_contrasts(axes, choice, part, ratios=ratios) for part in possible.reshape(groups, n)]
    rows = np.repeat(np.arange(groups) * n, [len(contrasts) for contrasts in named])
    columns = {name: column for name, column in functions.rows(rows).columns.items() if name in outer}
    weights = [np.stack(list(contrasts.values())) if contrasts else np.empty((0, n)) for contrasts in named]
    families = [
        (len(contrasts), Family(choice.adjust, int(part.sum())))
        for contrasts, part in zip(named, possible.reshape(groups, n), strict=True)
    ]
    names = [name for contrasts in named for name in contrasts]
    return Compared(replace(functions.combined(weights), columns=columns), names, weights, families)


class Turn(NamedTuple):
    """What turns differences back: a factor, and the column that they then are, if exponentials of them are ratios."""

    factor: float
    column: str = "estimate"


RATIOS = Turn(1.0, "ratio")
"""Differences of logarithms become ratios."""


def turns_odds(estimate: Estimate, scale: str) -> bool:
    """Whether contrasts are ratios of odds of higher categories, for which an ordered response needs no mean."""
    ordered = isinstance(estimate, GeneralizedEstimate) and bool(estimate.categories)
    return ordered and scale == "response" and estimate.family.link == "logit"  # type: ignore[attr-defined]


def _way_back(estimate: Estimate, scale: str) -> Turn | None:
    """Return how differences are turned back; None where means are first, and the differences are theirs."""
    if scale == "link":
        return Turn(1.0)
    if turns_odds(estimate, scale):
        return RATIOS
    found = response_scale(estimate, scale).differences()
    if found is not None:
        return Turn(found[0], "ratio" if found[1] else "estimate")
    if isinstance(estimate, GeneralizedEstimate | EquationsEstimate):
        return None
    name = estimate.request.spec.response.name
    raise OptionError(
        f"type='response': differences of {name} are neither differences nor ratios of the response; compare on "
        "the scale of the model, type='link', and turn means back: emmeans(type='response')"
    )


def _require_differences(names: Sequence[str], weights: Sequence[Vector]) -> None:
    sums = np.concatenate([rows.sum(axis=1) for rows in weights])
    sizes = np.concatenate([np.abs(rows).max(axis=1, initial=0.0) for rows in weights])
    for name, total, size in zip(names, sums, sizes, strict=True):
        if abs(total) > _ZERO * size:
            what = f"the weights of {name!r} add up to {total:g}; those of a comparison to 0"
            raise OptionError(f"type='response': {what}")


def turned_back(tests: Mapping[str, Column], turn: Turn) -> dict[str, Column]:
    """Turn estimates and bounds back to the response; the tests are those of the scale of the model."""
    value, low, high = (turn.factor * np.asarray(tests[name]) for name in ("estimate", "conf_low", "conf_high"))
    std_error = abs(turn.factor) * np.asarray(tests["std_error"])
    if turn.column != "estimate":
        value, low, high = np.exp(value), np.exp(low), np.exp(high)
        std_error = value * std_error
    own = {"std_error": std_error, "conf_low": np.minimum(low, high), "conf_high": np.maximum(low, high)}
    first = {turn.column: value}
    return first | {name: own.get(name, column) for name, column in tests.items() if name != "estimate"}


def _possible_contrasts(
    axes: Sequence[Axis], choice: ContrastChoice, possible: NDArray[np.bool_], *, ratios: bool
) -> dict[str, Vector]:
    """Return the contrasts of the means that there can be; weights for all means, or for products, need all of them."""
    if possible.all():
        return named_contrasts(axes, choice, ratios=ratios)
    if choice.interaction or isinstance(choice.method, Mapping):
        return {
            name: row for name, row in named_contrasts(axes, choice, ratios=ratios).items() if not row[~possible].any()
        }
    labels = [label for label, there in zip(_labels(axes), possible, strict=True) if there]
    reference = None if choice.reference is None else choose("reference", choice.reference, _labels(axes))
    if len(labels) < 2 or (reference is not None and reference not in labels):
        return {}
    found = {}
    for name, weights in contrast_weights(choice.method, labels, reference, ratios=ratios).items():
        found[name] = np.zeros(len(possible))
        found[name][possible] = weights
    return found


def named_contrasts(axes: Sequence[Axis], choice: ContrastChoice, *, ratios: bool = False) -> dict[str, Vector]:
    """Return named weights over the combinations of the axes; interaction contrasts are products of each axis's."""
    if not choice.interaction:
        return contrast_weights(choice.method, _labels(axes), choice.reference, ratios=ratios)
    methods = _methods_by_axis(axes, choice)
    parts = [contrast_weights(method, axis.labels, ratios=ratios) for axis, method in zip(axes, methods, strict=True)]
    out = {}
    for combination in product(*(part.items() for part in parts)):
        name = " : ".join(f"({label})" for label, _ in combination)
        row: Vector = np.ones(1)
        for _, weights in combination:
            row = np.asarray(np.kron(row, weights), dtype=float)
        out[name] = row
    return out


def _labels(axes: Sequence[Axis]) -> list[str]:
    return [" ".join(parts) for parts in product(*(axis.labels for axis in axes))]


def _methods_by_axis(axes: Sequence[Axis], choice: ContrastChoice) -> list[Any]:
    if not isinstance(choice.interaction, Mapping):
        return [choice.method] * len(axes)
    unknown = set(choice.interaction) - {axis.name for axis in axes}
    if unknown:
        raise OptionError(f"interaction: {sorted(unknown)[0]!r} is not among specs")
    return [choice.interaction.get(axis.name, choice.method) for axis in axes]
