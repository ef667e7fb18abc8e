"""Statistics as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from ..._core import Statistics
from ...errors import DataError, HlmrsError
from ...frame import KINDS
from ...splines import SplineBasis
from .. import Request, Splines, make_request

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class SavedParts:
    """What statistics consist of."""

    request: Request
    splines: Splines
    kind: str
    core: Statistics


def to_state(parts: SavedParts) -> tuple[dict[str, Any], Arrays]:
    """Take statistics apart."""
    request = parts.request
    meta, arrays = parts.core.state()
    saved = {
        "formula": request.spec.formula,
        "expanded_formula": str(request.spec),
        "weights": request.weights,
        "offset": request.offset,
        "contrasts": request.contrasts,
        "missing": request.missing,
        "columns": request.columns(),
    }
    splines = {name: {"kind": basis.kind, "settings": basis.settings} for name, basis in parts.splines.items()}
    return {"request": saved, "frame": parts.kind, "splines": splines, "core": meta}, arrays


def from_state(header: dict[str, Any], arrays: Arrays, name: str) -> SavedParts:
    """Put statistics together again; `name` is that of the file, for messages."""
    try:
        return _rebuild(header, arrays)
    except HlmrsError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{name!r} does not hold statistics ({type(error).__name__}: {error})") from error


def _rebuild(header: dict[str, Any], arrays: Arrays) -> SavedParts:
    saved, kind = header["request"], header["frame"]
    if kind not in KINDS:
        raise DataError(f"the statistics are of a frame of kind {kind!r}, which this hlmrs does not know")
    request = make_request(
        saved["expanded_formula"],
        saved["columns"],
        reml=True,
        weights=saved["weights"],
        offset=saved["offset"],
        contrasts=None,
        missing=saved["missing"],
        control=None,
    )
    splines = {key: SplineBasis(entry["kind"], entry["settings"]) for key, entry in header["splines"].items()}
    core = Statistics.from_state(header["core"], arrays)
    spec = replace(request.spec, formula=saved["formula"])
    return SavedParts(replace(request, spec=spec, contrasts=saved["contrasts"]), splines, kind, core)
