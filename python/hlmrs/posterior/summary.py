"""Tables of draws: of parameters, and of what is computed from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..frame import Column
from .convergence import ess_bulk, ess_tail, mcse_mean, rhat
from .draws import Draws

Vector = NDArray[np.float64]
QUANTILES = {"q5": 0.05, "median": 0.5, "q95": 0.95}


def summary_table(draws: Draws) -> dict[str, Column]:
    """Tabulate all parameters, with what their draws are worth."""
    return {"parameter": list(draws.values), **moments(draws.values), **worth(draws, draws.values)}


def moments(values: Mapping[str, Vector]) -> dict[str, Column]:
    """Return mean, standard deviation and quantiles of draws."""
    drawn = np.array(list(values.values())).reshape(len(values), -1)
    quantiles = np.quantile(drawn, list(QUANTILES.values()), axis=1) if len(drawn) else np.empty((len(QUANTILES), 0))
    return {
        "mean": drawn.mean(axis=1),
        "sd": drawn.std(axis=1, ddof=1),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }


def worth(draws: Draws, values: Mapping[str, Vector]) -> dict[str, Column]:
    """Return the standard error of the mean by simulation, and how many independent draws there are."""
    if draws.is_direct:
        return {
            "mcse": np.array([draws.mcse(own) for own in values.values()]),
            "ess": np.array([draws.worth(own) for own in values.values()]),
        }
    chains = [draws.by_chain(own) for own in values.values()]
    statistics = {"mcse": mcse_mean, "ess_bulk": ess_bulk, "ess_tail": ess_tail, "rhat": rhat}
    return {name: np.array([compute(own) for own in chains]) for name, compute in statistics.items()}
