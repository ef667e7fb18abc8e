"""The fitted model: methods that check their arguments, delegate, and label the result.

``figures`` has numbers and arrays, ``tables`` frames and the summary, ``by_row`` what has a value per row, ``means``
marginal means, ``slopes`` slopes, ``testing`` tests, ``effect_sizes`` shares of the variance, ``comparison`` several
models side by side, ``resampling`` replicates and what rests on them, ``panel`` every method side by side,
``diagnostics`` influence and pictures, ``checks`` what a fit assumes;
``linear_mixed_fit`` is the class of them all, which also fits again and saves.
"""

from .comparison import compare
from .linear_mixed_fit import LinearMixedFit, load

__all__ = ["LinearMixedFit", "compare", "load"]
