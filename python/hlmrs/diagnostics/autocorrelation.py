"""Whether residuals that follow each other within groups are alike, beyond what fitting makes them."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core import serial_correlation
from ..errors import OptionError, suggestion
from ..estimation import Estimate
from ..formula.names import find_name
from ..frame import Column, has_index
from ..inference import coded_column, coded_labels, two_sided_p
from .deletion_sets import group_index, of_codes
from .finding import FINE, LOOK, Check, p_text

_SIZE = 0.1
"""A correlation of neighbours below this changes no conclusion."""


def check_autocorrelation(estimate: Estimate, group: str | None, order: str | ArrayLike | None) -> Check:
    """Test the score of an autoregression of rows that follow each other in their group."""
    g = group_index(estimate, group)
    name, codes = estimate.layout.groups[g].name, estimate.rows.group_codes(g).astype(np.int64)
    labels = list(estimate.layout.groups[g].levels)
    ordered_by = "rows" if order is None else _name(order)
    if order is not None:
        rank = _ranks(estimate, order)
        by = np.argsort(rank, kind="stable")
        sets = of_codes(name, codes[by], labels)
        members = by[sets.members].astype(np.uint32)
    else:
        sets = of_codes(name, codes, labels)
        members = sets.members
    excess, z, pairs = serial_correlation(estimate.core, estimate.rows, sets.ptr, members, estimate.threads)
    p = two_sided_p(z, math.inf)
    table: dict[str, Column] = {
        "group": [name],
        "order": [ordered_by],
        "pairs": np.array([pairs]),
        "correlation": np.array([excess]),
        "statistic": np.array([z]),
        "p_value": np.array([p]),
    }
    how = "the order of the rows" if order is None else f"the order of {ordered_by}"
    caveat = (
        f"Rows of a group were taken in {how}, at equal distances; the score test is for normal residuals and many "
        "rows. An order that means nothing gives a test of nothing."
    )
    return Check("autocorrelation", *_finding(name, excess, z, p), caveat, table, estimate.kind)


def _finding(name: str, excess: float, z: float, p: float) -> tuple[str, str]:
    """Say what the test found, and whether it is of concern."""
    if math.isnan(z):
        return FINE, f"No group of {name} has two rows whose residuals are free to vary."
    size = f"correlation about {excess:.2f}, z = {z:.1f}, {p_text(p)}"
    if p >= 0.05:
        return FINE, f"Residuals that follow each other within {name} are not alike beyond chance ({size})."
    if abs(excess) < _SIZE:
        return FINE, f"Residuals that follow each other within {name} are alike, but little ({size})."
    alike = "alike" if excess > 0 else "opposed"
    remedy = "; a random slope in time or an ar1() term may be missing" if excess > 0 else ""
    return LOOK, f"Residuals that follow each other within {name} are {alike} ({size}){remedy}."


def _name(order: str | ArrayLike) -> str:
    """Return the column, or the name that a Series has."""
    name = order if isinstance(order, str) else getattr(order, "name", None)
    return str(name) if name else "the values given"


def _ranks(estimate: Estimate, order: str | ArrayLike) -> np.ndarray:
    """Return the places of the rows used in the order of a column, or of values by row."""
    if isinstance(order, str):
        codes, shown = _ranks_of_column(estimate, order), repr(order)
    else:
        instead = "name a column of the data"
        codes, shown = coded_labels(estimate, "order", _category_places(order), instead)[0], _name(order)
    if (codes < 0).any():
        raise OptionError(f"order={shown} is missing in some rows of the fit")
    return codes


def _ranks_of_column(estimate: Estimate, order: str) -> np.ndarray:
    frame = estimate.frame
    column = find_name(order, frame.names)
    if column is None:
        raise OptionError(f"order={order!r}: the data have no such column{suggestion(order, frame.names)}")
    return coded_column(estimate, column)[0]


def _category_places(values: Any) -> Any:
    """Replace categories by their places, whose order is not that of the alphabet; leave other values as they are."""
    if has_index(values) and hasattr(values, "cat"):
        return values.cat.codes.where(values.notna())
    return values.to_physical() if str(getattr(values, "dtype", "")).startswith("Enum") else values
