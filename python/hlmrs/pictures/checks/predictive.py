"""The response beside responses that the fit simulates: its distribution, and that of the groups' means."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...control import count
from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import group_index, simulate_generalized
from ..words import named

Vector = NDArray[np.float64]
_PLACES, _FINER = 128, 8
"""How many places are drawn, and how many times finer densities are smoothed."""
_SHARES = ("binomial", "betabinomial", "beta", "ordbeta")
"""Families whose responses are between zero and one."""
_MOST_VALUES = 60


def predictive(estimate: Estimate, group: str | None, n: int, seed: int) -> list[Picture]:
    """Return the distribution of the rows, and that of the means of the groups of a factor, by default the first."""
    y, draws = _responses(estimate, count("n", n), seed)
    return predictive_panels(estimate, group, y, draws)


def predictive_panels(estimate: Estimate, group: str | None, y: Vector, draws: Vector) -> list[Picture]:
    """Return a response beside others, one a column: that of the rows, and the means of the groups of a factor."""
    response, ends = named(estimate), _ends(estimate, y, draws)
    pictures = [_panel(f"{response}: rows", response, y, draws, ends, _has_few(y, draws))]
    if estimate.layout.groups:
        g = 0 if group is None else group_index(estimate, group)
        codes, name = estimate.rows.group_codes(g).astype(np.intp), estimate.layout.groups[g].name
        n_levels = len(estimate.layout.groups[g].levels)
        means = _means(y[:, None], codes, n_levels)[:, 0]
        title = f"{response}: means of {name}"
        pictures.append(_panel(title, f"Mean {response}", means, _means(draws, codes, n_levels), ends, False))
    return pictures


def _ends(estimate: Estimate, y: Vector, draws: Vector) -> tuple[float, float]:
    """Return the least and the largest value that a response can have."""
    if isinstance(estimate, GeneralizedEstimate) and estimate.family.name in _SHARES:
        return 0.0, 1.0
    return (0.0, np.inf) if min(np.nanmin(y), np.nanmin(draws)) >= 0 else (-np.inf, np.inf)


def _responses(estimate: Estimate, n: int, seed: int) -> tuple[Vector, Vector]:
    """Return the response as fitted, and n simulated ones; of successes among trials their shares."""
    if not isinstance(estimate, GeneralizedEstimate):
        entropy = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
        return estimate.values.response, estimate.core.simulate(estimate.rows, n, entropy)
    y, draws = estimate.response.y, simulate_generalized(estimate, n, seed)
    if estimate.categories:
        y = y + 1.0
    trials = estimate.response.trials
    if trials is None:
        return y, draws
    return shares_of_trials(y, draws, trials)


def shares_of_trials(y: Vector, draws: Vector, trials: Vector) -> tuple[Vector, Vector]:
    """Return successes, and simulated ones, as shares of the trials; missing where there are none."""
    used = trials > 0
    shares = np.divide(draws, trials[:, None], out=np.full_like(draws, np.nan), where=used[:, None])
    return np.divide(y, trials, out=np.full(len(y), np.nan), where=used), shares


def _means(draws: Vector, codes: NDArray[np.intp], n: int) -> Vector:
    with np.errstate(invalid="ignore"):
        known = np.isfinite(draws[:, 0])
        rows = np.bincount(codes[known], minlength=n)
        sums = [np.bincount(codes[known], column[known], minlength=n) for column in draws.T]
        return (np.array(sums) / rows).T


def _has_few(y: Vector, draws: Vector) -> bool:
    """Whether responses, and simulated ones as well, are few values, such as counts."""
    values = np.unique(y[np.isfinite(y)])
    return len(values) <= _MOST_VALUES and np.isin(np.unique(draws[:, :5]), values).mean() > 0.5


def _panel(title: str, x: str, y: Vector, draws: Vector, ends: tuple[float, float], few: bool) -> Picture:
    known = np.isfinite(y)
    y, draws = y[known], draws[known]
    table = _frequencies(np.unique(y), y, draws) if few else _densities(y, draws, ends)
    n = draws.shape[1]
    finding = _finding(y, draws)
    alt = f"{title}: observed beside {n} simulated responses. {finding}"
    further = {"discrete": few, "n": n}
    return Picture("predictive", table, title, x, "Share" if few else "Density", alt, finding, further)


def _finding(y: Vector, draws: Vector) -> str:
    parts = []
    for name, of in (("mean", np.mean), ("standard deviation", np.std)):
        own = float(of(y))
        simulated = of(draws, axis=0)
        share = float((simulated > own).mean())
        parts.append(f"{name} {short(own)} (higher in {short(100 * share)} % of the simulated)")
    return f"Observed: {', '.join(parts)}."


def _frequencies(values: Vector, y: Vector, draws: Vector) -> dict[str, Any]:
    """Return the share of each value: draw 0 is the response."""
    every = np.column_stack([y, draws])
    shares = np.array([(every == value).mean(axis=0) for value in values])
    return _long(values, shares)


def _densities(y: Vector, draws: Vector, ends: tuple[float, float]) -> dict[str, Any]:
    """Return smoothed densities at places over the range of all: draw 0 is the response."""
    low, high = min(y.min(), np.quantile(draws, 0.0005)), max(y.max(), np.quantile(draws, 0.9995))
    width = bandwidth(y)
    reach = (max(low - 3 * width, ends[0]), min(high + 3 * width, ends[1]))
    smoothed = [mirrored_density(own, reach, ends, width, _FINER * _PLACES) for own in (y, *draws.T)]
    columns = np.array([density for _, density in smoothed]).T
    return _long(smoothed[0][0][::_FINER], columns[::_FINER])


def bandwidth(y: Vector) -> float:
    """Return Silverman's width of a normal kernel, 0.9 min(s, IQR / 1.34) n^(-1/5) (1986, eq. 3.31)."""
    spread = float(y.std(ddof=1)) if len(y) > 1 else 0.0
    middle = float(np.subtract(*np.quantile(y, [0.75, 0.25]))) / 1.34
    known = [s for s in (spread, middle) if s > 0]
    return 0.9 * min(known) * len(y) ** -0.2 if known else 1e-3 * max(abs(float(y.mean())), 1e-12)


def mirrored_density(
    values: Vector, reach: tuple[float, float], ends: tuple[float, float], width: float, n: int
) -> tuple[Vector, Vector]:
    """Return `n` places within a reach and a kernel density there; what lies beyond an end is mirrored at it."""
    start, end = reach
    edges = np.linspace(2 * start - end, 2 * end - start, 3 * n + 1)
    whole, middles = binned_density(values, edges, width), (edges[1:] + edges[:-1]) / 2
    own = whole[n : 2 * n].copy()
    if start == ends[0]:
        own += whole[:n][::-1]
    if end == ends[1]:
        own += whole[2 * n :][::-1]
    return middles[n : 2 * n], own


def binned_density(values: Vector, edges: Vector, width: float) -> Vector:
    """Return a kernel density in bins: counts, spread by a normal kernel."""
    step = edges[1] - edges[0]
    counts, _ = np.histogram(values, edges)
    reach = max(1, int(np.ceil(4 * width / step)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    spread = np.convolve(counts, kernel / kernel.sum(), mode="full")[reach:-reach]
    return np.asarray(spread / (len(values) * step))


def _long(places: Vector, columns: Vector) -> dict[str, Any]:
    n = columns.shape[1]
    return {
        "draw": np.repeat(np.arange(n), len(places)),
        "value": np.tile(places, n),
        "density": columns.T.ravel(),
    }
