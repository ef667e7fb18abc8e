"""Groups by their posterior ranks."""

from typing import Any

import numpy as np

from ...display import Picture
from ...posterior import Draws, rank_columns, rank_draws
from ..words import effects, named, percent


def posterior_ranks(draws: Draws, group: str | None, effect: str | None, level: float) -> Picture:
    """Return groups by their mean ranks, the lowest first."""
    g, name, own, ranks = rank_draws(draws, group, effect)
    levels, n = draws.estimate.layout.groups[g], ranks.shape[1]
    quarter = max(1, n // 4)
    columns = rank_columns(own, ranks, level)
    columns |= {"bottom_quarter": (ranks <= quarter).mean(axis=0), "top_quarter": (ranks > n - quarter).mean(axis=0)}
    order = np.argsort(columns["expected_rank"], kind="stable")
    labels = [levels.levels[k] for k in order]
    table: dict[str, Any] = {"level": labels, **{key: column[order] for key, column in columns.items()}}
    title = f"{named(draws.estimate)}: posterior ranks of {levels.name} by {effects(name)}"
    expected, low, high = (columns[key] for key in ("expected_rank", "rank_low", "rank_high"))
    ends = [f"{levels.levels[k]}, rank {expected[k]:.1f} ({low[k]:.0f} to {high[k]:.0f})" for k in order[[0, -1]]]
    alt = f"{title}. Lowest: {ends[0]}; highest: {ends[1]}."
    size = (6.4, 2.0 + 0.2 * max(n, 5) if n <= 40 else 6.0)
    further = {"labels": labels, "level": percent(level), "size": size}
    return Picture("ranks", table, title, "Rank", levels.name, alt, "", further)
