"""The variables that means of a scale depend on: those of the mean's predictor, or of all parts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ..grid import At, Axis, column_values, grid_axes, variable_names
from .averages import category_axis
from .outcomes import outcome_of
from .views import axes_of_parts, variables_of_parts, views


class ScaleVariables:
    """Where the variables stand that a mean depends on, which names they have, and their values in the rows."""

    def __init__(self, estimate: Estimate, scale: str) -> None:
        self.estimate, self.outcome = estimate, outcome_of(estimate, scale)
        of_parts = isinstance(estimate, GeneralizedEstimate) and self.outcome is not None
        self._parts = views(estimate) if of_parts else None  # type: ignore[arg-type]

    def names(self, names: "str | Sequence[str] | None", option: str) -> list[str]:
        """Return the columns that an option names."""
        if self._parts is None:
            return variable_names(self.estimate, names, option)
        return variables_of_parts(self._parts, names, option)

    def axes(self, at: At) -> list[Axis]:
        """Return all variables and their places."""
        return [*grid_axes(self.estimate, at)] if self._parts is None else axes_of_parts(self._parts, at)

    def axis(self, name: str, at: At) -> Axis:
        """Return the places of a variable."""
        return next(axis for axis in self.axes(at) if axis.name == name)

    def values(self, name: str) -> NDArray[np.float64]:
        """Return a covariate in the rows used, of the first part that has it."""
        having = (
            view
            for view in (self._parts or {"conditional": self.estimate}).values()
            if any(axis.name == name for axis in grid_axes(view, {}))
        )
        return column_values(next(having), name)

    def categories(self, shown: Sequence[str]) -> Axis | None:
        """Return what there is a number for each of, beside the variables shown: categories of an ordered response."""
        if self.outcome is None or not self.outcome.labels:
            return None
        return category_axis(self.outcome, [Axis(name, (0.0,), None) for name in shown])

    def moderator_places(self, names: Sequence[str], at: At) -> At:
        """Put covariates at their mean and one standard deviation to each side, where `at` does not place them."""
        places = dict(at)
        for axis in self.axes(at):
            if axis.name in names and axis.factor is None and axis.name not in at:
                values = self.values(axis.name)
                mean, sd = float(values.mean()), float(values.std(ddof=1))
                places[axis.name] = [mean - sd, mean, mean + sd]
        return places
