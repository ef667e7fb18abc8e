"""The tables of a plan, and what it says of itself in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import OptionError
from ..frame import Column
from .plan import Outlook, Plan
from .single_test import PlannedTest


def table_of_tests(tests: Sequence[PlannedTest], power: float) -> dict[str, Column]:
    """Tabulate tests: a row each, with the effect that has a power."""
    table: dict[str, Column] = {
        "test": [test.name for test in tests],
        "effect": np.array([test.effect for test in tests]),
        "std_error": np.array([test.std_error for test in tests]),
        "num_df": np.array([test.num_df for test in tests]),
        "den_df": np.array([test.df for test in tests]),
        "power": np.array([test.power for test in tests]),
        "detectable": np.array([detectable(test, power) for test in tests]),
    }
    joint = any(test.num_df > 1 for test in tests)
    return table if joint else {name: column for name, column in table.items() if name != "num_df"}


def detectable(test: PlannedTest, power: float) -> float:
    """Return the effect that has a power; NaN where none has it, and for several hypotheses together."""
    strength = test.strength_for(power)
    return float("nan") if strength is None else strength * test.std_error


def minimum_effects(tests: Sequence[PlannedTest], power: float) -> dict[str, Column]:
    """Tabulate the smallest effects that have a power, and by what the planned ones must be multiplied."""
    check_power(power)
    needed = np.array([test.required_strength(power) for test in tests])
    planned = np.array([test.strength for test in tests])
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = np.where(planned == 0, np.nan, needed / planned)
    return {
        "test": [test.name for test in tests],
        "minimum_effect": needed * np.array([test.std_error for test in tests]),
        "multiple": multiple,
    }


def check_power(power: Any) -> float:
    """Return a power that is asked for."""
    if not isinstance(power, int | float) or not 0 < power < 1:
        raise OptionError(f"power={power!r}: give a probability between 0 and 1, such as 0.8")
    return float(power)


def facts(plan: Plan, outlook: Outlook) -> list[tuple[str, str]]:
    """Say what was planned."""
    right = plan.request.spec.right_side()
    counts = ", ".join(f"{name} {n:,}" for name, n in plan.counts().items())
    level, sided = plan.level, plan.level.alternative
    return [
        ("Model", f"~ {right}"),
        ("Units", f"{counts}; {len(outlook.model.x):,} rows"),
        ("Variances", "; ".join(_variances(outlook))),
        ("Tests", f"{sided} at {level.alpha:g}, {_tests(plan)}"),
    ]


def _variances(outlook: Outlook) -> list[str]:
    texts = []
    for term, covariance in zip(outlook.model.random, outlook.variances.terms, strict=True):
        own = np.diag(covariance.matrix)
        texts.append(f"{term.group} " + ", ".join(_of_column(c, v) for c, v in zip(term.columns, own, strict=True)))
    return texts if outlook.plan.family else [*texts, f"residual {outlook.variances.sigma**2:.4g}"]


def _tests(plan: Plan) -> str:
    if plan.family is None:
        return "by t and F with Satterthwaite's degrees of freedom"
    return f"normal and chi-square, of family {plan.family.name} with link {plan.family.link}"


def _of_column(column: str, variance: float) -> str:
    return f"{variance:.4g}" if column == "(Intercept)" else f"{variance:.4g} ({column})"


def changed_units(plan: Plan) -> Mapping[str, Any]:
    """Return the numbers of units that can be changed."""
    return plan.source.numbers(plan.request, plan.units)


def power_table(tests: Sequence[PlannedTest]) -> dict[str, Column]:
    """Tabulate the power of tests alone."""
    return {"test": [test.name for test in tests], "power": np.array([test.power for test in tests])}


def optimum_table(plan: Plan, cost: float) -> dict[str, Column]:
    """Tabulate a plan that was searched for, in one row."""
    outlook = plan.outlook()
    numbers = {name: number for name, number in changed_units(plan).items() if not isinstance(number, list)}
    units: dict[str, Column] = {
        name: np.array([number[0] if isinstance(number, tuple) else number]) for name, number in numbers.items()
    }
    least = min(test.power for test in outlook.tests)
    return units | {"rows": np.array([len(outlook.model.x)]), "cost": np.array([cost]), "power": np.array([least])}
