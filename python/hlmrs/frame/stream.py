"""An Arrow C stream of any origin: how it is read, and the frames of libraries that are not known here."""

from collections.abc import Collection, Sequence
from typing import Any

from .._core import Columns
from ..errors import DataError, HlmrsError
from .kind import Compute, Frame, check_unique


def read_stream(source: object) -> Columns:
    """Hand all columns of an Arrow stream to the core."""
    columns = Columns()
    try:
        columns.add_arrow(source)
    except HlmrsError:
        raise
    except Exception as error:
        raise DataError(f"the {type(source).__name__} could not be read as an Arrow stream: {error}") from error
    return columns


class StreamFrame(Frame):
    """An object that has ``__arrow_c_stream__``, where pyarrow is not installed; results are plain arrays."""

    kind = "dict"

    def __init__(self, data: Any) -> None:
        self._columns = read_stream(data)

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return self._columns.names

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over all columns, which were read when the stream was opened."""
        check_unique(self.names, names)
        return self._columns

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return the new columns alone: nothing here can add to a frame of an unknown library."""
        return dict(compute(self))
