"""Spline bases, computed by formulaic (the extra ``splines``) and remembered as knots for prediction.

``bs`` is R's B-spline basis.  ``ns`` and ``cr`` are natural cubic splines, both in formulaic's basis, whose columns are
centred so that they do not repeat the intercept; ``ns`` spans what R's does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DesignError, HlmrsError
from .formula import Call, Expression, Number

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """From `start` on, columns are Σ coefficients[k] ((x - center) / scale)^k."""

    start: float
    center: float
    scale: float
    coefficients: Matrix


@dataclass(frozen=True, slots=True)
class SplineBasis:
    """A basis whose knots are in place: all that formulaic needs to compute it for any values."""

    kind: str
    settings: Mapping[str, Any]

    @classmethod
    def for_values(cls, call: Call, values: Matrix) -> "SplineBasis":
        """Place the knots by the values, as the options of the call say."""
        plan = SplinePlan.of(call)
        present = values[np.isfinite(values)]
        if not present.size:
            raise plan.nothing()
        lower, upper = plan.bounds or (float(present.min()), float(present.max()))
        knots = plan.knots
        if knots is None:
            inside = present[(present >= lower) & (present <= upper)]
            knots = np.quantile(np.unique(inside) if call.name == "cr" else inside, plan.places)
        basis = plan.basis(lower, upper, knots)
        return basis.centred(basis.matrix(present).mean(axis=0)) if plan.is_centred(knots) else basis

    @classmethod
    def from_saved(cls, call: Call, saved: Mapping[str, Any]) -> "SplineBasis":
        """Read a basis from a file: that of this call, with numbers where numbers belong."""
        basis = cls(saved["kind"], saved["settings"])
        if basis.kind != call.name or not SplinePlan.of(call).is_of(basis.settings):
            raise ValueError(f"the spline of {call.name}() is not one of its options")
        return basis

    def centred(self, means: Matrix) -> "SplineBasis":
        """Return the basis with the linear constraint that its columns, which have these means, have means of zero."""
        return SplineBasis(self.kind, dict(self.settings) | {"constraints": [means.tolist()]})

    def matrix(self, values: Matrix) -> Matrix:
        """Compute the columns; beyond the outer knots the outer pieces go on."""
        if self.kind != "bs" and not self.settings["knots"]:
            return self._line(values)
        return _evaluate(self.kind, self.settings, values, {})

    def pieces(self) -> list[Piece]:
        """Return the polynomials between knots, and beyond the outer ones, read off the basis itself."""
        degree = int(self.settings.get("degree", 3))
        lower, upper = float(self.settings["lower_bound"]), float(self.settings["upper_bound"])
        inner = [float(knot) for knot in self.settings["knots"] if lower < knot < upper]
        knots = np.unique([lower, *inner, upper])
        ends = np.concatenate([[lower - (upper - lower)], knots, [upper + (upper - lower)]])
        return [
            self._piece(degree, first, last, -np.inf if k == 0 else first)
            for k, (first, last) in enumerate(pairwise(ends))
        ]

    def slopes(self, values: Matrix) -> Matrix:
        """Compute the derivatives of the columns; at a knot those to its right."""
        pieces = self.pieces()
        at = np.searchsorted([piece.start for piece in pieces], values, side="right") - 1
        out = np.full((len(values), pieces[0].coefficients.shape[1]), np.nan)
        for k, piece in enumerate(pieces):
            t = (values[at == k] - piece.center) / piece.scale
            slopes = np.polynomial.polynomial.polyder(piece.coefficients) / piece.scale
            out[at == k] = np.polynomial.polynomial.polyval(t, slopes).T
        return out

    def _piece(self, degree: int, first: float, last: float, start: float) -> Piece:
        """Interpolate every column at as many points as it has coefficients."""
        center, scale = (first + last) / 2, (last - first) / 2
        # Chebyshev points: no column is evaluated at a knot, where two pieces meet
        t = np.cos(np.pi * (2 * np.arange(degree + 1) + 1) / (2 * degree + 2))
        values = self.matrix(center + scale * t)
        return Piece(start, center, scale, np.linalg.solve(np.vander(t, increasing=True), values))

    def _line(self, values: Matrix) -> Matrix:
        """Return what a natural spline without inner knots is, and formulaic does not offer."""
        lower, upper = self.settings["lower_bound"], self.settings["upper_bound"]
        place = (values - lower) / (upper - lower)
        return place[:, None] if self.settings["constraints"] else np.column_stack([1 - place, place])


@dataclass(frozen=True, slots=True)
class SplinePlan:
    """What the options of a call say: knots, or at which quantiles they are to be."""

    kind: str
    shape: Mapping[str, Any]
    bounds: tuple[float, float] | None
    knots: Matrix | None
    places: Sequence[float]

    @classmethod
    def of(cls, call: Call) -> "SplinePlan":
        """Read the options."""
        options = {name: _constant(value) for name, value in call.named}
        whole = bool(options.get("intercept"))
        shape: dict[str, Any] = {"constraints": None if whole else "center"}
        if call.name == "bs":
            shape = {"degree": int(options.get("degree", 3)), "include_intercept": whole}
        least = shape.get("degree", 1) + whole
        df = int(options.get("df", least))
        knots = options.get("knots")
        if knots is None and df < least:
            raise DesignError(f"{call.name}(): df={df} is too few columns for this basis; give at least {least}")
        # so many inner knots that the basis has df columns, as R does
        places = [] if knots is not None else np.linspace(0, 1, df - least + 2)[1:-1].tolist()
        given = None if knots is None else np.atleast_1d(np.asarray(knots, dtype=np.float64))
        bounds = options.get("Boundary.knots")
        return cls(call.name, shape, None if bounds is None else (float(bounds[0]), float(bounds[1])), given, places)

    def basis(self, lower: float, upper: float, knots: Matrix) -> SplineBasis:
        """Put the knots in their places; the columns are not centred yet."""
        shape = dict(self.shape) | ({"constraints": None} if self.is_centred(knots) else {})
        bounds = {"lower_bound": lower, "upper_bound": upper}
        return SplineBasis(self.kind, shape | bounds | {"knots": [float(knot) for knot in knots]})

    def is_of(self, settings: Mapping[str, Any]) -> bool:
        """Whether a basis with these settings can have been made by this plan."""
        bounds, knots = [settings["lower_bound"], settings["upper_bound"]], settings["knots"]
        if not (_are_numbers(bounds, 2) and bounds[0] < bounds[1] and _are_numbers(knots, self._n_knots())):
            return False
        shape = dict(self.shape)
        means = settings.get("constraints")
        if self.is_centred(knots) and isinstance(means, list) and len(means) == 1:
            # one for each column before the constraint: a cubic spline through all knots and both bounds
            shape["constraints"] = means if _are_numbers(means[0], len(knots) + 2) else None
        return dict(settings) == shape | {"lower_bound": bounds[0], "upper_bound": bounds[1], "knots": knots}

    def _n_knots(self) -> int:
        return len(self.places if self.knots is None else self.knots)

    def is_centred(self, knots: Sequence[float] | Matrix) -> bool:
        """Whether the columns are to have means of zero."""
        return self.shape.get("constraints") == "center" and len(knots) > 0

    def nothing(self) -> DesignError:
        """Return the error of a column without values."""
        return DesignError(f"{self.kind}(): there are no values to place the knots by")


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


def _are_numbers(values: Any, n: int) -> bool:
    """Whether this is a list of n finite numbers."""
    return isinstance(values, list) and len(values) == n and all(type(v) is float and np.isfinite(v) for v in values)


def _constant(expression: Expression) -> Any:
    if isinstance(expression, Call):
        return [_constant(argument) for argument in expression.args]
    return expression.value if isinstance(expression, Number) else None
