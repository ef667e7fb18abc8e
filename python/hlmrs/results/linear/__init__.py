"""The fitted linear mixed model: what only such a model has.

``fit`` is the model, and makes new ones of it; ``predictions`` tells of rows, ``residuals`` of the residuals'
parameters, ``effect_sizes`` has shares of the variance and standardized coefficients, ``inference`` profiles, tests of
the random effects and every method side by side, ``bayes`` posteriors.  Accessors are ``checks``, whether assumptions
hold, and ``variances``, where the variance is.  ``typing`` has types of arguments.
"""

from .fit import LinearMixedFit, with_warnings

__all__ = ["LinearMixedFit", "with_warnings"]
