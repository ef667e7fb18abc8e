"""The posterior of a model.

``posterior`` is its object, ``groups`` tells of grouping factors, ``predictions`` of rows, ``means`` of the fixed part,
``variances`` of shares of the variance, ``models`` how well it predicts beside others, ``pictures`` what it looks like;
``view`` is what all are.
"""

from .posterior import Posterior

__all__ = ["Posterior"]
