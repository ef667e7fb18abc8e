"""``hlmrs.power``: what planned rows will tell.

``request`` reads what is asked, ``power`` is what users hold, ``curve`` its table over numbers of units.
"""

from .curve import PowerCurve
from .power import Power
from .request import power

__all__ = ["Power", "PowerCurve", "power"]
