"""One small fit of each kind of generalized model that a user may have, by name."""

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import polars as pl

import hlmrs


def rows_of_groups(n_groups: int = 15, size: int = 8, seed: int = 5) -> pl.DataFrame:
    """Rows of groups `g` with responses of several kinds that depend on `x`, the factor `f` and the group."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_groups), size)
    n = len(g)
    x, f = rng.normal(size=n), rng.choice(["a", "b", "c"], n)
    eta = 0.4 + 0.5 * x + 0.3 * (f == "b") + 0.6 * rng.normal(size=n_groups)[g]
    size_of = rng.integers(3, 9, n)
    won = rng.binomial(size_of, 1 / (1 + np.exp(-eta)))
    counts = rng.poisson(np.exp(eta) * rng.gamma(3.0, 1 / 3.0, n)) * (rng.random(n) > 0.25)
    latent = eta + rng.logistic(size=n)
    return pl.DataFrame(
        {
            "won": won.astype(float),
            "lost": (size_of - won).astype(float),
            "win": np.where(latent > 0.5, "yes", "no"),
            "count": counts.astype(float),
            "time": rng.gamma(4.0, np.exp(eta) / 4.0),
            "grade": pl.Series(np.array(["low", "mid", "high"])[np.digitize(latent, [0.0, 1.2])]).cast(
                pl.Enum(["low", "mid", "high"])
            ),
            "x": x,
            "f": f,
            "g": [f"g{k}" for k in g],
            "h": rng.choice(list("pqrstu"), n),
            "w": rng.uniform(0.5, 2.0, n),
            "shift": 0.1 * rng.normal(size=n),
        }
    )


MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cbind": ("cbind(won, lost) ~ x + f + (1 | g)", {"family": "binomial"}),
    "dispersion": ("time ~ x + f + (x | g)", {"family": "gamma", "link": "log", "dispersion": "~ x"}),
    "zero part": ("count ~ x + (1 | g)", {"family": "nbinom2", "zero_inflation": "~ f"}),
    "ordered": ("grade ~ x + f + (1 | g)", {"family": "cumulative"}),
    "two levels": ("win ~ x + (1 | g)", {"family": "binomial"}),
    "crossed": ("count ~ x + (1 | g) + (1 | h)", {"family": "nbinom1", "offset": "shift"}),
    "weights": ("time ~ poly(x, 2) + (1 | g)", {"family": "lognormal", "weights": "w"}),
}


def data_of(frame: str = "polars") -> Any:
    data = rows_of_groups()
    return {"polars": lambda: data, "pandas": data.to_pandas, "dict": lambda: {c.name: c.to_numpy() for c in data}}[
        frame
    ]()


@cache
def fit_of(name: str, frame: str = "polars") -> Any:
    formula, options = MODELS[name]
    return quietly(lambda: hlmrs.glmer(formula, data_of(frame), **options))


def quietly(call: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return call()
