"""Plots by matplotlib, which is loaded when one is drawn.  Each draws a table; nothing here computes a statistic."""

from .diagnostics import draw_diagnostics

__all__ = ["draw_diagnostics"]
