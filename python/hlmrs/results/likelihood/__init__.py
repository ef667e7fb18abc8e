"""What every fitted model that has a likelihood does, linear or generalized.

``fit`` is the model with its numbers, and writes its file; ``estimates`` has tables of estimates, ``key_figures``
criteria and records, ``reporting`` summary, prose and page; ``hypotheses`` tests the fixed part, ``means`` has marginal
means, contrasts and slopes, with further ones in the accessor ``marginal``; ``changed_data`` bootstraps and deletes,
``groups`` ranks groups.
"""

from .fit import FittedModel

__all__ = ["FittedModel"]
