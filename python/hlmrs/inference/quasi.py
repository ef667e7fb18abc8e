"""Criteria of estimating equations, which have no likelihood, and their tables."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from ..errors import OptionError
from ..estimation.marginal import EquationsEstimate
from ..frame import Column
from .equation_options import EquationOptions
from .tables import check_ratios, coefficients


@dataclass(frozen=True, slots=True)
class QuasiCriteria:
    """QIC and its parts.

    Attributes
    ----------
    qic : float
        -2 quasi-likelihood + 2 cic.
    qicu : float
        -2 quasi-likelihood + 2 coefficients.
    cic : float
        tr(A V): the coefficients there would be if rows were independent and their variance right.
    quasi_likelihood : float
        That of independent rows, over the scale, without what the response alone determines.
    """

    qic: float
    qicu: float
    cic: float
    quasi_likelihood: float


def quasi_criteria(estimate: EquationsEstimate, scale: float) -> QuasiCriteria:
    """Return the criteria with quasi-likelihoods over a scale."""
    if not isinstance(scale, Real) or isinstance(scale, bool) or not 0 < float(scale) < float("inf"):
        raise OptionError(f"scale={scale!r}: give a positive number, such as the scale of the largest model compared")
    quasi, cic = estimate.own.fit.quasi_likelihood / float(scale), estimate.own.cic
    return QuasiCriteria(-2 * quasi + 2 * cic, -2 * quasi + 2 * len(estimate.own.beta), cic, quasi)


def quasi_criteria_table(estimate: EquationsEstimate, scale: float) -> dict[str, Column]:
    """Tabulate the criteria with quasi-likelihoods over a scale, one row."""
    found = quasi_criteria(estimate, scale)
    return {
        "n_params": np.array([len(estimate.own.beta)]),
        "scale": np.array([float(scale)]),
        "quasi_likelihood": np.array([found.quasi_likelihood]),
        "qic": np.array([found.qic]),
        "qicu": np.array([found.qicu]),
        "cic": np.array([found.cic]),
    }


def glance_of_equations(estimate: EquationsEstimate) -> dict[str, Column]:
    """Tabulate the key figures, one row."""
    found = quasi_criteria(estimate, 1.0)
    return {
        "nobs": np.array([estimate.layout.n_rows]),
        "n_groups": np.array([estimate.n_groups]),
        "largest_group": np.array([int(estimate.own.fit.cluster_sizes().max())]),
        "n_params": np.array([len(estimate.own.beta)]),
        "scale": np.array([estimate.own.fit.scale]),
        "qic": np.array([found.qic]),
        "qicu": np.array([found.qicu]),
        "cic": np.array([found.cic]),
        "converged": np.array([estimate.verdict.converged]),
    }


def coefficient_table(
    estimate: EquationsEstimate, options: EquationOptions, *, exponentiate: bool = False
) -> dict[str, Column]:
    """Tabulate the tests of the coefficients; as ratios if `exponentiate`."""
    names, tests = coefficients(estimate, options)
    columns = tests.columns()
    if exponentiate:
        check_ratios(estimate.family.link)
        columns["std_error"] = np.exp(columns["estimate"]) * columns["std_error"]
        columns |= {name: np.exp(columns[name]) for name in ("estimate", "conf_low", "conf_high")}
    return {"term": names, **columns}
