"""Estimates, standard errors and degrees of freedom of L beta: what every table and test of fixed effects rests on.

One default everywhere: ``DEFAULT_DDF``.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DesignError, OptionError
from ..estimation import Estimate
from .containment import between_within_df, containment_df
from .kenward_roger import kenward_roger_df, kenward_roger_joint, kenward_roger_parts
from .satterthwaite import satterthwaite_df, satterthwaite_joint

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

DDF_METHODS = ("satterthwaite", "kenward-roger", "containment", "between-within", "residual", "normal")
DEFAULT_DDF = "satterthwaite"
VCOV_TYPES = ("model", "kenward-roger")

_RANK = 1e-10
_COUNTED = {"containment": containment_df, "between-within": between_within_df}


def contrast_rows(estimate: Estimate, combinations: ArrayLike, ddf: str = DEFAULT_DDF) -> tuple[Vector, Vector, Vector]:
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

    Returns
    -------
    value, std_error, df : arrays of shape (k,)
        ``df`` is infinite for ``"normal"``.
    """
    check_ddf(ddf)
    rows, estimable = _estimated(estimate, combinations)
    if rows.size == 0:
        return (empty := np.zeros(len(rows))), empty.copy(), empty.copy()
    covariance = vcov(estimate, "kenward-roger" if ddf == "kenward-roger" else "model")
    value = rows @ estimate.core.beta
    std_error = np.sqrt(np.einsum("ki,ij,kj->k", rows, covariance, rows).clip(min=0))
    df = _row_df(estimate, rows, ddf)
    for column in (value, std_error, df):
        column[~estimable] = np.nan
    return value, std_error, df


def joint_test(
    estimate: Estimate, combinations: ArrayLike, ddf: str = DEFAULT_DDF, origin: Vector | None = None
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
    check_ddf(ddf)
    rows, estimable = _estimated(estimate, combinations)
    rows = _row_space(rows)
    q = len(rows)
    if not estimable.all() or q == 0:
        return (float(q) if estimable.all() else np.nan), np.nan, np.nan
    if ddf == "kenward-roger":
        return float(q), *kenward_roger_joint(estimate, rows, origin)
    value = rows @ (estimate.core.beta if origin is None else estimate.core.beta - origin)
    covariance = rows @ vcov(estimate) @ rows.T
    statistic = float(value @ np.linalg.solve(covariance, value)) / q
    if ddf == "satterthwaite":
        return float(q), satterthwaite_joint(estimate, rows), statistic
    return float(q), float(_row_df(estimate, rows, ddf).min()), statistic


def vcov(estimate: Estimate, type: str = "model") -> Matrix:
    """Return the covariance matrix of the fixed effects, shape (p, p).

    Parameters
    ----------
    estimate : Estimate
        The fit.
    type : {"model", "kenward-roger"}
        Of the model, variance parameters taken as known; or with Kenward and Roger's correction for their estimation.
    """
    if type not in VCOV_TYPES:
        raise OptionError(f"type={type!r}: choose one of {', '.join(map(repr, VCOV_TYPES))}")
    if type == "kenward-roger":
        adjusted: Matrix = kenward_roger_parts(estimate)["adjusted"]
        return adjusted.copy()
    return estimate.core.vcov()


def check_ddf(ddf: Any) -> None:
    """Refuse an unknown method."""
    if ddf not in DDF_METHODS:
        raise OptionError(f"ddf={ddf!r}: choose one of {', '.join(map(repr, DDF_METHODS))}")


def _row_df(estimate: Estimate, rows: Matrix, ddf: str) -> Vector:
    if ddf == "satterthwaite":
        return satterthwaite_df(estimate, rows)
    if ddf == "kenward-roger":
        return kenward_roger_df(estimate, rows)
    if ddf in _COUNTED:
        return _counted(estimate, rows, ddf)
    n, p = estimate.layout.n_rows, rows.shape[1]
    return np.full(len(rows), np.inf if ddf == "normal" else float(n - p))


def _counted(estimate: Estimate, rows: Matrix, ddf: str) -> Vector:
    df = _least(rows, _COUNTED[ddf](estimate))
    if (df <= 0).any():
        raise DesignError(
            f"ddf={ddf!r} leaves no degrees of freedom: the random effects and coefficients use up all that there are; "
            "use ddf='satterthwaite'"
        )
    return df


def _least(rows: Matrix, by_column: Vector) -> Vector:
    """Return the least degrees of freedom among the columns that a row uses."""
    used = np.abs(rows) > _RANK * np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
    least: Vector = np.where(used, by_column, np.inf).min(axis=1, initial=np.inf)
    return least


def _row_space(rows: Matrix) -> Matrix:
    """Return rows that span the same space and do not depend on each other: the given ones, if they do not."""
    if len(rows) == 0:
        return rows
    scale = np.linalg.norm(rows, axis=1, keepdims=True)
    _, s, v = np.linalg.svd(rows / np.where(scale > 0, scale, 1.0), full_matrices=False)
    rank = int((s > _RANK * max(s[0], 1e-300)).sum()) if s[0] > 0 else 0
    if rank == len(rows):
        return rows
    space: Matrix = v[:rank]
    return space


def _estimated(estimate: Estimate, combinations: ArrayLike) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return L over the estimated columns, and which rows the data determine."""
    rows = np.atleast_2d(np.asarray(combinations, dtype=float))
    kept, n_columns = list(estimate.layout.kept), len(estimate.layout.columns)
    if rows.ndim != 2 or rows.shape[1] not in (len(kept), n_columns):
        raise OptionError(
            f"the combinations have shape {rows.shape}; they need a column for each of {len(kept)} coefficients"
        )
    if rows.shape[1] == len(kept):
        return rows, np.ones(len(rows), dtype=bool)
    dropped = [k for k in range(n_columns) if k not in set(kept)]
    implied = rows[:, kept] @ _dependence(estimate, kept, dropped)
    off = np.abs(rows[:, dropped] - implied).max(axis=1, initial=0.0)
    return rows[:, kept], off <= 1e-7 * np.abs(rows).max(axis=1, initial=0.0) + 1e-300


def _dependence(estimate: Estimate, kept: list[int], dropped: list[int]) -> Matrix:
    """Return the coefficients of the dropped columns of X on those that are kept."""
    if "dependence" not in estimate.memo:
        x = estimate.rows.model_matrix()
        estimate.memo["dependence"] = np.linalg.lstsq(x[:, kept], x[:, dropped], rcond=None)[0]
    matrix: Matrix = estimate.memo["dependence"]
    return matrix
