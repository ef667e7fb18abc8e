"""Densities of parameters, and what the data have made of the priors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError
from ...posterior import Draws, MarginalPrior, marginal_prior, tails
from ..checks.predictive import bandwidth, mirrored_density
from ..words import percent
from .parameters import chosen_parameters

Vector = NDArray[np.float64]
_PLACES = 256
_DRAWN, _SEED = 20_000, 1


def posterior_densities(draws: Draws, parameters: Sequence[str] | None, level: float) -> list[Picture]:
    """Return densities of parameters, by default of all, beside those of their priors."""
    return [_density_of(draws, name, level) for name in chosen_parameters(draws, parameters, list(draws.values))]


def _density_of(draws: Draws, name: str, level: float) -> Picture:
    values, ends = draws.values[name], _ends(draws, name)
    places, density = _smoothed(values, ends)
    own = marginal_prior(draws, name)
    prior = np.full(len(places), np.nan) if own is None or own.is_elsewhere else own.density(places)
    return _picture(name, name, values, {"value": places, "density": density, "prior": prior}, level)


def posterior_priors(draws: Draws, parameters: Sequence[str] | None, level: float) -> list[Picture]:
    """Return densities over the places that the priors allow; by default of all parameters that have a proper prior."""
    priors = {name: marginal_prior(draws, name) for name in draws.values}
    usual = [name for name, one in priors.items() if one is not None]
    if not usual:
        raise OptionError("all priors are flat: there are no densities of theirs to draw")
    found = []
    for name in chosen_parameters(draws, parameters, usual):
        own = priors[name]
        if own is None:
            raise OptionError(f"the prior of {name!r} is flat: there is no density of it to draw")
        found.append(_beside(draws, name, own, level))
    return found


def _beside(draws: Draws, name: str, own: MarginalPrior, level: float) -> Picture:
    """Return the posterior on places that hold the middle of the prior too."""
    drawn = own.draws(np.random.default_rng(_SEED), _DRAWN)
    low, high = np.quantile(drawn, tails(level))
    places = np.linspace(min(low, own.values.min()), max(high, own.values.max()), 2 * _PLACES)
    at, density = _smoothed(own.values, _ends(draws, name))
    table = {
        "value": places,
        "density": np.interp(places, at, density, left=0.0, right=0.0),
        "prior": own.density(places),
    }
    label = f"{name} at the means of all columns" if own.is_elsewhere else name
    narrower = float(own.values.std(ddof=1)) / (float(np.subtract(*np.quantile(drawn, [0.84, 0.16]))) / 2)
    note = f"Posterior / prior spread: {short(narrower)}"
    return _picture(name, label, own.values, table, level, note)


def _picture(
    name: str, label: str, values: Vector, numbers: dict[str, Vector], level: float, note: str = ""
) -> Picture:
    table = {"parameter": [name] * len(numbers["value"]), **numbers}
    middle, (low, high) = float(np.median(values)), map(float, np.quantile(values, tails(level)))
    alt = (
        f"Posterior density of {label}: median {short(middle)}, the middle {percent(level)} from {short(low)} to "
        f"{short(high)}.{f' {note}.' if note else ''}"
    )
    further = {"interval": (low, high), "level": percent(level)}
    return Picture("posterior_density", table, name, label, "Density", alt, note, further)


def _ends(draws: Draws, name: str) -> tuple[float, float]:
    """Return the least and the largest value that a parameter can have."""
    kind = draws.parameters[name].kind
    if kind == "correlation":
        return -1.0, 1.0
    return (0.0, np.inf) if kind in ("sd", "sigma", "distance") else (-np.inf, np.inf)


def _smoothed(values: Vector, ends: tuple[float, float]) -> tuple[Vector, Vector]:
    """Return places and a kernel density there; what lies beyond an end is mirrored at it."""
    width = bandwidth(values)
    start, end = max(values.min() - 3 * width, ends[0]), min(np.quantile(values, 0.999) + 3 * width, ends[1])
    return mirrored_density(values, (start, end), ends, width, _PLACES)
