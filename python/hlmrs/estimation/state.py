"""An estimate as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from .._core import Encoding, Fit
from ..control import Control
from ..errors import DataError, HlmrsError
from ..formula import parse
from ..frame import KINDS
from ..splines import SplineBasis
from .estimate import Estimate, RowValues
from .layout import Layout
from .request import Request
from .rows import Splines

Arrays = dict[str, NDArray[Any]]

_ROW_VALUES = ("response", "fitted", "weights", "kept")


def to_state(estimate: Estimate, *, keep_rows: bool) -> tuple[dict[str, Any], Arrays]:
    """Take an estimate apart; the values of its rows come along if `keep_rows`."""
    core, arrays = estimate.core.state()
    header = write_request(estimate.request, estimate.kind, estimate.splines) | {
        "layout": estimate.layout.as_json(),
        "encoding": estimate.encoding.to_json(),
        "core": core,
    }
    named = {f"core.{name}": array for name, array in arrays.items()}
    named |= {f"moments.{k}": moments for k, moments in enumerate(estimate.moments)}
    return header, named | _row_arrays(estimate, keep_rows)


def from_state(header: dict[str, Any], arrays: Arrays, name: str) -> Estimate:
    """Put an estimate together again; `name` is that of the file, for messages."""
    with reading(name, "a fit"):
        return _rebuild(header, arrays)


def write_request(request: Request, kind: str, splines: Splines) -> dict[str, Any]:
    """Write down what was asked for, the kind of frame that tables come back in, and bases of splines."""
    own = {name: getattr(request, name) for name in ("reml", "weights", "offset", "contrasts", "missing")}
    return {
        "request": {"formula": request.spec.formula, "expanded_formula": str(request.spec), **own},
        "frame": kind,
        "splines": {name: {"kind": basis.kind, "settings": basis.settings} for name, basis in splines.items()},
    }


def read_request(header: dict[str, Any]) -> tuple[Request, str, Splines]:
    """Read what ``write_request`` wrote."""
    saved, kind = dict(header["request"]), header["frame"]
    if kind not in KINDS:
        raise DataError(f"the rows are of a frame of kind {kind!r}, which this hlmrs does not know")
    spec = replace(parse(saved.pop("expanded_formula")), formula=saved.pop("formula"))
    splines = {key: SplineBasis(entry["kind"], entry["settings"]) for key, entry in header["splines"].items()}
    return Request(spec, control=Control(), **saved), kind, splines


@contextmanager
def reading(name: str, what: str) -> Iterator[None]:
    """Refuse a file whose parts are not what they should be."""
    try:
        yield
    except HlmrsError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"{name!r} does not hold {what} ({reason}); save the {what.split()[-1]} again") from error


def _row_arrays(estimate: Estimate, keep_rows: bool) -> Arrays:
    if not keep_rows or not estimate.has_values:
        return {}
    values = {name: getattr(estimate.values, name) for name in _ROW_VALUES}
    return {f"rows.{name}": value for name, value in values.items() if value is not None}


def _rebuild(header: dict[str, Any], arrays: Arrays) -> Estimate:
    request, kind, splines = read_request(header)
    core = {key.removeprefix("core."): array for key, array in arrays.items() if key.startswith("core.")}
    kept = {key.removeprefix("rows."): array for key, array in arrays.items() if key.startswith("rows.")}
    fit, layout = Fit.from_state(header["core"], core), Layout.from_json(header["layout"])
    moments = [arrays[f"moments.{k}"] for k in range(len(layout.random))]
    if not layout.fits(fit) or any(
        m.shape != (len(t.columns),) * 2 for m, t in zip(moments, layout.random, strict=True)
    ):
        raise ValueError("its names and its numbers do not belong together")
    return Estimate(
        request,
        fit,
        kind,
        splines,
        layout=layout,
        moments=moments,
        encoding=Encoding.from_json(header["encoding"]),
        values=RowValues(kept["response"], kept["fitted"], kept.get("weights"), kept.get("kept")) if kept else None,
    )
