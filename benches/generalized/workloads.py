"""What is fitted: a formula, a family and a generator of a frame."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

import hlmrs


@dataclass(frozen=True)
class Workload:
    """A model of a data set; `goal` and `must` in milliseconds on two quiet cores."""

    formula: str
    family: str
    data: Callable[[float], pl.DataFrame]
    goal: float
    must: float
    peers: tuple[str, ...] = ("glmm",)


def _drawn(n: int, levels: dict[str, int], seed: int, *, sort: bool = False) -> tuple[pl.DataFrame, np.ndarray]:
    """Three covariates and groups, with the linear predictor of normal effects."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    codes = {name: rng.integers(0, k, n) for name, k in levels.items()}
    if sort:
        codes = {name: np.sort(own) for name, own in codes.items()}
    eta = x @ [0.5, -0.4, 0.2]
    for size, (name, k) in zip((0.7, 0.5), levels.items(), strict=False):
        eta = eta + rng.normal(0, size, k)[codes[name]]
    return pl.DataFrame({f"x{j + 1}": x[:, j] for j in range(3)} | codes), eta


def bernoulli(scale: float) -> pl.DataFrame:
    """Rows of 50,000 x 500 crossed groups."""
    n = int(1_000_000 * scale)
    frame, eta = _drawn(n, {"a": max(n // 20, 3), "b": max(n // 2000, 3)}, 1)
    chance = np.random.default_rng(2).random(n)
    return frame.with_columns(y=pl.Series((chance < 1 / (1 + np.exp(0.3 - eta))).astype(float)))


def poisson(scale: float) -> pl.DataFrame:
    """Ten rows in each group, in order."""
    n = int(1_000_000 * scale)
    frame, eta = _drawn(n, {"a": max(n // 10, 3)}, 3, sort=True)
    return frame.with_columns(y=pl.Series(np.random.default_rng(4).poisson(np.exp(0.2 + 0.6 * eta)).astype(float)))


def verbal(_: float) -> pl.DataFrame:
    """Return VerbAgg with a number for the binary response."""
    data = hlmrs.datasets.load("VerbAgg", "polars")
    return data.with_columns(y=(pl.col("r2").cast(pl.String) == "Y").cast(pl.Float64))


def contraception(_: float) -> pl.DataFrame:
    """Return Contraception with a number for the response."""
    data = hlmrs.datasets.load("Contraception", "polars")
    return data.with_columns(y=(pl.col("use").cast(pl.String) == "Y").cast(pl.Float64))


def disease(_: float) -> pl.DataFrame:
    """Return cbpp with a column of failures, since glmm takes no expression in ``cbind``."""
    return hlmrs.datasets.load("cbpp", "polars").with_columns(healthy=pl.col("size") - pl.col("incidence"))


def shipped(name: str) -> Callable[[float], pl.DataFrame]:
    """Load a data set of the package."""
    return lambda _: hlmrs.datasets.load(name, "polars")


def ratings(_: float) -> pl.DataFrame:
    """Return InstEval with ordered ratings."""
    data = hlmrs.datasets.load("InstEval", "polars")
    return data.with_columns(pl.col("y").cast(pl.Int64).cast(pl.String).cast(pl.Enum(list("12345"))))


_ITEMS = "(1 | id) + (1 | item)"
WORKLOADS: dict[str, Workload] = {
    "cbpp": Workload("cbind(incidence, healthy) ~ period + (1 | herd)", "binomial", disease, 0.6, 1.5),
    "verbagg": Workload(
        f"y ~ Anger + Gender + btype + situ + mode + {_ITEMS}", "binomial", verbal, 25, 50, ("glmm", "gpboost")
    ),
    "contraception": Workload(
        "y ~ age + I(age^2) + urban + livch + (urban | district)", "binomial", contraception, 6, 15
    ),
    "verbagg-ordered": Workload(f"resp ~ Gender + mode + {_ITEMS}", "cumulative", shipped("VerbAgg"), 40, 40, ()),
    "bernoulli-1m": Workload("y ~ x1 + x2 + x3 + (1 | a) + (1 | b)", "binomial", bernoulli, 2500, 5000, ("gpboost",)),
    "poisson-1m": Workload("y ~ x1 + x2 + x3 + (1 | a)", "poisson", poisson, 800, 1500, ("glmm",)),
    "insteval-ordered": Workload("y ~ service + (1 | s) + (1 | d)", "cumulative", ratings, 1500, 3000, ()),
}
