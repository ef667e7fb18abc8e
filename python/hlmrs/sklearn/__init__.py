"""Mixed models as estimators of scikit-learn; imported on demand.

``regressor`` and ``classifier`` are estimators, ``grouped`` what both do, by ``columns`` and a ``model_formula``;
``learner`` has any regressor as the fixed part, in ``folds``; ``encoder`` makes numbers of categories.

>>> import hlmrs.sklearn
>>> hlmrs.sklearn.MixedEffectsRegressor(random="1")
MixedEffectsRegressor()
"""

try:
    import sklearn.base as _installed  # noqa: F401
except ImportError as error:
    raise ImportError(
        "hlmrs.sklearn needs scikit-learn, which is not installed: pip install 'hlmrs[sklearn]'"
    ) from error

from .classifier import MixedEffectsClassifier
from .encoder import MixedEffectsEncoder
from .regressor import MixedEffectsRegressor

__all__ = ["MixedEffectsClassifier", "MixedEffectsEncoder", "MixedEffectsRegressor"]
