"""Simulated rows of subjects in schools, crossed with items."""

import numpy as np
import polars as pl


def crossed(n=3000, seed=1):
    rng = np.random.default_rng(seed)
    subject, item = rng.integers(0, 60, n), rng.integers(0, 25, n)
    x, z = rng.normal(50, 3, n), rng.normal(size=n)
    f = rng.choice(["lo", "mid", "hi"], n)
    school = rng.normal(size=(10, 3))[subject // 6]
    by_school = school[:, 0] + np.where(f == "hi", school[:, 1], 0) + 2 * np.where(f == "lo", school[:, 2], 0)
    by_subject = rng.normal(size=60)[subject] + rng.normal(size=60)[subject] * z
    y = 1e4 + x + by_school + by_subject + rng.normal(size=25)[item] + (f == "hi") + rng.normal(size=n)
    return pl.DataFrame(
        {
            "y": y,
            "x": x,
            "z": z,
            "f": f,
            "subject": [f"s{k}" for k in subject],
            "item": item,
            "school": subject // 6,
            "w": rng.uniform(0.5, 2, n),
            "off": rng.normal(size=n),
            "small": rng.normal(size=n) / 1000,
        }
    )
