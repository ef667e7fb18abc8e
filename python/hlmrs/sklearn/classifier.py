"""Logistic mixed models as a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ..control import Control
from ..errors import DataError
from ..generalized import glmer
from ..priors import Prior
from .columns import as_frame_of, checked_features, checked_rows
from .grouped import GroupedEstimator, weighted_rows


class MixedEffectsClassifier(ClassifierMixin, GroupedEstimator):
    """A mixed model of two classes: fixed effects of the features, random effects of the groups.

    The probability of the second class is that of ``glmer`` with ``family="binomial"``.  Groups are given as to
    ``MixedEffectsRegressor``.  Rows of groups that the fit has not seen, and rows predicted without groups, get the
    probability at random effects of zero.  Without any groups it is logistic regression, with a notice.

    Parameters
    ----------
    formula, random, group_columns
        As of ``MixedEffectsRegressor``.
    link : {"logit", "probit", "cloglog", "cauchit"}
        The link of the probability.
    prior : Normal, dict of str to Normal or "avoid-boundary", optional
        What is known of coefficients, as for ``glmer``; keeps them finite where features separate the classes.
        ``"avoid-boundary"`` keeps variances of random effects above zero.
    nagq : int
        1: Laplace's approximation; more: points of adaptive quadrature; as for ``glmer``.
    control : Control, optional
        Optimizer, limits, threads.

    Attributes
    ----------
    fit_ : GeneralizedMixedFit or LogisticRegression
        The fitted model; without groups scikit-learn's logistic regression, without a penalty.
    classes_ : array of shape (2,)
        The classes.
    groups_, given_groups_, n_features_in_, feature_names_in_
        As of ``MixedEffectsRegressor``.

    Examples
    --------
    >>> import hlmrs
    >>> from hlmrs.sklearn import MixedEffectsClassifier
    >>> data = hlmrs.datasets.load("Contraception", "pandas")
    >>> model = MixedEffectsClassifier()
    >>> model = model.fit(data[["age", "urban"]], data["use"], groups=data["district"])
    >>> model.classes_.tolist(), model.fit_.n_groups
    (['N', 'Y'], {'district': 60})
    >>> model.predict_proba(data[["age", "urban"]].head(1), groups=data["district"].head(1)).shape
    (1, 2)
    """

    _without_groups = "logistic regression"

    def __init__(
        self,
        formula: str | None = None,
        *,
        random: str | Mapping[str, str] = "1",
        group_columns: str | int | Sequence[str | int] | None = None,
        link: str = "logit",
        prior: Prior | None = None,
        nagq: int = 1,
        control: Control | None = None,
    ) -> None:
        self.formula = formula
        self.random = random
        self.group_columns = group_columns
        self.link = link
        self.prior = prior
        self.nagq = nagq
        self.control = control

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> MixedEffectsClassifier:
        """Fit the model.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Features; columns of text and categories of a data frame become factors.
        y : array of shape (n_samples,)
            The class of every row, one of two.
        groups : array, data frame or matrix, optional
            The group of every row, or a column for every grouping factor.
        sample_weight : array, optional
            A row of weight 2 counts as two rows.  Rows of weight zero are left out.

        Returns
        -------
        MixedEffectsClassifier
            The estimator itself.

        Examples
        --------
        >>> import hlmrs
        >>> from hlmrs.sklearn import MixedEffectsClassifier
        >>> data = hlmrs.datasets.load("Contraception", "pandas")
        >>> model = MixedEffectsClassifier("~ age + I(age^2) + urban + (urban | district)")
        >>> model.fit(data[["age", "urban", "district"]], data["use"]).fit_.nobs
        1934
        """
        X, y = checked_rows(self, X, y, numeric=False)
        X, y, groups, weights = weighted_rows(X, y, groups, sample_weight)
        columns = self._grouped(X, groups)
        self.classes_, second = self._two_classes(y)
        if self._is_without_groups:
            self._say_without_groups()
            self.fit_ = LogisticRegression(C=np.inf, max_iter=1000).fit(X, y, weights)
            return self
        response, formula = self._model_formula(columns)
        self.fit_ = glmer(
            formula,
            as_frame_of(X, columns | {response: second}),
            link=self.link,
            prior=self.prior,
            nagq=self.nagq,
            weights=weights,
            missing="error",
            control=self.control,
        )
        return self

    def _two_classes(self, y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Return the classes, and whether a row is of the second, as 0 and 1."""
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) > 2:
            raise DataError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}, "
                f"it has {len(classes)} classes"
            )
        if len(classes) < 2:
            raise DataError(f"y has one class, {str(classes[0])!r}, in the rows used; a classifier needs two")
        return classes, codes.astype(np.float64)

    def predict_proba(self, X: Any, groups: Any = None) -> NDArray[np.float64]:
        """Predict the probabilities of both classes.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Features.
        groups : array, data frame or matrix, optional
            The groups of the rows; without them, and for groups that are new, random effects are zero.

        Returns
        -------
        array of shape (n_samples, 2)
            Probabilities, in the order of ``classes_``; NaN where a value is missing.

        Examples
        --------
        >>> import hlmrs
        >>> from hlmrs.sklearn import MixedEffectsClassifier
        >>> data = hlmrs.datasets.load("Contraception", "pandas")
        >>> model = MixedEffectsClassifier().fit(data[["age"]], data["use"], groups=data["district"])
        >>> model.predict_proba(data[["age"]].head(1)).round(2).tolist()
        [[0.59, 0.41]]
        """
        X = checked_features(self, X)
        if isinstance(self.fit_, LogisticRegression) and groups is None:
            return np.asarray(self.fit_.predict_proba(X))
        columns, known = self._new_columns(X, groups)
        second = np.asarray(self.fit_.predict(columns, random_effects=known, new_levels="population"))
        return np.column_stack([1.0 - second, second])

    def predict(self, X: Any, groups: Any = None) -> NDArray[Any]:
        """Predict the class, the more probable one.

        Parameters
        ----------
        X, groups
            As for ``predict_proba``.

        Returns
        -------
        array of shape (n_samples,)
            Classes.

        Examples
        --------
        >>> import hlmrs
        >>> from hlmrs.sklearn import MixedEffectsClassifier
        >>> data = hlmrs.datasets.load("Contraception", "pandas")
        >>> model = MixedEffectsClassifier().fit(data[["age"]], data["use"], groups=data["district"])
        >>> model.predict(data[["age"]].head(2)).tolist()
        ['N', 'N']
        """
        second = self.predict_proba(X, groups=groups)[:, 1]
        missing = np.flatnonzero(np.isnan(second))
        if len(missing):
            raise DataError(f"row {missing[0]} of X has a missing value, and no class; fill or drop it")
        return np.asarray(self.classes_[(second > 0.5).astype(int)])

    def score(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """Return the share of rows whose class is predicted.

        Parameters
        ----------
        X, y, sample_weight
            As for ``fit``.
        groups : array, data frame or matrix, optional
            As for ``predict``; inside of other estimators by ``set_score_request(groups=True)``.

        Returns
        -------
        float
            The accuracy.

        Examples
        --------
        >>> import hlmrs
        >>> from hlmrs.sklearn import MixedEffectsClassifier
        >>> data = hlmrs.datasets.load("Contraception", "pandas")
        >>> model = MixedEffectsClassifier().fit(data[["age"]], data["use"], groups=data["district"])
        >>> round(model.score(data[["age"]], data["use"], groups=data["district"]), 2)
        0.63
        """
        return float(accuracy_score(y, self.predict(X, groups=groups), sample_weight=sample_weight))
