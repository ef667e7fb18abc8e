"""The models: the null model, the sequence that led to the last one, and what that one says."""

from typing import Any

import numpy as np

from ..blocks import frame_table, paragraph, sections, shown
from ..subject import Subject

_VARIANCES = ("Random effects", "Residuals", "Logarithm of the residual")
"""How titles of sections of variances begin."""
_MOST_ROWS, _MOST_ROWS_OF_GENERALIZED = 100_000, 2_000
"""Rows up to which profiles of variances are computed, of linear and of generalized models: each is many searches."""


def null_variances(subject: Subject) -> str:
    """Show variances of the null model."""
    kept = f"The null model keeps the formulas of {subject.named_parts}." if subject.parts else ""
    kept = "The null model keeps the covariance of the residuals." if subject.has_residual else kept
    found = [own for own in subject.null.summary().sections if own.title.startswith(_VARIANCES)]
    return sections(found, "Variances of the null model") + paragraph(kept)


def shares_of_the_null_model(subject: Subject) -> str:
    """Show shares of the levels in the variance."""
    if not subject.groups:
        return ""
    null = subject.null
    icc = null.icc()
    if not subject.is_linear:
        return _shares_in_words(icc)
    effects = shown(null.variance.design_effect())
    return effects if np.isnan(icc.adjusted) else _shares_in_words(icc) + effects


def _shares_in_words(icc: Any) -> str:
    shares = ", ".join(f"{group} {share:.3f}" for group, share in icc.by_group.items())
    return paragraph(f"Intraclass correlation: {icc.adjusted:.3f} ({shares}).")


def reliability_of_the_null_model(subject: Subject) -> str:
    """Show how well the null model knows the means of groups."""
    return shown(subject.null.variance.reliability()) if subject.is_linear and subject.groups else ""


def compared(subject: Subject) -> str:
    """Compare the models."""
    return shown(subject.compare(*subject.sequence()))


def side_by_side(subject: Subject) -> str:
    """Put the models side by side."""
    return shown(subject.table(*subject.sequence()))


def coefficients(subject: Subject) -> str:
    """Show the estimates."""
    return sections(subject.fit.summary().sections[1:], "Estimates")


def intervals_of_variances(subject: Subject) -> str:
    """Show profile intervals."""
    if subject.has_residual:
        return paragraph(
            "Intervals of the parameters of residuals are Wald's; fit.confint(method='profile') has profile intervals."
        )
    if subject.parts or subject.fit.nobs > (_MOST_ROWS if subject.is_linear else _MOST_ROWS_OF_GENERALIZED):
        why = "for so many rows" if not subject.parts else f"with a part of its own for {subject.named_parts}"
        return paragraph(f"Profile intervals take long {why}: fit.confint(method='profile') computes them.")
    table = subject.fit.confint(method="profile")
    return frame_table("Profile intervals", table, ("term", "conf_low", "conf_high"), 0.95)


def explained(subject: Subject) -> str:
    """Say what is explained, where random effects leave something to explain."""
    if not subject.groups:
        return ""
    r2, icc = subject.fit.r2(), subject.fit.icc()
    left = "" if np.isnan(icc.adjusted) else f"; the intraclass correlation that is left is {icc.adjusted:.3f}"
    text = f"R² is {r2.marginal:.3f} by the fixed part and {r2.conditional:.3f} with the random effects{left}."
    return paragraph(text)


def decomposition(subject: Subject) -> str:
    """Show the variance by source and level."""
    return shown(subject.fit.variance.decomposition()) if subject.is_linear and subject.groups else ""


def standardized(subject: Subject) -> str:
    """Show standardized coefficients."""
    if not subject.is_linear or not subject.variables:
        return ""
    return shown(subject.fit.standardized())
