"""The power over numbers of units: curves, or the contours of a surface."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..display import Picture
from ..errors import OptionError
from ..frame import Column, plain_column
from .words import joined


def power_picture(table: Mapping[str, Column], over: Sequence[str], target: float) -> Picture:
    """Return curves over the first units, a line for each test and each combination of other units."""
    x, *others = over
    columns = {name: plain_column(table[name]) for name in (*over, "test", "power")}
    tests = list(dict.fromkeys(columns["test"].tolist()))
    lines = [
        ", ".join(
            [
                *([test] if len(tests) > 1 else []),
                *(f"{name} {value}" for name, value in zip(others, rest, strict=True)),
            ]
        )
        for test, *rest in zip(columns["test"], *(columns[name] for name in others), strict=True)
    ]
    title = f"Power over {joined(over)}"
    note = f"Dashed: a power of {target:g}."
    if "simulated" in table:
        note += " Bars: 95 % intervals of the power of simulated data sets."
    further = {"x": x, "lines": lines, "target": target, "size": (6.4, 4.6)}
    return Picture("power", table, title, x, "power", f"{title}. {_reached(columns, x, lines, target)}", note, further)


def _reached(columns: Mapping[str, Column], x: str, lines: Sequence[str], target: float) -> str:
    """Say from where on every line has the power."""
    values, power = np.asarray(columns[x], dtype=float), np.asarray(columns["power"], dtype=float)
    parts = []
    for line in list(dict.fromkeys(lines))[:6]:
        own = np.array([other == line for other in lines])
        there = values[own & (power >= target)]
        from_on = f"is at least {target:g} from {there.min():g} on" if len(there) else f"stays below {target:g}"
        parts.append(f"{line or 'The power'} {from_on} (highest {power[own].max():.2f}).")
    return " ".join(parts)


def contour_picture(table: Mapping[str, Column], over: Sequence[str], target: float) -> Picture:
    """Return contours of the power over two kinds of units, of the least powerful test."""
    if len(over) != 2:
        raise OptionError(f"contours are drawn over two kinds of units, and the power is over {joined(over)}")
    x, y = (np.asarray(plain_column(table[name]), dtype=float) for name in over)
    xs, ys = np.unique(x), np.unique(y)
    if len(xs) < 2 or len(ys) < 2:
        raise OptionError(f"contours need two numbers or more of both {joined(over)}")
    surface = np.full((len(ys), len(xs)), np.inf)
    np.minimum.at(surface, (np.searchsorted(ys, y), np.searchsorted(xs, x)), np.asarray(table["power"], dtype=float))
    title = f"Power over {joined(over)}"
    alt = f"Contours: {title[0].lower()}{title[1:]}, from {surface.min():.2f} to {surface.max():.2f}."
    further = {"xs": xs, "ys": ys, "surface": surface, "target": target, "size": (6.4, 4.8)}
    note = f"Lines: combinations of one power; the thick one has {target:g}."
    return Picture("power_contours", table, title, over[0], over[1], alt, note, further)
