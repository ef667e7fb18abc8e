"""Files of data: text in any usual way of writing, Arrow and Parquet, SPSS, Stata and SAS with their labels.

``reading`` finds the reader of a file by its name: ``text``, ``binary`` for Arrow and Parquet, ``labelled`` for the
rest.
"""

from .reading import is_labelled, is_readable, read_file, read_labelled_file
from .text import Writing, odd_cell

__all__ = ["Writing", "is_labelled", "is_readable", "odd_cell", "read_file", "read_labelled_file"]
