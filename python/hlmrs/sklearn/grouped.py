"""What both estimators do: from features, groups and a response to a fit, and to predictions of new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils.validation import _check_sample_weight, _num_samples

from ..errors import FormulaWarning, OptionError, listed, warn
from ..formula.syntax import deparse_name
from .columns import (
    columns_of,
    feature_names,
    group_columns_among,
    groups_as_columns,
    groups_as_fitted,
)
from .model_formula import automatic, refuse_lost_names, split_formula


class GroupedEstimator(BaseEstimator):
    """An estimator whose rows lie in groups, given to ``fit`` or by columns of the features."""

    formula: str | None
    random: str | Mapping[str, str]
    group_columns: str | int | Sequence[str | int] | None

    _without_groups: str

    def _grouped(self, X: Any, groups: Any) -> dict[str, Any]:
        """Return all columns but the response, and remember which of them are groups."""
        names = feature_names(self)
        given = groups_as_columns(groups, _num_samples(X))
        twice = [name for name in given if name in names]
        if twice:
            raise OptionError(f"groups: {listed(twice)} is a column of X too; take it out of X, or use group_columns=")
        own = group_columns_among(names, self.group_columns)
        self.given_groups_, self.groups_ = list(given), [*given, *own]
        return columns_of(X, names) | given

    def _model_formula(self, columns: Mapping[str, Any]) -> tuple[str, str]:
        """Return the name of the response, and the formula."""
        names = feature_names(self)
        right = self.formula
        if right is None:
            right = automatic([name for name in names if name not in self.groups_], self.groups_, self.random)
        response, right = split_formula(right, columns)
        formula = f"{deparse_name(response)} ~ {right}"
        self._refuse_lost_names(formula, [*columns, response])
        return response, formula

    def _refuse_lost_names(self, formula: str, columns: Sequence[str]) -> None:
        if not hasattr(self, "feature_names_in_"):
            refuse_lost_names(formula, columns)

    @property
    def _is_without_groups(self) -> bool:
        return self.formula is None and not self.groups_

    def _say_without_groups(self) -> None:
        warn(
            f"{type(self).__name__} without groups: {self._without_groups}; give fit(X, y, groups=...), with "
            "set_fit_request(groups=True) inside of other estimators, or name group_columns=",
            FormulaWarning,
        )

    def _new_columns(self, X: Any, groups: Any) -> tuple[dict[str, Any], bool]:
        """Return the columns of new rows, and whether they have all groups of the fit."""
        columns = columns_of(X, feature_names(self))
        given = groups_as_fitted(groups_as_columns(groups, _num_samples(X)), self.given_groups_)
        return columns | (given or dict.fromkeys(self.given_groups_, "")), bool(given) or not self.given_groups_


def weighted_rows(X: Any, y: Any, groups: Any, sample_weight: Any) -> tuple[Any, Any, Any, NDArray[np.float64] | None]:
    """Return features, response, groups and weights of the rows whose weight is not zero."""
    if sample_weight is None:
        return X, y, groups, None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(X, groups)
    kept = np.flatnonzero(weights > 0)
    groups = None if groups is None else _safe_indexing(groups, kept)
    return _safe_indexing(X, kept), y[kept], groups, weights[kept]
