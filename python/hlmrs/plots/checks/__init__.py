"""Pictures of what a fit assumes."""

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
