"""What ``fit.plot`` has whatever the model: plots are called by name, and drawn panel by panel."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ..errors import OptionError, choose
from ..frame import Column
from .view import FrameT, View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Name = TypeVar("Name", bound=str)


class NamedPlots(View[FrameT]):
    """The plots of a fit."""

    __slots__ = ()

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Name the plots that there are."""
        raise OptionError("fit.plot() draws nothing by itself; call one of its plots: fit.plot.diagnostics()")


def draw_panels(
    panels: Name | Sequence[Name], known: Sequence[Name], table: Callable[[Name], Mapping[str, Column]]
) -> "Figure":
    """Draw the panels that are named, each from its table."""
    given = [panels] if isinstance(panels, str) else list(panels)
    chosen = [choose("panels", name, known) for name in given]
    if not chosen:
        raise OptionError(f"panels={panels!r}: choose from {', '.join(map(repr, known))}")
    from ..plots import draw_diagnostics  # loaded when it is wanted: matplotlib takes long

    return draw_diagnostics([(name, table(name)) for name in chosen])
