"""Responses of every kind in groups of unequal size, scattered over the frame."""

import numpy as np
import polars as pl


def simulated(n_groups=120, seed=1):
    """Groups of one to four rows at some of four times, scattered over the frame, with weights and an offset."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), rng.integers(1, 5, n_groups))
    time = np.concatenate([rng.permutation(4)[: np.sum(group == g)] for g in range(n_groups)])
    n = len(group)
    x, arm = rng.normal(size=n), rng.choice(["a", "b", "c"], n)
    effect = 0.7 * rng.normal(size=n_groups)[group]
    eta = 0.4 + 0.5 * x - 0.3 * (arm == "b") + effect
    return pl.DataFrame(
        {
            "g": [f"g{k:03d}" for k in group],
            "t": time,
            "x": x,
            "arm": arm,
            "w": rng.uniform(0.5, 3.0, n),
            "o": 0.2 * rng.normal(size=n),
            "normal": eta + rng.normal(size=n),
            "count": rng.poisson(np.exp(eta)),
            "event": (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(int),
            "positive": rng.gamma(3.0, np.exp(eta) / 3.0),
        }
    )[rng.permutation(n)]


DATA = simulated()
