"""How long, or on how much, a row was observed: an offset of its logarithm."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentError, DataError, OptionError
from ..families import Family
from ..formula.names import find_name, unquoted
from ..formula.syntax import deparse_name

_LINKS = ("log", "cloglog")
"""Links by which the logarithm of the exposure adds to the predictor: rates, and hazards."""


def with_exposure(
    formula: str, family: Family, exposure: str | ArrayLike | None, offset: Any, columns: Sequence[str]
) -> tuple[str, Any]:
    """Return the formula and the offset that have the logarithm of the exposure.

    One of the data's `columns` becomes a term ``offset(log(x))`` of the formula, so that new rows have their own.
    """
    if exposure is None:
        return formula, offset
    if family.link not in _LINKS:
        raise OptionError(
            f"exposure= is for rates, by the links {' and '.join(_LINKS)}; the link is {family.link!r}: give offset= "
            "on the scale of the predictor"
        )
    if isinstance(exposure, str):
        column = deparse_name(find_name(exposure, columns) or unquoted(exposure))
        return f"{formula} + offset(log({column}))", offset
    if offset is not None:
        raise OptionError("exposure= is an offset too: where it is an array, give offset= alone, log(exposure) in it")
    return formula, np.log(_checked(exposure))


def _checked(exposure: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Refuse exposures that are not positive numbers."""
    try:
        values = np.asarray(exposure, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"exposure= takes a column's name or numbers, and no {type(exposure).__name__}") from None
    wrong = np.flatnonzero(~(np.atleast_1d(values) > 0))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"exposure has {np.atleast_1d(values)[row]:g} in row {row}, as in {len(wrong)} rows: it must be positive"
        )
    return values
