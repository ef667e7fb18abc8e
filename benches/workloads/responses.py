"""Thousands of responses over one design."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from .drawing import scaled


def many_responses(scale: float) -> Iterator[pl.DataFrame]:
    """Yield 200 rows, 20 subjects x 10 items, with 10,000 responses whose variances differ."""
    rng = np.random.default_rng(200)
    responses = scaled(10_000, scale)
    subject, item = np.unravel_index(np.arange(200), (20, 10))
    x = rng.standard_normal(200)
    sd = rng.gamma(2.0, 0.4, size=(2, responses))
    y = rng.standard_normal((200, responses)) + np.outer(x, rng.standard_normal(responses))
    y += (sd[0] * rng.standard_normal((20, responses)))[subject] + (sd[1] * rng.standard_normal((10, responses)))[item]
    design = {"x": x, "subject": subject.astype(np.int32), "item": item.astype(np.int32)}
    yield pl.DataFrame(design | {f"y{j:05d}": y[:, j] for j in range(responses)})
