"""What estimates are without each group: Cook's distances, and the coefficients that the most influential move."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...diagnostics import group_influence
from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...frame import aside
from ..words import named

Vector = NDArray[np.float64]
_GROUPS, _MOVERS, _COEFFICIENTS = 40, 5, 12


def influence_pictures(estimate: Estimate, group: str | None, method: str | None) -> list[Picture]:
    """Return distances, the largest first, with all moves in the table, and the moves of the five largest."""
    found = group_influence(estimate, group, method)
    has_fixed = bool(found.moves)
    measure = "cooks_distance" if has_fixed else "displacement"
    distance = np.nan_to_num(found.distances)
    order = np.argsort(-distance, kind="stable")
    columns = {name: values[order] for name, values in found.moves.items()}
    table = {"level": [found.levels[k] for k in order], "n_rows": found.n_rows[order], measure: distance[order]}
    whole = table | aside(columns, table)
    name = "Cook's distance" if has_fixed else "Likelihood displacement"
    levels = [str(found.levels[k]) for k in order]
    title = f"{named(estimate)}: influence of {found.by}"
    how = " By scores of the groups, to first order: method='one-step' leaves each out." * found.is_first_order
    pictures = [distances(title, found.by, levels, distance[order], name, whole, how=how)]
    if has_fixed:
        pictures.append(_moves(estimate, whole, levels, columns))
    return pictures


def distances(
    title: str,
    by: str,
    levels: list[str],
    distance: Vector,
    name: str,
    table: Mapping[str, object],
    most: int = _GROUPS,
    how: str = "",
) -> Picture:
    """Return distances, the largest first, beside 4 / J, of which the first `most` are drawn."""
    n, cut, drawn = len(distance), 4 / len(distance), distance[:most]
    rest = "" if n <= most else f"The {most} largest of {n:,}; the others are at most {short(float(drawn[-1]))}. "
    beyond = int((distance > cut).sum())
    finding = f"{beyond:,} of {n:,} groups are beyond 4 / {n:,} = {short(cut)} (dashed)."
    alt = f"{title}: {name} of every group. {finding} The largest: {levels[0]} ({short(float(distance[0]))})."
    further = {
        "labels": levels[:most],
        "distance": drawn,
        "cut": cut,
        "size": (5.6, 2.0 + 0.2 * max(min(n, most), 6)),
    }
    return Picture("distances", table, title, name, by, alt, rest + finding + how, further)


def _moves(estimate: Estimate, table: Mapping[str, object], levels: list[str], columns: dict[str, Vector]) -> Picture:
    """Return the moves of the coefficients that the largest move most, in standard errors."""
    moves = np.array([values[:_MOVERS] for values in columns.values()])
    largest = np.sort(np.argsort(-np.nan_to_num(np.abs(moves)).max(axis=1), kind="stable")[:_COEFFICIENTS])
    names = [list(columns)[k] for k in largest]
    labels = levels[:_MOVERS]
    cut = 2 / np.sqrt(len(levels))
    chosen = "" if len(names) == len(columns) else f"The {len(names)} coefficients that move most, of {len(columns)}. "
    title = f"{named(estimate)}: moves of coefficients"
    further = {"names": names, "moves": moves[largest], "labels": labels, "cut": cut}
    j, k = np.unravel_index(int(np.nanargmax(np.abs(moves))), moves.shape) if np.isfinite(moves).any() else (0, 0)
    alt = f"{title}: {labels[k]} moves {list(columns)[j]} most, by {short(float(moves[j, k]))} standard errors."
    note = f"{chosen}With the group less without it; dashed: 2 / √{len(levels):,} = {short(float(cut))}."
    return Picture("moves", table, title, "Move, in standard errors", "", alt, note, further)
