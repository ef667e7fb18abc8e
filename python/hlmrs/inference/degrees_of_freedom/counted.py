"""Degrees of freedom by counting: containment by ranks, and between-within by levels.

Containment: a column of X is contained in a random effect when it lies in the space of the effect's columns of Z.  It
has that effect's share of the rank of [X Z], effects entering from few groups to many; the residual's share where
nothing contains it.  Between-within: the level of nested groups within which a column is constant has so many groups,
less those of the level above and the columns of its own (Pinheiro and Bates 2000, section 2.4.2); the intercept
belongs to the outermost level.  A row of L has the least of the columns that it uses.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import DesignError
from ...estimation import Estimate, cached
from ..clusters import lies_within

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_LARGEST = 5_000_000
_RANK = 1e-9
_SAME = 1e-8
_USED = 1e-10


@dataclass(frozen=True, slots=True)
class _Effect:
    """One column of a random term: its numbers by row, the codes of its groups, and its share of the rank."""

    z: Vector
    codes: NDArray[np.uint32]
    n_levels: int


@cached
def containment_df(estimate: Estimate) -> Vector:
    """Return the degrees of freedom of every coefficient by containment."""
    layout = estimate.layout
    x = estimate.rows.model_matrix()[:, list(layout.kept)]
    effects = _effects(estimate)
    q = sum(effect.n_levels for effect in effects)
    if len(x) * (x.shape[1] + q) > _LARGEST:
        raise DesignError(
            f"containment needs the rank of a matrix of {len(x)} rows and {x.shape[1] + q} columns, too large; "
            "use ddf='satterthwaite'"
        )
    shares, rank = [], _rank(x)
    columns = x
    for effect in effects:
        columns = np.column_stack([columns, _indicators(effect)])
        before, rank = rank, _rank(columns)
        shares.append(rank - before)
    own = np.full(x.shape[1], float(len(x) - rank))
    terms = np.array([layout.column_terms[k] for k in layout.kept])
    for term in np.unique(terms):
        members = np.flatnonzero(terms == term)
        containing = [[k for k, e in enumerate(effects) if _contains(e, x[:, j])] for j in members]
        if all(containing):
            coarsest = {min(found) for found in containing}
            own[members] = sum(shares[k] for k in coarsest)
    return own


def _effects(estimate: Estimate) -> list[_Effect]:
    """Return the columns of all random terms, from few groups to many."""
    rows, layout = estimate.data.bound(estimate.encoding), estimate.layout
    kept = estimate.rows.kept
    effects = []
    for k, term in enumerate(layout.random):
        z, codes = rows.term_matrix(k), rows.term_codes(k)
        if kept is not None:
            z, codes = z[kept], codes[kept]
        effects += [_Effect(z[:, j], codes, len(layout.groups[term.group].levels)) for j in range(z.shape[1])]
    return sorted(effects, key=lambda effect: effect.n_levels)


def _indicators(effect: _Effect) -> Matrix:
    z = np.zeros((len(effect.z), effect.n_levels))
    z[np.arange(len(z)), effect.codes] = effect.z
    return z


def _rank(matrix: Matrix) -> int:
    norms = np.linalg.norm(matrix, axis=0)
    scaled = matrix[:, norms > 0] / norms[norms > 0]
    values = np.linalg.eigvalsh(scaled.T @ scaled)
    return int((values > _RANK * max(values[-1], 1.0)).sum()) if len(values) else 0


def _contains(effect: _Effect, column: Vector) -> bool:
    """Whether the column is a multiple of the effect's z in every group."""
    squares = np.bincount(effect.codes, effect.z**2, effect.n_levels)
    products = np.bincount(effect.codes, effect.z * column, effect.n_levels)
    slope = np.divide(products, squares, out=np.zeros(effect.n_levels), where=squares > 0)
    rest = column - slope[effect.codes] * effect.z
    return bool(np.abs(rest).max(initial=0.0) <= _SAME * max(np.abs(column).max(initial=0.0), 1e-300))


@cached
def between_within_df(estimate: Estimate) -> Vector:
    """Return the degrees of freedom of every coefficient by levels of nested groups."""
    layout, rows = estimate.layout, estimate.rows
    groups = [rows.group_codes(k) for k in range(len(layout.groups))]
    order = sorted(range(len(groups)), key=lambda k: len(layout.groups[k].levels))
    for outer, inner in pairwise(order):
        if not lies_within(groups[inner], groups[outer]):
            names = layout.groups[inner].name, layout.groups[outer].name
            raise DesignError(
                f"between-within needs nested groups, but {names[0]!r} is not nested in {names[1]!r}; "
                "use ddf='satterthwaite' or 'kenward-roger'"
            )
    x = rows.model_matrix()[:, list(layout.kept)]
    intercept = np.array([layout.column_terms[k] == 0 for k in layout.kept], dtype=bool)
    ones = [_Effect(np.ones(len(x)), groups[k], len(layout.groups[k].levels)) for k in order]
    level = np.full(x.shape[1], len(order))
    for depth in reversed(range(len(order))):
        level[[_contains(ones[depth], x[:, j]) for j in range(x.shape[1])]] = depth
    sizes = [int(intercept.any()), *(effect.n_levels for effect in ones), len(x)]
    counts = [int(((level == depth) & ~intercept).sum()) for depth in range(len(order) + 1)]
    by_level = np.array([sizes[d + 1] - sizes[d] - counts[d] for d in range(len(order) + 1)], dtype=float)
    df: Vector = by_level[level]
    return df


COUNTED = {"containment": containment_df, "between-within": between_within_df}


def counted_df(estimate: Estimate, rows: Matrix, ddf: str) -> Vector:
    """Return the degrees of freedom of every row of L beta: the least among the columns that it uses."""
    residual = estimate.request.residual
    if residual is not None and residual.term is not None:
        raise DesignError(
            f"ddf={ddf!r} counts the groups of random effects, and knows nothing of correlated residuals, "
            f"{residual.term.text.strip()}; use ddf='kenward-roger' or 'satterthwaite'"
        )
    df = _least(rows, COUNTED[ddf](estimate))
    if (df <= 0).any():
        raise DesignError(
            f"ddf={ddf!r} leaves no degrees of freedom: the random effects and coefficients use up all that there are; "
            "use ddf='satterthwaite'"
        )
    return df


def _least(rows: Matrix, by_column: Vector) -> Vector:
    """Return the least degrees of freedom among the columns that a row uses."""
    used = np.abs(rows) > _USED * np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
    least: Vector = np.where(used, by_column, np.inf).min(axis=1, initial=np.inf)
    return least
