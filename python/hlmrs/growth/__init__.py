"""Columns and rows of time: codings of growth, and a row for every period in which a person could have an event.

``coding`` has the first, ``periods`` the second.
"""

from .coding import time_coding
from .periods import person_period

__all__ = ["person_period", "time_coding"]
