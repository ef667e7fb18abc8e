"""The multilevel diagram in text: what lies in what, the highest level on top.

As the classification diagrams of Browne, Goldstein and Rasbash (2001, Statistical Modelling 1, 103-124).
"""

from collections.abc import Mapping, Sequence

from ..display.numbers import plural
from .units import ROWS, Codes, Level


def diagram(levels: Sequence[Level], n_rows: int) -> list[str]:
    """Draw a line for every factor, above those that lie in it; a branch for each of several factors that are crossed.

    Returns
    -------
    list of str
        Lines, the rows last.
    """
    by_name = {level.grouping.name: level for level in levels}
    lowest = [level.grouping.name for level in levels if not level.parts]
    drawn: set[str] = set()
    tree = [(ROWS, f"{n_rows:,} rows"), *_branches(lowest, by_name, "", drawn)]
    width = max(len(head) for head, _ in tree)
    return [f"{head:<{width}}  {text}" for head, text in reversed(tree)]


def _branches(names: Sequence[str], levels: Mapping[str, Level], indent: str, drawn: set[str]) -> list[tuple[str, str]]:
    """Return the lines of factors, lowest first, each followed by those that it lies in."""
    lines = []
    for k, name in enumerate(names):
        last = k + 1 == len(names)
        head = f"{indent}{'┌─ ' if last else '├─ '}{name}"
        if name in drawn:
            lines.append((head, "(as drawn elsewhere)"))
            continue
        drawn.add(name)
        level = levels[name]
        lines.append((head, f"{plural(level.grouping.n_units, 'unit')}, {content(level)} each"))
        lines += _branches(level.within, levels, indent + ("   " if last else "│  "), drawn)
    return lines


def content(level: Level) -> str:
    """Say what a unit of a factor is made of: units of the factors directly below, or rows."""
    if not level.parts:
        return f"{count_range(level.sizes)} {'row' if level.sizes.max(initial=0) == 1 else 'rows'}"
    return " and ".join(f"{count_range(counts)} of {name}" for name, counts in level.parts.items())


def count_range(counts: Codes) -> str:
    """Write the least and the largest of several counts.

    >>> import numpy as np
    >>> count_range(np.array([20, 20])), count_range(np.array([3, 1, 12]))
    ('20', '1 to 12')
    """
    low, high = (int(counts.min()), int(counts.max())) if len(counts) else (0, 0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
