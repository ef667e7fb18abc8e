"""Data sets of the field, and one that stands in for a data set the package does not have."""

from collections.abc import Iterator

import numpy as np
import polars as pl

import hlmrs

from .drawing import every_level, scaled


def classic(name: str, scale: float) -> Iterator[pl.DataFrame]:
    """Yield a data set of the package; only the largest is shrunk, to a sample of its rows."""
    frame = hlmrs.datasets.load(name, frame="polars")
    if scale < 1 and frame.height > 10_000:
        frame = frame.sample(scaled(frame.height, scale, least=3_000), seed=1)
    yield frame


def schools_in_areas(scale: float) -> Iterator[pl.DataFrame]:
    """Yield rows in the shape of Chem97: A-level chemistry scores, schools of very uneven sizes in areas.

    Rasbash, J. et al. (2000). A User's Guide to MLwiN: 31,022 pupils, 2,410 schools, 131 local education authorities;
    score 0 to 10 in steps of 2, gcsecnt the centred average of the GCSE scores.
    """
    rng = np.random.default_rng(97)
    n, schools, areas = scaled(31_022, scale), scaled(2_410, scale), scaled(131, scale)
    lea = every_level(rng, schools, rng.gamma(2.0, size=areas))
    school = every_level(rng, n, rng.gamma(1.1, size=schools))
    gcse = rng.standard_normal(n) * 0.8 + 0.35 * rng.standard_normal(schools)[school]
    effects = 1.07 * rng.standard_normal(schools)[school] + 0.25 * rng.standard_normal(areas)[lea[school]]
    score = 5.8 + 2.48 * gcse + effects + 2.27 * rng.standard_normal(n)
    yield pl.DataFrame(
        {
            "score": np.clip(2 * np.round(score / 2), 0, 10),
            "gcsecnt": gcse - gcse.mean(),
            "school": school,
            "lea": lea[school],
        }
    )
