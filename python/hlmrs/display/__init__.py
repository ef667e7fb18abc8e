"""How results are written: text and HTML, from tables.  Nothing here computes a statistic.

``record`` holds a report, ``numbers`` writes numbers, ``text`` and ``html`` lay a report out.
"""

from .record import Column, Report, Table

__all__ = ["Column", "Report", "Table"]
