"""Models of more rows than memory holds: sums over batches, made here or elsewhere, merged, and fitted.

``sufficient`` is the public object that keeps the sums, ``stream`` reads a source batch by batch into one,
``estimates`` decides when and fits, ``grow`` adds rows to a fit.
"""

from .estimates import estimate_statistics, estimate_streamed, streams
from .grow import adapted, appended
from .stream import summed
from .sufficient import SufficientStatistics, load_statistics

__all__ = [
    "SufficientStatistics",
    "adapted",
    "appended",
    "estimate_statistics",
    "estimate_streamed",
    "load_statistics",
    "streams",
    "summed",
]
