"""Linear mixed models as a regressor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.utils import _safe_indexing

from ..control import Control, count, positive
from ..errors import OptionError, listed
from ..models import lmer
from ..results import LinearMixedFit
from .columns import as_frame_of, checked_features, checked_rows, feature_names
from .folds import folds_of_groups
from .grouped import GroupedEstimator, weighted_rows
from .learner import Rows, alternate, learned, refuse_what_cannot_learn
from .model_formula import automatic, free_name


class MixedEffectsRegressor(RegressorMixin, GroupedEstimator):
    """A linear mixed model: fixed effects of the features, random effects of the groups.

    Groups are metadata, as for ``GroupKFold``: ``fit(X, y, groups=...)``, routed through pipelines and searches once
    ``set_fit_request(groups=True)`` asks for them; or they are columns of X, named by ``group_columns`` or ``formula``.
    Rows of groups that the fit has not seen, and rows predicted without groups, get the prediction of the population.
    Without any groups it is least squares, with a notice.

    With ``learner`` the fixed part is what any regressor makes of the features.  The learner learns the response minus
    the random part, a mixed model of the response minus the learner's predictions has the random part, and so in turns
    until the criterion settles.  These predictions are out of fold, in folds that keep groups together.

    Parameters
    ----------
    formula : str, optional
        In lme4's language: ``"ses * sector + (ses | school)"``, of columns of X and names of groups; the response is
        y, whatever name stands before a ``~``.  Features of an array are ``x0, x1, ...``, groups given as an array
        ``groups``.  Default: every feature has a fixed effect, and every grouping factor the terms of ``random``.
    random : str or dict of str to str
        Terms that differ between groups, as they would stand before the bar of a formula: ``"1"``, ``"1 + x"``; or by
        the name of the grouping factor.
    group_columns : str, int or list, optional
        Columns of X, by name or place, that are groups and no features.
    reml : bool
        REML, or maximum likelihood.
    learner : regressor, optional
        A regressor of scikit-learn, or one that looks like it (LightGBM, XGBoost): the fixed part.  ``random`` and
        ``group_columns`` say the random part.  Default: a coefficient for every feature.
    cv : int, splitter or None
        Folds in which the learner predicts: a number for that many with whole groups of the first grouping factor; None
        lets it predict the rows that it has learned, which is for learners that cannot overfit.
    tol : float
        The criterion has settled when a round changes it by less than this a row.
    max_rounds : int
        Rounds at most.
    control : Control, optional
        Optimizer, limits, threads.

    Attributes
    ----------
    fit_ : LinearMixedFit, or a regressor
        The fitted model, with all that hlmrs knows of it; beside a learner the model of what it leaves.  Without groups
        scikit-learn's least squares, or the learner alone.
    learner_ : regressor
        The learner, fitted to all rows; where there is one.
    out_of_fold_ : array of shape (n_samples,)
        The learner's predictions of the rows that were fitted, in the last round.
    criteria_ : list of float
        The criterion in every round.
    groups_ : list of str
        Names of the grouping factors; several are crossed or nested, as their labels are.
    given_groups_ : list of str
        Those that were given to ``fit``, and are no columns of X.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Examples
    --------
    >>> import hlmrs
    >>> from hlmrs.sklearn import MixedEffectsRegressor
    >>> data = hlmrs.datasets.load("sleepstudy", "pandas")
    >>> model = MixedEffectsRegressor(random="1 + Days")
    >>> model = model.fit(data[["Days"]], data["Reaction"], groups=data["Subject"])
    >>> model.fit_.beta.round(3).tolist()
    [251.405, 10.467]
    >>> new = data[["Days"]].head(2)
    >>> model.predict(new).round(1).tolist()
    [251.4, 261.9]
    >>> model.predict(new, groups=["308", "never seen"]).round(1).tolist()
    [253.7, 261.9]

    A learner in the fixed part:

    >>> from sklearn.tree import DecisionTreeRegressor
    >>> school = hlmrs.datasets.load("Hsb82", "pandas")
    >>> tree = MixedEffectsRegressor(learner=DecisionTreeRegressor(min_samples_leaf=100, random_state=1))
    >>> tree = tree.fit(school[["cses", "meanses"]], school["mAch"], groups=school["school"])
    >>> round(tree.fit_.sigma, 1)
    6.1
    """

    _without_groups = "least squares"

    def __init__(
        self,
        formula: str | None = None,
        *,
        random: str | Mapping[str, str] = "1",
        group_columns: str | int | Sequence[str | int] | None = None,
        reml: bool = True,
        learner: Any = None,
        cv: Any = 5,
        tol: float = 1e-4,
        max_rounds: int = 50,
        control: Control | None = None,
    ) -> None:
        self.formula = formula
        self.random = random
        self.group_columns = group_columns
        self.reml = reml
        self.learner = learner
        self.cv = cv
        self.tol = tol
        self.max_rounds = max_rounds
        self.control = control

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> MixedEffectsRegressor:
        """Fit the model.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Features; columns of text and categories of a data frame become factors.
        y : array of shape (n_samples,)
            The response.
        groups : array, data frame or matrix, optional
            The group of every row, or a column for every grouping factor.
        sample_weight : array, optional
            Prior weights: the variance of row i is sigma² / wᵢ.  Rows of weight zero are left out.

        Returns
        -------
        MixedEffectsRegressor
            The estimator itself.

        Examples
        --------
        >>> import numpy as np
        >>> from hlmrs.sklearn import MixedEffectsRegressor
        >>> X, y = np.array([[0.0], [1.0], [2.0], [0.0], [1.0], [2.0]]), [1.0, 2.0, 3.5, 4.0, 5.0, 5.5]
        >>> MixedEffectsRegressor().fit(X, y, groups=["a", "a", "a", "b", "b", "b"]).fit_.n_groups
        {'groups': 2}
        """
        X, y = checked_rows(self, X, y, numeric=True)
        X, y, groups, weights = weighted_rows(X, y, groups, sample_weight)
        columns = self._grouped(X, groups)
        y = np.asarray(y, dtype=np.float64)
        if self.learner is not None:
            refuse_what_cannot_learn(self.learner, weights is not None)
        if self._is_without_groups:
            self._say_without_groups()
            self.fit_ = learned(LinearRegression() if self.learner is None else self.learner, X, y, weights)
        elif self.learner is None:
            response, formula = self._model_formula(columns)
            self.fit_ = self._mixed(formula, as_frame_of(X, columns | {response: y}), weights)
        else:
            self._fit_beside_learner(X, y, columns, weights)
        return self

    def _mixed(self, formula: str, data: Any, weights: Any) -> LinearMixedFit[Any]:
        return lmer(formula, data, reml=self.reml, weights=weights, missing="error", rows="keep", control=self.control)

    def _fit_beside_learner(self, X: Any, y: NDArray[np.float64], columns: dict[str, Any], weights: Any) -> None:
        """Alternate learner and random part."""
        if self.formula is not None:
            raise OptionError("formula beside learner: the features are the learner's; give random= and group_columns=")
        features = self._learned_features(X)
        folds = folds_of_groups(self.cv, features, y, columns[self.groups_[0]])
        response = free_name(columns)
        formula = f"{response} ~ {automatic([], self.groups_, self.random)}"
        self._refuse_lost_names(formula, [*columns, response])
        found = alternate(
            self.learner,
            Rows(features, weights, folds),
            y,
            lambda rest: self._mixed(formula, as_frame_of(X, columns | {response: rest}), weights),
            positive("tol", self.tol),
            count("max_rounds", self.max_rounds),
        )
        self.fit_, self.learner_ = found.fit, found.learner
        self.out_of_fold_, self.criteria_ = found.predicted, found.criteria

    def _learned_features(self, X: Any) -> Any:
        """Return the features without the columns that are groups."""
        kept = [k for k, name in enumerate(feature_names(self)) if name not in self.groups_]
        if not kept:
            raise OptionError(
                f"learner={type(self.learner).__name__}(): no feature is left for it, as all columns of X are groups, "
                f"{listed(feature_names(self))}; give features, or no learner"
            )
        return _safe_indexing(X, kept, axis=1)

    def predict(self, X: Any, groups: Any = None) -> NDArray[np.float64]:
        """Predict the response.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Features.
        groups : array, data frame or matrix, optional
            The groups of the rows.  Without them, and for groups that are new, the prediction is that of the
            population: random effects of zero.

        Returns
        -------
        array of shape (n_samples,)
            Predictions; NaN where a value is missing.

        Examples
        --------
        >>> import numpy as np
        >>> from hlmrs.sklearn import MixedEffectsRegressor
        >>> X, y = np.array([[0.0], [1.0], [2.0], [0.0], [1.0], [2.0]]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        >>> model = MixedEffectsRegressor().fit(X, y + np.sin(y), groups=["a", "a", "a", "b", "b", "b"])
        >>> model.predict([[1.0]]).shape
        (1,)
        """
        X = checked_features(self, X)
        if not isinstance(self.fit_, LinearMixedFit) and groups is None:
            return np.asarray(self.fit_.predict(X))
        columns, known = self._new_columns(X, groups)
        predicted = np.asarray(self.fit_.predict(columns, random_effects=known, new_levels="population"))
        return predicted if self.learner is None else predicted + self.learner_.predict(self._learned_features(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """Return the share of the variance of y that predictions explain, R².

        Parameters
        ----------
        X, y, sample_weight
            As for ``fit``.
        groups : array, data frame or matrix, optional
            As for ``predict``; inside of other estimators by ``set_score_request(groups=True)``.

        Returns
        -------
        float
            R², which is negative for predictions worse than the mean.

        Examples
        --------
        >>> import hlmrs
        >>> from hlmrs.sklearn import MixedEffectsRegressor
        >>> data = hlmrs.datasets.load("sleepstudy", "pandas")
        >>> X, y, subject = data[["Days"]], data["Reaction"], data["Subject"]
        >>> model = MixedEffectsRegressor(random="1 + Days").fit(X, y, groups=subject)
        >>> round(model.score(X, y), 2), round(model.score(X, y, groups=subject), 2)
        (0.29, 0.83)
        """
        return float(r2_score(y, self.predict(X, groups=groups), sample_weight=sample_weight))
