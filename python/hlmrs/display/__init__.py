"""How results are written and drawn: text and HTML, from tables.  Nothing here computes a statistic.

``record`` holds a report and its sections, ``printed`` is what shows itself by one, ``numbers`` writes numbers,
``columns`` the columns of a table by their names, ``wide`` breaks a wide table into lines, ``text`` and ``html`` lay
out lines and cells, ``drawing`` has drawings made of letters, ``picture`` is a picture before it is drawn, ``names``
names models beside each other.
"""

from .columns import displayed
from .drawing import Drawing
from .names import model_names
from .picture import Picture
from .printed import Printed
from .record import DisplayColumn, Facts, Notes, Report, Section, Table
from .wide import sections_of

__all__ = [
    "DisplayColumn",
    "Drawing",
    "Facts",
    "Notes",
    "Picture",
    "Printed",
    "Report",
    "Section",
    "Table",
    "displayed",
    "model_names",
    "sections_of",
]
