"""``hlmrs.power``: what planned rows will tell."""

from .power import Power
from .request import power

__all__ = ["Power", "power"]
