"""What every picture of a fit is."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ...calls import answers
from ..view import FrameT, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture


Class = TypeVar("Class", bound=type)


class Drawn(View[FrameT]):
    """A picture of a fit: called it draws, and ``data()`` is its table."""

    __slots__ = ()

    def _draw(self, picture: "Picture", ax: Any) -> "Axes":
        from ...plots import draw  # loaded when it is wanted: matplotlib takes long

        return draw(picture, ax)

    def _draw_all(self, pictures: "Sequence[Picture]", ax: Any) -> "list[Axes]":
        from ...plots import draw_panels

        return draw_panels(pictures, ax)


def answers_as(name: str) -> "Callable[[Class], Class]":
    """Let a picture say what is wrong with a call, under the name that users call it by."""

    def changed(kind: Class) -> Class:
        for attribute, called in (("__call__", name), ("data", f"{name}.data")):
            method = vars(kind)[attribute]
            method.__name__ = called
            setattr(kind, attribute, answers(method))
        return kind

    return changed


def below(tables: "Sequence[Mapping[str, Any]]") -> dict[str, Any]:
    """Put tables of the same columns below each other."""
    return {
        name: [value for table in tables for value in table[name]]
        if isinstance(column, list)
        else np.concatenate([table[name] for table in tables])
        for name, column in tables[0].items()
    }
