"""Nested designs: pupils in classes in schools, and many groups with a slope."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from .drawing import Array, correlated, every_level, scaled

_ROWS_A_FILE = 1_000_000


def classes_in_schools(scale: float) -> Iterator[pl.DataFrame]:
    """Yield 1,000,000 pupils in 50,000 classes in 5,000 schools, five covariates, in random order."""
    rng = np.random.default_rng(11)
    n, classes, schools = scaled(1_000_000, scale), scaled(50_000, scale), scaled(5_000, scale)
    school = every_level(rng, classes, rng.gamma(4.0, size=schools))
    pupil = every_level(rng, n, rng.gamma(6.0, size=classes))
    x = rng.standard_normal((n, 5))
    of_school = correlated(rng, schools, np.array([0.5, 0.15]), 0.3)[school[pupil]]
    of_class = correlated(rng, classes, np.array([0.4, 0.2]), -0.2)[pupil]
    effects = of_school + of_class
    y = 1 + x @ np.array([0.5, -0.3, 0.2, 0.1, 0.0]) + effects[:, 0] + effects[:, 1] * x[:, 0]
    columns = {"y": y + rng.standard_normal(n)} | {f"x{j + 1}": x[:, j] for j in range(5)}
    yield pl.DataFrame(columns | {"school": school[pupil], "class": pupil})


def groups(scale: float) -> Iterator[pl.DataFrame]:
    """Yield 10,000,000 rows of 500,000 groups, four covariates, in random order."""
    rng = np.random.default_rng(12)
    n, levels = scaled(10_000_000, scale), scaled(500_000, scale)
    group = every_level(rng, n, np.ones(levels))
    yield _grouped_rows(rng, group, _effects(rng, levels), np.array([0.5, -0.3, 0.2, 0.1]))


def groups_on_disk(scale: float) -> Iterator[pl.DataFrame]:
    """Yield 100,000,000 rows of 1,000,000 groups, two covariates, a file at a time."""
    rng = np.random.default_rng(13)
    n, levels = scaled(100_000_000, scale), scaled(1_000_000, scale)
    effects = _effects(rng, levels)
    for start in range(0, n, _ROWS_A_FILE):
        group = rng.integers(levels, size=min(_ROWS_A_FILE, n - start), dtype=np.int32)
        yield _grouped_rows(rng, group, effects, np.array([0.5, -0.3]))


def _effects(rng: np.random.Generator, levels: int) -> Array:
    return correlated(rng, levels, np.array([0.7, 0.3]), 0.25)


def _grouped_rows(rng: np.random.Generator, group: np.ndarray, effects: Array, slopes: Array) -> pl.DataFrame:
    x = rng.standard_normal((len(group), len(slopes)))
    y = 2 + x @ slopes + effects[group, 0] + effects[group, 1] * x[:, 0] + rng.standard_normal(len(group))
    return pl.DataFrame({"y": y} | {f"x{j + 1}": x[:, j] for j in range(len(slopes))} | {"group": group})
