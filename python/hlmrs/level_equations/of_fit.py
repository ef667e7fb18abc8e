"""The levels of a fit: which units each predictor has is found in the rows, and the columns of X are its predictors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..display.numbers import short
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.layout import RandomTermLayout
from ..estimation.request import ARRAY_OFFSET
from ..formula import STRUCTURES, Call, ColumnName, Expression, ModelSpec, RandomTerm, TermFactor
from ..formula import Term as FormulaTerm
from ..inference import distance_parameter, lies_within
from .level_model import ROWS, Factor, LevelModel, RandomPart, Term

Codes = NDArray[np.uint32]


@dataclass(frozen=True)
class Part:
    """A part of a model: its formula, the names of what it estimates, and the rows it was fitted to."""

    spec: ModelSpec
    names: Sequence[str]
    terms: Sequence[int]
    coefficients: Sequence[float]
    random: Sequence[RandomTermLayout]
    covariances: Sequence[NDArray[np.float64]]
    groups: Sequence[str]
    codes: Sequence[Codes]
    columns: Columns
    kept: NDArray[np.bool_] | None
    offset: str | None = None
    """An offset that was given beside the formula."""


def mean_part(estimate: Estimate) -> Part:
    """Return the part of the mean."""
    layout, rows = estimate.layout, estimate.rows
    columns = [estimate.layout.columns[k] for k in layout.kept]
    return Part(
        estimate.request.spec,
        columns,
        [layout.column_terms[k] for k in layout.kept],
        [float(b) for b in estimate.core.beta],
        layout.random,
        estimate.core.covariances(),
        layout.group_names,
        [rows.group_codes(k) for k in range(len(layout.groups))],
        estimate.data.columns,
        rows.kept,
        estimate.request.offset,
    )


def other_part(estimate: GeneralizedEstimate, name: str) -> Part:
    """Return another part with a formula of its own."""
    design, core = estimate.designs[name], estimate.own
    known, kept = design.encoding.layout(), core.parts[name]["kept"]
    return Part(
        design.request.spec,
        estimate.parts[name].names,
        [known["column_terms"][k] for k in kept],
        [float(b) for b in core.coefficients_of(name)],
        design.random,
        core.covariances(name) if design.random else [],
        [group["name"] for group in known["groups"]],
        [design.rows.group_codes(k) for k in range(len(known["groups"]))],
        design.data.columns,
        design.rows.kept,
    )


def level_model_of(estimate: Estimate) -> LevelModel:
    """Return the model of the columns of a fit's mean."""
    return model_of_part(mean_part(estimate))


def model_of_part(part: Part) -> LevelModel:
    """Return the model of the columns of a part."""
    factors, places = _factors(part.groups, part.codes)
    home = _Homes(part, factors, [part.codes[k] for k in places])
    fixed = [
        () if term == 0 else home.pieces(name, [part.spec.terms[term - 1]])
        for name, term in zip(part.names, part.terms, strict=True)
    ]
    random = [
        RandomPart(
            places.index(layout.group), home.effects(layout, own), layout.structure, _parameters(layout, own_cov)
        )
        for layout, own, own_cov in zip(part.random, part.spec.random, part.covariances, strict=True)
    ]
    offsets = [own.name for own in part.spec.offsets] + _given_offset(part.offset)
    return LevelModel(part.spec.response.name, factors, home.found, tuple(fixed), tuple(random), tuple(offsets))


def _parameters(layout: RandomTermLayout, covariance: NDArray[np.float64]) -> str:
    """Write the parameters of a structure over places."""
    if not STRUCTURES[layout.structure].is_placed:
        return ""
    ((name, *_),) = [
        own for own in STRUCTURES[layout.structure].reported(list(layout.columns), "") if own[3] == "distance"
    ]
    value = distance_parameter(layout, covariance)[2]
    return f"sd {short(float(covariance[0, 0]) ** 0.5)}, {name.partition('(')[0]} {short(value)}"


def _given_offset(name: str | None) -> list[str]:
    """Return an offset that was given beside the formula, by the name of its column if it has one."""
    if name is None:
        return []
    return ["offset" if name == ARRAY_OFFSET else f"offset({name})"]


def homes_of_terms(estimate: Estimate) -> list[frozenset[int]]:
    """Return for each fixed term of the mean where its factors are at home: grouping factors, or ``ROWS``."""
    part = mean_part(estimate)
    factors, places = _factors(part.groups, part.codes)
    home = _Homes(part, factors, [part.codes[k] for k in places])
    return [frozenset(home.of_factor(factor) for factor in term.factors) for term in part.spec.terms]


def _factors(names: Sequence[str], codes: Sequence[Codes]) -> tuple[tuple[Factor, ...], list[int]]:
    """Find which grouping factors are nested in which; return them level by level, and their places before."""
    n_levels = [int(own.max(initial=0)) + 1 for own in codes]
    inside = [
        {k for k in range(len(codes)) if n_levels[k] < n_levels[j] and lies_within(codes[j], codes[k])}
        for j in range(len(codes))
    ]
    level = dict.fromkeys(range(len(codes)), 2)
    for j in sorted(range(len(codes)), key=lambda j: -n_levels[j]):
        for k in inside[j]:
            level[k] = max(level[k], level[j] + 1)
    order = sorted(range(len(codes)), key=lambda k: level[k])
    return tuple(
        Factor(names[k], level[k], tuple(sorted(order.index(outer) for outer in inside[k]))) for k in order
    ), order


class _Homes:
    """Finds the grouping factor within whose groups a predictor is constant: the coarsest."""

    def __init__(self, part: Part, factors: Sequence[Factor], codes: Sequence[Codes]) -> None:
        self.found: dict[str, int] = {}
        self._factors, self._codes = factors, codes
        values = {name: own for name, own, _, _ in part.columns.plain_values()}
        self._values = values if part.kept is None else {name: own[part.kept] for name, own in values.items()}
        rows = len(codes[0]) if codes else 0
        n_levels = [int(own.max(initial=0)) + 1 for own in codes]
        usable = [k for k in range(len(factors)) if n_levels[k] < rows]
        self._order = sorted(usable, key=lambda k: (-factors[k].level, n_levels[k]))

    def pieces(self, column: str, terms: Sequence[FormulaTerm]) -> Term:
        """Part the name of a column into those of its factors, and note where these are at home."""
        fits = [(term, parts) for term in terms for parts in _splits(column, [f.name for f in term.factors])]
        if not fits:
            return (column,)
        term, parts = max(fits, key=lambda fit: sum(len(factor.name) for factor in fit[0].factors))
        for piece, factor in zip(parts, term.factors, strict=True):
            self.found[piece] = self.of_factor(factor)
        return tuple(parts)

    def effects(self, layout: RandomTermLayout, own: RandomTerm) -> tuple[Term, ...]:
        """Return the effects of a random term; those at places are together one, that of the place of a row."""
        if not STRUCTURES[layout.structure].is_placed:
            return tuple(() if name == "(Intercept)" else self.pieces(name, own.terms) for name in layout.columns)
        (term,) = own.terms
        self.found |= {factor.name: self.of_factor(factor) for factor in term.factors}
        return (tuple(factor.name for factor in term.factors),)

    def of_factor(self, factor: TermFactor) -> int:
        """Return the grouping factor that a factor of a term is at home at."""
        return self._of(factor.expression)

    def _of(self, expression: Expression) -> int:
        if isinstance(expression, ColumnName):
            return self._of_column(expression.name)
        if not isinstance(expression, Call) or expression.name == "within":
            return ROWS
        read = expression.args[1:] if expression.name == "between" else expression.args
        homes = {self._of(own) for own in read if isinstance(own, ColumnName | Call)}
        return self._common(homes)

    def _common(self, homes: set[int]) -> int:
        """Return the units of what is computed from variables: the finest of nested ones."""
        finest = [k for k in homes if k != ROWS and homes - {k} <= set(self._factors[k].inside)]
        return finest[0] if finest else ROWS

    def _of_column(self, name: str) -> int:
        values = self._values.get(name)
        if values is None:
            return ROWS
        return next((k for k in self._order if _constant(values, self._codes[k])), ROWS)


def _constant(values: NDArray[np.generic], codes: Codes) -> bool:
    one = np.empty(int(codes.max(initial=0)) + 1, dtype=values.dtype)
    one[codes] = values
    return bool(np.array_equal(one[codes], values))


def _splits(name: str, factors: Sequence[str]) -> list[list[str]]:
    """Part a name at colons so that every part begins with the name of its factor."""
    if len(factors) == 1:
        return [[name]] if name.startswith(factors[0]) else []
    found = []
    for k, character in enumerate(name):
        if character == ":" and name.startswith(factors[0]) and k >= len(factors[0]):
            found += [[name[:k], *rest] for rest in _splits(name[k + 1 :], factors[1:])]
    return found
