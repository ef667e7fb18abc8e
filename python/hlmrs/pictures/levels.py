"""The multilevel diagram: a box for every factor, a line to what it lies in."""

from collections.abc import Sequence
from itertools import pairwise

from ..display import Picture
from ..display.numbers import plural
from ..grouping import ROWS, Description, Level, content, unit_table


def levels_picture(description: Description) -> Picture:
    """Place rows at the bottom, and every factor at its level."""
    levels = description.levels
    highest = max((level.number for level in levels), default=1)
    names = ", ".join(level.grouping.name for level in levels)
    boxes = {ROWS: (0.5, 1, f"{ROWS}\n{plural(description.n_rows, 'row')}")} | {
        level.grouping.name: (x, level.number, _text(level)) for level, x in _placed(levels)
    }
    lowest = [(ROWS, level.grouping.name) for level in levels if not level.parts]
    lines = [(level.grouping.name, outer) for level in levels for outer in level.within]
    return Picture(
        "levels",
        unit_table(description),
        f"Levels of the data: {names}",
        "",
        "Level",
        _alt(description),
        "A line leads from a unit to what it lies in; factors that share no line are crossed.",
        {"boxes": boxes, "lines": lowest + lines, "highest": highest, "size": (6.4, 1.0 + 1.1 * highest)},
    )


def _placed(levels: Sequence[Level]) -> list[tuple[Level, float]]:
    """Put each factor above what lies in it, or spread those of a level over the width where they would collide."""
    placed: dict[str, float] = {}
    for number in sorted({level.number for level in levels}):
        beside = [level for level in levels if level.number == number]
        above = [_mean([placed[name] for name in level.parts]) for level in beside]
        if any(b - a < _APART for a, b in pairwise(sorted(above))) or number == 2:
            above = [(k + 0.5) / len(beside) for k in range(len(beside))]
        placed |= {level.grouping.name: x for level, x in zip(beside, above, strict=True)}
    return [(level, placed[level.grouping.name]) for level in levels]


_APART = 0.3


def _mean(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else 0.5


def _text(level: Level) -> str:
    return f"{level.grouping.name}\n{plural(level.grouping.n_units, 'unit')}\n{content(level)} each"


def _alt(description: Description) -> str:
    parts = [f"Diagram of levels: {plural(description.n_rows, 'row')}"]
    for level in description.levels:
        where = f" in {' and in '.join(level.within)}" if level.within else ""
        parts.append(f"{plural(level.grouping.n_units, 'unit')} of {level.grouping.name}{where}")
    return "; ".join(parts) + "."
