"""What a report says below its tables: how factors are coded, what was left out, what to know of the result."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...diagnostics import large_contextual_effects, reused_labels, small_samples
from ...display import Notes, Section
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...families import WITH_DEVIATION
from ...inference import (
    TestOptions,
    ddf_of,
    variance_shares,
)


def notes(estimate: Estimate, options: TestOptions) -> Section:
    """Say how factors are coded, what was left out, and what to know of the result."""
    layout, reason = estimate.layout, estimate.core.model.reason
    lines = [
        *of_coding(reference_levels(estimate), estimate.dropped_columns),
        "Share: of a grouping factor, all its effects together, in the variance of a row, averaged over the rows."
        if estimate.has_residual and layout.random and not np.isnan(list(variance_shares(estimate).values())).all()
        else "",
        _on_own_scale(estimate),
        reason or "",
        *estimate.verdict.advice,
        *reused_labels(estimate),
        *large_contextual_effects(estimate),
        *small_samples(estimate, adjusted=ddf_of(estimate, options).startswith("kenward-roger")),
        _zeros_and_ones(estimate),
    ]
    return Section("", Notes([line for line in lines if line]))


def _zeros_and_ones(estimate: Estimate) -> str:
    """Say that a linear model has a response of two values."""
    if isinstance(estimate, GeneralizedEstimate) or estimate.rows_if_kept is None:
        return ""
    if not np.isin(estimate.values.response, (0.0, 1.0)).all():
        return ""
    return f"{estimate.layout.response} is 0 or 1: hlmrs.glmer(..., family='binomial') models its probability."


def _on_own_scale(estimate: Estimate) -> str:
    """State dispersion and shape as the family has them, where tables have what is estimated in their place."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    name = estimate.family.name
    letter = "1/sqrt(shape)" if name == "gamma" else "sigma" if name in WITH_DEVIATION else "phi"
    found = {letter: estimate.dispersion, **estimate.family_parameters}
    stated = [f"{name} = {value:.4g}" for name, value in found.items() if np.isfinite(value)]
    return f"On the scale of the family: {', '.join(stated)}." if stated else ""


def of_coding(reference: Mapping[str, str], dropped: Sequence[str]) -> list[str]:
    """Say how factors are coded, and which columns were left out."""
    depend = "depend on columns before them and are" if len(dropped) > 1 else "depends on columns before it and is"
    return [
        "Reference levels: " + ", ".join(f"{name} = {level}" for name, level in reference.items()) if reference else "",
        f"{', '.join(dropped)} {depend} not estimated." if dropped else "",
    ]


def reference_levels(estimate: Estimate) -> dict[str, str]:
    """Return the reference level of every factor, of all parts."""
    found = dict(estimate.layout.reference_levels)
    if isinstance(estimate, GeneralizedEstimate):
        for design in estimate.designs.values():
            found = design.encoding.layout()["reference_levels"] | found
    return found
