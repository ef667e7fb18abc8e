"""Draws as ArviZ has them, by the names of bambi; arviz-base is no dependency: it is imported when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagnostics import row_sets
from ..errors import HlmrsError
from ..estimation import require_plain_residuals
from ..resources import require_memory
from .draws import Draws
from .prediction import log_densities_of_sets, observed, replicates

Vector = NDArray[np.float64]
_CHAINS = 4
_ROW = "__obs__"


def data_tree(draws: Draws, *, effects: bool, rows: bool) -> Any:
    """Return a tree of the draws, with random effects, and with what there is of every row."""
    try:
        from arviz_base import from_dict
    except ImportError:
        raise HlmrsError("to_arviz() needs arviz-base, which is not installed: pip install 'hlmrs[arviz]'") from None
    groups: dict[str, dict[str, Vector]] = {"posterior": _parameters(draws)}
    coords: dict[str, Any] = {}
    dims: dict[str, list[str]] = {}
    if effects:
        groups["posterior"] |= _effects(draws, coords, dims)
    if rows:
        groups |= _of_rows(draws, coords, dims)
    by_chain = {
        group: {name: _in_chains(draws, values) for name, values in own.items()} for group, own in groups.items()
    }
    if rows:
        name = draws.estimate.layout.response
        by_chain["observed_data"] = {name: observed(draws)}
    attributes = {"inference_library": "hlmrs", "method": draws.source["method"]}
    return from_dict(by_chain, coords=coords, dims=dims, attrs={"/": attributes})


def _in_chains(draws: Draws, values: Vector) -> Vector:
    """Part draws into chains of equal length; independent draws may be parted anyhow."""
    if not draws.is_direct:
        return draws.by_chain(values)
    chains = min(_CHAINS, draws.n)
    each = draws.n // chains
    return values[: chains * each].reshape(chains, each, *values.shape[1:])


def _parameters(draws: Draws) -> dict[str, Vector]:
    estimate, found = draws.estimate, dict(draws.values)
    renamed = {"(Intercept)": "Intercept"}
    for term in estimate.layout.random:
        group = estimate.layout.groups[term.group].name
        renamed |= {f"sd({column} | {group})": f"{_name(column, group)}_sigma" for column in term.columns}
    return {renamed.get(name, name): values for name, values in found.items()}


def _name(column: str, group: str) -> str:
    return f"{'1' if column == '(Intercept)' else column}|{group}"


def _effects(draws: Draws, coords: dict[str, Any], dims: dict[str, list[str]]) -> dict[str, Vector]:
    layout, found = draws.estimate.layout, dict[str, Vector]()
    for term, drawn in zip(layout.random, draws.effects(range(len(layout.random))), strict=True):
        group = layout.groups[term.group]
        dimension = f"{group.name}__factor_dim"
        coords[dimension] = list(group.levels)
        for k, column in enumerate(term.columns):
            name = _name(column, group.name)
            dims[name], found[name] = [dimension], drawn[:, :, k]
    return found


def _of_rows(draws: Draws, coords: dict[str, Any], dims: dict[str, list[str]]) -> dict[str, dict[str, Vector]]:
    """Return log densities of the rows used, and replicated responses."""
    estimate = draws.estimate
    require_plain_residuals(estimate, "to_arviz(rows=True)")
    name, n = estimate.layout.response, estimate.layout.n_rows
    require_memory(32.0 * n * draws.n, "to_arviz(rows=True) needs", "leave rows out, by rows=False")
    coords[_ROW], dims[name] = estimate.row_labels(), [_ROW]
    densities = log_densities_of_sets(draws, row_sets(estimate, None), np.arange(draws.n))
    return {
        "posterior_predictive": {name: replicates(draws, draws.n).T},
        "log_likelihood": {name: densities.T},
    }
