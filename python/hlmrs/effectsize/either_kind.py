"""Shares of the variance of a fit of either kind, linear or generalized, where they are defined."""

from typing import NamedTuple

from ..errors import HlmrsError
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from .generalized import VarianceChoice, generalized_icc, generalized_r2
from .shares import IntervalChoice, intraclass_correlation, r_squared


class ExplainedShares(NamedTuple):
    """The adjusted intraclass correlation, and Nakagawa's marginal and conditional R²."""

    icc: float
    marginal: float
    conditional: float


def explained_shares(estimate: Estimate) -> ExplainedShares | None:
    """Return the shares; None where the family has none, no groups are in the model, or the rows are gone."""
    if not isinstance(estimate, GeneralizedEstimate) and not estimate.layout.random:
        return None
    try:
        if isinstance(estimate, GeneralizedEstimate):
            choice = VarianceChoice(None, "conditional")
            icc, r2 = generalized_icc(estimate, choice), generalized_r2(estimate, choice)
        else:
            none = IntervalChoice(None, 0.95, 1, None)
            icc, r2 = intraclass_correlation(estimate, none), r_squared(estimate, none)
    except HlmrsError:
        return None
    return ExplainedShares(icc.adjusted, r2.marginal, r2.conditional)
