"""Parameters side by side: intervals, and pairs of draws."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError, listed, suggestion
from ...formula.names import find_name
from ...posterior import Draws, tails
from ...priors import INTERCEPT
from ..words import named, percent

Vector = NDArray[np.float64]

_MOST_OF_PAIRS = 4


def posterior_intervals(draws: Draws, parameters: Sequence[str] | None, level: float) -> Picture:
    """Return the middle 50 % and a wider interval of parameters, by default of all but the intercept."""
    chosen = chosen_parameters(draws, parameters, [name for name in draws.values if name != INTERCEPT])
    low, high = tails(level)
    ends = {"conf_low": low, "q25": 0.25, "median": 0.5, "q75": 0.75, "conf_high": high}
    quantiles = np.array([np.quantile(draws.values[name], list(ends.values())) for name in chosen])
    table = {"parameter": chosen, **dict(zip(ends, quantiles.T, strict=True))}
    title = f"{named(draws.estimate)}: posterior intervals"
    pairs = zip(chosen, quantiles, strict=True)
    said = [f"{name} {short(row[2])} ({short(row[0])} to {short(row[4])})" for name, row in pairs]
    note = f"Points: medians. Bars: the middle 50 % and {percent(level)} of the draws."
    alt = f"{title}. Medians and the middle {percent(level)}: {'; '.join(said[:12])}."
    further = {"size": (6.4, 1.8 + 0.35 * len(chosen))}
    return Picture("intervals", table, title, "Value", "", alt, note, further)


def posterior_pairs(draws: Draws, parameters: Sequence[str] | None) -> list[Picture]:
    """Return pairs of parameters, by default of the first variance parameters."""
    usual = [name for name, one in draws.parameters.items() if one.kind != "fixed"]
    usual = (usual if len(usual) > 1 else list(draws.values))[:_MOST_OF_PAIRS]
    chosen = chosen_parameters(draws, parameters, usual)
    if len(chosen) < 2:
        raise OptionError(f"pairs are of two parameters or more; the model has {listed(list(draws.values))}")
    return [_pair(draws, x, y) for k, y in enumerate(chosen) for x in chosen[:k]]


def _pair(draws: Draws, x: str, y: str) -> Picture:
    table = {"x": [x] * draws.n, "y": [y] * draws.n, "x_value": draws.values[x], "y_value": draws.values[y]}
    correlation = float(np.corrcoef(draws.values[x], draws.values[y])[0, 1])
    words = f"Correlation of the draws: {correlation:.2f}."
    return Picture("pair", table, f"{y} and {x}", x, y, f"Draws of {y} over {x}. {words}", words)


def chosen_parameters(draws: Draws, given: Sequence[str] | None, usual: Sequence[str]) -> list[str]:
    """Return names of parameters."""
    if given is None:
        return list(usual) or list(draws.values)
    names = [given] if isinstance(given, str) else list(given)
    known = list(draws.values)
    for name in names:
        if find_name(name, known) is None:
            raise OptionError(f"there is no parameter {name!r}{suggestion(name, known)}; there are {listed(known)}")
    return [str(find_name(name, known)) for name in names]
