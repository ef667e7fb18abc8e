"""The fitted generalized linear mixed model: what only such a model has.

``fit`` is the model with its numbers, and makes new ones of it; ``estimates`` has tables by component, ``predictions``
predictions, ``responses`` residuals and simulated responses, ``effect_sizes`` shares of the variance, ``hypotheses``
tests of terms, ``bayes`` posteriors.  Accessors are ``checks``, whether assumptions hold, and ``marginal``.
"""

from .fit import GeneralizedMixedFit, generalized_with_warnings

__all__ = ["GeneralizedMixedFit", "generalized_with_warnings"]
