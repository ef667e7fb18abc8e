"""The power over numbers of units, sizes of effects or intraclass correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from ..errors import OptionError, listed, mapping_in, suggestion
from ..formula.names import find_name
from ..frame import Column
from .numbers import number, values
from .parameters import Given
from .plan import Plan
from .search import sized
from .simulation import simulate
from .tested import named_effects

ICC = "icc"


def curve(plan: Plan, over: Mapping[str, Sequence[Any]], n_simulated: int, seed: int | None) -> dict[str, Column]:
    """Tabulate the power of every test over all combinations, on request with that of simulated data sets beside it."""
    said = mapping_in("over", over, "{'school': [20, 40, 60]}")
    names, known = list(said), plan.model().names
    if not names:
        raise OptionError("over={}: say what is varied, such as {'school': [20, 40, 60]}")
    plan = replace(plan, effects=named_effects(plan.effects, known))
    tried = [values(f"over={{{name!r}: ...}}", said[name]) for name in names]
    rows, simulated = [], []
    for k, combination in enumerate(product(*tried)):
        varied = plan
        for name, value in zip(names, combination, strict=True):
            varied = _varied(varied, name, value, known)
        outlook = varied.outlook()
        rows += [(*combination, test.name, test.effect, test.std_error, test.df, test.power) for test in outlook.tests]
        if n_simulated:
            found = simulate(outlook, n_simulated, None if seed is None else seed + k, None).columns()
            simulated.append(found)
    labels = (*names, "test", "effect", "std_error", "den_df", "power")
    columns = zip(labels, zip(*rows, strict=True), strict=True)
    table: dict[str, Column] = {name: list(own) if name == "test" else np.array(own) for name, own in columns}
    return table | {name: np.concatenate([one[name] for one in simulated]) for name in (simulated or [{}])[0]}


def _varied(plan: Plan, name: str, value: Any, coefficients: Sequence[str]) -> Plan:
    """Return a plan with another number of units, another coefficient, or another intraclass correlation."""
    units = plan.source.numbers(plan.request, plan.units)
    if name in units:
        return sized(plan, name, _whole(name, value))
    found = find_name(name, coefficients)
    if found is not None:
        return replace(plan, effects={**plan.effects, found: number(f"effects of {name!r}", value)})
    if name == ICC and isinstance(plan.given, Given) and isinstance(plan.given.icc, int | float):
        return replace(plan, given=replace(plan.given, icc=value))
    known = [*units, *coefficients, ICC]
    raise OptionError(
        f"over={{{name!r}: ...}}: neither units nor a coefficient of the plan{suggestion(name, known)}; give "
        f"{listed([*units, *coefficients])}, or 'icc' where it is one number"
    )


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise OptionError(f"over={{{name!r}: ...}}: {value!r} is no number of units")
    return int(value)
