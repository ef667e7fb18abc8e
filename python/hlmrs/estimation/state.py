"""An estimate as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

import copyreg
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .. import storage
from .._core import Columns, Encoding, Fit
from ..control import Control
from ..errors import DataError, HlmrsError, OptionError
from ..formula import Call, ModelSpec, parse
from ..frame import KINDS
from ..options import Missing
from ..splines import SplineBasis
from .estimate import GONE, Estimate, RowValues
from .layout import Layout
from .request import Request, coded
from .residual_encoding import ResidualEncoding
from .residual_request import ResidualRequest, columns_named, residual_request
from .residual_rows import read_residual
from .rows import ModelRows, Splines, encode

Arrays = dict[str, NDArray[Any]]

NO_FRAME = (
    "this fit came back from another process with the columns that the model uses, not the whole data; "
    "fit.update('. ~ .', data=...) fits the model to them again"
)
_ROW_VALUES = ("response", "fitted", "weights", "kept")


def to_bytes(estimate: Estimate) -> bytes:
    """Write an estimate with all that its rows gave, for another process."""
    header, arrays = to_state(estimate, keep_rows=True)
    return storage.to_bytes(*with_columns(estimate, header, arrays))


def from_bytes(data: bytes) -> Estimate:
    """Read what ``to_bytes`` wrote."""
    return from_state(*read_bytes(data))


def read_bytes(data: bytes) -> tuple[dict[str, Any], Arrays, str, Columns | None]:
    """Read the parts of an estimate that came from another process: what puts it together takes them."""
    header, arrays = storage.from_bytes(data, "pickle")
    with reading("pickle", "a fit"):
        return header, arrays, "pickle", read_columns(header, arrays)


def _reduced(estimate: Estimate) -> tuple[Any, ...]:
    return from_bytes, (to_bytes(estimate),)


copyreg.pickle(Estimate, _reduced)  # how an estimate goes to another process


def to_state(estimate: Estimate, *, keep_rows: bool) -> tuple[dict[str, Any], Arrays]:
    """Take an estimate apart; the values of its rows come along if `keep_rows`."""
    if estimate.request.residual is not None and not keep_rows and estimate.core.holds_rows:
        raise OptionError(
            "a model of the residuals needs its rows for standard errors and tests: save(..., keep_rows=True) has them"
        )
    core, arrays = estimate.core.state()
    header = write_request(estimate.request, estimate.kind, estimate.splines) | {
        "layout": estimate.layout.as_json(),
        "encoding": estimate.encoding.to_json(),
        "core": core,
        "labels": labels_of(estimate),
        "between": estimate.between_terms,
    }
    if estimate.request.residual is not None:
        header["residual_levels"] = estimate.residual_encoding.saved()
    named: Arrays = {f"core.{name}": array for name, array in arrays.items()}
    named |= {f"moments.{k}": moments for k, moments in enumerate(estimate.moments)}
    named |= {f"group_rows.{g}": counts for g, counts in enumerate(estimate.group_rows)}
    return header, named | write_row_values(estimate, keep_rows)


def from_state(header: dict[str, Any], arrays: Arrays, name: str, columns: Columns | None = None) -> Estimate:
    """Put an estimate together again; `name` is that of the file, for messages; `columns` have its rows."""
    with reading(name, "a fit"):
        return _rebuild(header, arrays, columns)


def labels_of(estimate: Estimate) -> dict[str, str]:
    """Return what the file of the data says of the columns of the model."""
    return {name: estimate.labels[name] for name in estimate.request.columns() if estimate.labels.get(name)}


def read_labels(header: dict[str, Any]) -> dict[str, str]:
    """Return the labels of columns that were saved, if some were."""
    labels = header.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(text, str) for text in labels.values()):
        raise ValueError("the labels of its columns are no texts")
    return labels


def write_request(request: Request, kind: str, splines: Splines) -> dict[str, Any]:
    """Write down what was asked for, the kind of frame that tables come back in, and bases of splines."""
    own = {name: getattr(request, name) for name in ("reml", "weights", "offset", "contrasts", "missing")}
    own |= {} if request.control.fix is None else {"fix": request.control.fix}
    own |= {} if request.sigma is None else {"sigma": request.sigma}
    own |= {} if request.prior is None else {"prior": request.prior}
    spec, levels = request.spec.in_all_levels(), request.spec.levels()
    own |= {"by_levels": levels} if levels else {}
    return {
        "request": {"formula": request.spec.formula, "expanded_formula": str(spec), **own},
        "residual": None if request.residual is None else request.residual.saved(),
        "frame": kind,
        "splines": {name: {"kind": basis.kind, "settings": basis.settings} for name, basis in splines.items()},
    }


def read_request(header: dict[str, Any]) -> tuple[Request, str, Splines]:
    """Read what ``write_request`` wrote."""
    saved, kind = dict(header["request"]), header["frame"]
    if kind not in KINDS:
        raise DataError(f"the rows are of a frame of kind {kind!r}, which this hlmrs does not know")
    spec = replace(parse(saved.pop("expanded_formula")), formula=saved.pop("formula"))
    levels = saved.pop("by_levels", {})
    spec = spec.in_levels({by: levels[by.name] for by in spec.by_factors()})
    splines = _splines(spec, header["splines"])
    residual = _residual(spec, header.get("residual"))
    request = Request(spec, control=Control(fix=saved.pop("fix", None)), residual=residual, **saved)
    _check_request(request)
    return request, kind, splines


def _residual(spec: ModelSpec, saved: dict[str, str] | None) -> ResidualRequest | None:
    """Read what was asked for of the residuals."""
    if saved is None:
        return None
    term, dispersion = saved.get("residual"), saved.get("dispersion")
    asked = residual_request(term, dispersion, spec, columns_named(term, dispersion, spec))
    return None if asked is None else asked.tested_by(saved.get("ddf"), saved.get("ddf_information"))


def _splines(spec: ModelSpec, saved: dict[str, Any]) -> Splines:
    """Read the basis of every spline of a formula."""
    calls = {factor.name: factor.expression for factor in spec.splines()}
    if saved.keys() != calls.keys():
        raise ValueError("the splines of its request are not those of its formula")
    return {name: SplineBasis.from_saved(call, saved[name]) for name, call in calls.items() if isinstance(call, Call)}


def _check_request(request: Request) -> None:
    """Refuse what no one can have asked for."""
    spec, contrasts = request.spec, request.contrasts
    names = [name for name in (request.weights, request.offset) if name is not None]
    holds = {
        "names": all(isinstance(name, str) for name in (spec.formula, *names)),
        "missing": request.missing in get_args(Missing),
        "contrasts": isinstance(contrasts, dict) and contrasts.keys() <= {*coded(spec)},
    }
    for what, is_so in holds.items():
        if not is_so:
            raise ValueError(f"the {what} of its request are not those of its formula")


@contextmanager
def reading(name: str, what: str) -> Iterator[None]:
    """Refuse a file whose parts are not what they should be."""
    try:
        yield
    except (HlmrsError, KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        reason = str(error) if isinstance(error, HlmrsError) else f"{type(error).__name__}: {error}"
        raise DataError(f"{name!r} does not hold {what} ({reason}); save the {what.split()[-1]} again") from error


def write_row_values(estimate: Estimate, keep_rows: bool) -> Arrays:
    """Return the values of the rows used as arrays, if they are to be kept."""
    if not keep_rows or not estimate.has_values:
        return {}
    values = {name: getattr(estimate.values, name) for name in _ROW_VALUES}
    return {f"rows.{name}": value for name, value in values.items() if value is not None}


def with_columns(estimate: Estimate, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Add the columns that the rows of a fit are encoded from, if they are there."""
    if estimate.rows_if_kept is None:
        return header, arrays
    described = []
    for k, (name, values, levels, declared) in enumerate(estimate.data.columns.plain_values()):
        described.append(
            {"name": name, "levels": levels, "declared": declared, "is_number": values.dtype == np.float64}
        )
        arrays[f"columns.{k}"] = values.astype(np.uint32) if values.dtype == np.uint8 else values
    return header | {"columns": described}, arrays


def read_columns(header: dict[str, Any], arrays: Arrays) -> Columns | None:
    """Read the columns that ``with_columns`` added."""
    if "columns" not in header:
        return None
    columns = Columns()
    for k, entry in enumerate(header["columns"]):
        name, values = entry["name"], arrays[f"columns.{k}"]
        if entry["levels"] is not None:
            columns.add_categorical(name, values, entry["levels"], False, entry["declared"])
        elif entry["is_number"]:
            columns.add_numeric(name, values)
        else:
            columns.add_boolean(name, values.astype(np.uint8))
    return columns


def _rebuild(header: dict[str, Any], arrays: Arrays, columns: Columns | None) -> Estimate:
    request, kind, splines = read_request(header)
    encoding = Encoding.from_json(header["encoding"])
    fit, layout = Fit.from_state(header["core"], under("core.", arrays)), Layout.from_json(header["layout"])
    fit.check_encoding(encoding)
    moments = [arrays[f"moments.{k}"] for k in range(len(layout.random))]
    if (
        not layout.fits(fit)
        or not layout.is_of(encoding)
        or [layout.response, *layout.terms, *(term.name for term in layout.random)] != _names(request.spec)
        or any(m.shape != (len(t.columns),) * 2 for m, t in zip(moments, layout.random, strict=True))
    ):
        raise ValueError("its names and its numbers do not belong together")
    group_rows = read_group_rows(arrays, layout)
    values = read_row_values(arrays, layout)
    data = None if columns is None else _model_rows(request, columns, splines, values)
    if data is not None and (data.rows.n_rows_input != layout.n_rows_input or not layout.is_of(data.rows.encoding())):
        raise ValueError("its columns are not those of its names")
    return Estimate(
        request,
        fit,
        kind,
        splines,
        data,
        why_gone=NO_FRAME if columns is not None else GONE,
        layout=layout,
        moments=moments,
        group_rows=group_rows,
        encoding=encoding,
        residual_encoding=_residual_encoding(request, header),
        values=values,
        labels=read_labels(header),
        between_terms=read_between(header, layout),
    )


def _residual_encoding(request: Request, header: dict[str, Any]) -> ResidualEncoding | None:
    """Read what encodes the residuals of new data."""
    saved = header.get("residual_levels")
    return None if request.residual is None or saved is None else ResidualEncoding.from_saved(request.residual, saved)


def _model_rows(request: Request, columns: Columns, splines: Splines, values: RowValues | None) -> ModelRows:
    """Encode the rows again, with what the request says of their residuals."""
    rows = encode(request, columns)
    if request.residual is None:
        return ModelRows(rows, columns, splines)
    residual = read_residual(request.residual, columns, rows, request.missing)
    if request.residual.uses_fitted and values is not None:
        residual = residual.with_fitted(values.fitted)
    return ModelRows(rows, columns, splines, residual)


def _names(spec: ModelSpec) -> list[str]:
    return [spec.response.name, *(term.name for term in spec.terms), *(term.name for term in spec.random)]


def under(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def read_group_rows(arrays: Arrays, layout: Layout) -> list[NDArray[Any]]:
    """Return how many rows every group has, by grouping factor."""
    group_rows = [arrays[f"group_rows.{g}"] for g in range(len(layout.groups))]
    if not layout.counts(group_rows):
        raise ValueError("the rows of its groups are not those of its counts")
    return group_rows


def read_between(header: dict[str, Any], layout: Layout) -> list[list[str]] | None:
    """Return the terms that are constant within groups, by grouping factor, if they are known."""
    between, known = header.get("between"), {"(Intercept)", *layout.terms}
    if between is not None and (len(between) != len(layout.groups) or not all(set(own) <= known for own in between)):
        raise ValueError("the terms between its groups are not those of its formula")
    return None if between is None else [list(own) for own in between]


def read_row_values(arrays: Arrays, layout: Layout) -> RowValues | None:
    """Return the values of rows that were saved, one for every row used."""
    kept = under("rows.", arrays)
    if not kept:
        return None
    values = RowValues(kept["response"], kept["fitted"], kept.get("weights"), kept.get("kept"))
    by_row = [array for array in (values.response, values.fitted, values.weights) if array is not None]
    if any(array.shape != (layout.n_rows,) or array.dtype != np.float64 for array in by_row):
        raise ValueError("its rows are not those of its counts")
    used = values.kept
    if used is not None and (used.dtype != np.bool_ or len(used) != layout.n_rows_input or used.sum() != layout.n_rows):
        raise ValueError("its rows are not those of its counts")
    return values
