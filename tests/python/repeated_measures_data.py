"""Simulated repeated measures: groups of rows whose errors have a structure."""

import numpy as np

SDS = np.array([1.0, 1.6, 0.8, 1.4, 2.0, 1.2])


def measured(seed, kind, *, groups=60, size=6, intercepts=0.0):
    """Rows of groups `g` at times `t`, whose errors have the correlations `kind`.

    ``"car1"`` is at uneven times; with an ``h`` behind it every time has its own standard deviation, with ``"*mean"``
    it is a power of the mean.
    """
    rng = np.random.default_rng(seed)
    own, _, mean = kind.partition("*")
    times = np.tile(np.arange(size, dtype=float), (groups, 1))
    if own in ("car1", "nugget"):
        times = np.sort(rng.uniform(0, size, (groups, size)), axis=1)
    errors = np.array([rng.multivariate_normal(np.zeros(size), _correlation(own.rstrip("h"), t)) for t in times])
    z, g = rng.uniform(0, 3, groups), np.arange(groups)
    expected = 6 + 0.3 * times + 2 * z[:, None] + intercepts * rng.normal(size=groups)[:, None]
    if own.endswith("h"):
        errors = errors * SDS[:size]
    if mean:
        errors = errors * (expected / 9) ** 1.5
    names = np.array([f"s{k}" for k in g])
    return {
        "y": (expected + errors).ravel(),
        "t": times.ravel(),
        "z": np.repeat(z, size),
        "g": np.repeat(names, size),
    }


def _correlation(kind, times):
    """Return the correlations of errors at some times; those of ``"slope"`` have a random slope in them."""
    d = np.abs(np.subtract.outer(times, times))
    same = d == 0
    return {
        "iid": 1.0 * same,
        "cs": 0.5 + 0.5 * same,
        "ar1": 0.6**d,
        "car1": 0.6**d,
        "nugget": np.where(same, 1.0, 0.75 * 0.75**d),
        "toep": np.where(same, 1.0, 0.45 * (d == 1)),
        "slope": 1.0 * same + 0.1 * np.outer(times, times),
    }[kind]
