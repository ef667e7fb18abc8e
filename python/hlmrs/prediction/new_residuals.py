"""New rows of a fit whose residuals have parameters: their standard deviations, and what known residuals say."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, NewRows, forecast, forecast_slopes_of, new_residual_sd
from ..errors import DesignError, OptionError
from ..estimation import Estimate
from ..inference.degrees_of_freedom import is_without_tests, prediction_df, variance_parts

if TYPE_CHECKING:
    from .._core import ForecastParts, NewResidualArguments

Vector = NDArray[np.float64]
Terms = list[tuple[Vector, NDArray[np.uint32]] | None]


class _Choice(Protocol):
    """What counts of how to predict."""

    @property
    def forecast(self) -> bool: ...


def require_forecast(estimate: Estimate, use: list[bool], *, new: bool) -> None:
    """Refuse a forecast where there is none."""
    residual = estimate.request.residual
    if residual is None or residual.term is None:
        raise OptionError(
            "forecast=True: the residuals of this model are not correlated, so that those of known rows say nothing of "
            "others; leave it out"
        )
    if not new:
        raise OptionError("forecast=True is for new data; the residuals of the rows of the fit are in fit.resid()")
    if not all(use):
        raise OptionError(
            "forecast=True goes by the residuals that all random effects leave; leave random_effects= out"
        )


def new_residuals(
    estimate: Estimate, columns: Columns, choice: _Choice, shares: Vector | None, fitted: Vector, *, own: bool
) -> "NewResidualArguments":
    """Return what is said of the residuals of new rows, or of the fit's `own` drawn anew, as far as it counts."""
    encoding = estimate.residual_encoding
    if shares is None:
        return encoding.without(columns.n_rows)
    if own:
        used = np.ones(columns.n_rows, bool) if estimate.values.kept is None else estimate.values.kept
        fitted = np.full(columns.n_rows, np.nan)
        fitted[used] = estimate.values.fitted
        return encoding.deviations(columns, shares, fitted, used)
    found = encoding.deviations(columns, shares, fitted)
    return encoding.with_known_groups(columns, found) if choice.forecast else found


def residuals_to_draw(estimate: Estimate, columns: Columns, rows: NewRows, shares: Vector) -> "NewResidualArguments":
    """Return what is said of the residuals of new rows that are drawn, correlated within the groups of these rows."""
    encoding = estimate.residual_encoding
    if encoding.request.uses_fitted and estimate.layout.random:
        raise DesignError(
            "simulate(newdata=): the dispersion depends on the fitted values, which new random effects change in every "
            "draw; simulate() draws for the rows of the fit"
        )
    fitted = _predictor(estimate, rows, random_effects=False)
    return encoding.with_new_groups(columns, encoding.deviations(columns, shares, fitted))


def deviations_of(estimate: Estimate, columns: Columns, shares: Vector) -> Vector:
    """Return the standard deviations of the residuals of new rows; of unknown groups at random effects of zero."""
    encoding, fitted = estimate.residual_encoding, np.full(columns.n_rows, np.nan)
    if encoding.request.uses_fitted:
        rows = estimate.encoding.bind(columns, new_groups=True)
        fitted = _predictor(estimate, rows, random_effects=True)
    return new_residual_sd(estimate.core, encoding.deviations(columns, shares, fitted))


def _predictor(estimate: Estimate, rows: NewRows, *, random_effects: bool) -> Vector:
    """Return offset + X beta, + Z b."""
    beta = np.zeros(len(estimate.layout.columns))
    beta[list(estimate.layout.kept)] = estimate.core.beta
    return rows.linear_predictor(beta, estimate.core.modes(), [random_effects] * len(estimate.layout.random))


@dataclass(frozen=True)
class ResidualPrediction:
    """Predictions of new rows of a fit whose residuals have parameters: their uncertainty, and what known rows add."""

    estimate: Estimate
    x: Vector
    terms: Terms
    residuals: "NewResidualArguments"

    @cached_property
    def parts(self) -> "ForecastParts":
        """What the core says of them."""
        return forecast(self.estimate.core, self.x, self.terms, self.residuals)

    def uncertainty(self, residual: Vector | None, ddf: str, *, known: bool) -> tuple[Vector, Vector]:
        """Return standard errors and degrees of freedom; `residual`: the variances of residuals that count."""
        estimate, m = self.estimate, len(self.x)
        variance = self.parts["variance"] + (0.0 if residual is None else residual)
        if known:
            return np.sqrt(variance), np.full(m, np.inf)
        if is_without_tests(estimate, ddf):
            return np.sqrt(variance), np.full(m, np.nan)
        values, slopes = forecast_slopes_of(estimate.core, self.x, self.terms, self.residuals, residual is not None)
        covariance = variance_parts(estimate)["covariance"][:-1, :-1]
        moved: Vector = np.einsum("ki,kl,li->i", values, covariance, values)
        if ddf == "satterthwaite":
            df = prediction_df(estimate, variance, slopes)
        else:
            df = np.full(m, np.inf if ddf == "normal" else float(estimate.layout.n_rows - self.x.shape[1]))
        return np.sqrt(variance + moved), df
