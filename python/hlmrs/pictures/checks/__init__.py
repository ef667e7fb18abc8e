"""Tables of pictures of what a fit assumes: residuals at every level, simulated responses, influence.

``residuals`` has those of rows and groups, ``quantiles`` their quantiles, ``spread`` their standard deviations,
``lags`` their correlations, ``predictive`` simulated responses, ``influence`` that of groups; ``panels`` has the panels
of diagnostics.  ``standardized`` has what would be standard normal, ``smooth`` and ``bands`` what is expected of it.
"""

from .influence import influence_pictures
from .lags import residual_correlation
from .panels import panel_pictures
from .predictive import predictive
from .quantiles import quantiles
from .residuals import residuals
from .spread import residual_sd

__all__ = [
    "influence_pictures",
    "panel_pictures",
    "predictive",
    "quantiles",
    "residual_correlation",
    "residual_sd",
    "residuals",
]
