"""What all pictures share: axes to draw in, words about them, marks that are not too many."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..display import Picture
from ..errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKS = 2000
"""As many marks as a picture has at most."""
_SMALL = 8
_TITLE = 11
_ON_DARK = 1.8
_LETTER = 0.53
"""Width of a letter in units of its height, on average."""


def pyplot(needing: str = "plots") -> Any:
    """Load matplotlib, or say what needs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{needing} need matplotlib: pip install 'hlmrs[plot]'") from error
    return plt


def axes_for(given: Any, n: int, size: tuple[float, float], columns: int = 3, *, shared: bool = False) -> "list[Axes]":
    """Return n axes: those that are given, or of a new figure, each of so many inches."""
    if given is None:
        return _new_axes(n, size, columns, shared)
    axes = list(np.ravel(np.asarray(given, dtype=object)))
    if len(axes) != n:
        raise OptionError(f"ax= has {len(axes)} axes, and the picture has {n} panels: give as many")
    return axes


def _new_axes(n: int, size: tuple[float, float], columns: int, shared: bool) -> "list[Axes]":
    across = min(n, columns if n != 4 else 2)
    down = -(-n // across)
    figure = pyplot().figure(figsize=(size[0] * across, size[1] * down), layout="constrained")
    axes = list(figure.subplots(down, across, squeeze=False, sharex=shared, sharey=shared).ravel())
    for axis in axes[n:]:
        axis.remove()
    for axis in axes[max(0, n - across) : n]:
        axis.tick_params(labelbottom=True)
    return axes[:n]


def ink(axis: "Axes") -> Any:
    """Return the colour that text has, which is seen on the background."""
    return axis.xaxis.label.get_color()


def density(axis: "Axes", usual: float) -> float:
    """Return how dense a band is: as usual on light ground, and denser on dark, where it would hardly be seen."""
    from matplotlib.colors import to_rgb

    is_dark = sum(to_rgb(ink(axis))) > 1.5
    return min(1.0, _ON_DARK * usual) if is_dark else usual


def guide(axis: "Axes", *, strong: bool = False) -> dict[str, Any]:
    """Return how lines are drawn that are no data."""
    return {
        "color": ink(axis),
        "alpha": 0.7 if strong else 0.4,
        "linewidth": 0.9,
        "linestyle": (0, (4, 3)),
        "zorder": 1,
    }


def describe(axis: "Axes", picture: Picture, note: str = "") -> None:
    """Write title, labels and notes, and keep the alternative text on axes and figure."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(_wrapped(axis, picture.title, _TITLE), loc="left", fontsize=_TITLE)
    axis.set(xlabel=picture.x, ylabel=picture.y)
    words = " ".join(part for part in (picture.note, note) if part)
    if words:
        axis.annotate(
            _wrapped(axis, words, _SMALL),
            xy=(0, 0),
            xycoords=("axes fraction", axis.xaxis.label),
            xytext=(0, -4),
            textcoords="offset points",
            va="top",
            fontsize=_SMALL,
            color=ink(axis),
            alpha=0.8,
            annotation_clip=False,
        )
    _keep_alt(axis, picture.alt)


def write_once(axes: "Sequence[Axes]", picture: Picture) -> None:
    """Write title, labels and note of small multiples beside all of them."""
    figure: Any = axes[0].get_figure(root=True)
    words = {"color": ink(axes[0])}
    wide = int(figure.get_figwidth() * 72 / (_SMALL * _LETTER))
    figure.suptitle(picture.further["suptitle"], x=0.01, ha="left", fontsize=_TITLE, **words)
    note = "\n".join(textwrap.wrap(picture.further["note"], wide))
    figure.supxlabel(f"{picture.x}\n{note}", fontsize=9, **words)
    figure.supylabel(picture.y, fontsize=10, **words)
    handles, labels = axes[0].get_legend_handles_labels()
    if handles:
        place = {"loc": "outside right upper", "title": picture.further["by"], "frameon": False}
        figure.legend(handles, labels, fontsize=_SMALL, title_fontsize=_SMALL, **place)


def _keep_alt(axis: "Axes", alt: str) -> None:
    own: Any = axis
    own.hlmrs_alt = alt
    figure: Any = axis.get_figure(root=True)
    texts = [getattr(one, "hlmrs_alt", "") for one in figure.axes]
    figure.hlmrs_alt = " ".join(text for text in texts if text)


def _wrapped(axis: "Axes", text: str, size: float) -> str:
    whole = text.replace(" %", "\u00a0%")  # no line ends between a number and its sign
    return "\n".join(textwrap.wrap(whole, max(24, _letters(axis, size)))).replace("\u00a0", " ")


def _letters(axis: "Axes", size: float) -> int:
    """Return how many letters of a size, in points, are as wide as the axes."""
    figure: Any = axis.get_figure(root=True)
    names = max((len(label.get_text()) for label in axis.get_yticklabels()), default=0)
    beside = 0.07 * max(0, names - 6)  # what long names at the axis will take of its width
    inches = max(axis.get_window_extent().width / figure.dpi - beside, 1.5)
    return int(inches * 72 / (size * _LETTER))


def evenly(n: int, most: int = MOST_MARKS) -> NDArray[np.intp]:
    """Return at most so many places among n, as far from each other as they can be."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).round().astype(np.intp))


def thinned(n: int, what: str, most: int = MOST_MARKS) -> tuple[NDArray[np.intp], str]:
    """Return the places of the marks to draw, and what is said of the others."""
    places = evenly(n, most)
    return places, "" if len(places) == n else f"{len(places):,} of {n:,} {what} are drawn, evenly chosen."


def legend(axis: "Axes", title: str = "") -> None:
    """Explain lines and marks in a row between title and picture, where no data are."""
    handles, labels = axis.get_legend_handles_labels()
    if not handles:
        return
    letters = _letters(axis, _SMALL)
    columns = max(1, min(len(labels), letters // (max(map(len, labels)) + 8)))
    rows = -(-len(labels) // columns) + bool(title)
    place = {"loc": "lower left", "bbox_to_anchor": (-0.01, 0.99), "ncols": columns, "borderpad": 0.1}
    found = axis.legend(title=title or None, frameon=False, fontsize=_SMALL, title_fontsize=_SMALL, **place)
    found.set_alignment("left")
    axis.set_title(axis.get_title(loc="left"), loc="left", fontsize=_TITLE, pad=8 + 13 * rows)


def listed(names: Sequence[str], most: int = 5, longest: int = 24) -> str:
    """Name a few levels."""
    shown = [name if len(name) <= longest else name[: longest - 1] + "…" for name in names[:most]]
    return ", ".join(shown)


_BREAKS = "._ :"
"""Letters that a name is broken behind, the best last."""


def folded(name: str, width: int = 34) -> str:
    """Return a name in one line or two, broken between factors where it can be; the middle of a longer one is cut.

    >>> print(folded("treatment:baseline", 12))
    treatment:
    baseline
    """
    if len(name) <= width:
        return name
    if len(name) > 2 * width:
        name = f"{name[: width - 1]}…{name[-width:]}"
    ends = [k for k in range(1, width + 1) if len(name) - k <= width]
    place = max(ends, key=lambda k: (_BREAKS.find(name[k - 1]), -abs(2 * k - len(name))))
    return f"{name[:place]}\n{name[place:]}"
