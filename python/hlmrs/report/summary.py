"""What ``summary()`` returns."""

from ..display import Report
from ..estimation import Estimate
from .sections import fixed_effects, model_facts, notes, random_effects


def summarize(estimate: Estimate, ddf: str, level: float) -> Report:
    """Put the sections of a linear mixed model's summary together."""
    method = "REML" if estimate.request.reml else "maximum likelihood"
    layout = estimate.layout
    tables = [random_effects(estimate)]
    if layout.coef_names or layout.dropped_columns:
        tables.append(fixed_effects(estimate, ddf, level))
    return Report(f"Linear mixed model, fitted by {method}", [model_facts(estimate), *tables, notes(estimate)])
