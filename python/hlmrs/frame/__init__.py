"""Any data frame in, the caller's kind of frame out.

``open_frame`` recognises a frame without importing its library; a ``Frame`` hands the columns that a model needs to the
core; ``build`` makes a new frame of a given kind.  One file per kind, behind the interface in ``kind``; ``place`` says
where a row is that comes in a batch.
"""

from .kind import CategoricalColumn, Column, Frame, check_unique, columns_of
from .pandas_frame import PandasFrame
from .place import located, numbered
from .polars_frame import PolarsLazyFrame
from .recognise import KINDS, build, installed, installed_kind, open_frame

__all__ = [
    "KINDS",
    "CategoricalColumn",
    "Column",
    "Frame",
    "PandasFrame",
    "PolarsLazyFrame",
    "build",
    "check_unique",
    "columns_of",
    "installed",
    "installed_kind",
    "located",
    "numbered",
    "open_frame",
]
