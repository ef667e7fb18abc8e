"""What ``summary()`` returns."""

from ..display import Report
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..inference import TestOptions
from .sections import (
    fixed_effects,
    model_facts,
    notes,
    other_parts,
    random_effects,
    residual_parameters,
    variable_labels,
)


def summarize(estimate: Estimate, options: TestOptions) -> Report:
    """Put the sections of a mixed model's summary together."""
    layout = estimate.layout
    tables = random_effects(estimate) if layout.random else []
    if layout.coef_names or estimate.dropped_columns:
        tables.append(fixed_effects(estimate, options))
    facts = [model_facts(estimate), variable_labels(estimate)]
    further = [*other_parts(estimate, options), *residual_parameters(estimate, options)]
    return Report(_title(estimate), [*facts, *tables, *further, notes(estimate, options)])


def _title(estimate: Estimate) -> str:
    if isinstance(estimate, GeneralizedEstimate):
        family = estimate.family
        law = f"{family.name.replace('_', ' ')} ({family.link} link)"
        return f"Generalized linear mixed model, {law}"
    method = "REML" if estimate.request.reml else "maximum likelihood"
    residual = estimate.request.residual
    without = "Mixed model for repeated measures" if residual and residual.is_mmrm else "Generalized least squares"
    return f"{'Linear mixed model' if estimate.layout.random else without}, fitted by {method}"
