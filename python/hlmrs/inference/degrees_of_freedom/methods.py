"""Estimates, standard errors and degrees of freedom of L beta by the method that ``ddf`` names."""

from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InferenceWarning, choose, warn
from ...estimation import Estimate
from ...options import Ddf, ModelVcov
from .counted import COUNTED, counted_df
from .covariance import model_covariance, quadratic, wald_statistic
from .functions import estimated_functions, row_space
from .kenward_roger import KENWARD_ROGER, kenward_roger_df, kenward_roger_joint, kenward_roger_parts
from .satterthwaite import satterthwaite_df, satterthwaite_joint

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

DDF_METHODS: tuple[Ddf, ...] = get_args(Ddf)
DEFAULT_DDF: Ddf = "satterthwaite"
VCOV_TYPES: tuple[ModelVcov, ...] = get_args(ModelVcov)
_OF_OPTIMUM = ("satterthwaite", *KENWARD_ROGER)


def contrast_rows(
    estimate: Estimate, combinations: ArrayLike, ddf: str = DEFAULT_DDF, information: str | None = None
) -> tuple[Vector, Vector, Vector]:
    """Estimate linear combinations of the fixed effects, one by one.

    Parameters
    ----------
    estimate : Estimate
        The fit.
    combinations : array of shape (k, p) or (p,)
        L: one combination a row; columns in the order of ``coef_names``, or of all columns of X where some depend on
        others.  A combination that the data do not determine is NaN.
    ddf : str
        One of ``DDF_METHODS``.
    information : {"expected", "observed"}, optional
        That of Kenward and Roger's methods about the variance parameters.

    Returns
    -------
    value, std_error, df : arrays of shape (k,)
        ``df`` is infinite for ``"normal"``.
    """
    ddf = chosen_ddf(ddf)
    rows, estimable = estimated_functions(estimate, combinations)
    if rows.size == 0:
        return (empty := np.zeros(len(rows))), empty.copy(), empty.copy()
    without = is_without_tests(estimate, ddf)
    adjusted = ddf in KENWARD_ROGER and not without
    parts = kenward_roger_parts(estimate, ddf, information) if adjusted else None
    covariance = model_covariance(estimate) if parts is None else parts["adjusted"]
    value = rows @ estimate.core.beta
    # coefficients without a standard error leave one to what does not ask for them
    unknown = np.isnan(covariance.diagonal())
    std_error = np.sqrt(quadratic(rows, np.where(np.isnan(covariance), 0.0, covariance)).clip(min=0))
    std_error[(rows[:, unknown] != 0).any(axis=1)] = np.nan
    df = np.full(len(rows), np.nan) if without else _row_df(estimate, rows, ddf, information)
    for column in (value, std_error, df):
        column[~estimable] = np.nan
    return value, std_error, df


def joint_test(
    estimate: Estimate,
    combinations: ArrayLike,
    ddf: str = DEFAULT_DDF,
    origin: Vector | None = None,
    information: str | None = None,
) -> tuple[float, float, float]:
    """Test that all rows of L beta are zero, or as they are at `origin`, coefficients of shape (p,).

    Parameters
    ----------
    estimate, combinations, ddf
        As in ``contrast_rows``; rows may depend on each other.

    Returns
    -------
    num_df, den_df, statistic : float
        Of an F test; NaN where a combination is not determined.  ``den_df`` is infinite for ``"normal"``.
    """
    ddf = chosen_ddf(ddf)
    rows, estimable = estimated_functions(estimate, combinations)
    rows = row_space(rows)
    q = len(rows)
    if not estimable.all() or q == 0 or is_without_tests(estimate, ddf):
        return (float(q) if estimable.all() else np.nan), np.nan, np.nan
    if ddf in KENWARD_ROGER:
        return float(q), *kenward_roger_joint(estimate, rows, ddf, information, origin)
    statistic = wald_statistic(estimate, rows, model_covariance(estimate), origin) / q
    if ddf == "satterthwaite":
        return float(q), satterthwaite_joint(estimate, rows), statistic
    return float(q), float(_row_df(estimate, rows, ddf, information).min()), statistic


def vcov(estimate: Estimate, type: str = "model", information: str | None = None) -> Matrix:
    """Return the covariance matrix of the fixed effects, shape (p, p).

    Parameters
    ----------
    estimate : Estimate
        The fit.
    type : {"model", "kenward-roger", "kenward-roger-linear"}
        Of the model, variance parameters taken as known; or with Kenward and Roger's correction for their estimation.
    information : {"expected", "observed"}, optional
        That of the correction about the variance parameters.
    """
    type = choose("type", type, VCOV_TYPES)
    if type in KENWARD_ROGER:
        return kenward_roger_parts(estimate, type, information)["adjusted"].copy()
    return model_covariance(estimate).copy()


def is_without_tests(estimate: Estimate, ddf: str) -> bool:
    """Whether the fit is exact and the method rests on the curvature at an optimum; a warning where it is exact."""
    if estimate.fitted.verdict.status != "exact":
        return False
    warn(
        "the model reproduces the response up to rounding: standard errors are rounding errors, and no test of the "
        "fixed effects is to be used",
        InferenceWarning,
    )
    return ddf in _OF_OPTIMUM


def chosen_ddf(ddf: str) -> str:
    """Return the method that a name means."""
    return choose("ddf", ddf, DDF_METHODS, {"KR": "kenward-roger", "KR1": "kenward-roger-linear"})


def _row_df(estimate: Estimate, rows: Matrix, ddf: str, information: str | None) -> Vector:
    if ddf == "satterthwaite":
        return satterthwaite_df(estimate, rows)
    if ddf in KENWARD_ROGER:
        return kenward_roger_df(estimate, rows, ddf, information)
    if ddf in COUNTED:
        return counted_df(estimate, rows, ddf)
    n, p = estimate.layout.n_rows, rows.shape[1]
    return np.full(len(rows), np.inf if ddf == "normal" else float(n - p))
