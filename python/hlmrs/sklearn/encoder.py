"""Categories as numbers: means of the response, shrunken as a mixed model shrinks them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ..control import Control
from ..errors import DataError, DesignError, HlmrsWarning, NumericalError
from ..models import lmer
from .columns import columns_of, feature_names, is_frame
from .folds import folds_of_rows


class MixedEffectsEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Encode categories by the mean of the response in each, shrunken to the mean of all as a mixed model does.

    Every column has a model of its own, ``y ~ 1 + (1 | column)``, and a category becomes its prediction: a rare one is
    near the mean of all, a frequent one near its own mean, and how near follows from the estimated variances, which
    leaves nothing to tune.  Categories that the fit has not seen become the mean.

    ``fit_transform`` encodes every row by a model of the other folds, so that no row's response is in its own encoding;
    ``transform`` encodes new rows by the model of all.  In a pipeline this happens by itself.

    Parameters
    ----------
    cv : int or splitter
        Folds of ``fit_transform``; a splitter must test every row once.
    shuffle : bool
        Whether rows are shuffled before they are split, where ``cv`` is a number.
    random_state : int, RandomState or None
        Of the shuffling.
    reml : bool
        REML, or maximum likelihood.
    control : Control, optional
        Optimizer, limits, threads.

    Attributes
    ----------
    encodings_ : list of dict
        The number of every category, column by column; a missing value is a category, None.
    target_mean_ : list of float
        What a category becomes that is new, column by column.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Examples
    --------
    >>> import hlmrs
    >>> from hlmrs.sklearn import MixedEffectsEncoder
    >>> data = hlmrs.datasets.load("Dyestuff", "pandas")
    >>> encoder = MixedEffectsEncoder(random_state=1).set_output(transform="pandas")
    >>> encoder = encoder.fit(data[["Batch"]], data["Yield"])
    >>> {batch: round(value, 1) for batch, value in encoder.encodings_[0].items()}
    {'A': 1509.9, 'B': 1527.9, 'C': 1556.1, 'D': 1504.4, 'E': 1584.2, 'F': 1482.5}
    >>> encoder.transform(data[["Batch"]].head(2)).round(1)
        Batch
    0  1509.9
    1  1509.9
    """

    def __init__(
        self,
        *,
        cv: Any = 5,
        shuffle: bool = True,
        random_state: Any = None,
        reml: bool = True,
        control: Control | None = None,
    ) -> None:
        self.cv = cv
        self.shuffle = shuffle
        self.random_state = random_state
        self.reml = reml
        self.control = control

    def __sklearn_tags__(self) -> Any:
        """Say that columns hold categories, of which a missing one is one, and that a response is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags

    def fit(self, X: Any, y: Any) -> MixedEffectsEncoder:
        """Learn the number of every category.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Categories.
        y : array of shape (n_samples,)
            The response: numbers, or two classes, of which the second counts as 1.

        Returns
        -------
        MixedEffectsEncoder
            The encoder itself.

        Examples
        --------
        >>> from hlmrs.sklearn import MixedEffectsEncoder
        >>> X, y = [["a"], ["a"], ["b"], ["b"], ["b"]], [1.0, 2.0, 5.0, 6.0, 7.0]
        >>> {level: round(value, 2) for level, value in MixedEffectsEncoder().fit(X, y).encodings_[0].items()}
        {'a': 1.59, 'b': 5.94}
        """
        keys, response = self._read(X, y)
        self._set(keys, response)
        return self

    def fit_transform(self, X: Any, y: Any) -> Any:
        """Encode the rows that are fitted, each by a model of the other folds.

        Parameters
        ----------
        X, y
            As for ``fit``.

        Returns
        -------
        array of shape (n_samples, n_features), or data frame by ``set_output``
            Numbers; not those that ``transform`` gives, which know the responses of these rows.

        Examples
        --------
        >>> from hlmrs.sklearn import MixedEffectsEncoder
        >>> X, y = [["a"], ["a"], ["a"], ["b"], ["b"], ["b"]], [1.0, 2.0, 2.5, 5.0, 6.0, 7.0]
        >>> MixedEffectsEncoder(cv=3, shuffle=False).fit_transform(X, y).shape
        (6, 1)
        """
        keys, response = self._read(X, y)
        self._set(keys, response)
        encoded = np.empty((len(response), len(keys)))
        folds = folds_of_rows(self.cv, len(response), response, self.shuffle, self.random_state)
        for train, test in folds:
            for k, column in enumerate(keys):
                found = encoding(column[train], response[train], self.reml, self.control)
                encoded[test, k] = found.of(column[test])
        return encoded

    def transform(self, X: Any) -> Any:
        """Encode new rows.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Categories.

        Returns
        -------
        array of shape (n_samples, n_features), or data frame by ``set_output``
            Numbers.

        Examples
        --------
        >>> from hlmrs.sklearn import MixedEffectsEncoder
        >>> X, y = [["a"], ["a"], ["b"], ["b"], ["b"]], [1.0, 2.0, 5.0, 6.0, 7.0]
        >>> MixedEffectsEncoder().fit(X, y).transform([["b"], ["new"]]).round(2).tolist()
        [[5.94], [3.77]]
        """
        check_is_fitted(self)
        keys = self._keys(self._checked(X, reset=False))
        known = zip(self.encodings_, self.target_mean_, strict=True)
        encoded = [Encoding(*one).of(column) for one, column in zip(known, keys, strict=True)]
        return np.column_stack(encoded)

    def _read(self, X: Any, y: Any) -> tuple[list[NDArray[Any]], NDArray[np.float64]]:
        if y is None:
            raise DataError("MixedEffectsEncoder requires y to be passed, but the target y is None")
        X = self._checked(X, reset=True)
        check_consistent_length(X, y)
        return self._keys(X), numbers(y)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        if is_frame(X):
            return validate_data(self, X, reset=reset, skip_check_array=True)
        return validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)

    def _keys(self, X: Any) -> list[NDArray[Any]]:
        return [category_keys(column) for column in columns_of(X, feature_names(self)).values()]

    def _set(self, keys: list[NDArray[Any]], response: NDArray[np.float64]) -> None:
        found = [encoding(column, response, self.reml, self.control) for column in keys]
        self.encodings_ = [dict(one.values) for one in found]
        self.target_mean_ = [one.mean for one in found]


@dataclass(frozen=True)
class Encoding:
    """Numbers of categories, and that of any other."""

    values: Mapping[Hashable, float]
    mean: float

    def of(self, keys: NDArray[Any]) -> NDArray[np.float64]:
        """Return the numbers of rows."""
        return np.array([self.values.get(key, self.mean) for key in keys], dtype=np.float64)


def encoding(keys: NDArray[Any], y: NDArray[np.float64], reml: bool, control: Control | None) -> Encoding:
    """Return the predictions of a mixed model for every category, or their limits where it cannot be estimated."""
    places: dict[Hashable, int] = {}
    codes = np.array([places.setdefault(key, len(places)) for key in keys])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HlmrsWarning)
        try:
            fit = lmer("y ~ 1 + (1 | g)", {"y": y, "g": codes}, reml=reml, rows="keep", control=control)
        except (DesignError, NumericalError):
            if not reproduced(codes, y):
                raise
            values, mean = limits(codes, y)
        else:
            values, mean = fit.predict({"g": np.arange(len(places))}), float(fit.beta[0])
    return Encoding(dict(zip(places, values.tolist(), strict=True)), mean)


def limits(codes: NDArray[np.intp], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return what categories and new ones become where responses do not differ within categories.

    They are not shrunken then, unless every row is a category of its own, which says nothing of the next row.
    """
    means = np.bincount(codes, y) / np.bincount(codes)
    if len(means) == len(y):
        return np.full(len(y), y.mean()), float(y.mean())
    return means, float(means.mean())


def reproduced(codes: NDArray[np.intp], y: NDArray[np.float64]) -> bool:
    """Tell whether there is one category, or none in which responses differ by more than rounding."""
    means = np.bincount(codes, y) / np.bincount(codes)
    return len(means) == 1 or np.allclose(means[codes], y, rtol=1e-6, atol=1e-6 * float(y.std()))


def category_keys(column: Any) -> NDArray[Any]:
    """Return what tells the categories of a column; all missing values are one, None."""
    values = column.to_list() if hasattr(column, "to_list") else np.asarray(column).tolist()
    keys = np.empty(len(values), dtype=object)
    keys[:] = [None if is_missing(value) else value for value in values]
    return keys


def is_missing(value: Any) -> bool:
    """Tell None, NaN and pandas' NA and NaT, none of which equals itself."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def numbers(y: Any) -> NDArray[np.float64]:
    """Return the response as numbers; of two classes the second is 1."""
    y = column_or_1d(y, warn=True)
    if y.dtype.kind in "fiu":
        return np.asarray(check_array(y, ensure_2d=False, input_name="y"), dtype=np.float64)
    type_of_target(y, input_name="y", raise_unknown=True)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) > 2:
        raise DataError(f"y has {len(classes)} classes; give numbers, or two classes")
    return codes.astype(np.float64)
