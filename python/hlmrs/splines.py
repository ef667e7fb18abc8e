"""Spline bases, computed by formulaic (the extra ``splines``) and remembered as knots for prediction.

``bs`` is R's B-spline basis.  ``ns`` and ``cr`` are natural cubic splines, both in formulaic's basis, whose columns are
centred so that they do not repeat the intercept; ``ns`` spans what R's does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DesignError, HlmrsError
from .formula import Call, Expression, Number

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SplineBasis:
    """A basis whose knots are in place: all that formulaic needs to compute it for any values."""

    kind: str
    settings: Mapping[str, Any]

    @classmethod
    def for_values(cls, call: Call, values: Matrix) -> "SplineBasis":
        """Place the knots by the values, as the options of the call say."""
        options = {name: _constant(value) for name, value in call.named}
        present = values[np.isfinite(values)]
        if not present.size:
            raise DesignError(f"{call.name}(): there are no values to place the knots by")
        lower, upper = options.get("Boundary.knots") or (float(present.min()), float(present.max()))
        settings = _shape(call.name, options) | {"lower_bound": lower, "upper_bound": upper}
        least = settings.get("degree", 1) + bool(options.get("intercept"))
        knots = options.get("knots")
        if knots is None:
            inside = present[(present >= lower) & (present <= upper)]
            knots = _quantile_knots(call.name, inside, int(options.get("df", least)), least)
        settings["knots"] = [float(knot) for knot in np.atleast_1d(knots)]
        if settings.get("constraints") == "center" and settings["knots"]:
            settings["constraints"] = _centring(settings, present)
        return cls(call.name, settings)

    def matrix(self, values: Matrix) -> Matrix:
        """Compute the columns; beyond the outer knots the outer pieces go on."""
        if self.kind != "bs" and not self.settings["knots"]:
            return self._line(values)
        return _evaluate(self.kind, self.settings, values, {})

    def _line(self, values: Matrix) -> Matrix:
        """Return what a natural spline without inner knots is, and formulaic does not offer."""
        lower, upper = self.settings["lower_bound"], self.settings["upper_bound"]
        place = (values - lower) / (upper - lower)
        return place[:, None] if self.settings["constraints"] else np.column_stack([1 - place, place])


def _shape(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    whole = bool(options.get("intercept"))
    if kind == "bs":
        return {"degree": int(options.get("degree", 3)), "include_intercept": whole}
    return {"constraints": None if whole else "center"}


def _quantile_knots(kind: str, values: Matrix, df: int, least: int) -> Matrix:
    """Place so many inner knots at quantiles that the basis has `df` columns, as R does."""
    if df < least:
        raise DesignError(f"{kind}(): df={df} is too few columns for this basis; give at least {least}")
    places = np.linspace(0, 1, df - least + 2)[1:-1]
    return np.quantile(np.unique(values) if kind == "cr" else values, places)


def _centring(settings: Mapping[str, Any], values: Matrix) -> list[list[float]]:
    """Return the linear constraint that makes the columns sum to zero over the values."""
    state: dict[str, Any] = {}
    _evaluate("cr", settings, values, state)
    rows: list[list[float]] = np.asarray(state["constraints"]).tolist()
    return rows


def _evaluate(kind: str, settings: Mapping[str, Any], values: Matrix, state: dict[str, Any]) -> Matrix:
    arguments = dict(settings)
    if isinstance(arguments.get("constraints"), list):
        arguments["constraints"] = np.array(arguments["constraints"])
    try:
        columns = _formulaic(kind)(values, **arguments, extrapolation="extend", _state=state)
    except ValueError as error:
        raise DesignError(f"{kind}(): {error}") from error
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns.values()])


def _formulaic(kind: str) -> Callable[..., Any]:
    try:
        from formulaic import transforms
    except ImportError:
        raise HlmrsError(f"{kind}() needs formulaic, which is not installed: pip install 'hlmrs[splines]'") from None
    basis: Callable[..., Any] = transforms.basis_spline if kind == "bs" else transforms.natural_cubic_spline
    return basis


def _constant(expression: Expression) -> Any:
    if isinstance(expression, Call):
        return [_constant(argument) for argument in expression.args]
    return expression.value if isinstance(expression, Number) else None
