"""Files of data: text in any usual way of writing, Arrow and Parquet, SPSS, Stata and SAS with their labels."""

from .reading import is_labelled, is_readable, read_file, read_labelled_file
from .text import Writing, odd_cell

__all__ = ["Writing", "is_labelled", "is_readable", "odd_cell", "read_file", "read_labelled_file"]
