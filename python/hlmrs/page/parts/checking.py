"""What the model assumes, and how much its numbers depend on it."""

from functools import partial

import numpy as np

from ...inference import is_deviation
from ..blocks import figure, heading, panels, paragraph, shown, table
from ..subject import Subject, column

_MOST_GROUPS = 3
_MOST_REFITS, _MOST_STEPS = 20_000, 2_000
"""Rows up to which groups are left out one after the other, of linear and of generalized models."""


def checks(subject: Subject) -> str:
    """Show all checks."""
    return shown(subject.fit.check())


def pictures_of_residuals(subject: Subject) -> str:
    """Draw residuals."""
    return heading("Quantiles") + panels(subject.fit.plot.quantiles)


def covariance_of_residuals(subject: Subject) -> str:
    """Draw correlations and standard deviations of residuals beside those of the model, where it has such."""
    if not subject.has_residual:
        return ""
    plot = subject.fit.plot
    names = column(subject.fit.residual_parameters(), "parameter")
    correlated = any(not is_deviation(name) for name in names)
    correlations = heading("Correlations of residuals") + figure(plot.residual_correlation) if correlated else ""
    return correlations + heading("Standard deviations of residuals") + figure(plot.residual_sd)


def groups(subject: Subject) -> str:
    """Draw the random effects of the groups."""
    return "".join(
        heading(f"Groups of {group}") + figure(partial(subject.fit.plot.caterpillar, group))
        for group in subject.groups[:_MOST_GROUPS]
    )


def robust_standard_errors(subject: Subject) -> str:
    """Put robust standard errors beside those of the model."""
    kind = "CR2" if subject.is_linear else "CR1"
    model, sandwich = subject.fit.tidy(), subject.fit.tidy(vcov=kind)
    own, other = (np.array(column(one, "std_error"), dtype=float) for one in (model, sandwich))
    columns = {"term": [str(name) for name in column(model, "term")], "model": own, kind: other, "ratio": other / own}
    text = "Where the two differ much, variances or correlations are not as the model has them."
    return table(f"Standard errors: of the model, and robust ({kind})", columns) + paragraph(text)


def influence(subject: Subject) -> str:
    """Show the fit without single groups."""
    sets = [*subject.groups, *subject.residual_groups]
    if not sets:
        return ""
    if subject.parts or subject.fit.nobs > (_MOST_REFITS if subject.is_linear else _MOST_STEPS):
        why = f"in a model with a part of its own for {subject.named_parts}" if subject.parts else "with so many rows"
        return paragraph(f"fit.influence(group) leaves out groups; {why} it takes long, and is not part of this page.")
    method = {} if subject.groups else {"method": "fixed-theta"}
    return shown(subject.fit.influence(sets[0], **method))
