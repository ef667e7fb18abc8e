"""Folds in which every row is predicted once, by what has not seen it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, check_cv

from ..errors import OptionError

Folds: TypeAlias = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]


def folds_of_rows(cv: Any, n_rows: int, y: Any, shuffle: bool, random_state: Any) -> Folds:
    """Return that many folds of rows, or those of a splitter."""
    if is_whole(cv):
        asked = _number_of_folds(cv, n_rows)
        splitter = KFold(asked, shuffle=shuffle, random_state=random_state if shuffle else None)
    else:
        splitter = _splitter(cv)
    return each_row_once(cv, splitter.split(np.empty((n_rows, 1)), y), n_rows)


def folds_of_groups(cv: Any, features: Any, y: Any, group: Any) -> Folds | None:
    """Return folds that keep groups together, at most one for each, or those of a splitter; none for ``cv=None``."""
    if cv is None:
        return None
    labels, codes = np.unique(np.asarray(group), return_inverse=True)
    if is_whole(cv):
        splitter = GroupKFold(min(_number_of_folds(cv, len(y)), _at_least_two(cv, len(labels))))
    else:
        splitter = _splitter(cv)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The groups parameter is ignored")
        return each_row_once(cv, splitter.split(features, y, codes), len(y))


def each_row_once(cv: Any, folds: Iterable[tuple[Any, Any]], n_rows: int) -> Folds:
    """Return the folds of a splitter, once they are seen to test every row, and none twice or as it is learned."""
    found = [(_places(train, n_rows), _places(test, n_rows)) for train, test in folds]
    times = np.bincount(np.concatenate([test for _, test in found] or [np.empty(0, np.intp)]), minlength=n_rows)
    if not np.all(times == 1):
        row = int(np.argmax(times != 1))
        raise OptionError(
            f"cv={cv!r}: every row must be in one test fold, so that it has one prediction, and row {row} is in "
            f"{times[row]}; use KFold, GroupKFold or StratifiedKFold"
        )
    for train, test in found:
        if np.intersect1d(train, test).size:
            row = int(np.intersect1d(train, test)[0])
            raise OptionError(f"cv={cv!r}: row {row} is learned in the fold that tests it; use KFold or GroupKFold")
    return found


def is_whole(value: Any) -> TypeGuard[int]:
    """Tell whole numbers of any type, such as NumPy's."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _places(rows: Any, n_rows: int) -> NDArray[np.intp]:
    """Return rows by their places, counted from the front, where a splitter may give a mask."""
    return np.asarray(np.arange(n_rows)[np.asarray(rows)], dtype=np.intp)


def _number_of_folds(cv: Any, n_rows: int) -> int:
    if not 2 <= cv <= n_rows:
        raise OptionError(f"cv={cv!r}: give 2 folds or more, and at most one for each of the {n_rows:,} rows")
    return int(cv)


def _at_least_two(cv: Any, n_groups: int) -> int:
    if n_groups < 2:
        raise OptionError(f"cv={cv!r}: folds keep groups together, and there is one group; give KFold({cv}) or None")
    return n_groups


def _splitter(cv: Any) -> Any:
    if isinstance(cv, bool | str) or not (cv is None or hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise OptionError(f"cv={cv!r}: give a number of folds, a splitter such as KFold(5), or pairs of arrays of rows")
    return check_cv(cv)
