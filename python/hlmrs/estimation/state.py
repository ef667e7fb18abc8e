"""An estimate as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

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

Arrays = dict[str, NDArray[Any]]

_ROW_VALUES = ("response", "fitted", "weights", "kept")


def to_state(estimate: Estimate, *, keep_rows: bool) -> tuple[dict[str, Any], Arrays]:
    """Take an estimate apart; the values of its rows come along if `keep_rows`."""
    request = estimate.request
    core, arrays = estimate.core.state()
    header = {
        "request": {
            "formula": request.spec.formula,
            "expanded_formula": str(request.spec),
            "reml": request.reml,
            "weights": request.weights,
            "offset": request.offset,
            "contrasts": request.contrasts,
            "missing": request.missing,
        },
        "frame": estimate.kind,
        "layout": estimate.layout.as_json(),
        "encoding": estimate.encoding.to_json(),
        "splines": {name: {"kind": b.kind, "settings": b.settings} for name, b in estimate.splines.items()},
        "core": core,
    }
    named = {f"core.{name}": array for name, array in arrays.items()}
    named |= {f"moments.{k}": moments for k, moments in enumerate(estimate.moments)}
    return header, named | _row_arrays(estimate, keep_rows)


def from_state(header: dict[str, Any], arrays: Arrays, name: str) -> Estimate:
    """Put an estimate together again; `name` is that of the file, for messages."""
    try:
        return _rebuild(header, arrays)
    except HlmrsError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(
            f"{name!r} does not hold a fit ({type(error).__name__}: {error}); save the fit again"
        ) from error


def _row_arrays(estimate: Estimate, keep_rows: bool) -> Arrays:
    if not keep_rows or not estimate.has_values:
        return {}
    values = {name: getattr(estimate.values, name) for name in _ROW_VALUES}
    return {f"rows.{name}": value for name, value in values.items() if value is not None}


def _rebuild(header: dict[str, Any], arrays: Arrays) -> Estimate:
    saved, kind = header["request"], header["frame"]
    if kind not in KINDS:
        raise DataError(f"the fit is of a frame of kind {kind!r}, which this hlmrs does not know")
    request = Request(
        replace(parse(saved["expanded_formula"]), formula=saved["formula"]),
        reml=saved["reml"],
        weights=saved["weights"],
        offset=saved["offset"],
        contrasts=saved["contrasts"],
        missing=saved["missing"],
        control=Control(),
    )
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
        splines={key: SplineBasis(entry["kind"], entry["settings"]) for key, entry in header["splines"].items()},
        layout=layout,
        moments=moments,
        encoding=Encoding.from_json(header["encoding"]),
        values=RowValues(kept["response"], kept["fitted"], kept.get("weights"), kept.get("kept")) if kept else None,
    )
