"""Pictures of what a fit assumes.

``cloud`` and ``boxes`` draw residuals, ``quantiles`` their quantiles, ``lags`` their correlations and standard
deviations, ``predictive`` simulated responses, ``influence`` that of groups, ``panels`` what only diagnostics have.
"""

from .boxes import boxes
from .cloud import cloud
from .influence import distances, moves
from .lags import lags, spread
from .panels import calibration, effects, rootogram, uniform
from .predictive import predictive
from .quantiles import quantiles

__all__ = [
    "boxes",
    "calibration",
    "cloud",
    "distances",
    "effects",
    "lags",
    "moves",
    "predictive",
    "quantiles",
    "rootogram",
    "spread",
    "uniform",
]
