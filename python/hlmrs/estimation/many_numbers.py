"""``by=`` takes a factor of few levels, each of which has a covariance of its own."""

import numpy as np

from .._core import Columns
from ..errors import DesignError
from ..formula import TermFactor

_MOST_NUMBERS = 30
"""Different numbers that are taken as levels."""


def refuse_many_numbers(columns: Columns, by: TermFactor, written: str) -> None:
    """Refuse levels that are numbers, of which there are very many: a variable that was measured."""
    for column in by.columns():
        (_, values, levels, _), *_ = columns.plain_values(column.name)
        n = len(np.unique(values[~np.isnan(values)])) if levels is None and values.dtype.kind == "f" else 0
        if n > _MOST_NUMBERS:
            raise DesignError(
                f"{written}: by={by.name} has {n:,} different numbers, and each would have a covariance of its own; "
                f"give a factor of few levels, such as {column.name} cut into classes, or make it text if every number "
                "is a category"
            )
