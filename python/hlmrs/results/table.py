"""The door by which the tables of a fit leave: frames of the library that its data came in."""

from collections.abc import Mapping
from typing import Any, TypeVar

from ..estimation import Estimate
from ..frame import Column, build

FrameT = TypeVar("FrameT")
"""A data frame of the caller's library."""


def table(estimate: Estimate, columns: Mapping[str, Column]) -> Any:
    """Build a table."""
    return build(estimate.kind, columns)
