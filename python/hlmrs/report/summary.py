"""What ``summary()`` returns."""

from ..display import Report
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..inference import TestOptions
from .sections import fixed_effects, model_facts, notes, other_parts, random_effects


def summarize(estimate: Estimate, options: TestOptions) -> Report:
    """Put the sections of a mixed model's summary together."""
    layout = estimate.layout
    tables = [random_effects(estimate)]
    if layout.coef_names or estimate.dropped_columns:
        tables.append(fixed_effects(estimate, options))
    return Report(_title(estimate), [model_facts(estimate), *tables, *other_parts(estimate, options), notes(estimate)])


_METHODS = {
    "laplace": "maximum likelihood (Laplace's approximation)",
    "expected": "maximum likelihood (Laplace's approximation, expected information)",
    "restricted": "restricted maximum likelihood (Laplace's approximation)",
    "penalized": "penalized likelihood (nagq=0), not by Laplace's approximation",
}


def _method(how: str | dict[str, int]) -> str:
    if isinstance(how, dict):
        return f"maximum likelihood (quadrature, {how['quadrature']} points)"
    return _METHODS[how]


def _title(estimate: Estimate) -> str:
    if isinstance(estimate, GeneralizedEstimate):
        family = estimate.family
        law = f"{family.name.replace('_', ' ')} ({family.link} link)"
        return f"Generalized linear mixed model, {law}, fitted by {_method(estimate.generalized.approximation)}"
    method = "REML" if estimate.request.reml else "maximum likelihood"
    return f"Linear mixed model, fitted by {method}"
