"""A maximal model of an experiment: every effect varies over subjects and over items."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from .drawing import correlated, scaled


def maximal(scale: float) -> Iterator[pl.DataFrame]:
    """Yield 60 subjects x 80 items x two trials in each of four conditions, 777 trials lost: 37,623 rows."""
    rng = np.random.default_rng(2013)
    subjects, items = scaled(60, scale**0.5, 8), scaled(80, scale**0.5, 8)
    subj, item, cell = np.unravel_index(np.arange(subjects * items * 8), (subjects, items, 8))
    lost = round(777 / 38_400 * len(subj))
    kept = np.sort(rng.permutation(len(subj))[lost:])
    subj, item, cell = subj[kept], item[kept], cell[kept]
    a, b = cell % 2 - 0.5, cell // 2 % 2 - 0.5
    z = np.column_stack([np.ones(len(a)), a, b, a * b])
    of_subject = correlated(rng, subjects, np.array([0.9, 0.4, 0.3, 0.35]), 0.3)
    of_item = correlated(rng, items, np.array([0.6, 0.3, 0.25, 0.3]), 0.2)
    mean = z @ np.array([5.0, 0.4, -0.2, 0.1]) + np.sum(z * (of_subject[subj] + of_item[item]), axis=1)
    yield pl.DataFrame(
        {
            "y": mean + 1.5 * rng.standard_normal(len(a)),
            "A": a,
            "B": b,
            "subj": subj.astype(np.int32),
            "item": item.astype(np.int32),
        }
    )
