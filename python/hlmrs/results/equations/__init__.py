"""The fitted marginal model, by estimating equations: what has no likelihood.

``fit`` is the model with its numbers, and makes new ones of it; ``estimates`` has its coefficients with their
covariance, criteria and reports, ``hypotheses`` tests them, ``means`` has marginal means, contrasts and slopes,
``predictions`` means of rows, residuals and the influence of groups.
"""

from .fit import MarginalFit, marginal_with_warnings

__all__ = ["MarginalFit", "marginal_with_warnings"]
