"""The axes: one property of a design grows, the others stay."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from ..workloads import Workload
from ..workloads.drawing import every_level, scaled


@dataclass(frozen=True, slots=True)
class Axis:
    """One property that grows.

    Parameters
    ----------
    name, about : str
        What grows, and what stays.
    values : tuple of int
        Its values.
    workload : callable
        The workload at a value.
    """

    name: str
    about: str
    values: tuple[int, ...]
    workload: Callable[[int], Workload]


def one_factor(n: int, levels: int, p: int, r: int, scale: float) -> Iterator[pl.DataFrame]:
    """Yield n rows in random order of one grouping factor, p covariates, the first r - 1 with random slopes."""
    rng = np.random.default_rng([n, levels, p, r])
    n, levels = scaled(n, scale), scaled(levels, scale, least=10)
    group = every_level(rng, n, np.ones(levels))
    x = rng.standard_normal((n, p))
    z = np.column_stack([np.ones(n), x[:, : r - 1]])
    effects = 0.5 * rng.standard_normal((levels, r))
    y = x @ np.linspace(0.5, -0.5, p) + np.sum(z * effects[group], axis=1) + rng.standard_normal(n)
    yield pl.DataFrame({"y": y} | {f"x{j + 1}": x[:, j] for j in range(p)} | {"group": group})


def crossed(n: int, users: int, items: int, scale: float) -> Iterator[pl.DataFrame]:
    """Yield n rows of two crossed factors, a covariate."""
    rng = np.random.default_rng([n, users, items])
    n, users, items = scaled(n, scale), scaled(users, scale), scaled(items, scale, least=10)
    user, item = every_level(rng, n, np.ones(users)), every_level(rng, n, np.ones(items))
    x = rng.standard_normal(n)
    effects = 0.5 * rng.standard_normal(users)[user] + 0.5 * rng.standard_normal(items)[item]
    yield pl.DataFrame({"y": 0.5 * x + effects + rng.standard_normal(n), "x1": x, "user": user, "item": item})


def _of_one_factor(axis: str, value: int, n: int = 300_000, levels: int = 5_000, p: int = 2, r: int = 2) -> Workload:
    fixed = " + ".join(f"x{j + 1}" for j in range(p))
    random = " + ".join(["1", *(f"x{j + 1}" for j in range(r - 1))])
    return Workload(
        name=f"scaling-{axis}-{value}",
        about="one grouping factor",
        formula=f"y ~ {fixed} + ({random} | group)",
        make=partial(one_factor, n, levels, p, r),
        levels=("group",),
    )


def _of_two_factors(items: int) -> Workload:
    return Workload(
        name=f"scaling-crossed-{items}",
        about="two crossed grouping factors",
        formula="y ~ x1 + (1 | user) + (1 | item)",
        make=partial(crossed, 300_000, 30_000, items),
        levels=("user", "item"),
    )


AXES = (
    Axis(
        "rows",
        "`y ~ x1 + x2 + (1 + x1 | group)`, 5,000 groups",
        (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
        lambda n: _of_one_factor("rows", n, n=n),
    ),
    Axis(
        "levels",
        "`y ~ x1 + x2 + (1 + x1 | group)`, 3,000,000 rows",
        (3_000, 10_000, 30_000, 100_000, 300_000),
        lambda levels: _of_one_factor("levels", levels, n=3_000_000, levels=levels),
    ),
    Axis(
        "levels of the smaller of two crossed factors",
        "`y ~ x1 + (1 | user) + (1 | item)`, 300,000 rows, 30,000 users",
        (500, 1_000, 2_000, 4_000),
        _of_two_factors,
    ),
    Axis(
        "fixed effects",
        "`y ~ x1 + ... + (1 + x1 | group)`, 300,000 rows, 5,000 groups",
        (4, 8, 16, 32, 64, 128),
        lambda p: _of_one_factor("fixed", p, p=p),
    ),
    Axis(
        "width of the random term",
        "`y ~ x1 + ... + x8 + (1 + x1 + ... | group)`, 300,000 rows, 5,000 groups",
        (1, 2, 4, 6, 8),
        lambda r: _of_one_factor("width", r, p=8, r=r),
    ),
)
