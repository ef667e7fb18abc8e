"""From encoded rows, or sums over them, to the core's fit."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._core import Fit, Model
from ..errors import DesignError
from ..priors import exponent_of
from ..resources import require_memory
from .fixed_parameters import with_fixed
from .request import Request
from .residual_request import ResidualRequest
from .rows import ModelRows

MOST_ROUNDS = 50
_SAME_FITTED = 1e-9
"""Change of fitted values, relative to the largest, that ends the rounds of a dispersion that depends on them."""


def core_model(request: Request, data: ModelRows) -> Model:
    """Sum the rows."""
    residual = None if data.residual is None else data.residual.arguments()
    exponent = None if request.prior is None else exponent_of(request.prior)
    how = (request.control.n_threads or 0, residual, request.sigma, exponent)
    model = Model(data.rows, request.reml, *how)
    return with_fixed(model, data.rows, request)


def fit_rows(request: Request, data: ModelRows) -> tuple[ModelRows, Fit]:
    """Fit the rows; a dispersion that depends on fitted values is fitted until these stay the same.

    Where they go to and fro, the dispersion is of their mean with those before.
    """
    core, residual = fit_model(core_model(request, data), request), data.residual
    if residual is None or not residual.request.uses_fitted:
        return data, core
    use, offset = [True] * len(request.spec.random), data.rows.offset()
    given, share, moved = None, 1.0, np.inf
    for _ in range(MOST_ROUNDS):
        fitted = core.linear_predictor(data.rows, use) + (0.0 if offset is None else offset)
        change = np.inf if given is None else np.abs(fitted - given).max() / np.abs(fitted).max()
        if change <= _SAME_FITTED:
            _require_one_sign(residual.request, fitted)
            return data, core
        share, moved = (share / 2 if change > moved / 2 else share), change
        given = fitted if given is None else given + share * (fitted - given)
        data = replace(data, residual=residual.with_fitted(given))
        core = fit_model(core_model(request, data), request)
    return replace(data, residual=residual.with_fitted(given, settled=False)), core


def _require_one_sign(request: ResidualRequest, fitted: NDArray[np.float64]) -> None:
    """Refuse the logarithm of fitted values on both sides of zero: near it standard deviations go to zero or beyond."""
    if request.takes_log_of_fitted and fitted.min() < 0 < fitted.max():
        raise DesignError(
            f"dispersion={request.texts()[-1][1]!r}: the fitted values go from {fitted.min():.3g} to "
            f"{fitted.max():.3g}, and a power of their size, which the logarithm is, has no meaning across zero; use "
            "'~ fitted', whose effect is of their size, or a column of the data"
        )


def fit_model(model: Model, request: Request) -> Fit:
    """Fit, unless memory cannot hold the factor."""
    instead = "use grouping factors with fewer levels, or fewer random effects"
    require_memory(model.n_bytes_to_come, "the fit needs", instead)
    return Fit(model, request.settings())
