"""The checks that scikit-learn has for estimators."""

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from hlmrs.sklearn import MixedEffectsClassifier, MixedEffectsEncoder, MixedEffectsRegressor

pytestmark = pytest.mark.filterwarnings("ignore")  # without groups there is a notice, and checks make many warnings


@parametrize_with_checks(
    [
        MixedEffectsRegressor(),
        MixedEffectsRegressor(learner=LinearRegression()),
        MixedEffectsClassifier(),
        MixedEffectsEncoder(random_state=0),
    ],
)
def test_estimators_do_as_scikit_learn_expects(estimator, check):
    check(estimator)
