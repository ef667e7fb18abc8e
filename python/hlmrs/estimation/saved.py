"""The file of an estimate of any kind."""

import os
from collections.abc import Callable
from typing import Any

from .. import storage
from .equations_state import equations_from_state, equations_to_state
from .estimate import Estimate
from .generalized import GeneralizedEstimate
from .generalized_state import generalized_from_state, generalized_to_state
from .marginal import EquationsEstimate
from .state import from_state, to_state

Rebuild = Callable[[dict[str, Any], Any, str], Estimate]


def save(estimate: Estimate, path: str | os.PathLike[str], *, keep_rows: bool) -> None:
    """Write an estimate to a file; the values of its rows come along if `keep_rows`."""
    if isinstance(estimate, EquationsEstimate):
        storage.write(path, *equations_to_state(estimate, keep_rows=keep_rows))
    elif isinstance(estimate, GeneralizedEstimate):
        storage.write(path, *generalized_to_state(estimate, keep_rows=keep_rows))
    else:
        storage.write(path, *to_state(estimate, keep_rows=keep_rows))


def load(path: str | os.PathLike[str]) -> Estimate:
    """Read what ``save`` wrote."""
    return rebuilt(*storage.read(path), os.fspath(path))


def rebuilt(header: dict[str, Any], arrays: Any, name: str) -> Estimate:
    """Put an estimate of any kind together; `name` is that of the file, for messages."""
    rebuild: Rebuild = generalized_from_state if "generalized" in header else from_state
    if "equations" in header:
        rebuild = equations_from_state
    return rebuild(header, arrays, name)
