"""The knots of a spline, from values that come in batches: bounds, then quantiles, then means of its columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DesignError
from ...formula import Call
from ...splines import SplineBasis, SplinePlan
from .quantiles import Quantiles

Vector = NDArray[np.float64]


class SplineKnots:
    """Learns one spline, pass after pass."""

    def __init__(self, name: str, call: Call) -> None:
        self._plan = SplinePlan.of(call)
        if call.name == "cr" and self._plan.knots is None and self._plan.places:
            raise DesignError(
                f"{name}: cr() has its knots at quantiles of the distinct values, which are not learned in memory that "
                "does not grow with the rows; give knots=, or use ns()"
            )
        self.argument = call.args[0]
        self.basis: SplineBasis | None = None
        self._knots = self._plan.knots
        self._quantiles: Quantiles | None = None
        self._draft: SplineBasis | None = None
        self._n, self._inside, self._low, self._high = 0, 0, np.inf, -np.inf
        self._means: Any = 0.0

    @property
    def needs_rows(self) -> bool:
        """Whether values are to be read."""
        return self.basis is None

    def add(self, values: Vector) -> None:
        """Add the values of a batch."""
        present = values[np.isfinite(values)]
        if self._draft is not None:
            self._n += present.size
            if present.size:
                shift = self._draft.matrix(present).mean(axis=0) - self._means
                self._means = self._means + shift * (present.size / self._n)
        elif self._quantiles is not None:
            self._quantiles.add(present[(present >= self._low) & (present <= self._high)])
        elif present.size:
            self._n += present.size
            self._inside += int(self._within(present).sum())
            self._low, self._high = min(self._low, present.min()), max(self._high, present.max())

    def merge(self, other: "SplineKnots") -> None:
        """Add what another part has read in the same pass."""
        if self._draft is not None:
            total = self._n + other._n
            self._means = self._means + (other._means - self._means) * (other._n / max(total, 1))
        elif self._quantiles is not None and other._quantiles is not None:
            self._quantiles.merge(other._quantiles)
        if self._quantiles is None or self._draft is not None:
            self._n += other._n
        if self._quantiles is None and self._draft is None:
            self._inside += other._inside
            self._low, self._high = min(self._low, other._low), max(self._high, other._high)

    def forget(self) -> None:
        """Forget the values of this pass."""
        if self._draft is not None:
            self._n, self._means = 0, 0.0
        elif self._quantiles is not None:
            self._quantiles.emptied()
        else:
            self._n, self._inside, self._low, self._high = 0, 0, np.inf, -np.inf

    def finish(self) -> None:
        """End a pass."""
        if self._draft is not None:
            self.basis = self._draft.centred(self._means)
            return
        if self._quantiles is None:
            if not self._n:
                raise self._plan.nothing()
            self._low, self._high = self._plan.bounds or (float(self._low), float(self._high))
            if self._knots is None and self._plan.places:
                self._quantiles = Quantiles(self._plan.places, self._inside)
                return
        else:
            self._quantiles.finish()
            if self._quantiles.needs_rows:
                return
        knots = self._knots if self._knots is not None else np.array([])
        if self._quantiles is not None:
            knots = self._quantiles.result()
        basis = self._plan.basis(self._low, self._high, knots)
        self._draft = basis if self._plan.is_centred(knots) else None
        self.basis = None if self._draft else basis
        self._n = 0

    def _within(self, values: Vector) -> NDArray[np.bool_]:
        low, high = self._plan.bounds or (-np.inf, np.inf)
        inside: NDArray[np.bool_] = (values >= low) & (values <= high)
        return inside
