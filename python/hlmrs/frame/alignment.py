"""Values by row in the order of the rows: a pandas Series by its index, everything else by its place."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import DataError, OptionError
from .kind import Frame


def row_index(frame: Frame) -> Any:
    """Return the index that a pandas frame, or a dictionary of Series, has; None of other frames."""
    return getattr(frame, "index", None)


def index_names(frame: Frame) -> list[str]:
    """Return the names of the levels of a pandas index, which are no columns."""
    index = row_index(frame)
    return [] if index is None else [str(name) for name in index.names if name is not None]


def has_index(values: Any) -> bool:
    """Whether values are a pandas Series or DataFrame."""
    return type(values).__module__.partition(".")[0] == "pandas" and hasattr(values, "iloc")


def in_order(what: str, values: Any, index: Any) -> Any:
    """Put a Series or DataFrame, or a dictionary of Series, in the order of an index; leave other values as they are.

    Labels that the index does not know at all say nothing: such values are by place, as are those in ascending order
    where there is no index.
    """
    if isinstance(values, Mapping):
        return {key: in_order(f"{what}[{key!r}]", column, index) for key, column in values.items()}
    if not has_index(values) or values.index.equals(index):
        return values
    own = values.index
    if index is None:
        known, why = own.is_monotonic_increasing, "that is not in order, and the data have none to match it"
    else:
        there = index.isin(own)
        if there.all() and not own.has_duplicates:
            return values.loc[index]
        known, why = not there.any(), _difference(index[~there], own)
    if known:
        return values
    raise DataError(
        f"{what} has an index {why}; give .to_numpy() of it, one value for each row in the order of the rows"
    )


def _difference(absent: Any, own: Any) -> str:
    if len(absent):
        return f"without {absent[0]!r}, which the index of the data has"
    return f"in another order than that of the data, in which {own[own.duplicated()][0]!r} occurs more than once"


def by_name(what: str, values: Any, names: Sequence[str]) -> Any:
    """Put a Series, or the columns of a DataFrame, in the order of some names; those numbered from 0 are by place."""
    if not has_index(values):
        return values
    labels = values.index if values.ndim == 1 else values.columns
    if list(labels) == list(range(len(labels))):
        return values.to_numpy()
    own = [str(label) for label in labels]
    if sorted(own) != sorted(names):
        odd = next(iter([*(name for name in own if name not in names), *(name for name in names if name not in own)]))
        raise OptionError(f"{what}: {odd!r} is not both among its labels and among {', '.join(map(repr, names))}")
    places = [own.index(name) for name in names]
    return values.to_numpy()[..., places]
