"""Is a model of residuals a special case of another?  By correlations at the times there are, and columns of log sd.

A structure holds another if every correlation matrix of the other, at the times of the data, is one of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..formula import RESIDUAL_STRUCTURES, ResidualTerm

if TYPE_CHECKING:
    from .._core import ResidualArguments

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Correlated:
    """Correlations of the residuals in the rows used: their structure, and the group and the place of every row."""

    term: ResidualTerm
    groups: NDArray[np.uint32]
    places: Vector
    n_levels: int

    @property
    def name(self) -> str:
        """The structure of the correlations."""
        return self.term.kind.correlation

    @property
    def of_distances(self) -> bool:
        """Whether correlations depend on the distance of two times alone."""
        return RESIDUAL_STRUCTURES[self.name].place in ("whole", "any")

    @property
    def orders(self) -> tuple[int, int] | None:
        """The orders of an ARMA process with these correlations at whole times; None for no such process."""
        if self.name == "arma":
            return self.term.orders
        # (1 - nugget) exp(-lag / range) is what an autoregression has that is seen with noise
        return (1, int(self.term.nugget)) if self.name in ("ar1", "car1", "exp") else None

    @property
    def is_exponential(self) -> bool:
        """Whether a correlation is the product of those of the steps between, all of them positive."""
        return self.name in ("car1", "exp") and not self.term.nugget


def dispersion_columns(estimate: Estimate) -> tuple[Vector, Vector | None]:
    """Return the columns of the log standard deviation in the rows used, beside a constant, and their offset."""
    arguments = _arguments(estimate)
    if arguments is None:
        return np.empty((estimate.layout.n_rows, 0)), None
    columns, name = arguments["scale"], arguments["name"]
    if name is not None and RESIDUAL_STRUCTURES[name].by_visit:
        codes, n = arguments["visit"].astype(int), len(arguments["visits"])
        if len(arguments["by"]):
            codes, n = codes + n * arguments["by"].astype(int), n * len(arguments["by_levels"])
        columns = np.hstack([columns, np.eye(n)[codes]])
    return columns, arguments["offset"] if len(arguments["offset"]) else None


def different_correlations(small: Estimate, large: Estimate) -> str:
    """Say in which way residuals are correlated otherwise, so that there is no test; nothing where there is one."""
    if any(_uses_fitted(estimate) for estimate in (small, large)):
        return "no test: a dispersion that depends on the fitted values has no likelihood of its own"
    one, other = _correlated(small), _correlated(large)
    if other is None:
        return "" if one is None else "not nested: only the smaller model has correlated residuals"
    if one is None:
        return _of_independence(other)
    by = one.term.by is None or one.term.by == other.term.by
    if not (by and _same_groups(one, other) and _HOLDS[other.name](other, one)):
        return f"not nested: residuals {one.term.text.strip()} and {other.term.text.strip()}"
    return _cancelling(one, other)


def new_nuggets(small: Estimate, large: Estimate) -> int:
    """Count the nuggets of the larger model that are zero, the end of their range, in the smaller."""
    one, other = _correlated(small), _correlated(large)
    if one is None or other is None or one.term.nugget or not other.term.nugget:
        return 0
    return other.n_levels


def _of_independence(other: _Correlated) -> str:
    """Say why there is no test of uncorrelated residuals; nothing where there is one."""
    if RESIDUAL_STRUCTURES[other.name].place == "any":
        return f"no test: without correlation {other.term.structure} is at the end of its range"
    if other.name == "arma" and min(other.term.orders) > 0:
        return "no test: without correlation any ar coefficient is cancelled by an ma coefficient of the same size"
    return ""


def _cancelling(one: _Correlated, other: _Correlated) -> str:
    """Say that larger orders of both kinds cancel in the smaller model, so that they cannot be told from each other."""
    orders = one.orders
    if other.name != "arma" or orders is None or any(a == b for a, b in zip(orders, other.term.orders, strict=True)):
        return ""
    return "no test: with both orders larger, any new ar coefficient is cancelled by an ma coefficient of the same size"


def _same_groups(one: _Correlated, other: _Correlated) -> bool:
    pairs = np.unique(np.stack([one.groups, other.groups]), axis=1).shape[1]
    return bool(pairs == len(np.unique(one.groups)) == len(np.unique(other.groups)))


def _at(large: _Correlated, small: _Correlated) -> Vector | None:
    """Return the smaller model's place at every place of the larger, ascending; None where one has several."""
    places, first, of_row = np.unique(large.places, return_index=True, return_inverse=True)
    found = small.places[first]
    return found if len(places) and np.array_equal(found[of_row], small.places) else None


def _same_distances(large: _Correlated, small: _Correlated) -> bool:
    """Whether two rows of a group are as far from each other in both models."""
    if len(large.places) != len(small.places):
        return False
    shift = large.places - small.places
    _, first, of_row = np.unique(large.groups, return_index=True, return_inverse=True)
    return bool(np.allclose(shift, shift[first][of_row]))


def _any_of_visits(large: _Correlated, small: _Correlated) -> bool:
    return small.name == "cs" or _at(large, small) is not None


def _of_lags(large: _Correlated, small: _Correlated) -> bool:
    """Whether lags of visits have all correlations: those of times if visits are equally far from each other."""
    if small.name == "cs":
        return True
    places = _at(large, small)
    if places is None:
        return False
    steps = np.diff(places)
    return (small.of_distances or small.name == "toep") and bool(np.allclose(steps, steps[:1]))


def _products(large: _Correlated, small: _Correlated) -> bool:
    """Whether correlations are products of those of neighbouring visits."""
    if small.name not in ("ad", "ar1") and not small.is_exponential:
        return False
    places = _at(large, small)
    if places is None:
        return False
    steps = np.diff(places)
    return bool(np.all(steps == 1) if small.name == "ad" else np.all(steps > 0) or np.all(steps < 0))


def _of_orders(large: _Correlated, small: _Correlated) -> bool:
    if small.orders is None or not _same_distances(large, small):
        return False
    return all(a <= b for a, b in zip(small.orders, large.orders or (0, 0), strict=True))


def _of_decay(large: _Correlated, small: _Correlated) -> bool:
    same = small.name == large.name or {small.name, large.name} == {"car1", "exp"}
    return same and (large.term.nugget or not small.term.nugget) and _same_distances(large, small)


def _same_structure(large: _Correlated, small: _Correlated) -> bool:
    return small.name == large.name


_HOLDS: Mapping[str, Callable[[_Correlated, _Correlated], bool]] = {
    "corr": _any_of_visits,
    "toep": _of_lags,
    "ad": _products,
    "arma": _of_orders,
    "ar1": _of_orders,
    "cs": _same_structure,
    **dict.fromkeys(("car1", "exp", "gau", "sph"), _of_decay),
}
"""For every structure of correlations, whether it holds another."""


def _uses_fitted(estimate: Estimate) -> bool:
    residual = None if isinstance(estimate, GeneralizedEstimate) else estimate.request.residual
    return residual is not None and residual.uses_fitted


def _correlated(estimate: Estimate) -> _Correlated | None:
    if isinstance(estimate, GeneralizedEstimate) or estimate.request.residual is None:
        return None
    term, arguments = estimate.request.residual.term, _arguments(estimate)
    if term is None or arguments is None:
        return None
    of_visits = RESIDUAL_STRUCTURES[term.kind.correlation].place == "visit"
    places = arguments["visit"].astype(np.float64) if of_visits else arguments["time"]
    return _Correlated(term, arguments["group"], places, max(len(arguments["by_levels"]), 1))


def _arguments(estimate: Estimate) -> "ResidualArguments | None":
    residual = estimate.data.residual
    return None if residual is None else residual.arguments()
