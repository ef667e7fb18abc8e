"""Models of more rows than memory holds: sums over batches, made here or elsewhere, merged, and fitted.

``sufficient`` is the public object that keeps the sums, ``stream`` reads a source batch by batch into one, ``estimates``
decides when and fits; ``memory`` and ``progress`` say how much there is and how far the work is.
"""

from .estimates import estimate_statistics, estimate_streamed, streams
from .stream import summed
from .sufficient import SufficientStatistics, load_statistics

__all__ = [
    "SufficientStatistics",
    "estimate_statistics",
    "estimate_streamed",
    "load_statistics",
    "streams",
    "summed",
]
