"""The marginal likelihood."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import DesignError, OptionError, listed
from .by_priors import require_integrals
from .draws import Draws


class LogMarginal(NamedTuple):
    """log p(y), and its standard error by simulation."""

    value: float
    std_error: float


def log_marginal(draws: Draws) -> LogMarginal:
    """Return the logarithm of the marginal likelihood: the mean of the importance weights."""
    require_integrals(draws, "the marginal likelihood")
    correlations = [one.name for one in draws.priors.others if one.kind == "correlation"]
    if len(correlations) > 1:
        raise DesignError(
            f"the marginal likelihood is not offered beside {listed(correlations)}: they bound each other, so that the "
            "integral of their priors is not known"
        )
    found = draws.source["log_marginal"]
    if found is None:
        if draws.is_direct:
            raise DesignError(
                "the marginal likelihood is not offered of models with thresholds that depend on each other"
            )
        raise OptionError("chains do not tell the marginal likelihood; draw directly, by method='direct'")
    return LogMarginal(*map(float, found))
