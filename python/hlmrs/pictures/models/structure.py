"""The blocks of Z'Z, and those of its Cholesky factor L in the order of elimination.

Where there are very many levels a cell stands for several, and is as full as the share of their pairs that meet.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...inference import blocks_table, factor_names

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]
_CELLS = 400


def structure(estimate: Estimate) -> tuple[dict[str, Any], list[Picture]]:
    """Return the table of the blocks, and pictures of Z'Z and L."""
    table: dict[str, Any] = dict(blocks_table(estimate.core.model, factor_names(estimate)))
    order = _order(estimate, table["block"])
    codes = [estimate.rows.group_codes(g).astype(np.intp) for g in order]
    sizes = [len(estimate.layout.groups[g].levels) for g in order]
    widths = [sum(len(estimate.layout.random[k].columns) for k in estimate.layout.terms_of(g)) for g in order]
    names = [estimate.layout.groups[g].name for g in order]
    cells = _cells(sizes)
    places = [code * n // size for code, n, size in zip(codes, cells, sizes, strict=True)]
    whole = _filled(codes, places, sizes, cells)
    kinds = _kinds(table, names)
    factor = _factor(whole, cells, kinds)
    edges = np.concatenate([[0], np.cumsum(cells)])
    columns = sum(n * w for n, w in zip(sizes, widths, strict=True))
    what = ", ".join(
        f"{name} ({n:,} levels x {w}, {kind[0]})" for name, n, w, kind in zip(names, sizes, widths, kinds, strict=True)
    )
    scale = "" if cells == sizes else f" A cell stands for about {short(sum(sizes) / sum(cells))} levels."
    further = {"edges": edges, "names": names, "size": (4.8, 5.2)}
    note = f"{columns:,} random effects.{scale}"
    entries = int(np.sum(table["entries"]))
    square, lower = {"cells": whole}, {"cells": factor}
    filled = f"{note} {entries:,} entries are stored."
    return table, [
        Picture("structure", square, "Z'Z", "", "", f"Block structure of Z'Z: {what}.", note, further),
        Picture("structure", lower, "L", "", "", f"Block structure of L: {what}. {filled}", filled, further),
    ]


def _order(estimate: Estimate, blocks: list[str]) -> list[int]:
    """Return the grouping factors in the order of elimination; a block may have several."""
    names = estimate.layout.group_names
    parts = [name for block in blocks for name in ([block] if block in names else block.split(" x "))]
    found = [names.index(name) for name in parts if name in names]
    return [*dict.fromkeys(found), *(k for k in range(len(names)) if k not in found)]


def _kinds(table: dict[str, Any], names: list[str]) -> list[tuple[str, float]]:
    """Return the kind of every factor's own block, and how full it is."""
    out = []
    for name in names:
        k = next(j for j, block in enumerate(table["block"]) if name == block or name in block.split(" x "))
        out.append((str(table["kind"][k]), float(table["fill"][k])))
    return out


def _cells(sizes: list[int]) -> list[int]:
    """Share the cells of a side among the factors: one for a level, or for several of many."""
    total = sum(sizes)
    return sizes if total <= _CELLS else [max(4, min(n, round(_CELLS * n / total))) for n in sizes]


def _filled(codes: list[Codes], places: list[Codes], sizes: list[int], cells: list[int]) -> Vector:
    """Return the share of the pairs of levels in every cell that have a row in common."""
    starts = np.concatenate([[0], np.cumsum(cells)])
    out = np.zeros((starts[-1], starts[-1]))
    for j, first in enumerate(codes):
        for k, second in enumerate(codes):
            _, met = np.unique(first * sizes[k] + second, return_index=True)
            np.add.at(out, (starts[j] + places[j][met], starts[k] + places[k][met]), 1.0)
    levels = np.concatenate(
        [np.bincount(np.arange(n) * m // n, minlength=m) for n, m in zip(sizes, cells, strict=True)]
    )
    return np.asarray(out / np.maximum(np.outer(levels, levels), 1))


def _factor(whole: Vector, cells: list[int], kinds: list[tuple[str, float]]) -> Vector:
    """Return how full the cells of L are: leads stay as they are, what comes after them fills as its kind says."""
    starts = np.concatenate([[0], np.cumsum(cells)])
    out = np.tril(whole)
    for k, (kind, fill) in enumerate(kinds):
        own = slice(starts[k], starts[k + 1])
        if not kind.startswith("diagonal") and not kind.startswith("block"):
            share = 1.0 if kind == "dense" else min(1.0, max(fill, 0.05))
            block = np.tril(np.full((cells[k], cells[k]), share))
            out[own, own] = np.maximum(block, out[own, own])
            for j in range(k):
                if not kinds[j][0].startswith(("diagonal", "block")):
                    left = slice(starts[j], starts[j + 1])
                    out[own, left] = np.maximum(out[own, left], share)
    return out
