"""The parts of a page, in the order of the guidelines: each a title and the functions that make its pieces.

``data``, ``models``, ``estimation``, ``effects``, ``checking``, ``limits``, ``writing``.
"""

from ..part import Part
from . import checking, data, effects, estimation, limits, models, writing

_CHECKS = (
    checking.checks,
    checking.pictures_of_residuals,
    checking.covariance_of_residuals,
    checking.groups,
    checking.robust_standard_errors,
    checking.influence,
)
_FINAL = (
    models.coefficients,
    models.intervals_of_variances,
    models.explained,
    models.decomposition,
    models.standardized,
)
PARTS = (
    Part("Question and model", (data.question, data.formula, data.equations, data.random_coefficients)),
    Part("Design", (data.levels, data.sampling)),
    Part("Data", (data.variables, data.rows, data.missing)),
    Part("Estimation", (estimation.facts, estimation.verdict, estimation.software)),
    Part("Null model", (models.null_variances, models.shares_of_the_null_model, models.reliability_of_the_null_model)),
    Part("Models", (models.compared, models.side_by_side)),
    Part("Final model", _FINAL),
    Part("Effects", (effects.of_variables, effects.of_interactions)),
    Part("Assumptions", _CHECKS),
    Part("Precision", (limits.detectable,)),
    Part("Limits", (limits.limits,)),
    Part("Methods, table and code", (writing.prose, writing.latex, writing.code)),
)

__all__ = ["PARTS"]
