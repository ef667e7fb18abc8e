"""Tables of draws: of parameters, and of what is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..estimation.generalized import GeneralizedEstimate
from ..families import WITH_DEVIATION, Family, is_hurdle
from ..frame import Column
from ..inference import check_level
from .convergence import ess_bulk, ess_tail, mcse_mean, rhat
from .draws import Draws

Vector = NDArray[np.float64]
_SD = "the residual standard deviation"
_DISPERSIONS = dict.fromkeys(WITH_DEVIATION, _SD) | {"gamma": "the shape, which is 1 / (coefficient of variation)^2"}


def summary_table(draws: Draws, level: float) -> dict[str, Column]:
    """Tabulate all parameters, with what their draws are worth."""
    return {"parameter": list(draws.values), **moments(draws.values, level), **worth(draws, draws.values)}


def notes_on_scales(draws: Draws) -> list[str]:
    """Say on which scale the parameters of parts beside the mean are."""
    estimate = draws.estimate
    family = estimate.family if isinstance(estimate, GeneralizedEstimate) else Family("gaussian")
    scales = {
        "dispersion": f"the logarithm of {_DISPERSIONS.get(family.name, 'phi, the dispersion of the family')}",
        "zero_inflation": f"the log-odds of a zero{'' if is_hurdle(family) else ' beside those of the counts'}",
    }
    if family.name == "student":
        scales["shape"] = "the logarithm of the degrees of freedom"
    return [
        f"{part}: coefficients of {scale}."
        for part, scale in scales.items()
        if any(name.startswith(f"{part}:") for name in draws.values)
    ]


def moments(values: Mapping[str, Vector] | Sequence[Vector], level: float) -> dict[str, Column]:
    """Return mean, standard deviation, median and an interval of draws."""
    own = list(values.values()) if isinstance(values, Mapping) else list(values)
    drawn = np.array(own).reshape(len(own), -1)
    low, high = tails(level)
    names = {"conf_low": low, "median": 0.5, "conf_high": high}
    quantiles = np.quantile(drawn, list(names.values()), axis=1) if len(drawn) else np.empty((len(names), 0))
    return {
        "mean": drawn.mean(axis=1),
        "sd": drawn.std(axis=1, ddof=1) if drawn.shape[1] > 1 else np.full(len(drawn), np.nan),
        **dict(zip(names, quantiles, strict=True)),
    }


def tails(level: float) -> tuple[float, float]:
    """Return the probabilities below both ends of an interval that has as much on either side of it."""
    check_level(level)
    return (1 - level) / 2, (1 + level) / 2


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
