"""Whether effects of covariates differ within and between groups, which biases what the model has as one.

The score test of the covariates' group means (Mundlak 1978; Hausman 1978; Raudenbush and Bryk 2002, pp. 135-139), at
the variances of the fit.  With s the score of a group mean and I its information, both given the columns of the model,
its contextual effect is s / I with variance σ² / I.  The variance between groups of a fit without the mean holds what
the mean would explain, so that this error is no smaller than that of a fit with it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import added_columns
from ..estimation import Estimate, cached
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column, columns_of
from ..inference import chi_square_tail
from .finding import FINE, LOOK, Check, holm, p_text

Vector = NDArray[np.float64]

_VARIES = 1e-8
_SIGNIFICANT = 0.01
"""Probability below which a line of a summary is unlikely to be chance: nobody has asked for the test."""
_LARGE = 0.1
"""Deviations of the response by which a deviation of the group means must move it to be worth a line of a summary."""
_MOST_ROWS = 100_000
"""As many rows as are passed over again for a summary."""


@dataclass(frozen=True, slots=True)
class ContextualEffect:
    """What the group mean of a covariate adds to its own effect; of term "all" the joint test alone.

    ``shift`` is what a standard deviation of the group means moves the response by, in its standard deviations.
    """

    group: str
    term: str
    difference: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    shift: float

    @property
    def is_joint(self) -> bool:
        """Whether this is the joint test of a group's covariates."""
        return self.term == "all"


@cached
def contextual_effects(estimate: Estimate) -> list[ContextualEffect]:
    """Test the group means of every column that varies within and between the groups of some factor."""
    x = estimate.rows.model_matrix()
    found: list[ContextualEffect] = []
    for g, group in enumerate(estimate.layout.groups):
        names, means = _group_means(estimate, g, x)
        if names:
            found += _tests(estimate, group.name, names, means)
    return found


def check_heterogeneity_bias(estimate: Estimate) -> Check:
    """Judge the contextual effects of all covariates."""
    effects = contextual_effects(estimate)
    names = ("group", "term", "difference", "std_error", "statistic", "df", "p_value")
    rows = [tuple(getattr(effect, name) for name in names) for effect in effects]
    caveat = (
        "A score test at the variances of this fit; few groups give it little power, and what differs between groups "
        "for other reasons shows in it too."
    )
    return _check(effects, caveat, columns_of(names, rows, ("group", "term")), estimate.kind)


def _check(effects: list[ContextualEffect], caveat: str, table: dict[str, Column], kind: str) -> Check:
    name = "heterogeneity bias"
    if not effects:
        finding = "No covariate varies both within and between groups."
        return Check(name, FINE, finding, caveat, table, kind)
    joint = [effect for effect in effects if effect.is_joint]
    found = [effect for effect in joint if effect.p_value * len(joint) < 0.05]
    if not found:
        shown = ", ".join(f"{effect.group}: {p_text(effect.p_value)}" for effect in joint)
        return Check(name, FINE, f"Effects within and between groups agree ({shown}).", caveat, table, kind)
    parts = []
    for one in found:
        single = [e for e in effects if e.group == one.group and not e.is_joint and e.p_value < 0.05]
        of = ", ".join(f"{e.term} (between less within: {e.difference:.3g}, SE {e.std_error:.2g})" for e in single)
        parts.append(f"{one.group}, {p_text(one.p_value)}" + (f": {of}" if of else ""))
    finding = (
        f"Effects within and between groups differ ({'; '.join(parts)}). Add the group means of these covariates, or "
        "centre them within groups, to have both effects."
    )
    return Check(name, LOOK, finding, caveat, table, kind)


def large_contextual_effects(estimate: Estimate) -> Iterator[str]:
    """Say in a sentence each which variables have a contextual effect that is significant and large."""
    if isinstance(estimate, GeneralizedEstimate) or estimate.rows_if_kept is None or not estimate.layout.groups:
        return
    if estimate.layout.n_rows > _MOST_ROWS:
        return
    if estimate.request.residual is not None:  # weights of rows are not all that their residuals say
        return
    single = [effect for effect in contextual_effects(estimate) if not effect.is_joint and ":" not in effect.term]
    for effect, p in zip(single, holm([effect.p_value for effect in single]), strict=True):
        if p < _SIGNIFICANT and abs(effect.shift) >= _LARGE:
            yield (
                f"{effect.term}: one coefficient for its effect within and between {effect.group}, which differ "
                f"(contextual effect {effect.difference:.3g}, SE {effect.std_error:.2g}, {p_text(p)}); see "
                "check.heterogeneity_bias()."
            )


def _group_means(estimate: Estimate, g: int, x: Vector) -> tuple[list[str], Vector]:
    """Return the group means, row by row, of the columns that vary within groups and whose means vary."""
    codes = estimate.rows.group_codes(g)
    sizes = np.bincount(codes)
    names, columns = [], []
    for k in estimate.layout.kept:
        values = x[:, k]
        means = (np.bincount(codes, values) / np.maximum(sizes, 1))[codes]
        total = float(np.var(values))
        if total > 0 and np.var(values - means) > _VARIES * total and np.var(means) > _VARIES * total:
            names.append(estimate.layout.columns[k])
            columns.append(means - means.mean())
    return names, np.array(columns).T


def _tests(estimate: Estimate, group: str, names: list[str], means: Vector) -> list[ContextualEffect]:
    found = added_columns(estimate.core, estimate.rows, np.ascontiguousarray(means))
    information, score = found["information"], found["score"]
    variance, spread = estimate.residual_variance, float(np.std(estimate.rows.response()))
    effects = []
    known = np.diag(information) > 0
    for k in np.flatnonzero(known):
        difference, error = float(score[k] / information[k, k]), math.sqrt(variance / information[k, k])
        statistic = (difference / error) ** 2
        tail, shift = chi_square_tail(statistic, 1.0), difference * float(np.std(means[:, k])) / spread
        effects.append(ContextualEffect(group, names[k], difference, error, statistic, 1.0, tail, shift))
    if not effects:
        return []
    return [*effects, _joint(group, information[np.ix_(known, known)] / variance, score[known] / variance)]


def _joint(group: str, information: Vector, score: Vector) -> ContextualEffect:
    """Test all covariates of a group at once, over the directions that the data tell apart."""
    scale = np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    kept = values > _VARIES * values.max()
    along = vectors.T @ (score / scale)
    statistic, df = float(np.sum(along[kept] ** 2 / values[kept])), float(kept.sum())
    nan = math.nan
    return ContextualEffect(group, "all", nan, nan, statistic, df, chi_square_tail(statistic, df), nan)
