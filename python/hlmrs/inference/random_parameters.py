"""Standard deviations, correlations and ranges of random effects as users read them; standard errors and intervals.

The standard errors of variance components follow by the delta method from the curvature of the criterion at the
optimum, that is from the observed information.  Intervals are made where the estimate is closer to normal: of the
logarithm of a standard deviation or a range, and of Fisher's z of a correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_quantile
from ..errors import OptionError
from ..estimation import Estimate, RandomPart
from ..estimation.fixed_parameters import fixed_names
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.layout import RandomTermLayout
from ..formula import STRUCTURES
from .degrees_of_freedom import variance_parts
from .wald import check_level

Vector = NDArray[np.float64]
_BOUNDARY = 1e-4
"""Standard deviations relative to sigma, and distances of correlations from 1, that count as none."""
_KNOWN = 1e-8
"""Standard errors, relative to variances, of covariances that are held at a value, at most."""
_NAMES_OF_RESIDUAL = ("Residual", "sigma")


@dataclass(frozen=True, slots=True)
class RandomParameter:
    """A standard deviation (`row` is `column`) or correlation of a random term, or a range; the residual has no term.

    Of a range, `row` and `column` are two effects on whose correlation it depends, with the slope `slope`.
    """

    group: str
    name: str
    term: int | None
    row: int
    column: int
    estimate: float
    kind: str = "sd"
    slope: float = 1.0


def random_parameters(estimate: Estimate | RandomPart) -> list[RandomParameter]:
    """List the parameters of every random term, and the residual's last; their names are those of ``confint``."""
    layout, found, taken = estimate.layout, list[RandomParameter](), set(estimate.layout.coef_names)
    prefix = f"{estimate.name}:" if isinstance(estimate, RandomPart) else ""
    for t, (term, covariance) in enumerate(zip(layout.random, estimate.core.covariances(), strict=True)):
        group, columns = layout.groups[term.group].name, [prefix + column for column in term.columns]
        for k, (name, row, column, kind) in enumerate(_named(term.structure, columns, group)):
            free, n = name, 0
            while free in taken:
                n += 1
                free = _named(term.structure, columns, f"{group}.{n}")[k][0]
            taken.add(free)
            if kind == "distance":
                i, j, value, slope = distance_parameter(term, covariance)
                found.append(RandomParameter(group, free, t, i, j, value, kind, slope))
            else:
                found.append(RandomParameter(group, free, t, row, column, _value(covariance, row, column), kind))
    if estimate.has_residual:
        name = _NAMES_OF_RESIDUAL[1] + "_" * (_NAMES_OF_RESIDUAL[1] in taken)
        found.append(RandomParameter(_NAMES_OF_RESIDUAL[0], name, None, 0, 0, estimate.sigma))
    return found


def distance_parameter(term: RandomTermLayout, covariance: NDArray[np.float64]) -> tuple[int, int, float, float]:
    """Return two effects that lie nearest to each other; the range or rate, and its slope in their correlation."""
    row, column, distance = term.nearest
    i, j = int(row), int(column)
    return (i, j, *STRUCTURES[term.structure].of_correlation(_value(covariance, i, j), distance))


def distances_of(estimate: Estimate | RandomPart) -> list[tuple[str, str, float]]:
    """List grouping factor, name and value of every range or rate: of terms whose effects lie at places."""
    layout, found = estimate.layout, []
    for term, covariance in zip(layout.random, estimate.core.covariances(), strict=True):
        for name, _, _, kind in _named(term.structure, term.columns, ""):
            if kind == "distance":
                own = f"{term.structure} {name.partition('(')[0]}"
                found.append((layout.groups[term.group].name, own, distance_parameter(term, covariance)[2]))
    return found


def _named(structure: str, columns: Sequence[str], group: str) -> list[tuple[str, int, int, str]]:
    return STRUCTURES[structure].reported(list(columns), group)


def _value(covariance: NDArray[np.float64], row: int, column: int) -> float:
    sd = np.sqrt(np.diag(covariance))
    if row == column:
        return float(sd[row])
    scale = float(sd[row] * sd[column])
    return float(covariance[row, column]) / scale if scale > 0 else np.nan


def component_errors(estimate: Estimate) -> list[NDArray[np.float64]]:
    """Return the standard errors of every random term's covariance, entry by entry, and last that of sigma^2.

    NaN where a variance is at its boundary, where the errors mean nothing, and where sigma is known.
    """
    covariance, places = _component_covariance(estimate), _places(estimate)
    errors = np.sqrt(np.diag(covariance).clip(min=0))
    found, holds = [], bool(estimate.request.control.fix)
    for (first, width), own in zip(places, estimate.core.covariances(), strict=True):
        block = errors[first : first + width**2].reshape(width, width)
        sd = np.sqrt(np.diag(own))
        gone, known = sd < _BOUNDARY * estimate.sigma, holds & (block < _KNOWN * np.outer(sd, sd))
        found.append(np.where(gone[:, None] | gone[None, :] | known, np.nan, block))
    of_residual = errors[-1:] if estimate.request.sigma is None else np.array([np.nan])
    return [*found, of_residual.reshape(1, 1)]


def covariances_of(values: NDArray[np.float64], widths: Sequence[int]) -> list[NDArray[np.float64]]:
    """Return covariances (draws x effects x effects) from draws of ``covariance_parameters``.

    A correlation with an effect without variance does not count.
    """
    at, found = 0, []
    for r in widths:
        row, column = np.tril_indices(r, -1)
        correlation = np.tile(np.eye(r), (len(values), 1, 1))
        own = np.nan_to_num(values[:, at + r : at + r * (r + 1) // 2])
        correlation[:, row, column] = correlation[:, column, row] = own
        sd = values[:, at : at + r]
        found.append(correlation * sd[:, :, None] * sd[:, None, :])
        at += r * (r + 1) // 2
    return found


def parameter_errors(estimate: Estimate, parameters: Sequence[RandomParameter]) -> Vector:
    """Return the standard errors of standard deviations and correlations."""
    covariance, places = _component_covariance(estimate), _places(estimate)
    fixed = fixed_names(estimate.request)
    slopes = np.array([_slope(estimate, one, places, len(covariance)) for one in parameters])
    slopes[[one.name in fixed for one in parameters]] = np.nan
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.einsum("ki,ij,kj->k", slopes, covariance, slopes)))


def wald_intervals(estimate: Estimate, level: float) -> tuple[Vector, Vector, Vector]:
    """Return standard errors and bounds of all parameters."""
    check_level(level)
    parameters = random_parameters(estimate)
    values, errors = np.array([one.estimate for one in parameters]), parameter_errors(estimate, parameters)
    z = two_sided_quantile(level, np.inf)
    is_positive = np.array([one.kind != "correlation" for one in parameters])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = np.exp(z * errors / values)
        middle, margin = np.arctanh(values), z * errors / (1 - values**2)
        low = np.where(is_positive, values / ratio, np.tanh(middle - margin))
        high = np.where(is_positive, values * ratio, np.tanh(middle + margin))
    return errors, low, high


def _component_covariance(estimate: Estimate) -> NDArray[np.float64]:
    """Return the covariance of the variance components: J'CJ, C that of theta and log sigma^2."""
    if isinstance(estimate, GeneralizedEstimate):
        raise OptionError(
            "standard errors of variance components are those of linear models; confint(method='profile') and "
            "confint(method='boot') have intervals of a generalized one"
        )
    parts = variance_parts(estimate)
    slopes = parts["component_slopes"]
    return np.asarray(slopes.T @ parts["covariance"] @ slopes)


def _places(estimate: Estimate) -> list[tuple[int, int]]:
    """Return where every random term's covariance begins among the components, and its width."""
    widths = [len(term.columns) for term in estimate.layout.random]
    return [(sum(w**2 for w in widths[:k]), width) for k, width in enumerate(widths)]


def _slope(estimate: Estimate, one: RandomParameter, places: Sequence[tuple[int, int]], n: int) -> Vector:
    """Return the slopes of a parameter in the components: NaN at the boundary."""
    slope = np.zeros(n)
    if one.term is None:
        slope[-1] = 1 / (2 * one.estimate)
        return slope
    first, width = places[one.term]
    covariance = estimate.core.covariances()[one.term]
    i, j = one.row, one.column
    v = np.diag(covariance)
    at_boundary = np.sqrt(v[[i, j]]).min() < _BOUNDARY * estimate.sigma
    correlation = _value(covariance, i, j) if i != j else 0.0
    at_an_end = one.kind == "distance" and correlation < _BOUNDARY
    if at_boundary or at_an_end or 1 - abs(correlation) < _BOUNDARY:
        return np.full(n, np.nan)
    if i == j:
        slope[first + i * width + i] = 1 / (2 * one.estimate)
        return slope
    slope[first + i * width + j] = 1 / np.sqrt(v[i] * v[j])
    slope[first + i * width + i] = -correlation / (2 * v[i])
    slope[first + j * width + j] = -correlation / (2 * v[j])
    return one.slope * slope
