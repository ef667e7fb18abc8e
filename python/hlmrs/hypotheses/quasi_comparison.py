"""Marginal models side by side: they have no likelihood, so that criteria of quasi-likelihood stand in its place."""

from collections.abc import Sequence

import numpy as np

from ..display import model_names
from ..errors import OptionError
from ..estimation.marginal import EquationsEstimate
from ..frame import Column
from ..inference import quasi_criteria
from .comparison import check_same_rows


def quasi_comparison(estimates: Sequence[EquationsEstimate], names: Sequence[str] | None) -> dict[str, Column]:
    """Tabulate marginal models from the lowest QIC on, with quasi-likelihoods over the scale of the largest model."""
    if len(estimates) < 2:
        raise OptionError("a comparison needs two fits or more")
    for other in estimates[1:]:
        check_same_rows(estimates[0], other)
        _check_same_variance(estimates[0], other)
    largest = max(estimates, key=lambda estimate: len(estimate.own.beta))
    scale = largest.own.fit.scale
    found = [quasi_criteria(estimate, scale) for estimate in estimates]
    order = sorted(range(len(found)), key=lambda k: found[k].qic)
    labels = model_names(len(estimates), names)
    models, found = [estimates[k] for k in order], [found[k] for k in order]
    return {
        "model": [labels[k] for k in order],
        "formula": [model.request.spec.formula.strip() for model in models],
        "correlation": [model.asked.correlation for model in models],
        "n_params": np.array([len(model.own.beta) for model in models]),
        "qic": np.array([one.qic for one in found]),
        "qicu": np.array([one.qicu for one in found]),
        "cic": np.array([one.cic for one in found]),
        "quasi_likelihood": np.array([one.quasi_likelihood for one in found]),
        "scale": np.full(len(found), scale),
    }


def _check_same_variance(one: EquationsEstimate, other: EquationsEstimate) -> None:
    a, b = one.family.name, other.family.name
    if a != b:
        raise OptionError(f"quasi-likelihoods of families {a!r} and {b!r} cannot be compared: their variances differ")
    sizes = one.own.fit.size, other.own.fit.size
    if a == "nbinom2" and sizes[0] != sizes[1]:
        raise OptionError(
            f"quasi-likelihoods of nbinom2 with sizes {sizes[0]:.4g} and {sizes[1]:.4g} cannot be compared: give all "
            "models the same size=, such as that of the largest"
        )
