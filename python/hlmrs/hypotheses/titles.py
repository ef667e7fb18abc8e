"""Titles of tables of tests: which tests of what, and what their statistics are referred to."""

from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..inference import DDF_WORDS, VCOV_TYPES, TestOptions, ddf_of
from .terms import type_number

_DROPPED = " that could be dropped"


def title_of_terms(estimate: Estimate, kind: int | str, options: TestOptions) -> str:
    """Say which tests of the terms there are."""
    return f"Type {type_number(kind)} {_tests(estimate)} {_terms(estimate)} ({_reference(estimate, options)})"


def title_of_deletions(estimate: Estimate, options: TestOptions) -> str:
    """Say which tests there are of the terms that could be dropped."""
    return f"{_tests(estimate)} {_terms(estimate)}{_DROPPED} ({_reference(estimate, options)})"


def title_of_deletion_ratios(estimate: GeneralizedEstimate) -> str:
    """Say of which terms there are likelihood ratios."""
    return f"Likelihood ratio tests {_terms(estimate)}{_DROPPED}"


def _tests(estimate: Estimate) -> str:
    return "chi-square tests" if isinstance(estimate, EquationsEstimate) else "F tests"


def _terms(estimate: Estimate) -> str:
    """Name the terms: those of the mean, where other parts have formulas as well."""
    several = isinstance(estimate, GeneralizedEstimate) and len(estimate.designs) > 1
    return "of the mean's terms" if several else "of the terms"


def _reference(estimate: Estimate, options: TestOptions) -> str:
    """Say what standard errors and the statistic's distribution rest on."""
    if isinstance(estimate, EquationsEstimate):
        law = "" if options.ddf == "normal" else ", over their degrees of freedom referred to F"
        return f"{options.vcov} covariance{law}"
    robust = "" if options.vcov in VCOV_TYPES else f"{options.vcov} covariance, "
    if isinstance(estimate, GeneralizedEstimate):
        return f"{robust}chi-square over its degrees of freedom"
    return f"{robust}{DDF_WORDS[ddf_of(estimate, options)]}"
