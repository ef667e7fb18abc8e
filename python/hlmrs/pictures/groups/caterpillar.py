"""Random effects in their order, with intervals for their values and for comparing them.

Intervals of 1.39 standard errors of two groups that just touch are a difference at the 5 % level (Goldstein and Healy
1995, J. R. Stat. Soc. A 158, 175: 1.96 / √2 for equal standard errors).
"""

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...inference import two_sided_quantile
from ...ranking import GroupEffects, group_effects
from ..words import beside, effects, named, percent, scale_of


def caterpillar(estimate: Estimate, group: str | None, term: str | None, level: float) -> Picture:
    """Return the effects of one term, the lowest first."""
    found = group_effects(estimate, group, term)
    order = np.argsort(found.estimate, kind="stable")
    value, error = found.estimate[order], found.std_error[order]
    far = two_sided_quantile(level, np.inf)
    near = far / np.sqrt(2)
    columns = {
        "estimate": value,
        "std_error": error,
        "conf_low": value - far * error,
        "conf_high": value + far * error,
        "comparison_low": value - near * error,
        "comparison_high": value + near * error,
        "reliability": found.reliability[order],
    }
    return Picture(
        "caterpillar",
        found.table(order, columns),
        f"{named(estimate)}: {effects(found.term)} of {found.group}",
        beside("Random effect", scale_of(estimate)),
        found.group,
        _alt(found, order, far),
        _note(found),
        {
            "labels": [found.levels[k] for k in order],
            "level": percent(level),
            "size": (6.4, 2.0 + 0.2 * max(len(order), 5) if len(order) <= 40 else 6.0),
        },
    )


def _note(found: GroupEffects) -> str:
    if not found.variance > 0:
        return "The variance between groups is estimated as zero, so that all effects are zero."
    mean = float(found.reliability.mean())
    return (
        f"Effects are drawn towards zero; average reliability {mean:.2f}. "
        "Two groups differ at about 5 % where their comparison intervals (1.39 standard errors) do not overlap."
    )


def _alt(found: GroupEffects, order: np.ndarray, far: float) -> str:
    value, error = found.estimate, found.std_error
    away = int(np.sum(np.abs(value) > far * error))
    low, high = order[0], order[-1]
    return (
        f"Caterpillar plot: {effects(found.term)} of {len(value):,} groups of {found.group}, sorted, from "
        f"{short(value[low])} ({found.levels[low]}) to {short(value[high])} ({found.levels[high]}); the interval "
        f"excludes zero in {away:,} of them."
    )
