"""Groups by their expected ranks."""

import numpy as np

from ...display import Picture
from ...estimation import Estimate
from ...ranking import GroupEffects, Ranks, finding, group_effects, ranks_of
from ..words import effects, named, percent


def ranks(estimate: Estimate, group: str | None, term: str | None, level: float) -> Picture:
    """Return the groups by their expected rank, the lowest first."""
    found = group_effects(estimate, group, term)
    of = ranks_of(found.estimate, found.std_error, level)
    order = np.argsort(of.expected, kind="stable")
    columns = {
        "estimate": found.estimate[order],
        **of.columns(order),
    }
    title = f"{named(estimate)}: ranks of {found.group} by {effects(found.term)}"
    further = {
        "labels": [found.levels[k] for k in order],
        "level": percent(level),
        "size": (6.4, 2.0 + 0.2 * max(len(order), 5) if len(order) <= 40 else 6.0),
    }
    note = finding(found, of, level)
    alt = f"{title}. {note} Lowest: {_named(found, order[0], of)}; highest: {_named(found, order[-1], of)}."
    return Picture("ranks", found.table(order, columns), title, "Rank", found.group, alt, note, further)


def _named(found: GroupEffects, k: int, of: Ranks) -> str:
    return f"{found.levels[k]}, rank {of.expected[k]:.1f} ({of.low[k]:.0f} to {of.high[k]:.0f})"
