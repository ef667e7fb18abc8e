"""Fits to several completed data sets put together: multiple imputations, plausible values.

``rules`` has Rubin's rules for one number and for several at once; ``pooled`` is what users hold.
"""

from .pooled import PooledFit, pool

__all__ = ["PooledFit", "pool"]
