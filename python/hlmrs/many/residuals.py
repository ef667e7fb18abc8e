"""Linear models of many responses whose residuals have a covariance of their own.

What is said of the residuals depends on the rows: visits, groups and levels that a response has none of are left out,
as in a fit of it alone.  So it is said once for all responses that miss the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from .._core import fit_many as core_fit_many
from ..errors import DataError, HlmrsError
from ..estimation import Request
from ..estimation.rows import ModelRows

if TYPE_CHECKING:
    from .._core import ManyFits, ResidualArguments

Matrix = NDArray[np.float64]
Truths = NDArray[np.bool_]
_AT_ONCE = 50
"""Sets of rows whose residuals are described together: as much memory as so many columns of the data."""


def fits_with_residuals(
    request: Request, data: ModelRows, responses: Matrix, tests_by: str, reach: Callable[[int], None]
) -> ManyFits:
    """Fit every row of `responses`; `reach` gets the number done."""
    parts: list[tuple[NDArray[np.intp], ManyFits]] = []
    failed: dict[int, str] = {}
    done = 0
    for inputs, places, of_place in _described(data, responses, failed):
        own = np.ascontiguousarray(responses[places])

        def further(count: int, before: int = done) -> None:
            reach(before + count)

        settings = request.settings()
        fits = core_fit_many(data.rows, own, request.reml, settings, tests_by, further, inputs, of_place)
        parts.append((places, fits))
        done += len(places)
    return _put_together(len(responses), len(data.rows.layout()["columns"]), parts, failed)


def _described(
    data: ModelRows, responses: Matrix, failed: dict[int, str]
) -> Iterator[tuple[list[ResidualArguments], NDArray[np.intp], list[int]]]:
    """Yield what is said of residuals, the responses that it is for, and which of it is for each.

    Responses of which it cannot be said are added to `failed`.
    """
    sets, of_response = np.unique(~np.isnan(responses), axis=0, return_inverse=True)
    of_response = of_response.ravel()
    for first in range(0, len(sets), _AT_ONCE):
        inputs: list[ResidualArguments] = []
        numbers: dict[int, int] = {}
        for k, present in enumerate(sets[first : first + _AT_ONCE], first):
            found = _arguments(data, present)
            if isinstance(found, str):
                failed |= {int(place): found for place in np.flatnonzero(of_response == k)}
            else:
                numbers[k] = len(inputs)
                inputs.append(found)
        places = np.flatnonzero(np.isin(of_response, [*numbers]))
        if len(places):
            yield inputs, places, [numbers[int(k)] for k in of_response[places]]


def _arguments(data: ModelRows, present: Truths) -> ResidualArguments | str:
    """Return what is said of the residuals of some rows, or why nothing can be said."""
    assert data.residual is not None, "a model of the residuals"
    try:
        if not present.any():
            raise DataError("the response has no value in any row used")
        arguments: ResidualArguments = data.residual.with_rows(present).arguments()
    except HlmrsError as error:
        return str(error)
    return arguments


def _put_together(
    n: int, n_coef: int, parts: Sequence[tuple[NDArray[np.intp], ManyFits]], failed: Mapping[int, str]
) -> ManyFits:
    """Return the fits of all responses in their order."""
    width = max((fits["covariances"].shape[1] for _, fits in parts), default=0)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("n_obs", "sigma", "sigma_error", "criterion"), (n,))
    shapes |= dict.fromkeys(("estimate", "std_error", "df"), (n, n_coef)) | {"covariances": (n, width)}
    out: dict[str, Any] = {name: np.full(shape, np.nan) for name, shape in shapes.items()}
    out |= {"status": ["failed"] * n, "reason": [failed.get(k, "") for k in range(n)], "residual": [[]] * n}
    for places, fits in parts:
        own = cast("dict[str, Any]", fits)
        for name, values in own.items():
            if isinstance(values, list):
                for place, value in zip(places, values, strict=True):
                    out[name][place] = value
            elif values.ndim == 1:
                out[name][places] = values
            else:
                out[name][places, : values.shape[1]] = values
    return cast("ManyFits", out)
