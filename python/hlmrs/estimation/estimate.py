"""A fitted model as data: the core's fit, what it belongs to, and the values of the rows used."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any, TypeVar, TypeVarTuple, cast

import numpy as np
from numpy.typing import NDArray

from .._core import Encoding, FinishedStatistics, Fit, Model, Rows, term_moments
from ..errors import DataError, FitStateError
from ..frame import Frame, in_order, row_index
from ..resources import require_memory
from .layout import Layout, layout_of
from .request import Request, numeric_array, request_of_rows, without_idle_contrasts
from .rows import ModelRows, Splines, for_new_data, model_rows
from .verdict import Verdict, verdict_of

Vector = NDArray[np.float64]
Result = TypeVar("Result")
Kind = TypeVar("Kind", bound="Estimate")
Further = TypeVarTuple("Further")

GONE = "this fit was saved without its data; fit.update('. ~ .', data=...) fits the model to them again"
_SUMMED = (
    "this fit was made from sums over its rows, which were not kept; fit the rows with rows='keep' for what needs them "
    "(summary, tidy, confint, test, profile, varcorr, ranef, coef, predict(newdata), append and adapt do not)"
)


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

    @property
    def has_values(self) -> bool:
        """Whether the values of the rows are there, or can be made."""
        return "values" in self.__dict__ or self._data is not None

    @cached_property
    def layout(self) -> Layout:
        """Names, levels, sizes."""
        return layout_of(self.rows, self.core.model)

    @property
    def dropped_columns(self) -> list[str]:
        """Columns of the fixed part that depend on those before them."""
        return self.layout.dropped_columns

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the optimum."""
        found = verdict_of(self.core.verdict, self.layout, self.request.spec.random, lambda: self.moments)
        return replace(found, std_error=self.core.criterion_std_error)

    @property
    def constants(self) -> list[int]:
        """Places of columns of X that other parameters stand for: the intercept beside thresholds."""
        return []

    @property
    def sigma(self) -> float:
        """Residual standard deviation of a row of weight one."""
        return self.core.sigma

    @property
    def residual_variance(self) -> float:
        """Residual variance of a row of weight one."""
        return self.core.sigma**2

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
        new, kept = self.encoding.bind(self.data.columns), self.rows.kept
        used = slice(None) if kept is None else kept
        return [new.term_matrix(k)[used] for k in range(len(self.layout.random))]

    @cached_property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return for_new_data(self.request, self.rows.encoding())

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


def estimate(request: Request, frame: Frame) -> Estimate:
    """Fit a model to a frame."""
    data = model_rows(request, frame)
    core = fit_model(core_model(request, data), request)
    return Estimate(request, core, frame.kind, data.splines, data, frame)


def estimate_submodel(of: Estimate, request: Request) -> Estimate:
    """Fit a model whose columns are among those of a fit to the same rows."""
    request = without_idle_contrasts(request_of_rows(request, of.rows.kept))
    data = model_rows(request, of.data.columns.copy())
    core = fit_model(core_model(request, data), request)
    return Estimate(request, core, of.kind, data.splines, data, of._frame, of._why_gone)


def core_model(request: Request, data: ModelRows) -> Model:
    """Sum the rows."""
    return Model(data.rows, request.reml, request.control.threads() or 0)


def fit_model(model: Model, request: Request) -> Fit:
    """Fit, unless memory cannot hold the factor."""
    instead = "use grouping factors with fewer levels, or fewer random effects"
    require_memory(model.n_bytes_to_come, "the fit needs", instead)
    return Fit(model, request.settings())


def estimate_of_statistics(
    request: Request,
    core: Fit,
    finished: FinishedStatistics,
    model: Model,
    kind: str,
    splines: Splines,
    origin: Estimate | None = None,
) -> Estimate:
    """Name the numbers of a fit to sums over rows."""
    layout = layout_of(finished, model)
    return Estimate(
        request,
        core,
        kind,
        splines,
        why_gone=_SUMMED,
        origin=origin,
        layout=layout,
        moments=[finished.moments(k) for k in range(len(layout.random))],
        group_rows=[finished.group_rows(g) for g in range(len(layout.groups))],
        encoding=for_new_data(request, finished.encoding()),
    )


def reestimate(old: Estimate, response: Vector) -> Estimate:
    """Fit the same model to another response."""
    rows = old.rows
    core = old.core.refit(rows, response)
    kept = (old.data, old._frame, old._why_gone)
    new = Estimate(old.request, core, old.kind, old.splines, *kept, layout=old.layout)
    new.values = RowValues(response, new.linear_predictor(), rows.weights(), rows.kept)
    return new


def refit_response(old: Estimate, y: Any) -> Vector:
    """Read another response for the rows of a fit: one value for each row used, or for each row of the data."""
    response = numeric_array("y", old.by_row_used("y", y))
    if response.shape != (old.layout.n_rows,):
        raise DataError(f"y has {response.size} values; the fit used {old.layout.n_rows} rows")
    bad = np.flatnonzero(~np.isfinite(response))
    if len(bad):
        raise DataError(f"y is {response[bad[0]]} at row {bad[0]}; every row used needs a finite value")
    return response


def cached(compute: Callable[[Kind, *Further], Result]) -> Callable[[Kind, *Further], Result]:
    """Let a function of a fit compute once for each fit and further arguments, which are hashable."""

    @wraps(compute)
    def known(estimate: Kind, *further: *Further) -> Result:
        key = (compute, *further)
        if key not in estimate.cache:
            estimate.cache[key] = compute(estimate, *further)
        return cast("Result", estimate.cache[key])

    return known
