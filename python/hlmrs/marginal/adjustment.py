"""What several tests at once cost: adjusted p-values, and the quantiles of simultaneous intervals.

Westfall, Tobias and Wolfinger (2011), Multiple Comparisons and Multiple Tests; Benjamini and Hochberg (1995).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..frame import Column
from ..inference import (
    LargestStatistic,
    f_quantile,
    f_tail,
    studentized_range_quantile,
    studentized_range_tail,
    two_sided_ps,
    two_sided_quantiles,
)
from ..options import Adjustment
from .functions import Estimates

Vector = NDArray[np.float64]

_NODES = 8

METHODS: tuple[Adjustment, ...] = get_args(Adjustment)


@dataclass(frozen=True, slots=True)
class Family:
    """Tests that are made together: their method, and how many means they compare."""

    method: str
    n_means: int


def chosen_adjustment(adjust: str, method: object, *, one_factor: bool) -> str:
    """Return the adjustment that a name means, and refuse one that does not belong to the contrasts."""
    adjust = choose("adjust", adjust, METHODS)
    if adjust == "tukey" and (method != "pairwise" or not one_factor):
        raise OptionError("adjust='tukey' is for all pairwise comparisons of means; for these contrasts use 'mvt'")
    if adjust == "dunnett" and (method not in ("reference", "trt.vs.ctrl") or not one_factor):
        raise OptionError("adjust='dunnett' is for comparisons with a reference; for these contrasts use 'mvt'")
    return adjust


def adjusted(found: Estimates, family: Family, level: float) -> tuple[Vector, Vector]:
    """Return adjusted p-values and the multipliers of the standard errors; what is NaN is no test of the family."""
    known = np.isfinite(found.value) & (found.std_error > 0)
    p, quantile = np.full(len(known), math.nan), np.full(len(known), math.nan)
    if known.any():
        p[known], quantile[known] = _RULES[family.method](found.part(known), family, level)
    return p, quantile


def test_columns(found: Estimates, families: "Sequence[tuple[int, Family]]", level: float) -> dict[str, Column]:
    """Tabulate estimates with tests and intervals, adjusted within each family of so many tests after another."""
    ends = np.cumsum([size for size, _ in families])
    parts = [
        adjusted(found.part(slice(int(end) - size, int(end))), family, level)
        for end, (size, family) in zip(ends, families, strict=True)
    ]
    p_value, quantile = (np.concatenate(part) for part in zip(*parts, strict=True))
    margin = quantile * found.std_error
    return {
        "estimate": found.value,
        "std_error": found.std_error,
        "df": found.df,
        "statistic": found.statistic,
        "p_value": p_value,
        "conf_low": found.value - margin,
        "conf_high": found.value + margin,
    }


def _raw(found: Estimates) -> Vector:
    return two_sided_ps(found.statistic, found.df)


def _t_quantiles(found: Estimates, level: float) -> Vector:
    return two_sided_quantiles(level, found.df)


def _none(found: Estimates, _: Family, level: float) -> tuple[Vector, Vector]:
    return _raw(found), _t_quantiles(found, level)


def _bonferroni(found: Estimates, _: Family, level: float) -> tuple[Vector, Vector]:
    n = len(found.value)
    return np.minimum(1, n * _raw(found)), _t_quantiles(found, 1 - (1 - level) / n)


def _sidak(found: Estimates, _: Family, level: float) -> tuple[Vector, Vector]:
    n = len(found.value)
    with np.errstate(divide="ignore"):
        p = -np.expm1(n * np.log1p(-_raw(found)))
    return p, _t_quantiles(found, level ** (1 / n))


def _tukey(found: Estimates, family: Family, level: float) -> tuple[Vector, Vector]:
    root = math.sqrt(2)
    pairs = list(zip(np.abs(found.statistic), found.df, strict=True))
    p = [studentized_range_tail(root * float(t), family.n_means, float(df)) for t, df in pairs]
    quantiles = _by_df(lambda df: studentized_range_quantile(1 - level, family.n_means, df) / root, found.df)
    return np.array(p), quantiles


def _scheffe(found: Estimates, _: Family, level: float) -> tuple[Vector, Vector]:
    rank = int(np.linalg.matrix_rank(_correlation(found), tol=1e-8))
    pairs = list(zip(found.statistic, found.df, strict=True))
    p = [f_tail(float(t) ** 2 / rank, rank, float(df)) for t, df in pairs]
    return np.array(p), np.array([math.sqrt(rank * f_quantile(1 - level, rank, float(df))) for df in found.df])


def _largest(found: Estimates, _: Family, level: float) -> tuple[Vector, Vector]:
    largest = LargestStatistic(_correlation(found))
    pairs = list(zip(np.abs(found.statistic), found.df, strict=True))
    p = [largest.tail(float(t), float(df)) for t, df in pairs]
    return np.array(p), _by_df(lambda df: largest.quantile(1 - level, df), found.df)


def _stepwise(rule: Callable[[Vector], Vector]) -> Callable[[Estimates, Family, float], tuple[Vector, Vector]]:
    """Adjust p-values in their order; such methods have no intervals of their own: these are Bonferroni's."""

    def adjust(found: Estimates, family: Family, level: float) -> tuple[Vector, Vector]:
        raw = _raw(found)
        order = np.argsort(raw, kind="stable")
        out = np.empty_like(raw)
        out[order] = np.minimum(1, rule(raw[order]))
        return out, _bonferroni(found, family, level)[1]

    return adjust


def _holm(p: Vector) -> Vector:
    return np.maximum.accumulate(np.arange(len(p), 0, -1) * p)


def _hochberg(p: Vector) -> Vector:
    return np.minimum.accumulate((np.arange(len(p), 0, -1) * p)[::-1])[::-1]


def _benjamini_hochberg(p: Vector) -> Vector:
    n = len(p)
    return np.minimum.accumulate((n / np.arange(1, n + 1) * p)[::-1])[::-1]


def _benjamini_yekutieli(p: Vector) -> Vector:
    return np.asarray(_benjamini_hochberg(p) * np.sum(1 / np.arange(1, len(p) + 1)))


def _by_df(quantile: Callable[[float], float], df: Vector) -> Vector:
    """Return a quantile for every df; of many different ones by a polynomial in 1 / df, in which it is smooth."""
    rates = 1 / df
    distinct = np.unique(rates)
    if len(distinct) <= _NODES:
        known = {rate: quantile(1 / rate if rate > 0 else math.inf) for rate in distinct.tolist()}
        return np.array([known[rate] for rate in rates.tolist()])
    low, high = float(distinct[0]), float(distinct[-1])
    places = low + (high - low) * (1 - np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)) / 2
    values = [quantile(1 / rate if rate > 0 else math.inf) for rate in places.tolist()]
    return np.asarray(np.polynomial.Polynomial.fit(places, values, _NODES - 1)(rates))


def _correlation(found: Estimates) -> Vector:
    sd = np.sqrt(np.diag(found.covariance))
    return np.asarray(found.covariance / np.outer(sd, sd))


_RULES: dict[str, Callable[[Estimates, Family, float], tuple[Vector, Vector]]] = {
    "none": _none,
    "tukey": _tukey,
    "dunnett": _largest,
    "scheffe": _scheffe,
    "mvt": _largest,
    "sidak": _sidak,
    "bonferroni": _bonferroni,
    "holm": _stepwise(_holm),
    "hochberg": _stepwise(_hochberg),
    "bh": _stepwise(_benjamini_hochberg),
    "fdr": _stepwise(_benjamini_hochberg),
    "by": _stepwise(_benjamini_yekutieli),
}
