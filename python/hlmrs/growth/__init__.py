"""Columns and rows of time: codings of growth, and a row for every period in which a person could have an event."""

from .coding import time_coding
from .periods import person_period

__all__ = ["person_period", "time_coding"]
