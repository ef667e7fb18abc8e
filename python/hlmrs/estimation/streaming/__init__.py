"""Models of more rows than memory holds: sums over batches, made here or elsewhere, merged, and fitted.

``sufficient`` is the public object around the ``sums``, ``state`` writes them down; ``stream`` reads a source batch by
batch into them, ``strata`` into those of every stratum of a dispersion, after ``learn`` has read what transforms need,
and ``spline_knots`` the knots, by exact ``quantiles``; ``choice`` decides when, ``ahead`` reads the next batch
meanwhile, ``grow`` adds rows to a fit.
"""

from .choice import refuse_prior_of_sums, request_of_statistics, streams
from .grow import adapted, appended
from .learn import Learned, Learning, learns_from_rows
from .strata import estimate_of_strata, takes_strata, why_no_sums
from .stream import summed
from .sufficient import SufficientStatistics, load_statistics, statistics_of
from .sums import BatchSums, known_levels

__all__ = [
    "BatchSums",
    "Learned",
    "Learning",
    "SufficientStatistics",
    "adapted",
    "appended",
    "estimate_of_strata",
    "known_levels",
    "learns_from_rows",
    "load_statistics",
    "refuse_prior_of_sums",
    "request_of_statistics",
    "statistics_of",
    "streams",
    "summed",
    "takes_strata",
    "why_no_sums",
]
