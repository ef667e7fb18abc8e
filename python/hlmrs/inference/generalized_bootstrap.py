"""Replicates of a generalized model's parameters: refits to simulated responses, or to groups drawn or left out."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter, generalized_case_bootstrap, generalized_jackknife, generalized_refits
from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..resources import Progress
from .generalized_simulation import responses

Vector = NDArray[np.float64]
_TOGETHER = 2**22
"""Numbers of the responses that are simulated before they are fitted, about."""


def generalized_replicates(
    estimate: GeneralizedEstimate,
    chosen: Sequence[Parameter],
    n: int,
    kind: str,
    seed: int,
    factors: Sequence[int],
    shown: Progress,
) -> Vector:
    """Return the values of parameters in replicates of a fit, shape (n, n_parameters)."""
    if kind == "residual":
        raise OptionError(
            "kind='residual' draws residuals of a normal response; a generalized model has 'parametric' and 'case'"
        )
    fit, wanted, threads = estimate.own.fit, list(chosen), estimate.threads
    if kind == "case":
        return generalized_case_bootstrap(fit, wanted, list(factors), n, seed, threads, shown.reach)
    drawn, values = responses(estimate, seed), []
    size = max(1, min(n, _TOGETHER // max(1, estimate.layout.n_rows)))
    lowest = 1.0 if estimate.categories else 0.0
    for first in range(0, n, size):
        y = np.column_stack(list(islice(drawn, min(size, n - first)))) - lowest
        values.append(
            generalized_refits(fit, wanted, y, threads, lambda done, first=first: shown.reach(first + done))  # type: ignore[misc]
        )
    return np.concatenate(values)


def groups_left_out(estimate: GeneralizedEstimate, chosen: Sequence[Parameter], factors: Sequence[int]) -> Vector:
    """Return the parameters without each level of the factors in turn."""
    n = sum(len(estimate.layout.groups[k].levels) for k in factors)
    with Progress("groups", n) as shown:
        return generalized_jackknife(estimate.own.fit, list(chosen), list(factors), estimate.threads, shown.reach)
