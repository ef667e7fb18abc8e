"""Linear functions of the fixed effects that have a name, and the table of their estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import RankDeficiencyWarning, warn
from ..frame import CategoricalColumn, Column
from ..inference import Uncertainty
from .grid import Axis

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class LinearFunctions:
    """Rows l'β + constant, over all columns of X; `columns` say what each row is of."""

    matrix: Vector
    constant: Vector
    columns: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.matrix)

    def combined(self, weights: Vector, columns: Mapping[str, Column]) -> "LinearFunctions":
        """Return linear combinations, a row of `weights` each, of every so many functions as it has columns."""
        n = weights.shape[1]
        blocks = self.matrix.reshape(-1, n, self.matrix.shape[1])
        constants = self.constant.reshape(-1, n) @ weights.T
        return LinearFunctions(np.concatenate(weights @ blocks), constants.ravel(), columns)


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


def axis_columns(axes: Sequence[Axis]) -> dict[str, Column]:
    """Tabulate every combination of the axes' places, the last fastest."""
    points = np.meshgrid(*(np.arange(len(axis.places)) for axis in axes), indexing="ij")
    return {axis.name: axis_column(axis, index.ravel()) for axis, index in zip(axes, points, strict=True)}


def axis_column(axis: Axis, index: NDArray[np.intp]) -> Column:
    """Tabulate some places of an axis."""
    if isinstance(axis.places[0], str):
        return CategoricalColumn(index.astype(np.int32), [str(place) for place in axis.places])
    return np.array(axis.places, dtype=float)[index]
