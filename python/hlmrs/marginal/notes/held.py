"""Where the variables that a table or a picture does not show stand."""

from collections.abc import Sequence

from ...display.numbers import short
from ..grid import At, Axis

_ROUNDING = 1e-15


def held(axes: Sequence[Axis], at: At, shown: Sequence[str], weights: str = "") -> str:
    """Say at which values variables are held, and over which there are averages, with weights that have a name."""
    texts, averaged = [], []
    for axis in axes:
        if axis.name in shown:
            continue
        if len(axis.places) > 1:
            averaged.append(axis.name)
        else:
            why = "" if axis.name in at or axis.factor is not None else " (mean)"
            texts.append(f"{axis.name} = {_place(axis.places[0])}{why}")
    how = f" with {weights} weights" if weights else ""
    parts = [f"Held at {', '.join(texts)}."] if texts else []
    parts += [f"Averaged over {', '.join(averaged)}{how}."] if averaged else []
    return " ".join(parts)


def _place(value: str | float) -> str:
    """Write a level, or a number; the mean of a centred variable is zero but for rounding."""
    if isinstance(value, str):
        return value
    return "0" if abs(value) < _ROUNDING else short(value)
