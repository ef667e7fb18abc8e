"""What is computed once for a fit."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, cast

if TYPE_CHECKING:
    from .estimate import Estimate

Result = TypeVar("Result")
Further = TypeVarTuple("Further")

Cache = dict[tuple[Hashable, ...], object]
"""Results by the function that computed them and its further arguments."""


def cached(compute: "Callable[[Estimate, *Further], Result]") -> "Callable[[Estimate, *Further], Result]":
    """Let a function of a fit compute once for each fit and further arguments, which are hashable."""

    @wraps(compute)
    def known(estimate: "Estimate", *further: *Further) -> Result:
        key = (compute, *further)
        if key not in estimate.cache:
            estimate.cache[key] = compute(estimate, *further)
        return cast("Result", estimate.cache[key])

    return known
