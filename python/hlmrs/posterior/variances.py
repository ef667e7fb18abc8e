"""Shares of the variance on draws: intraclass correlations, R², sources by level."""

from __future__ import annotations

from ..effectsize import decomposition_of_draws, explained_by, parts_of_draws, parts_on_link, shares_of
from ..effectsize.shares import VarianceParts
from ..errors import DesignError
from ..frame import Column
from ..inference import require_random_effects
from .draws import Draws
from .generalized_draws import GeneralizedDraws
from .summary import moments


def intraclass_table(draws: Draws, level: float) -> dict[str, Column]:
    """Tabulate the shares of the grouping factors in the variance that the fixed part leaves, and in all of it."""
    if not isinstance(draws, GeneralizedDraws):
        require_random_effects(draws.estimate)
    parts = _parts(draws)
    names, n = list(parts.random), len(parts.random)
    adjusted, unadjusted, *by_group = shares_of(parts)
    rows = [("all together", "adjusted", adjusted), ("all together", "unadjusted", unadjusted)]
    rows += [(name, "adjusted", own) for name, own in zip(names, by_group[:n], strict=True)]
    rows += [(name, "unadjusted", own) for name, own in zip(names, by_group[n:], strict=True)]
    keys: dict[str, Column] = {"group": [row[0] for row in rows], "share": [row[1] for row in rows]}
    return {**keys, **moments([row[2] for row in rows], level)}


def explained_table(draws: Draws, level: float) -> dict[str, Column]:
    """Tabulate the shares that the fixed part, and fixed and random part, explain."""
    return {"r2": ["marginal", "conditional"], **moments(explained_by(_parts(draws)), level)}


def decomposition_table(draws: Draws, level: float) -> dict[str, Column]:
    """Tabulate the variance by source and level, with its share of the total."""
    if isinstance(draws, GeneralizedDraws):
        raise DesignError("sources of the variance by level are those of a linear model; icc() and r2() have shares")
    residual = draws.sigma**2 * draws.estimate.mean_residual_variance / draws.estimate.residual_variance
    sources, levels, variances = decomposition_of_draws(draws.estimate, draws.beta, draws.covariances, residual)
    shares = variances / variances.sum(axis=0)
    return {"source": sources, "level": levels, "variance": variances.mean(axis=1), **moments(list(shares), level)}


def _parts(draws: Draws) -> VarianceParts:
    if isinstance(draws, GeneralizedDraws):
        return parts_on_link(draws.estimate, draws.beta, draws.covariances)
    return parts_of_draws(draws.estimate, draws.beta, draws.covariances, draws.sigma)
