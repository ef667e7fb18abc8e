"""Estimates, standard errors and degrees of freedom of L beta: what every table and test of fixed effects rests on.

One default everywhere: ``DEFAULT_DDF``.  Satterthwaite's degrees of freedom, for joint tests those of Fai and
Cornelius (1996); Kenward and Roger's (1997), with their covariance and scaled F; or counted, by ``containment``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import kenward_roger, satterthwaite
from ..errors import DesignError, InferenceWarning, OptionError, choose, warn
from ..estimation import Estimate, cached
from ..options import Ddf, ModelVcov
from .containment import between_within_df, containment_df

if TYPE_CHECKING:
    from .._core import KenwardRogerParts, SatterthwaiteParts

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

DDF_METHODS: tuple[Ddf, ...] = get_args(Ddf)
DEFAULT_DDF: Ddf = "satterthwaite"
VCOV_TYPES: tuple[ModelVcov, ...] = get_args(ModelVcov)

_OF_OPTIMUM = ("satterthwaite", "kenward-roger")
_RANK = 1e-10
_SAME = 1e-8
_FEW = 100_000
"""Numbers in rows, up to which products with all slopes of a covariance are made at once."""
_COUNTED = {"containment": containment_df, "between-within": between_within_df}


class Uncertainty(ABC):
    """What tests and intervals of linear functions of the fixed effects rest on."""

    estimate: Estimate

    @property
    @abstractmethod
    def matrix(self) -> Matrix:
        """The covariance of the coefficients."""

    @abstractmethod
    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β; NaN where it is not estimable."""

    @abstractmethod
    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic of L β = L origin (default: zeros)."""

    def covariance(self, functions: Matrix) -> Matrix:
        """Return the covariance of the rows l'β."""
        rows = estimated_columns(self.estimate, functions)
        return np.asarray(rows @ self.matrix @ rows.T)


class WaldUncertainty(Uncertainty):
    """A covariance whose tests are Wald's, all with the same degrees of freedom."""

    @property
    @abstractmethod
    def df(self) -> float:
        """Those of all tests."""

    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row."""
        value = contrast_rows(self.estimate, functions, "normal")[0]
        std_error = np.sqrt(_quadratic(estimated_columns(self.estimate, functions), self.matrix).clip(min=0))
        std_error[np.isnan(value)] = np.nan
        return value, std_error, np.where(np.isnan(value), np.nan, self.df)

    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and F of L β = L origin, by Wald's test."""
        rows = row_space(estimated_columns(self.estimate, functions))
        return float(len(rows)), self.df, wald_statistic(self.estimate, rows, self.matrix, origin) / len(rows)


@dataclass(frozen=True, slots=True)
class ModelUncertainty(Uncertainty):
    """The model's covariance of the fixed effects, with a method for degrees of freedom."""

    estimate: Estimate
    ddf: str

    @property
    def matrix(self) -> Matrix:
        """The covariance of the coefficients, with Kenward and Roger's correction where the method is theirs."""
        return vcov(self.estimate, "kenward-roger" if self.ddf == "kenward-roger" else "model")

    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row."""
        return contrast_rows(self.estimate, functions, self.ddf)

    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic."""
        return joint_test(self.estimate, functions, self.ddf, origin)


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
    ddf = chosen_ddf(ddf)
    rows, estimable = _estimated(estimate, combinations)
    if rows.size == 0:
        return (empty := np.zeros(len(rows))), empty.copy(), empty.copy()
    without = is_without_tests(estimate, ddf)
    adjusted = ddf == "kenward-roger" and not without
    covariance = kenward_roger_parts(estimate)["adjusted"] if adjusted else _model_covariance(estimate)
    value = rows @ estimate.core.beta
    std_error = np.sqrt(_quadratic(rows, covariance).clip(min=0))
    df = np.full(len(rows), np.nan) if without else _row_df(estimate, rows, ddf)
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
    ddf = chosen_ddf(ddf)
    rows, estimable = _estimated(estimate, combinations)
    rows = row_space(rows)
    q = len(rows)
    if not estimable.all() or q == 0 or is_without_tests(estimate, ddf):
        return (float(q) if estimable.all() else np.nan), np.nan, np.nan
    if ddf == "kenward-roger":
        return float(q), *kenward_roger_joint(estimate, rows, origin)
    statistic = wald_statistic(estimate, rows, _model_covariance(estimate), origin) / q
    if ddf == "satterthwaite":
        return float(q), satterthwaite_joint(estimate, rows), statistic
    return float(q), float(_row_df(estimate, rows, ddf).min()), statistic


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


def vcov(estimate: Estimate, type: str = "model") -> Matrix:
    """Return the covariance matrix of the fixed effects, shape (p, p).

    Parameters
    ----------
    estimate : Estimate
        The fit.
    type : {"model", "kenward-roger"}
        Of the model, variance parameters taken as known; or with Kenward and Roger's correction for their estimation.
    """
    type = choose("type", type, VCOV_TYPES)
    if type == "kenward-roger":
        return kenward_roger_parts(estimate)["adjusted"].copy()
    return _model_covariance(estimate).copy()


@cached
def _model_covariance(estimate: Estimate) -> Matrix:
    return estimate.core.vcov()


@cached
def _ordinary_covariance(estimate: Estimate) -> Matrix:
    return estimate.core.ordinary_covariance()


def _quadratic(rows: Matrix, matrix: Matrix) -> Vector:
    """Return x'Ax of every row x, by the matrix, or by each of several."""
    return np.asarray((rows @ matrix * rows).sum(axis=-1))


def wald_statistic(estimate: Estimate, rows: Matrix, covariance: Matrix, origin: Vector | None) -> float:
    """Return d'(L C L')⁻¹d for d = L (beta - origin)."""
    value = rows @ (estimate.core.beta if origin is None else estimate.core.beta - origin)
    return float(value @ np.linalg.solve(rows @ covariance @ rows.T, value))


def estimated_columns(estimate: Estimate, functions: Matrix) -> Matrix:
    """Return the columns of the coefficients that are estimated."""
    return functions if functions.shape[1] == len(estimate.core.beta) else functions[:, list(estimate.layout.kept)]


def chosen_ddf(ddf: str) -> str:
    """Return the method that a name means."""
    return choose("ddf", ddf, DDF_METHODS, {"KR": "kenward-roger"})


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


def row_space(rows: Matrix) -> Matrix:
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
    implied = rows[:, _spanning(estimate)] @ _dependence(estimate)
    off = np.abs(rows[:, _dropped(estimate)] - implied).max(axis=1, initial=0.0)
    return rows[:, kept], off <= 1e-7 * np.abs(rows).max(axis=1, initial=0.0) + 1e-300


@cached
def _dependence(estimate: Estimate) -> Matrix:
    """Return the coefficients of the dropped columns of X on the others."""
    x = estimate.rows.model_matrix()
    return np.asarray(np.linalg.lstsq(x[:, _spanning(estimate)], x[:, _dropped(estimate)], rcond=None)[0])


def _spanning(estimate: Estimate) -> list[int]:
    """Return the columns that are estimated, with the constant that thresholds of an ordered response stand for."""
    return sorted({*estimate.layout.kept, *estimate.constants})


def _dropped(estimate: Estimate) -> list[int]:
    return sorted({*range(len(estimate.layout.columns))} - {*_spanning(estimate)})


def satterthwaite_df(estimate: Estimate, rows: Matrix) -> Vector:
    """Return 2 f^2 / Var(f) for the variance f of every row of L beta."""
    parts = _satterthwaite_parts(estimate)
    return _matched_df(rows, _model_covariance(estimate), parts["derivatives"], parts["covariance"])


def _matched_df(rows: Matrix, covariance: Matrix, derivatives: Vector, of_parameters: Matrix) -> Vector:
    """Return 2 v² / Var(v) for the variance v = l'Cl of every row, by its slopes in the variance parameters.

    It is 2 / Var(log v): neither the squares of variances nor their products need be numbers in the response's unit.
    """
    variance = _quadratic(rows, covariance)
    if rows.size <= _FEW:
        slopes = _quadratic(rows, derivatives).T
    else:  # one after the other, in the memory of one
        slopes = np.stack([_quadratic(rows, derivative) for derivative in derivatives], axis=1)
    return _df_of_variances(variance, slopes, of_parameters)


def _df_of_variances(variance: Vector, slopes: Matrix, of_parameters: Matrix) -> Vector:
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = slopes / variance[:, np.newaxis]
        df: Vector = 2 / _quadratic(relative, of_parameters)
    return df


def satterthwaite_joint(estimate: Estimate, rows: Matrix) -> float:
    """Return the denominator df of the F test of independent rows: E(F) of the sum of their squared t statistics.

    Of all rows that ask the same, those are taken that are uncorrelated by the model and by ordinary least squares, so
    that the answer depends on the hypothesis alone, and on no coding.
    """
    if len(rows) == 1:
        return float(satterthwaite_df(estimate, rows)[0])
    ordinary = np.linalg.cholesky(rows @ _ordinary_covariance(estimate) @ rows.T)
    rows = np.linalg.solve(ordinary, rows)
    _, vectors = np.linalg.eigh(rows @ _model_covariance(estimate) @ rows.T)
    df = satterthwaite_df(estimate, vectors.T @ rows)
    if np.ptp(df) < _SAME * df.max():
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    expectation = float((df / (df - 2)).sum())
    return 2 * expectation / (expectation - len(rows))


def prediction_df(estimate: Estimate, variance: Vector, slopes: Matrix) -> Vector:
    """Return 2 v^2 / Var(v) for variances of predictions and their slopes in the variance parameters (m, k)."""
    df = _df_of_variances(variance, slopes.T, _satterthwaite_parts(estimate)["covariance"])
    return np.where(variance == 0, np.inf, df)


def _satterthwaite_parts(estimate: Estimate) -> "SatterthwaiteParts":
    """Return the slopes and the covariance of the variance parameters; a warning where they are not at an optimum."""
    of = estimate.fitted
    parts = _variance_derivatives(of)
    if parts["n_negative"] or of.core.is_adapted or not estimate.verdict.converged:
        warn(
            "the fit is not at an optimum, so Satterthwaite's degrees of freedom are approximate; "
            "fit again, or use ddf='normal'",
            InferenceWarning,
        )
    return parts


@cached
def _variance_derivatives(estimate: Estimate) -> "SatterthwaiteParts":
    return satterthwaite(estimate.core)


def kenward_roger_parts(estimate: Estimate) -> "KenwardRogerParts":
    """Return the adjusted covariance and what its tests need, computed once per fit."""
    return _adjustment(estimate.fitted)


@cached
def _adjustment(estimate: Estimate) -> "KenwardRogerParts":
    return kenward_roger(estimate.core)


def kenward_roger_df(estimate: Estimate, rows: Matrix) -> Vector:
    """Return the degrees of freedom of every row of L beta: 2 / A for a single contrast, whose scale is 1."""
    parts = kenward_roger_parts(estimate)
    unscaled = _model_covariance(estimate) / estimate.residual_variance
    return _matched_df(rows, unscaled, parts["sandwiches"], parts["covariance"])


def kenward_roger_joint(estimate: Estimate, rows: Matrix, origin: Vector | None = None) -> tuple[float, float]:
    """Return denominator df and scaled F of independent rows (Kenward and Roger 1997, section 2.3).

    L beta is tested against its value at `origin`, zero by default.
    """
    parts, q = kenward_roger_parts(estimate), len(rows)
    a1, a2 = _moments(estimate, rows)
    f = wald_statistic(estimate, rows, parts["adjusted"], origin) / q
    if q == 1:
        return 2 / a2, f
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    denominator = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / denominator, (q - g) / denominator, (q + 2 - g) / denominator
    rho = ((1 - a2 / q) / (1 - c2 * b)) ** 2 * (1 + c1 * b) / (1 - c3 * b) / q
    df = 4 + (q + 2) / (q * rho - 1)
    scale = df * (1 - a2 / q) / (df - 2) if abs(df - 2) > 1e-2 else 1.0
    return float(df), scale * f


def _moments(estimate: Estimate, rows: Matrix) -> tuple[float, float]:
    """Return A1 and A2: sums over pairs of parameters of traces of Theta Phi P Phi."""
    parts = kenward_roger_parts(estimate)
    unscaled = rows @ (_model_covariance(estimate) / estimate.residual_variance) @ rows.T
    products = np.linalg.solve(unscaled, rows @ parts["sandwiches"] @ rows.T)
    traces = np.trace(products, axis1=1, axis2=2)
    pairs = np.einsum("mij,lji->ml", products, products)
    weights = parts["covariance"]
    return float(traces @ weights @ traces), float((weights * pairs).sum())
