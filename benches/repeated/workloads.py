"""What is fitted: a call of hlmrs, the same in nlme where it has it, and the frame."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import hlmrs

_TRIAL = Path(__file__).parents[2] / "tests/golden/data/fev_data.csv"


@dataclass(frozen=True)
class Workload:
    """A model of a data set; `must` in milliseconds on two quiet cores, `nlme` a call in R on the frame ``d``."""

    about: str
    data: Callable[[float], pl.DataFrame]
    fit: Callable[[pl.DataFrame], Any]
    must: float
    nlme: str = ""


def _dataset(name: str) -> Callable[[float], pl.DataFrame]:
    def load(_: float) -> pl.DataFrame:
        return hlmrs.datasets.load(name, "polars")

    return load


def _ovary(_: float) -> pl.DataFrame:
    angle = 2 * np.pi * pl.col("Time")
    return hlmrs.datasets.load("Ovary", "polars").with_columns(s=angle.sin(), c=angle.cos())


def _trial(_: float) -> pl.DataFrame:
    frame = pl.read_csv(_TRIAL, null_values="NA")
    return frame.with_columns(pl.col("AVISIT").cast(pl.Enum(sorted(frame["AVISIT"].unique()))))


def _subjects(share_missing: float) -> Callable[[float], pl.DataFrame]:
    """2,000 subjects by 10 visits, some of which are missed."""

    def drawn(scale: float) -> pl.DataFrame:
        n, visits = int(2000 * scale), 10
        rng = np.random.default_rng(5)
        lags = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
        y = rng.normal(size=(n, visits)) @ np.linalg.cholesky(0.3 + 0.7 * 0.5**lags).T
        names = [f"week {k:02d}" for k in range(visits)]
        arm = np.repeat(rng.integers(0, 2, n), visits)
        frame = pl.DataFrame(
            {
                "id": np.repeat(np.arange(n), visits),
                "arm": np.array(["placebo", "treated"])[arm],
                "visit": pl.Series(names * n, dtype=pl.Enum(names)),
                "base": np.repeat(rng.normal(size=n), visits),
                "y": y.ravel() + 0.1 * arm * np.tile(np.arange(visits), n),
            }
        )
        return frame.filter(pl.Series(rng.random(len(frame)) >= share_missing))

    return drawn


def _persons(scale: float) -> pl.DataFrame:
    """Ten rows in each of 100,000 groups, with an autoregression within."""
    n, rows = int(100_000 * scale), 10
    rng = np.random.default_rng(6)
    noise = rng.normal(size=(n, rows))
    error = noise.copy()
    for t in range(1, rows):
        error[:, t] = 0.6 * error[:, t - 1] + 0.8 * noise[:, t]
    x = rng.normal(size=n * rows)
    y = x + np.repeat(rng.normal(size=n), rows) + error.ravel()
    return pl.DataFrame({"id": np.repeat(np.arange(n), rows), "t": np.tile(np.arange(rows), n), "x": x, "y": y})


def _tested(formula: str, **how: Any) -> Callable[[pl.DataFrame], Any]:
    """Fit a model of repeated measures and test its coefficients by Kenward and Roger's method."""

    def fit(frame: pl.DataFrame) -> Any:
        found = hlmrs.mmrm(formula, frame, **how)
        found.tidy()
        return found

    return fit


def _mixed(formula: str, residual: str) -> Callable[[pl.DataFrame], Any]:
    return lambda frame: hlmrs.lmer(formula, frame, residual=residual)


WORKLOADS = {
    "orthodont": Workload(
        "108 rows, `ar1` and a random intercept",
        _dataset("Orthodont"),
        _mixed("distance ~ age * Sex + (1 | Subject)", "ar1(1 | Subject)"),
        3,
        "lme(distance ~ age * Sex, d, ~ 1 | Subject, corAR1(form = ~ 1 | Subject))",
    ),
    "ovary": Workload(
        "308 rows, `ar1` and a random intercept",
        _ovary,
        _mixed("follicles ~ s + c + (1 | Mare)", "ar1(1 | Mare)"),
        3,
        "lme(follicles ~ s + c, d, ~ 1 | Mare, corAR1(form = ~ 1 | Mare))",
    ),
    "bodyweight": Workload(
        "176 rows, `car1` and a random slope",
        _dataset("BodyWeight"),
        _mixed("weight ~ Time * Diet + (Time | Rat)", "car1(Time | Rat)"),
        3,
        "lme(weight ~ Time * Diet, d, ~ Time | Rat, corCAR1(form = ~ Time | Rat))",
    ),
    "trial": Workload(
        "fev_data, 537 rows of 197 patients, `us`, Kenward-Roger",
        _trial,
        _tested("FEV1 ~ RACE + SEX + ARMCD * AVISIT", covariance="us", visit="AVISIT", subject="USUBJID"),
        5,
    ),
    "subjects": Workload(
        "2,000 subjects by 10 visits, `us`, Kenward-Roger",
        _subjects(0.0),
        _tested("y ~ base + arm * visit", covariance="us", visit="visit", subject="id"),
        50,
    ),
    "subjects-missing": Workload(
        "the same, 5 % of the visits missing",
        _subjects(0.05),
        _tested("y ~ base + arm * visit", covariance="us", visit="visit", subject="id"),
        50,
    ),
    "persons-1m": Workload(
        "1,000,000 rows of 100,000 persons, `ar1` and a random intercept",
        _persons,
        _mixed("y ~ x + (1 | id)", "ar1(t | id)"),
        2000,
    ),
}
