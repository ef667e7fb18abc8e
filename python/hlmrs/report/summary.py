"""What ``summary()`` returns."""

from ..display import Report
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..inference import TestOptions
from .sections import fixed_effects, model_facts, notes, other_parts, random_effects


def summarize(estimate: Estimate, options: TestOptions) -> Report:
    """Put the sections of a mixed model's summary together."""
    layout = estimate.layout
    tables = random_effects(estimate)
    if layout.coef_names or estimate.dropped_columns:
        tables.append(fixed_effects(estimate, options))
    return Report(_title(estimate), [model_facts(estimate), *tables, *other_parts(estimate, options), notes(estimate)])


def _title(estimate: Estimate) -> str:
    if isinstance(estimate, GeneralizedEstimate):
        family = estimate.family
        law = f"{family.name.replace('_', ' ')} ({family.link} link)"
        return f"Generalized linear mixed model, {law}"
    method = "REML" if estimate.request.reml else "maximum likelihood"
    return f"Linear mixed model, fitted by {method}"
