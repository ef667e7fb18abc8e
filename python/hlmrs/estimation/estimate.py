"""A fitted model as data: the core's fit, what it belongs to, and the values of the rows used."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any, TypeVar, TypeVarTuple, cast

import numpy as np
from numpy.typing import NDArray

from .._core import (
    Encoding,
    Fit,
    Rows,
    residual_limits,
    residual_log_sd,
    term_moments,
)
from ..errors import DesignError, FitStateError, OptionError
from ..frame import Frame, in_order, row_index
from ..priors import described_covariances
from .fitting import MOST_ROUNDS
from .fixed_parameters import of_residuals
from .layout import Layout, layout_of
from .penalty import log_density, with_prior
from .request import Request
from .residual_encoding import ResidualEncoding
from .residual_verdict import not_settled, with_residuals
from .rows import ModelRows, Splines, for_new_data
from .verdict import Verdict, verdict_of

Vector = NDArray[np.float64]
Result = TypeVar("Result")
Kind = TypeVar("Kind", bound="Estimate")
Further = TypeVarTuple("Further")

GONE = "this fit was saved without its data; fit.update('. ~ .', data=...) fits the model to them again"
_MOST_ROWS = 1_000_000
"""As many rows as are passed over for a note."""


@dataclass(frozen=True, slots=True)
class RowValues:
    """Values of the rows used, in their order; `kept` marks them among the rows of the data, None if all were used."""

    response: Vector
    fitted: Vector
    weights: Vector | None
    kept: NDArray[np.bool_] | None


class Estimate:
    """A fit with its names.  What can be made from the rows is made when it is first asked for.

    ``cache`` keeps what inference has computed for this fit; ``fitted`` is the fit that its parameters are of: itself,
    but for one that was adapted to further rows (`origin`).
    """

    has_residual = True

    def __init__(
        self,
        request: Request,
        core: Fit,
        kind: str,
        splines: Splines,
        data: ModelRows | None = None,
        frame: Frame | None = None,
        why_gone: str = GONE,
        origin: "Estimate | None" = None,
        **made: Any,
    ) -> None:
        self.request = request
        self.core = core
        self.kind = kind
        self.splines = splines
        self._data = data
        self._frame = frame
        self.cache: dict[tuple[Hashable, ...], object] = {}
        self._why_gone = why_gone
        self._origin = origin  # none for itself: a fit that no one holds is freed at once, with its data
        self.__dict__.update({name: part for name, part in made.items() if part is not None})

    @property
    def fitted(self) -> "Estimate":
        """The fit that the parameters are of."""
        return self._origin or self

    @property
    def data(self) -> ModelRows:
        """The rows of the fit."""
        if self._data is None:
            raise FitStateError(self._why_gone)
        return self._data

    @property
    def rows(self) -> Rows:
        """The encoded rows."""
        return self.data.rows

    @property
    def rows_if_kept(self) -> Rows | None:
        """The encoded rows, if they are there."""
        return None if self._data is None else self._data.rows

    @property
    def frame(self) -> Frame:
        """The caller's data."""
        if self._frame is None:
            raise FitStateError(self._why_gone)
        return self._frame

    @property
    def has_frame(self) -> bool:
        """Whether the caller's data are there."""
        return self._frame is not None

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What the file of the data says of its columns."""
        return {} if self._frame is None else self._frame.labels

    @property
    def has_values(self) -> bool:
        """Whether the values of the rows are there, or can be made."""
        return "values" in self.__dict__ or self._data is not None

    @cached_property
    def layout(self) -> Layout:
        """Names, levels, sizes."""
        found, residual = layout_of(self.rows, self.core.model), self.data.residual
        if residual is None:
            return found
        dropped = {**found.dropped_rows, **residual.dropped}
        return replace(found, dropped_rows=dropped, residual_groups=residual.groups())

    @property
    def dropped_columns(self) -> list[str]:
        """Columns of the fixed part that depend on those before them."""
        return self.layout.dropped_columns

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the optimum."""
        core, random = self.core, self.request.spec.random
        found = verdict_of(core.verdict, self.layout, random, lambda: self.moments, std_error=core.criterion_std_error)
        found = with_prior(found, self, random)
        if self.request.residual is None:
            return found
        if self._data is not None and self._data.residual is not None and not self._data.residual.settled:
            return not_settled(found, MOST_ROUNDS)
        limits = [] if of_residuals(self) else residual_limits(self.core)
        return with_residuals(found, self.request.residual.term, limits)

    @property
    def prior_in_words(self) -> str:
        """The prior that the estimates are with; empty without one."""
        prior = self.request.prior
        return "" if prior is None else described_covariances(prior, relative=True)

    @property
    def log_prior(self) -> float | None:
        """Log-density of the prior at the estimates, up to a constant; None without one."""
        prior, variance = self.request.prior, self.residual_variance
        return None if prior is None else log_density(prior, [own / variance for own in self.core.covariances()])

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to warn of: all rows and columns are used, and the optimum is inside."""
        rows = self.rows_if_kept
        return self.core.is_plain and self.request.residual is None and rows is not None and rows.kept is None

    @property
    def constants(self) -> list[int]:
        """Places of columns of X that other parameters stand for: the intercept beside thresholds."""
        return []

    @property
    def endless(self) -> Mapping[str, float]:
        """Coefficients that are infinite, with their sign."""
        return {}

    @property
    def sigma(self) -> float:
        """Residual standard deviation of a row of weight one."""
        return self.core.sigma

    @property
    def residual_variance(self) -> float:
        """Residual variance of a row of weight one."""
        return self.core.sigma**2

    @cached_property
    def residual_sd(self) -> Vector:
        """Residual standard deviation of every row used."""
        if self.request.residual is not None:
            if not self.core.holds_rows:
                raise FitStateError(self._why_gone)
            return np.exp(residual_log_sd(self.core))
        weights = self.values.weights
        return np.full(self.layout.n_rows, self.sigma) if weights is None else self.sigma / np.sqrt(weights)

    @cached_property
    def mean_residual_variance(self) -> float:
        """Residual variance of a row, averaged over the rows used."""
        residual = self.request.residual
        if residual is not None and not residual.has_one_variance:
            raise OptionError(
                "shares of the variance are not defined where the residual variance depends on variables or visits: "
                "every row has shares of its own; its residual standard deviation is in fit.residual_sd"
            )
        if self.request.weights is None:
            return self.residual_variance
        return self.residual_variance * float(np.mean(1 / np.asarray(self.rows.weights())))

    @property
    def threads(self) -> int:
        """Threads to use; 0: as many as there are."""
        return self.request.control.threads() or 0

    @cached_property
    def moments(self) -> list[NDArray[np.float64]]:
        """Per random term the mean of z z' over the rows used."""
        return [term_moments(self.rows, k) for k in range(len(self.layout.random))]

    @cached_property
    def group_rows(self) -> list[NDArray[np.int64]]:
        """Per grouping factor the rows used of each level."""
        return [np.bincount(self.rows.group_codes(g)) for g in range(len(self.layout.groups))]

    @cached_property
    def between_terms(self) -> list[list[str]] | None:
        """Per grouping factor the terms that are constant within groups but not altogether.

        None where the rows are gone, or too many to be passed over for a note.
        """
        if self._data is None or self.layout.n_rows > _MOST_ROWS:
            return None
        layout, x = self.layout, self.rows.model_matrix()
        names = ["(Intercept)", *layout.terms]
        return [
            list(dict.fromkeys(names[layout.column_terms[k]] for k in layout.kept if _is_constant(x[:, k], codes)))
            for codes in map(self.rows.group_codes, range(len(layout.groups)))
        ]

    def term_variances(self) -> list[float]:
        """Return tr(Σ M) of every random term, M the mean of z z': the mean over the rows used of z'Σz."""
        return [float((sigma * m).sum()) for sigma, m in zip(self.core.covariances(), self.moments, strict=True)]

    def by_row_used(self, what: str, values: Any) -> Any:
        """Put values in the order of the rows used; there may be one for each row of the data, or of those used."""
        kept = self.rows.kept
        n = len(values) if np.ndim(values) == 1 else 0
        index = None if self._frame is None else row_index(self._frame)
        if index is not None and kept is not None and n != len(kept):
            index = index[kept]
        values = in_order(what, values, index)
        return values if kept is None or n != len(kept) else np.asanyarray(values)[kept]

    def row_numbers(self) -> NDArray[np.intp]:
        """Return where the rows used stand in the data."""
        kept = self.rows.kept
        return np.arange(self.layout.n_rows) if kept is None else np.flatnonzero(kept)

    def row_labels(self) -> list[str]:
        """Return what the rows used are called: by the index that the data have, or by their place from 0."""
        index, places = None if self._frame is None else row_index(self._frame), self.row_numbers()
        return [str(label) for label in (places if index is None else index[places])]

    def term_matrices(self) -> list[Vector]:
        """Return the columns of every random term in the rows used."""
        new, kept = self.data.bound(self.encoding), self.rows.kept
        used = slice(None) if kept is None else kept
        return [new.term_matrix(k)[used] for k in range(len(self.layout.random))]

    @cached_property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return for_new_data(self.request, self.rows.encoding())

    @cached_property
    def residual_encoding(self) -> ResidualEncoding:
        """What encodes the residuals of new data, for a model of them."""
        residual = self.data.residual
        if residual is None:
            raise FitStateError("this fit came back without the levels of its residuals; fit the model again")
        return ResidualEncoding.of_rows(residual)

    @cached_property
    def values(self) -> RowValues:
        """Response and fitted values."""
        rows = self.rows
        return RowValues(rows.response(), self.linear_predictor(), rows.weights(), rows.kept)

    def linear_predictor(self, use_terms: list[bool] | None = None) -> Vector:
        """Offset + X beta + Z b over the rows used, with some of the random terms."""
        eta = self.core.linear_predictor(self.rows, use_terms or [True] * len(self.layout.random))
        offset = self.rows.offset()
        return eta if offset is None else eta + offset


def require_plain_residuals(estimate: Estimate, what: str) -> None:
    """Refuse what holds for independent residuals of one variance over the weights alone."""
    if estimate.request.residual is not None:
        raise DesignError(
            f"{what}: not there for a model without random effects, or whose residuals have a covariance of their own"
        )


def _is_constant(values: Vector, codes: NDArray[np.uint32]) -> bool:
    """Whether values are the same within groups, and not altogether."""
    one = np.zeros(int(codes.max(initial=0)) + 1)
    one[codes] = values
    return bool(np.array_equal(one[codes], values)) and float(np.ptp(values)) > 0


def cached(compute: Callable[[Kind, *Further], Result]) -> Callable[[Kind, *Further], Result]:
    """Let a function of a fit compute once for each fit and further arguments, which are hashable."""

    @wraps(compute)
    def known(estimate: Kind, *further: *Further) -> Result:
        key = (compute, *further)
        if key not in estimate.cache:
            estimate.cache[key] = compute(estimate, *further)
        return cast("Result", estimate.cache[key])

    return known
