"""The parts of a generalized model, each a formula of its own, applied to the rows that are complete in all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Encoding, Rows, term_moments
from ..display.numbers import plural
from ..errors import DataError, DesignError, FitStateError, FormulaWarning, listed, warn
from ..formula import ColumnName, TermFactor
from ..frame import Frame
from .by_levels import in_levels
from .estimate import GONE
from .generalized_request import GeneralizedRequest
from .layout import RandomTermLayout
from .request import ARRAY_WEIGHTS, Request, request_of_rows
from .response import Response, response_of
from .rows import ModelRows, Splines, columns_to_predict, evaluate, for_new_data, model_rows

Vector = NDArray[np.float64]
RESPONSE = "(response)"


class PartDesign:
    """What encodes the rows of a part: those of the fit, if they are kept, and new ones."""

    def __init__(
        self,
        request: Request,
        splines: Splines,
        data: ModelRows | None,
        encoding: Encoding | None = None,
        moments: list[NDArray[np.float64]] | None = None,
    ) -> None:
        self.request, self.splines, self.data_if_kept = request, splines, data
        own = {"encoding": encoding, "moments": moments}
        self.__dict__.update({name: value for name, value in own.items() if value is not None})

    @property
    def data(self) -> ModelRows:
        """The rows of the fit."""
        if self.data_if_kept is None:
            raise FitStateError(GONE)
        return self.data_if_kept

    @property
    def rows(self) -> Rows:
        """The encoded rows."""
        return self.data.rows

    @cached_property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return for_new_data(self.request, self.rows.encoding())

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns of its fixed part."""
        return list(self.encoding.layout()["columns"])

    @cached_property
    def random(self) -> list[RandomTermLayout]:
        """Its random terms."""
        return [RandomTermLayout(**term) for term in self.encoding.layout()["random"]]

    @cached_property
    def moments(self) -> list[NDArray[np.float64]]:
        """Per random term the mean of z z' over the rows used."""
        return [term_moments(self.rows, k) for k in range(len(self.random))]

    def read(self, frame: Frame) -> Columns:
        """Read what a prediction of the part can use of new data."""
        return columns_to_predict(self.request, frame, self.splines)


def generalized_rows(
    request: GeneralizedRequest, frame: Frame
) -> tuple[GeneralizedRequest, dict[str, PartDesign], Response]:
    """Encode the rows of a frame that are complete in all parts, and their response; the request knows their levels."""
    columns, response = read_response(request, frame)
    request = request_in_levels(request, columns, response)
    return request, *rows_of_response(request, columns, response)


def request_in_levels(request: GeneralizedRequest, columns: Columns, response: Response) -> GeneralizedRequest:
    """Return the request with a random term for every level, in every part that waits for levels."""
    if not any(part.spec.by_factors() for part in request.parts().values()):
        return request
    columns = columns.copy()
    columns.add_numeric(RESPONSE, _numbers_of_rows(response))

    def known(part: Request) -> Request:
        return replace(part, spec=replace(part.spec, random=in_levels(_of_rows(part), columns)[0].spec.random))

    return replace(request, mean=known(request.mean), others={n: known(part) for n, part in request.others.items()})


def _numbers_of_rows(response: Response) -> Vector:
    """Return what stands for the response in designs, which look at none: one of counts may be the same in all rows."""
    return np.where(np.isnan(response.y), np.nan, np.arange(len(response.y)))


def rows_of_response(
    request: GeneralizedRequest, columns: Columns, response: Response
) -> tuple[dict[str, PartDesign], Response]:
    """Encode the rows of columns that are complete in all parts and have a response, and theirs."""
    parts = request.parts()
    if np.isnan(response.y).all():
        raise DataError(
            f"the response {request.mean.spec.response.name!r} has no value in any of the {columns.n_rows} rows"
        )
    _require_complete(request, response)
    columns.add_numeric(RESPONSE, _numbers_of_rows(response))
    encoded = {name: _encode(part, columns) for name, part in parts.items()}
    kept = [data.rows.kept for data in encoded.values()]
    if len(encoded) > 1 and not all(_same(kept[0], other) for other in kept):
        together = np.logical_and.reduce([k if k is not None else np.ones(columns.n_rows, bool) for k in kept])
        encoded = {name: _encode(request_of_rows(part, together), columns.copy()) for name, part in parts.items()}
    _require_own_effects(encoded)
    own = next(iter(encoded.values())).rows.kept
    used = response if own is None else _subset(response, own)
    _require_variation(request.mean.spec.response.name, used)
    return {name: PartDesign(parts[name], data.splines, data) for name, data in encoded.items()}, used


def read_response(request: GeneralizedRequest, frame: Frame) -> tuple[Columns, Response]:
    """Read what the model reads of a frame, and the response of all rows."""
    parts = request.parts()
    names = list(dict.fromkeys(name for part in parts.values() for name in part.columns()))
    labels = frozenset.intersection(*(part.labels() | (set(names) - set(part.columns())) for part in parts.values()))
    columns = frame.read(names, labels)
    for name, values in request.mean.arrays.items():
        columns.add_numeric(name, values)
    response = response_in(request, columns, columns)
    if len(response.categories) > 2:
        _warn_of_no_order(request.mean.spec.response, response, frame)
    return columns, response


def _warn_of_no_order(factor: TermFactor, response: Response, frame: Frame) -> None:
    """Say in which order categories are taken whose column says that they have none."""
    if any(frame.is_unordered(column.name) for column in factor.columns()):
        order = " < ".join(response.categories)
        warn(
            f"the response {factor.name!r} has categories without an order, which are taken as they stand: {order}; "
            "if that is their order, say so by .cat.as_ordered(), else by .cat.set_categories([...], ordered=True)",
            FormulaWarning,
        )


def response_in(request: GeneralizedRequest, source: Columns, columns: Columns) -> Response:
    """Return the response of all rows from columns that have it; weights are in those of the model."""
    weights = _weights(request, columns)
    return _complete(response_of(request.family, request.mean.spec.response, source, weights))


def rows_again(request: GeneralizedRequest, columns: Columns) -> dict[str, PartDesign]:
    """Encode the rows of columns that a fit was made from."""
    encoded = {name: (part, _encode(part, columns)) for name, part in request.parts().items()}
    return {name: PartDesign(part, data.splines, data) for name, (part, data) in encoded.items()}


def dropped_rows(parts: Iterable[Rows], response: str) -> dict[str, int]:
    """Count the rows that miss a value, by columns of all parts; what stands for the response has its name."""
    counts = {name: n for rows in parts for name, n in rows.layout()["dropped_rows"].items()}
    return {response if name == RESPONSE else name: n for name, n in counts.items()}


def _require_complete(request: GeneralizedRequest, response: Response) -> None:
    """Refuse missing values of the response, if they are to be refused: the designs do not know its name."""
    missing = np.flatnonzero(np.isnan(response.y))
    if request.mean.missing != "error" or not len(missing):
        return
    first = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
    of = f" or weights={request.mean.weights!r}" if request.mean.weights not in (None, ARRAY_WEIGHTS) else ""
    raise DataError(
        f"values are missing: of the response {request.mean.spec.response.name!r}{of} in {plural(len(missing), 'row')} "
        f'({first}); fill them in, or drop the rows with missing="drop"'
    )


def _require_variation(name: str, response: Response) -> None:
    """Refuse a response that is the same in every row, of counts nothing but failures or successes."""
    y, trials = response.y, response.trials
    first = float(y[0]) if len(y) else 0.0
    constant = bool((y == first).all()) if trials is None else bool((y == 0).all() or (y == trials).all())
    if constant and not response.categories:
        what = f"{first:g}" if trials is None else "no success" if (y == 0).all() else "nothing but successes"
        raise DesignError(f"the response {name!r} is {what} in every row used; there is no variation to explain")


def _require_own_effects(encoded: Mapping[str, ModelRows]) -> None:
    """Refuse effects on every threshold beside one on the mean, which is their common part."""
    if "thresholds" not in encoded:
        return
    mean, nominal = (list(encoded[name].rows.layout()["columns"]) for name in ("conditional", "thresholds"))
    both = [name for name in nominal if name in mean and name != "(Intercept)"]
    if both:
        raise DesignError(
            f"{listed(both)} is in the formula and in nominal=: effects on every threshold have that on the mean in "
            "them; leave it out of one"
        )


def _same(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> bool:
    return (a is None and b is None) or (a is not None and b is not None and bool(np.array_equal(a, b)))


def _weights(request: GeneralizedRequest, columns: Columns) -> Vector | None:
    name = request.mean.weights
    if name is None:
        return None
    weights = evaluate(columns, ColumnName(name, (0, 0)))
    shown = "weights" if name == ARRAY_WEIGHTS else f"weights={name!r}"
    if (weights < 0).any() or np.isinf(weights).any():
        bad = int(np.flatnonzero((weights < 0) | np.isinf(weights))[0])
        raise DataError(
            f"{shown} are {weights[bad]:g} in row {bad} (counted from 0); they must be finite, and not negative"
        )
    if len(weights) and not (weights > 0).any():
        raise DataError(f"{shown} are zero or missing in every row, so that none counts; give weights above zero")
    return weights


def refuse_weightless(request: GeneralizedRequest, response: Response, kept: NDArray[np.bool_] | None) -> None:
    """Refuse rows of weight zero, whose levels would have coefficients, and which would count as rows."""
    weights = response.weights if response.weights is not None else response.trials
    if request.mean.weights is None or weights is None or not (weights == 0).any():
        return
    shown = "weights" if request.mean.weights == ARRAY_WEIGHTS else f"weights={request.mean.weights!r}"
    bad = np.flatnonzero(weights == 0)
    first = bad[0] if kept is None else np.flatnonzero(kept)[bad[0]]
    raise DataError(
        f"{shown} are 0 in {len(bad):,} rows, first in row {first} (counted from 0); drop the rows of weight zero"
    )


def _complete(response: Response) -> Response:
    """Mark a row as missing where any of its numbers is."""
    y = response.y.copy()
    for other in (response.trials, response.weights):
        if other is not None:
            y[np.isnan(other)] = np.nan
    return replace(response, y=y)


def _subset(response: Response, kept: NDArray[np.bool_]) -> Response:
    def of(values: Vector | None) -> Vector | None:
        return None if values is None else values[kept]

    return replace(response, y=response.y[kept], trials=of(response.trials), weights=of(response.weights))


def _encode(part: Request, columns: Columns) -> ModelRows:
    return model_rows(_of_rows(part), columns)


def _of_rows(part: Request) -> Request:
    """Return the request with numbers of rows in the place of the response."""
    factor = TermFactor(RESPONSE, ColumnName(RESPONSE, (0, 0)))
    return replace(part, spec=replace(part.spec, response=factor), weights=None)
