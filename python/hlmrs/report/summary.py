"""What ``summary()`` returns."""

from ..display import Report
from ..estimation import Estimate
from ..inference import TestOptions
from .sections import fixed_effects, model_facts, notes, random_effects


def summarize(estimate: Estimate, options: TestOptions) -> Report:
    """Put the sections of a linear mixed model's summary together."""
    method = "REML" if estimate.request.reml else "maximum likelihood"
    layout = estimate.layout
    tables = [random_effects(estimate)]
    if layout.coef_names or layout.dropped_columns:
        tables.append(fixed_effects(estimate, options))
    return Report(f"Linear mixed model, fitted by {method}", [model_facts(estimate), *tables, notes(estimate)])
