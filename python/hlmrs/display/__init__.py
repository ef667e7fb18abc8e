"""How results are written: text and HTML, from tables.  Nothing here computes a statistic.

``record`` holds a report and its sections, ``numbers`` writes numbers, ``text`` and ``html`` lay out lines and cells.
"""

from .record import DisplayColumn, Facts, Notes, Report, Section, Table

__all__ = ["DisplayColumn", "Facts", "Notes", "Report", "Section", "Table"]
