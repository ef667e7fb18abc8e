"""Solved equations as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast, get_args

import numpy as np
from numpy.typing import NDArray

from .. import storage
from .._core import Columns, Encoding, EquationsFit
from ..errors import DesignError, FitStateError, NumericalError
from ..families import Family
from ..options import Correlation, EquationVcov
from .equations_request import EquationsRequest
from .estimate import GONE
from .generalized import generalized_model
from .generalized_request import GeneralizedRequest
from .layout import Layout
from .marginal import EquationsCore, EquationsEstimate
from .parts import RESPONSE, PartDesign, rows_again
from .response import Response
from .state import (
    NO_FRAME,
    Arrays,
    labels_of,
    read_bytes,
    read_labels,
    read_request,
    read_row_values,
    reading,
    with_columns,
    write_request,
    write_row_values,
)
from .waves import Waves

_NUMBERS = ("scale", "size", "shrinkage", "quasi_likelihood")
_COUNTS = ("iterations", "n_waves")
_OF_RESPONSE = ("y", "trials", "weights")
_MOST_WAVES = 1_000
"""Waves of which the matrix of the working correlation is kept."""


@dataclass(frozen=True, slots=True)
class SavedEquations:
    """What is kept of a core's solution, under its names."""

    coefficients: NDArray[np.float64]
    correlation_parameters: NDArray[np.float64]
    sizes: NDArray[np.int64]
    matrix: NDArray[np.float64] | None
    covariances: Mapping[str, NDArray[np.float64]]
    information: float
    converged: bool
    scale: float
    size: float
    shrinkage: float
    quasi_likelihood: float
    iterations: int
    n_waves: int

    def covariance(self, kind: str) -> NDArray[np.float64]:
        """Return a covariance of the coefficients; those that were not defined were not kept."""
        if kind not in self.covariances:
            raise DesignError(f"vcov={kind!r} is not defined for this fit, which was saved without it")
        return self.covariances[kind]

    def cic(self) -> float:
        """Return the correlation information criterion."""
        return self.information

    def cluster_sizes(self) -> NDArray[np.int64]:
        """Return the rows of every group."""
        return self.sizes

    def correlation_matrix(self, n: int) -> NDArray[np.float64]:
        """Return the working correlation of the first waves."""
        if self.matrix is None:
            raise FitStateError(GONE)
        return self.matrix[:n, :n].copy()

    def pearson(self) -> NoReturn:
        """Refuse: residuals are of rows."""
        raise FitStateError(GONE)

    def deletions(self) -> NoReturn:
        """Refuse: leaving groups out needs their rows."""
        raise FitStateError(GONE)


def to_bytes(estimate: EquationsEstimate) -> bytes:
    """Write an estimate with all that its rows gave, for another process."""
    header, arrays = equations_to_state(estimate, keep_rows=True)
    if estimate.rows_if_kept is not None and estimate.waves.codes is not None:
        arrays["waves"] = estimate.waves.codes
    return storage.to_bytes(*with_columns(estimate, header, arrays))


def from_bytes(data: bytes) -> EquationsEstimate:
    """Read what ``to_bytes`` wrote."""
    return equations_from_state(*read_bytes(data))


def _reduced(estimate: EquationsEstimate) -> tuple[Any, ...]:
    return from_bytes, (to_bytes(estimate),)


copyreg.pickle(EquationsEstimate, _reduced)  # how an estimate goes to another process


def equations_to_state(estimate: EquationsEstimate, *, keep_rows: bool) -> tuple[dict[str, Any], Arrays]:
    """Take an estimate apart; the values of its rows come along if `keep_rows`."""
    asked, fit = estimate.asked, estimate.own.fit
    request = asked.generalized
    header = {
        "equations": {
            "family": {"name": asked.family.name, "link": asked.family.link},
            "offset_column": request.offset_column,
            "asked": {name: getattr(asked, name) for name in ("groups", "time", "correlation", "scale", "size")},
            "levels": estimate.levels,
            "wave_labels": list(estimate.waves.labels),
            "fit": {name: _finite(getattr(fit, name)) for name in _NUMBERS}
            | {name: getattr(fit, name) for name in _COUNTS}
            | {"converged": fit.converged, "cic": _finite(estimate.own.cic)},
        },
        "part": write_request(estimate.request, estimate.kind, estimate.splines)
        | {"encoding": estimate.encoding.to_json(), "kept": list(estimate.layout.kept)},
        "layout": estimate.layout.as_json(),
        "labels": labels_of(estimate),
    }
    arrays: Arrays = {
        "fit.coefficients": fit.coefficients,
        "fit.correlation_parameters": fit.correlation_parameters,
        "fit.cluster_sizes": fit.cluster_sizes(),
        **{f"fit.covariance.{kind}": own for kind, own in _covariances(estimate.own).items()},
    }
    if fit.n_waves <= _MOST_WAVES:
        arrays["fit.correlation_matrix"] = fit.correlation_matrix(fit.n_waves)
    return header, arrays | write_row_values(estimate, keep_rows) | (_response(estimate) if keep_rows else {})


def _finite(value: float) -> float | str:
    """Write numbers that JSON has none for as texts."""
    return float(value) if np.isfinite(value) else repr(float(value))


def _covariances(core: EquationsCore) -> dict[str, NDArray[np.float64]]:
    """Return the covariances that are defined."""
    found = {}
    for kind in get_args(EquationVcov):
        try:
            found[kind] = core.covariance(kind)
        except (DesignError, NumericalError):
            continue
    return found


def _response(estimate: EquationsEstimate) -> Arrays:
    if not estimate.has_values:
        return {}
    given = {name: getattr(estimate.response, name) for name in _OF_RESPONSE}
    return {f"response.{name}": values for name, values in given.items() if values is not None}


def equations_from_state(
    header: dict[str, Any], arrays: Arrays, name: str, columns: Columns | None = None
) -> EquationsEstimate:
    """Put an estimate together again; `name` is that of the file, for messages; `columns` have its rows."""
    with reading(name, "a fit"):
        return _rebuild(header, arrays, columns)


def _rebuild(header: dict[str, Any], arrays: Arrays, columns: Columns | None) -> EquationsEstimate:
    own, layout = header["equations"], Layout.from_json(header["layout"])
    request, kind, splines = read_request(header["part"])
    encoding = Encoding.from_json(header["part"]["encoding"])
    asked = _asked(own, GeneralizedRequest(request, Family(**own["family"]), {}, offset_column=own["offset_column"]))
    fit = _fit(own["fit"], arrays)
    _check(layout, encoding, fit, asked)
    values, response = read_row_values(arrays, layout), _read_response(own, arrays, layout)
    waves = Waves(arrays.get("waves"), tuple(map(str, own["wave_labels"])))
    part = PartDesign(request, splines, None, encoding, [])
    core = EquationsCore(cast("EquationsFit", fit), None, len(layout.groups[0].levels))
    if columns is not None:
        if response is None:
            raise ValueError("its columns have no response")
        part = rows_again(asked.generalized, columns)["conditional"]
        core = solved(asked, part, response, waves)
    levels = None if own["levels"] is None else (str(own["levels"][0]), str(own["levels"][1]))
    gone = NO_FRAME if columns is not None else GONE
    made: dict[str, Any] = {"kind": kind, "layout": layout, "why_gone": gone, "levels": levels, "values": values}
    made["labels"] = read_labels(header)
    return EquationsEstimate(asked, core, part, response, waves, **made)


def _asked(own: Mapping[str, Any], request: GeneralizedRequest) -> EquationsRequest:
    asked = EquationsRequest(request, **own["asked"])
    texts = [asked.groups, *([] if asked.time is None else [asked.time])]
    numbers = [number for number in (asked.scale, asked.size) if number is not None]
    if asked.correlation not in get_args(Correlation) or not all(isinstance(text, str) for text in texts):
        raise ValueError("its groups, times or correlation are none")
    if not all(isinstance(number, float) and 0 < number < np.inf for number in numbers):
        raise ValueError("its scale or size is no positive number")
    return asked


def _fit(own: Mapping[str, Any], arrays: Arrays) -> SavedEquations:
    numbers: dict[str, Any] = {name: float(own[name]) for name in _NUMBERS}
    counts: dict[str, Any] = {name: own[name] for name in _COUNTS}
    if not all(type(count) is int and count >= 0 for count in counts.values()) or type(own["converged"]) is not bool:
        raise ValueError("its counts are none")
    names = [name for name in get_args(EquationVcov) if f"fit.covariance.{name}" in arrays]
    return SavedEquations(
        arrays["fit.coefficients"],
        arrays["fit.correlation_parameters"],
        arrays["fit.cluster_sizes"],
        arrays.get("fit.correlation_matrix"),
        {name: arrays[f"fit.covariance.{name}"] for name in names},
        float(own["cic"]),
        own["converged"],
        **numbers,
        **counts,
    )


def _check(layout: Layout, encoding: Encoding, fit: SavedEquations, asked: EquationsRequest) -> None:
    """Refuse names and numbers that do not belong together."""
    n, request = len(layout.kept), asked.generalized.mean
    matrix = fit.matrix
    holds = (
        fit.coefficients.shape == (n,)
        and bool(np.isfinite(fit.coefficients).all())
        and all(own.shape == (n, n) for own in fit.covariances.values())
        and {"robust", "naive"} <= fit.covariances.keys()
        and fit.correlation_parameters.ndim == 1
        and fit.sizes.ndim == 1
        and fit.sizes.dtype == np.int64
        and int(fit.sizes.sum()) <= layout.n_rows
        and (matrix is None or matrix.shape == (fit.n_waves, fit.n_waves))
        and layout.is_of(encoding, response=RESPONSE)
        and layout.response == request.spec.response.name
        and [term.name for term in request.spec.terms] == list(layout.terms)
        and len(layout.groups) == 1
    )
    if not holds:
        raise ValueError("its names and its numbers do not belong together")


def _read_response(own: Mapping[str, Any], arrays: Arrays, layout: Layout) -> Response | None:
    given = {name: arrays.get(f"response.{name}") for name in _OF_RESPONSE}
    if given["y"] is None:
        return None
    if any(v is not None and (v.shape != (layout.n_rows,) or v.dtype != np.float64) for v in given.values()):
        raise ValueError("its rows are not those of its counts")
    levels = None if own["levels"] is None else (str(own["levels"][0]), str(own["levels"][1]))
    return Response(given["y"], given["trials"], given["weights"], levels=levels)


def solved(asked: EquationsRequest, part: PartDesign, response: Response, waves: Waves) -> EquationsCore:
    """Solve the equations of rows that are there again, from the start: the numbers are the same."""
    model = generalized_model(asked.generalized, {"conditional": part}, response, in_unit=False)
    return EquationsCore.of(asked, model, part, waves)
