"""One small fit of every kind of model that a user may have, by name."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl

import hlmrs
from hlmrs import datasets


def rows_of_groups(n_groups: int = 14, size: int = 5, *, sd: tuple[float, float] = (1.0, 0.5), seed: int = 3) -> Any:
    """Rows of groups `g` with a random intercept and slope; `f`, `h` and `k` are factors, `k` has an empty cell."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_groups), size)
    n = len(g)
    x, w = rng.normal(size=n), rng.normal(size=n_groups)[g]
    f = rng.choice(["a", "b", "c"], n)
    y = 2 + x + 0.5 * w + sd[0] * rng.normal(size=n_groups)[g] + sd[1] * rng.normal(size=n_groups)[g] * x
    return pl.DataFrame(
        {
            "y": y + rng.normal(size=n),
            "x": x,
            "w": w,
            "f": f,
            "g": [f"g{k}" for k in g],
            "h": rng.choice(list("pqrstu"), n),
            "x2": 2 * x,
            "k": np.where((f == "c") | (x > 0), "u", "v"),
            "weight": rng.uniform(0.5, 2, n),
            "shift": rng.normal(size=n),
        }
    )


def with_missing_values() -> Any:
    every_seventh = pl.int_range(pl.len()) % 7 == 0
    return rows_of_groups().with_columns(pl.when(every_seventh).then(None).otherwise("x").alias("x"))


def orthodont() -> Any:
    ages = pl.col("age").cast(pl.Int64).cast(pl.String).cast(pl.Enum(["8", "10", "12", "14"]))
    return datasets.load("Orthodont", "polars").with_columns(occasion=ages)


def of(formula: str, data: Callable[[], Any], **options: Any) -> Callable[[], Any]:
    return lambda: hlmrs.lmer(formula, data(), **options)


def machines(random: str) -> Callable[[], Any]:
    return of(f"score ~ Machine + {random}", lambda: datasets.load("Machines", "polars"))


def dataset(formula: str, name: str) -> Callable[[], Any]:
    return of(formula, lambda: datasets.load(name, "polars"))


KINDS: dict[str, Callable[[], Any]] = {
    "slopes": of("y ~ x + w + f + (x | g)", rows_of_groups),
    "by maximum likelihood": of("y ~ x + w + f + (x | g)", rows_of_groups, reml=False),
    "variance of zero": dataset("Yield ~ 1 + (1 | Batch)", "Dyestuff2"),
    "slope variance of zero": of("y ~ x + w + f + (x | g)", lambda: rows_of_groups(sd=(1.0, 0.0))),
    "correlation of minus one": of("y ~ x + w + f + (x | g)", lambda: rows_of_groups(sd=(0.0, 0.0), seed=8)),
    "intercept only": dataset("Yield ~ 1 + (1 | Batch)", "Dyestuff"),
    "random slope alone": of("y ~ x + w + f + (0 + x | g)", rows_of_groups),
    "two terms of one factor": of("y ~ x + w + f + (x || g)", rows_of_groups),
    "weights": of("y ~ x + w + f + (x | g)", rows_of_groups, weights="weight"),
    "known residual variances": of("y ~ x + w + f + (x | g)", rows_of_groups, weights="weight", sigma=1),
    "offset": of("y ~ x + w + f + (1 | g)", rows_of_groups, offset="shift"),
    "dependent columns": of("y ~ x + x2 + w + f + (1 | g)", rows_of_groups),
    "empty cell": of("y ~ f * k + x + w + (1 | g)", rows_of_groups),
    "diag": of("y ~ x + w + f + diag(x | g)", rows_of_groups),
    "cs": machines("cs(0 + Machine | Worker)"),
    "homcs": machines("homcs(0 + Machine | Worker)"),
    "toep": machines("toep(0 + Machine | Worker)"),
    "ar1": of("distance ~ age + Sex + ar1(0 + occasion | Subject)", orthodont),
    "rr": machines("rr(0 + Machine | Worker)"),
    "ou": of("distance ~ age + Sex + ou(age | Subject)", orthodont),
    "factor slopes": machines("(0 + Machine | Worker)"),
    "crossed": dataset("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin"),
    "crossed with slopes": of("y ~ x * f + w + (x | g) + (1 | h)", rows_of_groups),
    "nested": dataset("strength ~ 1 + (1 | batch/cask)", "Pastes"),
    "two-row groups": of("y ~ x + w + f + (1 | g)", lambda: rows_of_groups(30, 2)),
    "no fixed effects": of("y ~ 0 + (1 | g)", rows_of_groups),
    "interaction only": of("y ~ x:f + w + (1 | g)", rows_of_groups),
    "cells only": of("y ~ 0 + f:h + (1 | g)", rows_of_groups),
    "missing values": of("y ~ x + w + f + (1 | g)", with_missing_values),
    "spline": of("y ~ ns(x, 3) + w + f + (1 | g)", rows_of_groups),
    "response of a function": of("exp(y) ~ x + w + f + (1 | g)", rows_of_groups),
    "sum contrasts": of("y ~ f * x + w + (1 | g)", rows_of_groups, contrasts={"f": "sum"}),
    "logical predictor": of(
        "y ~ above * x + w + f + (1 | g)", lambda: rows_of_groups().with_columns(above=pl.col("x") > 0)
    ),
    "unused level": of(
        "y ~ f * x + w + (1 | g)", lambda: rows_of_groups().with_columns(pl.col("f").cast(pl.Enum("cabd")))
    ),
    "factors combined": of("y ~ x + w + f + (1 | g:h)", rows_of_groups),
    "slopes that cross, weighted": of("y ~ x + w + f + (1 | g) + (0 + x | h)", rows_of_groups, weights="weight"),
    "three crossed terms": of("y ~ x + w + f + (1 | g) + (1 | h) + (1 | g:h)", rows_of_groups),
    "within and between": of("y ~ within(x, g) * f + between(x, g) + w + (1 | g)", rows_of_groups),
    "arrow": of("y ~ x * f + w + (x | g)", lambda: rows_of_groups().to_arrow()),
    "lazy": of("y ~ x * f + w + (x | g)", lambda: rows_of_groups().lazy()),
    "pandas": of("y ~ x * f + w + (x | g)", lambda: rows_of_groups().to_pandas()),
    "dict": of("y ~ x * f + w + (x | g)", lambda: {c.name: c.to_numpy() for c in rows_of_groups()}),
}


@cache
def fit_of(kind: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return KINDS[kind]()
