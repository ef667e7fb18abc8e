"""Any data frame in, the caller's kind of frame out.

``open_frame`` recognises a frame without importing its library; a ``Frame`` hands the columns that a model needs to the
core; ``build`` makes a new frame of a given kind, ``build_rows`` one beside another.  Behind the interface in ``kind``
there is a file for each: ``polars_frame``, ``pandas_frame``, ``arrow``, ``duckdb_relation``, ``mapping``, ``stream``
for any other that has an Arrow stream, ``parquet`` for many files; ``recognise`` tells them apart, ``libraries`` which
are installed, ``files`` reads files of data.  ``values`` makes columns of the core, ``names`` keeps columns of the
caller and of a result apart; ``alignment`` puts what is given beside a frame in the order of its rows; ``place`` says
where a row is that comes in a batch; ``some_rows`` takes rows of columns.
"""

from .alignment import by_name, has_index, in_order, index_names, row_index
from .kind import CategoricalColumn, Collects, Column, Frame, check_unique, columns_of, plain_column
from .libraries import installed, installed_kind
from .names import aside, distinct, new_names
from .place import located, numbered
from .polars_frame import PolarsLazyFrame
from .recognise import KINDS, build, build_rows, open_frame
from .some_rows import known_cells, rows_of
from .values import is_missing

__all__ = [
    "KINDS",
    "CategoricalColumn",
    "Collects",
    "Column",
    "Frame",
    "PolarsLazyFrame",
    "aside",
    "build",
    "build_rows",
    "by_name",
    "check_unique",
    "columns_of",
    "distinct",
    "has_index",
    "in_order",
    "index_names",
    "installed",
    "installed_kind",
    "is_missing",
    "known_cells",
    "located",
    "new_names",
    "numbered",
    "open_frame",
    "plain_column",
    "row_index",
    "rows_of",
]
