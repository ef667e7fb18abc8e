"""Numbers as they are given to a plan: read, or refused by name."""

from typing import Any

import numpy as np

from ..errors import OptionError


def number(
    what: str, value: Any, least: float = -np.inf, below: float = np.inf, wanted: str = "a finite number"
) -> float:
    """Return a number from `least` on and below a limit.

    >>> number("effects of 'x'", "much")
    Traceback (most recent call last):
    hlmrs.errors.OptionError: effects of 'x' is 'much': give a finite number
    """
    try:
        found = float("nan") if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError):
        found = np.nan
    if not (least <= found < below and np.isfinite(found)):
        raise OptionError(f"{what} is {value!r}: give {wanted}")
    return found


def values(what: str, given: Any) -> list[Any]:
    """Return what is in a list, a range or an array of one dimension."""
    if not isinstance(given, list | tuple | range | np.ndarray) or not len(given) or np.ndim(given) != 1:
        raise OptionError(f"{what}: {given!r} is no list of values")
    return list(given)
