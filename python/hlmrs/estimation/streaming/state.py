"""Statistics as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

from typing import Any

from ..._core import Statistics
from ..state import Arrays, read_request, reading, write_request
from .sums import BatchSums


def to_state(sums: BatchSums) -> tuple[dict[str, Any], Arrays]:
    """Take statistics apart."""
    request, core = sums.known
    meta, arrays = core.state()
    return write_request(request, sums.kind, sums.splines) | {"core": meta}, arrays


def from_state(header: dict[str, Any], arrays: Arrays, name: str) -> BatchSums:
    """Put statistics together again; `name` is that of the file, for messages."""
    with reading(name, "statistics"):
        request, kind, splines = read_request(header)
        core = Statistics.from_state(header["core"], arrays)
        return BatchSums(request.spec.formula, kind=kind, request=request, core=core, splines=splines)
