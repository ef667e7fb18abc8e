"""Draws in the order in which they were drawn."""

from collections.abc import Sequence

import numpy as np

from ...display import Picture
from ...posterior import Draws, rhat
from .parameters import chosen_parameters


def posterior_trace(draws: Draws, parameters: Sequence[str] | None) -> list[Picture]:
    """Return draws of parameters by iteration, a line for each chain; by default of all."""
    return [_trace(draws, name) for name in chosen_parameters(draws, parameters, list(draws.values))]


def _trace(draws: Draws, name: str) -> Picture:
    chains = draws.by_chain(draws.values[name])
    n, each = chains.shape
    table = {
        "parameter": [name] * chains.size,
        "chain": np.repeat(np.arange(1, n + 1), each),
        "draw": np.tile(np.arange(1, each + 1), n),
        "value": chains.ravel(),
    }
    note = "Independent draws" if draws.is_direct else f"R-hat {rhat(chains):.3f}"
    what = "independent draws" if draws.is_direct else f"{n} chains of {each:,} draws"
    alt = f"{name} in {what}, in their order. {note}."
    return Picture("trace", table, name, "Draw", name, alt, note, {"chains": n})
