"""Random effects: their variances, correlations and shares of the variance; their modes; the coefficients of groups."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation import Estimate
from ..frame import Column

NAN = float("nan")
RESIDUAL = "Residual"


class VarianceComponent(NamedTuple):
    """A variance (`term2` is None) or a covariance of two random effects; the residual has no term."""

    group: str
    term1: str | None
    term2: str | None
    variance: float
    sd: float
    corr: float


def variance_components(estimate: Estimate) -> list[VarianceComponent]:
    """List the variances of every random term, each term's covariances after them, and the residual's last."""
    layout, sigma = estimate.layout, estimate.sigma
    rows: list[VarianceComponent] = []
    for term, covariance in zip(layout.random, estimate.core.covariances(), strict=True):
        rows += _of_term(layout.groups[term.group].name, term.columns, covariance)
    return [*rows, VarianceComponent(RESIDUAL, None, None, sigma**2, sigma, NAN)]


def variance_shares(estimate: Estimate) -> list[NDArray[np.float64]]:
    """Return, by random term and last for the residual, each effect's share of the variance of a mean row.

    An effect's share is its row of tr(Σ M), where M is the mean of z z'; the shares of a term sum to that of the term.
    """
    parts = [
        (covariance * moments).sum(axis=1)
        for covariance, moments in zip(estimate.core.covariances(), estimate.moments, strict=True)
    ]
    parts.append(np.array([estimate.residual_variance]))
    total = sum(float(part.sum()) for part in parts)
    return [part / total for part in parts]


def _of_term(group: str, columns: Sequence[str], covariance: NDArray[np.float64]) -> Iterator[VarianceComponent]:
    sd = np.sqrt(np.diag(covariance))
    for k, name in enumerate(columns):
        yield VarianceComponent(group, name, None, float(covariance[k, k]), float(sd[k]), NAN)
    for j, first in enumerate(columns):
        for i in range(j + 1, len(columns)):
            scale = float(sd[i] * sd[j])
            corr = float(covariance[i, j]) / scale if scale > 0 else NAN
            yield VarianceComponent(group, first, columns[i], float(covariance[i, j]), NAN, corr)


def random_effects(estimate: Estimate) -> dict[str, Column]:
    """Tabulate the conditional modes and their conditional standard deviations, term by term, level by level."""
    layout, core = estimate.layout, estimate.core
    groups: list[str] = []
    levels: list[str] = []
    terms: list[str] = []
    for term in layout.random:
        group = layout.groups[term.group]
        groups += [group.name] * (len(group.levels) * len(term.columns))
        levels += [level for level in group.levels for _ in term.columns]
        terms += [*term.columns] * len(group.levels)
    return {
        "group": groups,
        "level": levels,
        "term": terms,
        "estimate": np.concatenate([modes.ravel() for modes in core.modes()]),
        "std_error": np.sqrt(np.concatenate([variance.ravel() for variance in mode_variances(estimate)])),
    }


def mode_variances(estimate: Estimate) -> list[NDArray[np.float64]]:
    """Return the conditional variances of every term's modes, of shape (levels, effects)."""
    return [np.diagonal(covariance, axis1=1, axis2=2) for covariance in estimate.core.mode_covariances()]


def group_coefficients(estimate: Estimate, group: str) -> dict[str, Column]:
    """Tabulate fixed effects plus random effects of every level of a grouping factor."""
    layout = estimate.layout
    terms = [k for k, term in enumerate(layout.random) if layout.groups[term.group].name == group]
    if not terms:
        known = [g.name for g in layout.groups]
        raise OptionError(f"there is no grouping factor {group!r}; the model has {', '.join(map(repr, known))}")
    levels = next(g.levels for g in layout.groups if g.name == group)
    table: dict[str, NDArray[np.float64]] = {
        name: np.full(len(levels), value) for name, value in zip(layout.coef_names, estimate.core.beta, strict=True)
    }
    modes = estimate.core.modes()
    for k in terms:
        for name, values in zip(layout.random[k].columns, modes[k].T, strict=True):
            table[name] = table.get(name, np.zeros(len(levels))) + values
    return {"level": list(levels), **table}


def chosen_terms(estimate: Estimate, choice: bool | str | Sequence[str]) -> list[bool]:
    """Say which random terms a prediction uses: all, none, or those named by their group or in full."""
    layout = estimate.layout
    if isinstance(choice, bool | np.bool_):
        return [bool(choice)] * len(layout.random)
    chosen = [choice] if isinstance(choice, str) else list(choice)
    names = [(layout.groups[term.group].name, term.name) for term in layout.random]
    for name in chosen:
        if not any(name in pair for pair in names):
            known = dict.fromkeys(name for pair in names for name in pair)
            raise OptionError(
                f"random_effects={choice!r}: the model has no {name!r}, but {', '.join(map(repr, known))}"
            )
    return [any(name in pair for name in chosen) for pair in names]
