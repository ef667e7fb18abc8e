"""``hlmrs.power``: what planned rows will tell."""

from .curve import PowerCurve
from .power import Power
from .request import power

__all__ = ["Power", "PowerCurve", "power"]
