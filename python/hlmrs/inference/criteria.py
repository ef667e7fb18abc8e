"""Information criteria."""

import math
from typing import NamedTuple


class InformationCriteria(NamedTuple):
    """Log-likelihood, Akaike's criterion, the same corrected for few rows (NaN for too few), and Schwarz's."""

    loglik: float
    aic: float
    aicc: float
    bic: float


def information_criteria(criterion: float, n_params: int, n: int) -> InformationCriteria:
    """Return what follows from -2 log-likelihood (or the REML criterion), free parameters and rows."""
    aic = criterion + 2 * n_params
    left = n - n_params - 1
    aicc = aic + 2 * n_params * (n_params + 1) / left if left > 0 else math.nan
    return InformationCriteria(-criterion / 2, aic, aicc, criterion + n_params * math.log(n))


def counted_criteria(
    criterion: float, n_params: int, n_fixed: int, n: int, *, variances_only: bool
) -> tuple[int, InformationCriteria]:
    """Return the parameters that count, and the criteria: under REML those of variances alone, if so asked.

    SAS and SPSS count so, since the restricted likelihood is that of contrasts without fixed effects.
    """
    counted = n_params - n_fixed if variances_only else n_params
    return counted, information_criteria(criterion, counted, n)
