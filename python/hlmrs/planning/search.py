"""The search for numbers of units: as few as have a power, or as many as a budget pays for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DesignError, OptionError, listed, mapping_in, name_in, suggestion
from .numbers import number
from .plan import Plan
from .single_test import PlannedTest
from .tables import check_power

ROWS = "rows"
_MOST_ROWS = 400_000
_STALLED = 1e-4
"""A rise of the power by less than this, over a doubling of the units, is none."""
_SURELY = 200
"""As many units should do for some test, if any number does."""
_LESS = 0.85
"""By what units are multiplied while they are too many."""
_INNER = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200)
"""Units of inner levels that are tried first."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The tests of a plan, and how many rows it has; or why these rows have no test."""

    tests: Sequence[PlannedTest] = ()
    n_rows: int = 0
    lacking: DesignError | OptionError | None = None

    @property
    def power(self) -> float:
        """The power of the least powerful test; 0 without one."""
        return min((test.power for test in self.tests), default=0.0)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why no number of units of a level has a power."""

    why: DesignError | OptionError


def reach(plan: Plan) -> Reach:
    """Return what a plan reaches; rows that are too few for a test, or too many, have none."""
    if plan.too_many_rows:
        return Reach(lacking=OptionError(plan.too_many_rows))
    try:
        outlook = plan.outlook()
    except DesignError as lacking:
        return Reach(lacking=lacking)
    return Reach(outlook.tests, len(outlook.model.x))


def sized(plan: Plan, level: str, n: int) -> Plan:
    """Return a plan with so many units of a level; sizes that differ keep their spread relative to the mean."""
    now = require_level(plan, level)
    return plan.with_units({level: (float(n), now[1] / now[0] * n) if isinstance(now, tuple) else n})


def require_level(plan: Plan, level: str) -> Any:
    """Return the number of units of a level, or the mean and standard deviation of their sizes."""
    level, numbers = name_in("units", level), plan.source.numbers(plan.request, plan.units)
    if level not in numbers:
        raise OptionError(
            f"{level!r}: no units of the plan are called so{suggestion(str(level), numbers)}; they are "
            f"{listed([*numbers])}"
        )
    now = numbers[level]
    if isinstance(now, list):
        raise OptionError(f"{level!r} has a list of sizes; give their mean and standard deviation, (mean, sd)")
    return now


def required_units(plan: Plan, level: str, power: float) -> Plan:
    """Return the plan with the fewest units of a level with which every test has a power."""
    check_power(power)
    require_level(plan, level)
    found = fewest_units(plan, level, power)
    if isinstance(found, Unreached):
        raise found.why
    return found


def fewest_units(plan: Plan, level: str, power: float) -> Plan | Unreached:
    """Return the plan with the fewest units of a level with which every test has a power, or why there is none."""
    bracket = _bracket(plan, level, power)
    if isinstance(bracket, Unreached):
        return bracket
    low, high = bracket
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _has(plan, level, middle, power) else (middle, high)
    return sized(plan, level, high)


def _has(plan: Plan, level: str, n: int, power: float) -> bool:
    return reach(sized(plan, level, n)).power >= power


def _bracket(plan: Plan, level: str, power: float) -> tuple[int, int] | Unreached:
    """Return a number of units that does not have the power, or 0, and a larger one that does."""
    n = _guess(plan, level, power)
    found = reach(sized(plan, level, n))
    if found.power < power:
        return _more(plan, level, power, n, found)
    while (less := int(_LESS * n)) and _has(plan, level, less, power):
        n = less
    return less, n


def _more(plan: Plan, level: str, power: float, n: int, found: Reach) -> tuple[int, int] | Unreached:
    """Double a number of units, of which it is known what they reach, until they have the power."""
    low, before = 0, -1.0
    while found.power < power:
        if found.lacking is not None and (n >= _SURELY or isinstance(found.lacking, OptionError)):
            return Unreached(found.lacking)
        if 2 * found.n_rows > _MOST_ROWS or 0 < found.power < before + _STALLED:
            return Unreached(
                OptionError(
                    f"power={power:g} is out of reach by more of {level!r} alone: with {n} of them it is "
                    f"{found.power:.3f}; plan more units of another level"
                )
            )
        low, n, before = n, 2 * n, found.power
        found = reach(sized(plan, level, n))
    return low, n


def _guess(plan: Plan, level: str, power: float) -> int:
    """Return the units that have the power if variances fall with their number; without a test twice as many."""
    numbers = require_level(plan, level)
    now = int(numbers[0] if isinstance(numbers, tuple) else numbers)
    multiples = [_multiple(test, power) for test in reach(plan).tests]
    most = [multiple for multiple in multiples if multiple is not None]
    if not most or len(most) < len(multiples):
        return 2 * now
    return max(2, min(round(now * max(most)), 20 * now))


def _multiple(test: PlannedTest, power: float) -> float | None:
    """Return by what the information must be multiplied for a power; None if it is out of reach."""
    strength = test.strength_for(power)
    if not test.strength:
        return 1.0
    return None if strength is None else (strength / test.strength) ** 2


@dataclass(frozen=True, slots=True)
class Costs:
    """What a unit of every level costs, and a row."""

    plan: Plan
    prices: Mapping[str, float]

    def of(self, plan: Plan) -> float:
        """Return the cost of a plan."""
        counts = plan.counts() | {ROWS: plan.source.n_rows(plan.request, plan.units)}
        return sum(price * counts[name] for name, price in self.prices.items())


def optimum(plan: Plan, prices: Mapping[str, float], budget: float | None, power: float | None) -> tuple[Plan, float]:
    """Return the plan of the most power that a budget pays for, or the cheapest with a power; and what it costs.

    Units of the outermost priced level follow from those of the others, which are improved in turn.
    """
    costs = Costs(plan, _prices(plan, prices))
    if (budget is None) == (power is None):
        raise OptionError(
            "give budget= for the most power that it pays for, or power= for the cheapest plan that has it"
        )
    levels = [name for name in plan.counts() if name in costs.prices and name != ROWS]
    outer, *inner = levels
    score = (
        _best_of_budget(costs, outer, number("budget", budget, 0))
        if budget is not None
        else _cheapest(costs, outer, check_power(power))
    )
    found = _improved(plan, inner, score)
    if found is None:
        raise OptionError(
            "no plan was found: the budget is too small, the power out of reach, or the rows too many, for all "
            "sizes tried"
        )
    return found, costs.of(found)


Score = Callable[[Plan], tuple[float, Plan] | None]
"""How good the best plan with these inner units is, and that plan; None if there is none."""


def _best_of_budget(costs: Costs, outer: str, budget: float) -> Score:
    if _per_unit(costs, costs.plan, outer)[1] <= 0:
        raise OptionError(f"cost: units of {outer!r} cost nothing, so that a budget pays for any number of them")

    def score(plan: Plan) -> tuple[float, Plan] | None:
        best = _most_of_budget(costs, plan, outer, budget)
        return None if best is None else (reach(best).power, best)

    return score


def _per_unit(costs: Costs, plan: Plan, outer: str) -> tuple[float, float]:
    """Return what two outer units cost with all that is in them, and what one more does."""
    two, four = (costs.of(sized(plan, outer, n)) for n in (2, 4))
    return two, (four - two) / 2


def _most_of_budget(costs: Costs, plan: Plan, outer: str, budget: float) -> Plan | None:
    """Return the plan with as many outer units as the budget pays for; None if they would be none, or too many."""
    if sized(plan, outer, 4).too_many_rows:
        return None
    of_two, per_unit = _per_unit(costs, plan, outer)
    n = int(min(2 + (budget - of_two) / per_unit, _MOST_ROWS))
    if n > 0 and sized(plan, outer, n).too_many_rows:
        return None
    while n > 0 and costs.of(sized(plan, outer, n)) > budget:  # sizes that differ are rounded
        n -= 1
    return sized(plan, outer, n) if n > 0 else None


def _cheapest(costs: Costs, outer: str, power: float) -> Score:
    def score(plan: Plan) -> tuple[float, Plan] | None:
        best = fewest_units(plan, outer, power)
        return None if isinstance(best, Unreached) else (-costs.of(best), best)

    return score


def _improved(plan: Plan, inner: Sequence[str], score: Score) -> Plan | None:
    """Improve the inner units one level after the other, until none can be."""
    best = score(plan)
    while True:
        start = best
        for level in inner:
            best = _best_size(plan if best is None else best[1], level, score, best)
        if best is None or best is start or (start is not None and best[0] <= start[0]):
            return None if best is None else best[1]


def _best_size(plan: Plan, level: str, score: Score, best: tuple[float, Plan] | None) -> tuple[float, Plan] | None:
    """Try sizes of one level, few first, then those between the best and its neighbours."""
    tried: dict[int, float] = {}

    def attempt(n: int) -> None:
        nonlocal best
        if n < 1 or n in tried:
            return
        found = score(sized(plan, level, n))
        tried[n] = -np.inf if found is None else found[0]
        if found is not None and (best is None or found[0] > best[0]):
            best = found

    for n in _INNER:
        attempt(n)
    top = max(tried, key=lambda n: tried[n])
    k = _INNER.index(top)
    for n in range(_INNER[max(k - 1, 0)] + 1, _INNER[min(k + 1, len(_INNER) - 1)]):
        attempt(n)
    return best


def _prices(plan: Plan, prices: Mapping[str, float]) -> dict[str, float]:
    numbers = plan.source.numbers(plan.request, plan.units)
    prices = mapping_in("cost", prices, "{'school': 300, 'pupil': 10}")
    if not set(prices) & set(numbers):
        raise OptionError(f"cost={prices!r}: give prices by units, of {listed([*numbers, ROWS])}")
    for name in prices:
        if name not in (*numbers, ROWS):
            raise OptionError(
                f"cost: no units of the plan are called {name!r}{suggestion(str(name), numbers)}; give those of "
                f"{listed([*numbers, ROWS])}"
            )
    wanted = "a price that is not negative"
    return {name: number(f"cost of {name!r}", price, 0, wanted=wanted) for name, price in prices.items()}
