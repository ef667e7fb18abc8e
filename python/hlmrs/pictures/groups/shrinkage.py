"""How far the estimates of single groups are drawn towards the mean: from least squares to empirical Bayes.

Raudenbush and Bryk (2002), Hierarchical Linear Models, p. 48 and 87.
"""

import numpy as np
from numpy.typing import NDArray

from ...diagnostics import group_residuals
from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError, suggestion
from ...estimation import Estimate
from ...inference import group_index, group_keys
from ..words import joined, named

Vector = NDArray[np.float64]


def shrinkage(estimate: Estimate, group: str | None, terms: str | tuple[str, str] | None) -> Picture:
    """Return both estimates of every group: of two effects, or of one where there is one."""
    layout = estimate.layout
    if not layout.random:
        raise OptionError(
            "the model has no random effects that could be drawn towards zero: lmer() takes terms such as (1 | g)"
        )
    g = layout.random[0].group if group is None else group_index(estimate, group)
    found = group_residuals(estimate, g)
    shown = _chosen(found.terms, terms)
    n = estimate.group_rows[g]
    levels = np.repeat(np.arange(len(found.levels)), len(shown))
    columns = {
        "term": [found.terms[k] for k in shown] * len(found.levels),
        "n": n[levels],
        "least_squares": found.least_squares[:, shown].ravel(),
        "estimate": found.modes[:, shown].ravel(),
    }
    names = [found.terms[k] for k in shown]
    labels = [_label(name) for name in names]
    further = {
        "from": found.least_squares[:, shown],
        "to": found.modes[:, shown],
        "n": n,
        "ellipse": _ellipse(estimate, g, shown) if len(shown) == 2 else None,
        "size": (6.0, 5.6),
    }
    x, y = labels if len(shown) == 2 else ("Least squares of the group's rows", "Random effect (empirical Bayes)")
    title = f"{named(estimate)}: shrinkage of {joined([_plural(name) for name in names])} of {found.group}"
    finding = _finding(found.least_squares[:, shown], found.modes[:, shown], names)
    keys = group_keys(estimate, g, levels, list(columns))
    return Picture("shrinkage", keys | columns, title, x, y, f"{title}. {finding}", finding, further)


def _chosen(known: list[str], terms: str | tuple[str, str] | None) -> list[int]:
    if terms is None:
        return list(range(min(2, len(known))))
    given = [terms] if isinstance(terms, str) else list(terms)
    for name in given:
        if name not in known:
            raise OptionError(f"terms: no random effect {name!r}{suggestion(name, known)}; there are {known}")
    if len(given) not in (1, 2):
        raise OptionError(f"terms={terms!r}: name one or two random effects")
    return [known.index(name) for name in given]


def _ellipse(estimate: Estimate, g: int, shown: list[int]) -> Vector:
    """Return the covariance of two effects; between terms that is zero."""
    blocks = [estimate.core.covariances()[k] for k in estimate.layout.terms_of(g)]
    width = sum(len(block) for block in blocks)
    whole, start = np.zeros((width, width)), 0
    for block in blocks:
        whole[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    return whole[np.ix_(shown, shown)]


def _finding(least_squares: Vector, modes: Vector, names: list[str]) -> str:
    known = np.isfinite(least_squares).all(axis=1)
    parts = []
    for j, name in enumerate(names):
        own = float(np.sum(least_squares[known, j] ** 2))
        share = float(np.sum(modes[known, j] * least_squares[known, j])) / own if own > 0 else float("nan")
        parts.append(f"{_plural(name)} keep {short(100 * share)} % of their least squares")
    lost = int((~known).sum())
    text = "On average " + joined(parts) + "."
    return text + (f" {lost:,} groups have no least squares of their own." if lost else "")


def _label(name: str) -> str:
    return "Intercept" if name == "(Intercept)" else f"Slope of {name}"


def _plural(name: str) -> str:
    return "intercepts" if name == "(Intercept)" else f"slopes of {name}"
