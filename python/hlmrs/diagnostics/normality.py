"""Whether residuals and random effects look normal: the test of Anderson and Darling, and the size of the departure.

D'Agostino and Stephens (1986), Goodness-of-Fit Techniques, section 4.8.5 and table 4.9 (mean and variance estimated).
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..frame import Column
from ..prediction import residuals
from .finding import FINE, LOOK, Check, holm, p_text, worst
from .groups import group_residuals

Vector = NDArray[np.float64]

_FEWEST = 8
_FEW = 30
_SKEWNESS, _KURTOSIS = 0.5, 1.0
"""Smaller departures of the shape than these change no conclusion about fixed effects."""


def anderson_darling(values: Vector) -> tuple[float, float]:
    """Return A² and its p value, mean and variance estimated.

    >>> statistic, p = anderson_darling(np.arange(20.0))
    >>> round(statistic, 3), round(p, 2)
    (0.221, 0.81)
    """
    n = len(values)
    if n < _FEWEST or np.ptp(values) == 0:
        return math.nan, math.nan
    z = np.sort((values - values.mean()) / values.std(ddof=1))
    lower, upper = _log_tail(-z), _log_tail(z)
    square = -n - float(np.mean((2 * np.arange(1, n + 1) - 1) * (lower + upper[::-1])))
    return square, _p_value(square * (1 + 0.75 / n + 2.25 / n**2))


def _log_tail(z: Vector) -> Vector:
    """Return log P(Z > z)."""
    tail = np.array([math.erfc(v / math.sqrt(2)) / 2 for v in z])
    far = z > 30
    return np.where(
        far, -(z**2) / 2 - np.log(np.where(far, z, 1.0) * math.sqrt(2 * math.pi)), np.log(tail.clip(1e-300))
    )


def _p_value(a: float) -> float:
    if a < 0.2:
        return 1 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)
    if a < 0.34:
        return 1 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    if a < 0.6:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    return math.exp(1.2937 - 5.709 * a + 0.0186 * a * a) if a < 10 else 3.7e-24


def moments(values: Vector) -> tuple[float, float]:
    """Return skewness and excess kurtosis."""
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    if variance == 0:
        return math.nan, math.nan
    return float(np.mean(centred**3)) / variance**1.5, float(np.mean(centred**4)) / variance**2 - 3


def check_normality(estimate: Estimate) -> Check:
    """Test the rows' studentized residuals, and every random effect over its own standard deviation."""
    samples = {("Residual", ""): residuals(estimate, "studentized")}
    for g in range(len(estimate.layout.groups)):
        found = group_residuals(estimate, g)
        samples |= {(found.group, term): v for term, v in zip(found.terms, found.standardized.T, strict=True)}
    samples = {name: values[np.isfinite(values)] for name, values in samples.items()}
    tests = [anderson_darling(values) for values in samples.values()]
    shapes = [moments(values) if len(values) > 1 else (math.nan, math.nan) for values in samples.values()]
    tested = [k for k, (_, p) in enumerate(tests) if not math.isnan(p)]
    adjusted = dict(zip(tested, holm([tests[k][1] for k in tested]), strict=True))
    names = [group if not term else f"{term} | {group}" for group, term in samples]
    parts, verdicts = [], []
    for k, name in enumerate(names):
        n = len(list(samples.values())[k])
        verdict, text = _judged(name, n, adjusted.get(k), shapes[k])
        parts.append(text)
        verdicts.append(verdict)
    table: dict[str, Column] = {
        "group": [group for group, _ in samples],
        "term": [term or None for _, term in samples],
        "n": np.array([len(values) for values in samples.values()]),
        "statistic": np.array([statistic for statistic, _ in tests]),
        "p_value": np.array([p for _, p in tests]),
        "skewness": np.array([skewness for skewness, _ in shapes]),
        "kurtosis": np.array([kurtosis for _, kurtosis in shapes]),
    }
    caveat = (
        "Predicted random effects are shrunken towards normality, so that a test of them sees little (Verbeke and "
        "Lesaffre 1996); estimates and tests of fixed effects hardly depend on it."
    )
    finding = "Anderson-Darling tests, p corrected by Holm. " + " ".join(parts)
    return Check("normality", worst(verdicts), finding, caveat, table, estimate.kind)


def _judged(name: str, n: int, p: float | None, shape: tuple[float, float]) -> tuple[str, str]:
    what = "Residuals" if name == "Residual" else f"Random effects {name}"
    if p is None:
        return FINE, f"{what}: not tested, {n} values are too few or do not vary."
    size = f"skewness {shape[0]:.2f}, excess kurtosis {shape[1]:.2f}"
    if p >= 0.05:
        power = f"; {n} values show only large departures" if n < _FEW else ""
        return FINE, f"{what}: no departure seen ({p_text(p)}, {size}{power})."
    if abs(shape[0]) < _SKEWNESS and abs(shape[1]) < _KURTOSIS:
        return FINE, f"{what}: a departure that {n:,} values make visible ({p_text(p)}), small in size ({size})."
    return LOOK, f"{what}: not normal ({p_text(p)}, {size}); look at the quantile plot."
