"""Defines what a kind of frame must provide.  One file per kind."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError


@dataclass(frozen=True, slots=True)
class CategoricalColumn:
    """A column of categories whose levels have a declared order."""

    codes: NDArray[np.int32]
    levels: Sequence[str]
    ordered: bool = False

    def texts(self) -> NDArray[np.object_]:
        """Spell out the levels; None where the code is negative."""
        return np.array([*self.levels, None], dtype=object)[self.codes]


FrameT_co = TypeVar("FrameT_co", covariant=True)


class Collects(Protocol[FrameT_co]):
    """A LazyFrame, by what it becomes."""

    def collect(self) -> FrameT_co:
        """Run the query."""
        ...


BATCH_ROWS = 1 << 20
"""Rows of a batch, about: enough for several of each group, few enough for any memory."""
_NUMBERS = 1 << 24
"""Numbers of a batch, about, while it has a quarter of its rows."""


def batch_rows(most: int, n_columns: int) -> int:
    """Choose the rows of a batch, of which there are `most` unless it is wide."""
    return max(min(most, _NUMBERS // max(1, n_columns)), most // 4)


Column: TypeAlias = "NDArray[Any] | list[Any] | CategoricalColumn"
"""A column to build: NaN in a float array, None in a list and a negative code are missing."""


def columns_of(names: Sequence[str], rows: Iterable[Sequence[Any]], texts: Collection[str]) -> dict[str, Column]:
    """Turn rows into columns: lists for the names in `texts`, arrays of numbers for the others.

    >>> columns_of(("name", "size"), [("a", 1.5), (None, 2.0)], ("name",))
    {'name': ['a', None], 'size': array([1.5, 2. ])}
    """
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    parts = zip(names, columns, strict=True)
    return {name: list(column) if name in texts else np.array(column) for name, column in parts}


def is_without_values(column: Column) -> bool:
    """Whether a column of texts has none, so that its type cannot be told from it."""
    return isinstance(column, list) and all(value is None for value in column)


def plain_column(column: Column) -> NDArray[Any]:
    """Make one array of a column; texts are objects."""
    if isinstance(column, CategoricalColumn):
        return column.texts()
    return np.array(column, dtype=object) if isinstance(column, list) else column


class Frame(ABC):
    """The caller's data; unless a kind says otherwise its rows are in memory, and one batch."""

    kind: str
    """The kind of frame that results come back in; ``build`` makes one."""
    streams = False
    """Whether rows come batch by batch, so that they need not fit in memory."""
    once = False
    """Whether the rows can be read only once."""
    labels: Mapping[str, str] = MappingProxyType({})
    """What a file says of its variables, by column."""

    def __init__(self, data: Any) -> None:
        self._data = data

    @property
    def original(self) -> Any:
        """What the caller gave."""
        return self._data

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Names of all columns."""

    @abstractmethod
    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns; those in `labels` only name groups, so long integers must keep all their digits."""

    def is_unordered(self, name: str) -> bool:
        """Whether a column has categories that are declared to have no order."""
        return False

    @property
    def index(self) -> Any:
        """The index of the rows in pandas; None elsewhere."""
        return None

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Return the values of a column that have these labels, each in one of these rows, in the column's own type.

        None where rows cannot be looked up.
        """
        return None

    def in_memory(self) -> "Frame":
        """Return a frame of the same rows whose order stays, from which rows can be taken."""
        return self

    def take(self, rows: NDArray[np.intp]) -> "Frame":
        """Return the rows at these places, each as often as it is named."""
        raise DataError(f"rows of a {type(self._data).__name__} cannot be taken; read it into a data frame first")

    def count(self) -> int | None:
        """Count the rows; None where only reading them tells."""
        return None

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Hand over some columns, batch by batch."""
        yield self.read(names, labels)

    @abstractmethod
    def extend(self, names: Sequence[str], compute: "Compute", *, by_row: bool = False) -> Any:
        """Return the caller's frame with the columns `names`, which `compute` makes from the rows of a frame.

        Values that depend on their own row alone (`by_row`) may be computed batch by batch.
        """


Compute: TypeAlias = Callable[[Frame], Mapping[str, Column]]
"""Makes columns from the rows of a frame."""


def check_unique(names: Sequence[str], wanted: Iterable[str]) -> None:
    """Refuse frames in which a wanted name stands for more than one column."""
    if len(set(names)) == len(names):
        return
    for name in wanted:
        if names.count(name) > 1:
            raise DataError(
                f"column {name!r} occurs {names.count(name)} times in the data; rename or drop the duplicates, "
                "so that the formula means one of them"
            )
