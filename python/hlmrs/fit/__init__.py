"""The fitted model: methods that check their arguments, delegate, and label the result.

``figures`` has numbers and arrays, ``tables`` frames and the summary, ``by_row`` what has a value per row,
``uncertainty`` replicates;
``linear_mixed_fit`` is the class of them all, which also fits again and saves.
"""

from .linear_mixed_fit import LinearMixedFit, load

__all__ = ["LinearMixedFit", "load"]
