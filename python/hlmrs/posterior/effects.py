"""Random effects of groups, and ranks of groups, on draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..frame import Column
from ..inference import find_effect, group_index, group_keys, require_random_effects
from .draws import Draws
from .summary import tails

Vector = NDArray[np.float64]


def effects_table(draws: Draws, group: str | None, level: float) -> dict[str, Column]:
    """Tabulate the random effects, of one grouping factor or of all."""
    estimate = draws.estimate
    require_random_effects(estimate)
    layout = estimate.layout
    terms = range(len(layout.random)) if group is None else layout.terms_of(group_index(estimate, group))
    parts = [_of_term(draws, term, level) for term in terms]
    names = _names(estimate, terms) if group is None else _keys(estimate, terms, group, list(parts[0]))
    return {**names, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}}


def _of_term(draws: Draws, term: int, level: float) -> dict[str, Vector]:
    """Summarize the effects of a term, level by level."""
    (drawn,) = draws.effects([term])
    flat = drawn.reshape(len(drawn), -1)
    low, high = np.quantile(flat, tails(level), axis=0)
    return {"mean": flat.mean(axis=0), "sd": flat.std(axis=0, ddof=1), "conf_low": low, "conf_high": high}


def _names(estimate: Estimate, terms: Sequence[int]) -> dict[str, Column]:
    layout, rows = estimate.layout, list[tuple[str, str, str]]()
    for term in (layout.random[k] for k in terms):
        group = layout.groups[term.group]
        rows += [(group.name, level, column) for level in group.levels for column in term.columns]
    return {name: [row[k] for row in rows] for k, name in enumerate(("group", "level", "effect"))}


def _keys(estimate: Estimate, terms: Sequence[int], group: str, taken: Sequence[str]) -> dict[str, Column]:
    layout = estimate.layout
    g = group_index(estimate, group)
    own = [layout.random[k].columns for k in terms]
    n = len(layout.groups[g].levels)
    order = np.concatenate([np.repeat(np.arange(n), len(columns)) for columns in own])
    effects = [name for columns in own for _ in range(n) for name in columns]
    return {**group_keys(estimate, g, order, ["effect", *taken]), "effect": effects}


def rank_draws(draws: Draws, group: str | None, effect: str | None) -> tuple[int, str, Vector, NDArray[np.intp]]:
    """Return the grouping factor, the effect's name, its draws and their ranks (draws x levels each), 1 the lowest."""
    estimate = draws.estimate
    require_random_effects(estimate)
    g = estimate.layout.random[0].group if group is None else group_index(estimate, group)
    term, column, name = find_effect(estimate, g, effect)
    (drawn,) = draws.effects([term])
    own = drawn[:, :, column]
    order, ranks = np.argsort(own, axis=1), np.empty(own.shape, dtype=np.intp)
    np.put_along_axis(ranks, order, np.arange(1, own.shape[1] + 1)[None, :], axis=1)
    return g, name, own, ranks


def rank_columns(own: Vector, ranks: NDArray[np.intp], level: float) -> dict[str, NDArray[Any]]:
    """Summarize effects and their ranks (draws x levels each); ends of intervals are ranks that were drawn."""
    low, high = np.quantile(ranks, tails(level), axis=0, method="nearest")
    return {
        "mean": own.mean(axis=0),
        "sd": own.std(axis=0, ddof=1),
        "expected_rank": ranks.mean(axis=0),
        "rank_low": low.astype(np.int64),
        "rank_high": high.astype(np.int64),
    }


def ranks_table(
    draws: Draws, group: str | None, effect: str | None, level: float
) -> tuple[dict[str, Column], str, tuple[str, ...]]:
    """Tabulate groups from the lowest mean rank on, and return what the ranks are of, and columns that say it again.

    Of fewer than twenty groups a tenth is one group, the lowest or the highest.
    """
    g, name, own, ranks = rank_draws(draws, group, effect)
    n = ranks.shape[1]
    tenth = max(1, n // 10)
    columns = rank_columns(own, ranks, level) | {
        "lowest": (ranks == 1).mean(axis=0),
        "bottom_tenth": (ranks <= tenth).mean(axis=0),
        "top_tenth": (ranks > n - tenth).mean(axis=0),
        "highest": (ranks == n).mean(axis=0),
    }
    order = np.argsort(columns["expected_rank"], kind="stable")
    keys = group_keys(draws.estimate, g, order, ["effect", *columns])
    sorted_columns = {key: column[order] for key, column in columns.items()}
    title = f"Posterior ranks of {draws.estimate.layout.groups[g].name} by {name}, 1 the lowest"
    again = ("bottom_tenth", "top_tenth") if tenth == 1 else ()
    return {**keys, "effect": [name] * n, **sorted_columns}, title, again
