"""Files of SPSS, Stata and SAS, with their labels, by pyreadstat."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..kind import CategoricalColumn, Column
from ..libraries import installed

_READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".por": "read_por",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
LABELLED = tuple(_READERS)
"""Names of files that have labels end so."""


def read_labelled(path: Path) -> tuple[dict[str, Column], dict[str, str]]:
    """Read the columns of a file, and the labels of its variables.

    Labelled values become categories in the order of their codes, where every value that occurs has a label; a column
    of which some values have none stays numbers.  Values that are declared as missing are missing.
    """
    if not installed("pyreadstat"):
        raise DataError(f"{str(path)!r}: files of SPSS, Stata and SAS need pyreadstat: pip install 'hlmrs[readers]'")
    import pyreadstat

    read = getattr(pyreadstat, _READERS[path.suffix.lower()])
    columns, meta = read(str(path), output_format="dict")
    values = meta.variable_value_labels
    labels = {name: label for name, label in meta.column_names_to_labels.items() if label}
    return {name: _column(column, values.get(name, {})) for name, column in columns.items()}, labels


def _column(values: Any, labels: Mapping[Any, str]) -> Column:
    array = np.asarray(values)
    if array.dtype.kind == "O" or array.dtype.kind == "U":
        array = _of_objects(list(values))
    return _categories(array, labels) if labels else array


def _of_objects(values: Sequence[Any]) -> NDArray[Any]:
    """Make numbers, dates or texts of Python's values; an empty text is missing."""
    whole = [None if value is None or value != value or value == "" else value for value in values]
    known = [value for value in whole if value is not None]
    if all(isinstance(value, int | float) for value in known):
        return np.array([np.nan if value is None else value for value in whole], dtype=float)
    if all(isinstance(value, datetime.date) for value in known):
        times = any(isinstance(value, datetime.datetime) for value in known)
        return np.array(whole, dtype="M8[us]" if times else "M8[D]")
    array = np.empty(len(whole), dtype=object)
    array[:] = whole
    return array


def _categories(values: NDArray[Any], labels: Mapping[Any, str]) -> Column:
    """Make categories of values that all have a label; of two that share one the codes tell which is which."""
    present = {value for value in values.tolist() if value is not None and value == value}
    if not present <= set(labels):
        return values
    codes = sorted(labels, key=lambda code: (isinstance(code, str), code))
    texts = [labels[code] for code in codes]
    names = [f"{text} ({code})" if texts.count(text) > 1 else text for code, text in zip(codes, texts, strict=True)]
    place = {code: k for k, code in enumerate(codes)}
    return CategoricalColumn(np.array([place.get(value, -1) for value in values.tolist()], dtype=np.int32), names)
