"""Names of the levels of a grouping factor, of which there may be very many."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import overload


class LevelNames(Sequence[str]):
    """The names, read when one is first asked for."""

    def __init__(self, n: int, read: Callable[[], list[str]]) -> None:
        self._n = n
        self._read = read

    @cached_property
    def _names(self) -> list[str]:
        return self._read()

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._names[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
