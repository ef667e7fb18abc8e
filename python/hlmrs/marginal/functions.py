"""Linear functions of the fixed effects that have a name, and the table of their estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import RankDeficiencyWarning, warn
from ..frame import CategoricalColumn, Column
from ..inference import Uncertainty
from ..prediction import ResponseScale
from ..prediction.response_scale import Step
from .grid import Axis

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class LinearFunctions:
    """Rows l'β + constant, over all columns of X; `columns` say what each row is of.

    `possible` tells which are of combinations of levels that there can be; None: all.
    """

    matrix: Vector
    constant: Vector
    columns: Mapping[str, Column] = field(default_factory=dict)
    possible: "NDArray[np.bool_] | None" = None

    def __len__(self) -> int:
        return len(self.matrix)

    def combined(self, weights: "Sequence[Vector]") -> "LinearFunctions":
        """Return linear combinations: of every so many functions as the next of the `weights` has columns, its rows."""
        ends = np.cumsum([part.shape[1] for part in weights])[:-1]
        unknown = np.asarray(np.isnan(self.matrix).any(axis=1))
        known, constant = np.where(unknown[:, None], 0.0, self.matrix), np.where(unknown, 0.0, self.constant)
        pairs = list(zip(weights, np.split(known, ends), np.split(constant, ends), strict=True))
        matrix = np.concatenate([part @ matrix for part, matrix, _ in pairs])
        lost = [(part != 0) @ missing for part, missing in zip(weights, np.split(unknown, ends), strict=True)]
        matrix[np.concatenate(lost)] = np.nan
        return LinearFunctions(matrix, np.concatenate([part @ constant for part, _, constant in pairs]))

    def that_are_possible(self) -> "LinearFunctions":
        """Leave out combinations of a factor's levels with levels of another that they are not nested in."""
        return self if self.possible is None or self.possible.all() else self.rows(np.flatnonzero(self.possible))

    def rows(self, places: "NDArray[np.intp]") -> "LinearFunctions":
        """Return some of the rows."""
        columns = {name: _taken(column, places) for name, column in self.columns.items()}
        return LinearFunctions(self.matrix[places], self.constant[places], columns)


def _taken(column: Column, places: "NDArray[np.intp]") -> Column:
    if isinstance(column, CategoricalColumn):
        return CategoricalColumn(column.codes[places], column.levels, column.ordered)
    return np.asarray(column)[places]


@dataclass(frozen=True)
class Estimates:
    """Values, standard errors and degrees of freedom; NaN where the data do not determine a function."""

    value: Vector
    std_error: Vector
    df: Vector
    functions: Vector
    uncertainty: Uncertainty

    def part(self, rows: "slice | NDArray[np.bool_]") -> "Estimates":
        """Return some of the rows."""
        numbers = (self.value[rows], self.std_error[rows], self.df[rows])
        return Estimates(*numbers, self.functions[rows], self.uncertainty)

    @property
    def covariance(self) -> Vector:
        """The covariance of all rows."""
        return self.uncertainty.covariance(self.functions)

    @property
    def statistic(self) -> Vector:
        """Value over standard error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.value / self.std_error


def estimates(functions: LinearFunctions, uncertainty: Uncertainty) -> Estimates:
    """Estimate linear functions; a warning says how many the data do not determine."""
    value, std_error, df = uncertainty.rows(functions.matrix)
    known = np.isfinite(value)
    if not known.all():
        warn(
            f"{np.sum(~known):,} of {len(known):,} estimates depend on combinations of levels that are not in the data "
            "and cannot be estimated; they are missing",
            RankDeficiencyWarning,
        )
    return Estimates(value + functions.constant, std_error, df, functions.matrix, uncertainty)


def linearized(functions: LinearFunctions, uncertainty: Uncertainty, way: ResponseScale) -> LinearFunctions:
    """Return what functions are on the scale of the response, to first order about the estimates (delta method)."""
    own = uncertainty.rows(functions.matrix)[0]
    eta = own + functions.constant
    slope = way.slope(eta)
    constant = way.median(eta) - slope * own
    return LinearFunctions(slope[:, None] * functions.matrix, constant, functions.columns, functions.possible)


LOGARITHM = ResponseScale([Step(np.log, lambda z: 1 / z, 0.0)])
"""Means as their logarithms, whose differences are those of ratios."""


def axis_columns(axes: Sequence[Axis]) -> dict[str, Column]:
    """Tabulate every combination of the axes' places, the last fastest."""
    points = np.meshgrid(*(np.arange(len(axis.places)) for axis in axes), indexing="ij")
    return {axis.name: axis_column(axis, index.ravel()) for axis, index in zip(axes, points, strict=True)}


def axis_column(axis: Axis, index: NDArray[np.intp]) -> Column:
    """Tabulate some places of an axis."""
    if isinstance(axis.places[0], str):
        return CategoricalColumn(index.astype(np.int32), [str(place) for place in axis.places])
    return np.array(axis.places, dtype=float)[index]
