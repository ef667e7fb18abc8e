"""Crossed designs in which few levels meet: nearly nested factors, few rows a level, regions of their own."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .drawing import scaled

Codes = NDArray[np.int64]


def nearly_nested(scale: float) -> Iterator[pl.DataFrame]:
    """Yield three rows a student, by teachers of one school; one student in 50 moves to a school close by."""
    rng = np.random.default_rng(300_000)
    students, schools = scaled(100_000, scale), scaled(1_000, scale)
    teachers = 20
    student = np.repeat(np.arange(students), 3)
    moved = np.repeat(rng.random(students) < 0.02, 3) & (np.arange(3 * students) % 3 > 0)
    distance = np.repeat(rng.integers(1, 5, size=students), 3)
    school = (student + moved * distance) % schools
    teacher = school * teachers + rng.integers(teachers, size=len(student))
    yield _rows(rng, {"student": student, "teacher": teacher, "school": school})


def few_ratings(scale: float) -> Iterator[pl.DataFrame]:
    """Yield two ratings a user, of any items."""
    rng = np.random.default_rng(600_000)
    users, items = scaled(300_000, scale), scaled(30_000, scale)
    user = np.repeat(np.arange(users), 2)
    yield _rows(rng, {"user": user, "item": rng.integers(items, size=len(user))})


def regions(scale: float) -> Iterator[pl.DataFrame]:
    """Yield ratings in 50 regions, each with users and items of its own."""
    rng = np.random.default_rng(1_000_000)
    n, users, items = scaled(1_000_000, scale), scaled(2_000, scale), scaled(400, scale)
    region = rng.integers(50, size=n)
    user = region * users + rng.integers(users, size=n)
    yield _rows(rng, {"user": user, "item": region * items + rng.integers(items, size=n)})


def _rows(rng: np.random.Generator, levels: dict[str, Codes]) -> pl.DataFrame:
    """Return a response with an effect of each grouping factor and of one covariate, rows in random order."""
    n = len(next(iter(levels.values())))
    x = rng.standard_normal(n)
    y = 3 + 0.5 * x + 0.9 * rng.standard_normal(n)
    for k, codes in enumerate(levels.values()):
        y += (0.6, 0.5, 0.3)[k] * rng.standard_normal(codes.max() + 1)[codes]
    order = rng.permutation(n)
    columns = {name: codes.astype(np.int32)[order] for name, codes in levels.items()}
    return pl.DataFrame({"y": y[order], "x": x[order]} | columns)
