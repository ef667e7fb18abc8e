"""Predictions for the rows of the fit and for new ones, with intervals that count beta and b jointly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, NewRows, mode_slopes
from ..errors import DataError, OptionError, choose
from ..estimation import Estimate, cached, evaluate
from ..formula import ColumnName
from ..inference.degrees_of_freedom import DEFAULT_DDF, chosen_ddf, contrast_rows, is_without_tests, prediction_df
from ..inference.random_effects import chosen_terms
from ..inference.wald import check_level, interval
from ..options import Interval, NewLevels, Variances
from .new_residuals import ResidualPrediction, new_residuals, require_forecast
from .new_rows import UNSEEN, remaining_variance, weight_shares
from .response_scale import chosen_scale, response_scale

if TYPE_CHECKING:
    from .._core import ModeSlopes

Vector = NDArray[np.float64]

NEW_LEVELS: tuple[NewLevels, ...] = get_args(NewLevels)
INTERVALS: tuple[Interval, ...] = get_args(Interval)
VARIANCES: tuple[Variances, ...] = get_args(Variances)
OF_ROWS = ("satterthwaite", "residual", "normal")


@dataclass(frozen=True, slots=True)
class Choice:
    """How to predict."""

    random_effects: bool | str | Sequence[str]
    new_levels: str
    interval: str | None
    level: float
    offset: Vector | None
    variances: str = "estimated"
    ddf: str = DEFAULT_DDF
    weights: "str | Vector | None" = None
    type: str = "link"
    forecast: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.forecast, bool):
            raise OptionError(f"forecast={self.forecast!r}: give True or False")
        for name, value, known in (
            ("new_levels", self.new_levels, NEW_LEVELS),
            ("interval", self.interval, (None, *INTERVALS)),
            ("variances", self.variances, VARIANCES),
        ):
            object.__setattr__(self, name, choose(name, value, known))
        check_level(self.level)
        object.__setattr__(self, "ddf", chosen_ddf(self.ddf))
        object.__setattr__(self, "type", chosen_scale(self.type))

    @property
    def needs_weights(self) -> bool:
        """Whether the residual variances of rows count."""
        return self.interval == "prediction" or self.type == "mean" or self.forecast

    @property
    def columns(self) -> list[str]:
        """Names of what is predicted."""
        return ["prediction", "std_error", "conf_low", "conf_high"] if self.interval else ["prediction"]


def predict(estimate: Estimate, columns: Columns, choice: Choice, own: NewRows | None = None) -> dict[str, Vector]:
    """Predict for every row of new data, or of the fit's `own`; NaN where a value is missing."""
    use = chosen_terms(estimate, choice.random_effects)
    rows = own or estimate.encoding.bind(columns, new_groups=choice.new_levels != "error")
    unseen = None if own else unseen_rows(estimate, rows, use, choice.new_levels)
    eta = rows.linear_predictor(full_beta(estimate), estimate.core.modes(), use)
    if choice.offset is not None:
        eta += checked_offset(choice.offset, rows.n_rows)
    if unseen is not None:
        eta[unseen] = np.nan
    if choice.new_levels == "missing":
        eta[rows.own_mean] = np.nan
    check_weights(choice.weights, eta)
    shares = weight_shares(estimate, columns, choice.weights) if choice.needs_weights else None
    of_residuals = _of_residuals(estimate, rows, use, choice, shares, (columns, eta, own is not None))
    if of_residuals is not None and shares is not None:
        shares = of_residuals.parts["residual"] / estimate.residual_variance
        eta = eta + of_residuals.parts["from_residuals"]
    if choice.interval is None:
        std_error = low = high = np.full(len(eta), np.nan)
    else:
        std_error, df = _uncertainty(estimate, rows, use, choice, (shares, of_residuals))
        std_error = np.where(np.isnan(eta), np.nan, std_error)
        low, high = interval(eta, std_error, df, choice.level)
    if choice.type != "link":
        way = response_scale(estimate, choice.type)
        # a new observation is turned back as it is
        if choice.interval == "prediction":
            low, high = way.table("response", eta, std_error, (low, high), np.zeros(1))[2:]
        variance = np.zeros(1) if shares is None else remaining_variance(estimate, rows, use, shares)
        turned = way.table(choice.type, eta, std_error, (low, high), variance)
        eta, std_error, low, high = turned if choice.interval != "prediction" else (*turned[:2], low, high)
    numbers = {"prediction": eta, "std_error": std_error, "conf_low": low, "conf_high": high}
    return {name: numbers[name] for name in choice.columns}


def predict_rows(estimate: Estimate, choice: Choice) -> dict[str, Vector]:
    """Predict for the rows of the fit."""
    if choice.interval is None and choice.type == "link" and not choice.forecast:
        use = chosen_terms(estimate, choice.random_effects)
        return {"prediction": estimate.values.fitted if all(use) else estimate.linear_predictor(use)}
    kept, own = estimate.rows.kept, estimate.data.bound(estimate.encoding)
    table = predict(estimate, estimate.data.columns, replace(choice, offset=_argument_offset(estimate)), own)
    return table if kept is None else {name: values[kept] for name, values in table.items()}


def full_beta(estimate: Estimate) -> Vector:
    """Return one coefficient per column of X; those that cannot be estimated count as zero."""
    beta = np.zeros(len(estimate.layout.columns))
    beta[list(estimate.layout.kept)] = estimate.core.beta
    return beta


def _argument_offset(estimate: Estimate) -> Vector | None:
    """Return the offset that was an argument of the fit, for all rows of the data."""
    name = estimate.request.offset
    return None if name is None else evaluate(estimate.data.columns, ColumnName(name, (0, 0)))


def _of_residuals(
    estimate: Estimate,
    rows: NewRows,
    use: list[bool],
    choice: Choice,
    shares: Vector | None,
    given: tuple[Columns, Vector, bool],
) -> ResidualPrediction | None:
    """Return what the residuals say of the rows, where they have parameters and these count."""
    columns, eta, own = given
    if choice.forecast:
        require_forecast(estimate, use, new=not own)
    if estimate.request.residual is None or not (choice.needs_weights or choice.interval):
        return None
    x = np.ascontiguousarray(rows.model_matrix()[:, list(estimate.layout.kept)])
    terms = _terms(rows, use, new_rows=choice.interval == "prediction")
    return ResidualPrediction(estimate, x, terms, new_residuals(estimate, columns, choice, shares, eta, own=own))


def _uncertainty(
    estimate: Estimate,
    rows: NewRows,
    use: list[bool],
    choice: Choice,
    given: tuple[Vector | None, ResidualPrediction | None],
) -> tuple[Vector, Vector]:
    """Return standard errors and degrees of freedom; those of x'β alone are the ones of every other table."""
    shares, of_residuals = given
    x = np.ascontiguousarray(rows.model_matrix()[:, list(estimate.layout.kept)])
    residual = shares if choice.interval == "prediction" else None
    new_rows, known = residual is not None, choice.variances == "known"
    if not (any(use) or new_rows or choice.forecast):
        _, std_error, df = contrast_rows(estimate, x, "normal" if known else choice.ddf)
        return std_error, df
    if not known and choice.ddf not in OF_ROWS:
        raise OptionError(
            f"ddf={choice.ddf!r} is of the fixed part alone: interval='confidence' with random_effects=False; "
            f"otherwise choose one of {', '.join(map(repr, OF_ROWS))}"
        )
    if of_residuals is not None:
        own_variance = None if residual is None else residual * estimate.residual_variance
        return of_residuals.uncertainty(own_variance, choice.ddf, known=known)
    terms = _terms(rows, use, new_rows=new_rows)
    variance = estimate.core.prediction_variance(x, terms)
    if residual is not None:
        variance = variance + residual * estimate.residual_variance
    if known:
        return np.sqrt(variance), np.full(len(x), np.inf)
    if is_without_tests(estimate, choice.ddf):
        return np.sqrt(variance), np.full(len(x), np.nan)
    if choice.ddf == "satterthwaite":
        df = prediction_df(estimate, variance, estimate.core.prediction_slopes(x, terms, residual))
    else:
        df = np.full(len(x), np.inf if choice.ddf == "normal" else float(estimate.layout.n_rows - x.shape[1]))
    return np.sqrt(variance + _variance_of_theta(estimate, rows, use)), df


def _terms(rows: NewRows, use: list[bool], *, new_rows: bool) -> list[tuple[Vector, NDArray[np.uint32]] | None]:
    """Return z and levels of the terms used.  In new rows one that is left out has the variance of a new group."""
    terms: list[tuple[Vector, NDArray[np.uint32]] | None] = []
    for k, used in enumerate(use):
        if used:
            terms.append((rows.term_matrix(k), rows.term_codes(k)))
        else:
            terms.append((rows.term_matrix(k), np.full(rows.n_rows, UNSEEN)) if new_rows else None)
    return terms


def _variance_of_theta(estimate: Estimate, rows: NewRows, use: list[bool]) -> Vector:
    """Return what the estimation of θ adds: the squared slopes of the prediction in θ, weighted by its covariance."""
    slopes = _mode_slopes(estimate)
    none = rows.linear_predictor(0 * full_beta(estimate), [0 * b for b in estimate.core.modes()], use)
    by_theta = []
    for beta, modes in zip(slopes["beta"], slopes["modes"], strict=True):
        full = np.zeros(len(estimate.layout.columns))
        full[list(estimate.layout.kept)] = beta
        by_theta.append(rows.linear_predictor(full, modes, use) - none)
    moved = np.array(by_theta)
    variance: Vector = np.einsum("ki,kl,li->i", moved, slopes["covariance"], moved)
    return variance


@cached
def _mode_slopes(estimate: Estimate) -> "ModeSlopes":
    return mode_slopes(estimate.core)


def unseen_rows(estimate: Estimate, rows: NewRows, use: list[bool], rule: str) -> NDArray[np.bool_] | None:
    """Refuse levels that the fit has not seen, or return the rows that are to be missing for them."""
    if rule == "population" or not any(use):
        return None
    names = {estimate.layout.groups[t.group].name for t, used in zip(estimate.layout.random, use, strict=True) if used}
    unseen = {name: levels for name, levels in rows.unseen_levels().items() if name in names}
    if not unseen:
        return None
    if rule == "error":
        raise _unseen_error(*next(iter(unseen.items())))
    codes = np.column_stack([rows.term_codes(k) for k, used in enumerate(use) if used])
    missing: NDArray[np.bool_] = (codes == UNSEEN).any(axis=1)
    return missing


def _unseen_error(group: str, levels: Sequence[str]) -> DataError:
    listed = ", ".join(map(repr, levels))
    number = "a level" if len(levels) == 1 else "levels"
    return DataError(
        f"grouping factor {group!r} has {number} that the fit has not seen: {listed}; predict with "
        "new_levels='population' to give them random effects of zero, or 'missing' to leave them out"
    )


def check_weights(weights: "str | Vector | None", predicted: object) -> None:
    """Refuse weights that are not as many as the predictions, whether these need them or not."""
    if isinstance(weights, np.ndarray) and isinstance(predicted, np.ndarray) and weights.shape != predicted.shape[:1]:
        raise DataError(f"weights has {weights.size} values, but the data have {len(predicted)} rows")


def checked_offset(offset: Vector, n_rows: int) -> Vector:
    """Refuse an offset that has not a number for every row."""
    if offset.shape != (n_rows,):
        raise DataError(f"offset has {offset.size} values, but the data have {n_rows} rows")
    return offset
