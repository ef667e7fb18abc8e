"""Variables of a planned design: at which level they vary, and how their values are spread over its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, listed, mapping_in, suggestion
from ..frame import Column
from .numbers import number
from .numbers import values as values_in
from .spread import in_shares, normal_scores

Codes = NDArray[np.intp]

_TINY = float(np.nextafter(0, 1))
_WORDS = ("normal", "index", "stepped")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the units of one level, or of the meetings of units of several."""

    name: str
    levels: tuple[str, ...]
    values: Any


@dataclass(frozen=True, slots=True)
class Units:
    """Which unit of every level each row belongs to, and the place of that unit in what it lies in."""

    codes: Mapping[str, Codes]
    order: Mapping[str, Codes]


def read_variables(given: Mapping[str, Any] | None, levels: Sequence[str]) -> list[Variable]:
    """Read what is said of variables: a level, or a level and values."""
    if given is None:
        return []
    said = mapping_in("variables", given, "{'treat': 'school'}")
    return [_variable(str(name), value, levels) for name, value in said.items()]


def _variable(name: str, value: Any, levels: Sequence[str]) -> Variable:
    if name in levels:
        raise OptionError(f"variables: {name!r} is the name of units as well; give the variable another name")
    if isinstance(value, str):
        level, values = value, {0: 0.5, 1: 0.5}
    elif isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        level, values = value
    else:
        raise OptionError(
            f"variables={{{name!r}: {value!r}}}: give the level it varies at, such as 'school', or the level and its "
            "values: ('wave', [0, 1, 2]), ('school', {'control': 0.5, 'new': 0.5}) or ('pupil', 'normal')"
        )
    parts = tuple(part.strip() for part in level.replace(":", "*").split("*"))
    for part in parts:
        if part not in levels:
            raise OptionError(
                f"variables={{{name!r}: ...}}: the design has no units {part!r}{suggestion(part, levels)}; "
                f"they are {listed(levels)}"
            )
    return Variable(name, parts, _checked(name, parts, values))


def _checked(name: str, levels: tuple[str, ...], values: Any) -> Any:
    if isinstance(values, str):
        if values not in _WORDS:
            raise OptionError(
                f"variables={{{name!r}: ...}}: {values!r} is none of {listed(_WORDS)}{suggestion(values, _WORDS)}; "
                "or give a list of values, or a dictionary of shares"
            )
        if values == "stepped" and len(levels) != 2:
            raise OptionError(f"variables={{{name!r}: ...}}: 'stepped' takes two levels, such as 'cluster * period'")
        if values == "normal" and len(levels) != 1:
            raise OptionError(f"variables={{{name!r}: ...}}: 'normal' takes one level")
        return values
    if isinstance(values, Mapping):
        wanted = "a share above zero"
        parts = [number(f"variables: the share of {v!r}", share, _TINY, wanted=wanted) for v, share in values.items()]
        if len(parts) < 2:
            raise OptionError(f"variables={{{name!r}: ...}}: give two values or more, each with a share")
        shares = np.array(parts)
        return dict(zip(values, (shares / shares.sum()).tolist(), strict=True))
    return values_in(f"variables={{{name!r}: ...}}", values)


def variable_columns(variables: Sequence[Variable], units: Units) -> dict[str, Column]:
    """Compute the variables' values in every row."""
    assigned: dict[tuple[str, ...], int] = {}
    scores: dict[str, int] = {}
    columns: dict[str, Column] = {}
    for variable in variables:
        values, levels = variable.values, variable.levels
        if isinstance(values, dict):
            before = assigned.get(levels, 1)
            assigned[levels] = before * len(values)
            chosen = in_shares(_positions(levels, units, before, assigned), [*values.values()])
            columns[variable.name] = _of_values([*values], chosen)
        elif isinstance(values, list):
            columns[variable.name] = _of_values(values, _places(levels, units) % len(values))
        elif values == "normal":
            (level,) = levels
            sequence = scores[level] = scores.get(level, 0) + 1
            codes = units.codes[level]
            columns[variable.name] = normal_scores(int(codes.max(initial=-1)) + 1, sequence)[codes]
        elif values == "index":
            columns[variable.name] = _places(levels, units).astype(np.float64)
        else:
            columns[variable.name] = _stepped(levels, units)
    return columns


def _positions(levels: tuple[str, ...], units: Units, before: int, assigned: Mapping[tuple[str, ...], int]) -> Codes:
    """Return positions along which values alternate: of one level its units, of several a Latin square of theirs.

    Units that were told apart already, by `before` groups of them, are taken together, so that all groups meet.
    """
    if len(levels) == 1:
        return np.asarray(units.codes[levels[0]] // before)
    parts = [units.codes[level] // assigned.get((level,), 1) for level in levels]
    return np.asarray(sum(parts) // before)


def _places(levels: tuple[str, ...], units: Units) -> Codes:
    return np.asarray(sum(units.order[level] for level in levels))


def _stepped(levels: tuple[str, ...], units: Units) -> NDArray[np.float64]:
    """Return 1 from the step of a cluster on: clusters step evenly over all periods but the first."""
    cluster, period = (units.order[level] for level in levels)
    n_steps = int(period.max(initial=0))
    return np.asarray((period > cluster % max(n_steps, 1)).astype(np.float64))


def _of_values(values: Sequence[Any], chosen: Codes) -> Column:
    if all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values):
        return np.asarray(values, dtype=np.float64)[chosen]
    return [values[k] for k in chosen.tolist()]
