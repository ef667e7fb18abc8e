"""Plots by matplotlib, which is loaded when one is drawn.  Each draws a table; nothing here computes a statistic.

``draw`` of ``drawing`` draws a picture into axes, by the way that the picture names: ``groups``, ``effects``, ``rows``,
``checks``, ``models``, ``levels``, ``posteriors`` and ``power`` have the ways; ``canvas`` makes axes, writes titles and
notes, ``palette`` has colours, dashes and markers.
"""

from .canvas import pyplot
from .drawing import draw, draw_multiples, draw_panels

__all__ = ["draw", "draw_multiples", "draw_panels", "pyplot"]
