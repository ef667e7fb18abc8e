"""Eight colours with their dashes and markers, which tell lines apart on white, on black, in grey and by other eyes.

Each colour has a contrast of at least 3 to white and to black, which WCAG 2.2 (1.4.11) asks of graphics, and every two
differ by at least 25 in CIE L*a*b*, as seen with all cones and without those of long or of middle waves (Machado,
Oliveira and Fernandes 2009).  Grey has no room for eight: dashes and markers tell there.
"""

from typing import Any

COLOURS = ("#246cb4", "#f06c00", "#246c60", "#4830fc", "#849c6c", "#a83018", "#3c9cb4", "#3078fc")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1)), (0, (6, 2, 1, 2)), (0, (9, 3)), (0, (3, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")


def colour(k: int) -> str:
    """Return the colour of the k-th line."""
    return COLOURS[k % len(COLOURS)]


def line_style(k: int) -> dict[str, Any]:
    """Return colour and dashes of the k-th line; 24 differ."""
    return {"color": colour(k), "linestyle": _DASHES[k % len(_DASHES)]}


def marker(k: int) -> str:
    """Return the marker of the k-th set of points."""
    return _MARKERS[k % len(_MARKERS)]
