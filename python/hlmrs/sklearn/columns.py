"""Features and groups, as scikit-learn hands them over, as named columns of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing, check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import ArgumentError, OptionError, listed, suggestion
from .folds import is_whole

UNNAMED = "groups"
"""The name of groups that are given as an array."""


def checked_features(estimator: Any, X: Any) -> Any:
    """Return the features of a fitted estimator, once they are seen to be those that it was fitted to."""
    check_is_fitted(estimator)
    return validate_data(estimator, X, reset=False, skip_check_array=is_frame(X))


def checked_rows(estimator: Any, X: Any, y: Any, *, numeric: bool) -> tuple[Any, Any]:
    """Return features and response of a fit; a data frame stays one, anything else becomes numbers."""
    if not is_frame(X):
        X, y = validate_data(estimator, X, y, y_numeric=numeric, ensure_min_samples=2)
        return X, column_or_1d(y)
    validate_data(estimator, X, y, skip_check_array=True)
    check_consistent_length(X, y)
    y = check_array(column_or_1d(y, warn=True), ensure_2d=False, dtype="numeric" if numeric else None, input_name="y")
    return X, y


def is_frame(X: Any) -> bool:
    """Tell data frames, whose columns have kinds of their own."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def feature_names(estimator: Any) -> list[str]:
    """Return the names of the features; those of an array are ``x0, x1, ...``."""
    named = getattr(estimator, "feature_names_in_", None)
    return [f"x{k}" for k in range(estimator.n_features_in_)] if named is None else [str(name) for name in named]


def columns_of(X: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the columns by name, in the order of the rows."""
    return {name: in_row_order(_safe_indexing(X, k, axis=1)) for k, name in enumerate(names)}


def as_frame_of(X: Any, columns: Mapping[str, Any]) -> Any:
    """Return columns as a data frame of the library that the features came in, so that tables of the fit are so too."""
    return type(X)(columns) if is_frame(X) else dict(columns)


def in_row_order(column: Any) -> Any:
    """Return a column without an index: rows of scikit-learn are matched by their places."""
    return column.reset_index(drop=True) if hasattr(column, "reset_index") else column


def group_columns_among(names: Sequence[str], asked: Any) -> list[str]:
    """Return the names of the features that are groups, which are asked for by name or place."""
    wanted = [] if asked is None else list(asked) if is_several(asked) else [asked]
    found = [names[k] if is_whole(k) and -len(names) <= k < len(names) else str(k) for k in wanted]
    for name in found:
        if name not in names:
            raise OptionError(f"group_columns: X has no column {name!r}{_columns_there(name, names)}")
    return found


def _columns_there(name: str, names: Sequence[str]) -> str:
    return suggestion(name, names) or f"; its columns are {listed(names)}"


def is_several(asked: Any) -> bool:
    """Tell several names or places from one."""
    return isinstance(asked, Iterable) and not isinstance(asked, str)


def groups_as_columns(groups: Any, n_rows: int) -> dict[str, Any]:
    """Return groups by name: one array, or a frame or matrix with a column for every grouping factor."""
    if groups is None:
        return {}
    if isinstance(groups, Mapping):
        raise ArgumentError("groups: give an array, a data frame or a matrix, whose rows scikit-learn can select")
    if is_frame(groups):
        columns = columns_of(groups, [str(name) for name in groups.columns])
    elif hasattr(groups, "name"):
        columns = {str(groups.name or UNNAMED): in_row_order(groups)}
    else:
        columns = _of_array(np.asarray(groups))
    for name, column in columns.items():
        if len(column) != n_rows:
            raise OptionError(f"groups: {name!r} has {len(column):,} rows, and X has {n_rows:,}")
    return columns


def _of_array(groups: Any) -> dict[str, Any]:
    if groups.ndim == 1:
        return {UNNAMED: groups}
    if groups.ndim != 2:
        raise ArgumentError(f"groups: an array of {groups.ndim} dimensions; give one, or two with a column per factor")
    return {f"{UNNAMED}{k}": groups[:, k] for k in range(groups.shape[1])}


def groups_as_fitted(groups: Mapping[str, Any], fitted: Sequence[str]) -> dict[str, Any]:
    """Return groups of new rows under the names that they had in the fit; those of arrays go by their order."""
    if not groups or set(groups) == set(fitted):
        return dict(groups)
    unnamed = any(all(name.startswith(UNNAMED) for name in names) for names in (groups, fitted))
    if len(groups) == len(fitted) and unnamed:
        return dict(zip(fitted, groups.values(), strict=True))
    raise OptionError(f"groups: {listed(list(groups))}, but the model was fitted to {listed(list(fitted)) or 'none'}")
