"""The fixed part as a model of the package marginaleffects, which is no dependency: it is imported when asked for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import HlmrsError
from ..estimation import Estimate
from ..frame import CategoricalColumn, Column, build
from ..inference import Clusters, covariance_matrix
from .grid import Axis, axis_codes, column_values, design_rows, grid_axes

Vector = NDArray[np.float64]


def adapted_model(estimate: Estimate, vcov: str, cluster: Clusters) -> Any:
    """Return a model that marginaleffects takes: predictions of the fixed part, at the rows used."""
    try:
        from marginaleffects.classes import ModelAbstract, ModelVault
    except ImportError:
        raise HlmrsError(
            "to_marginaleffects() needs marginaleffects, which is not installed: pip install marginaleffects"
        ) from None
    fixed = FixedPart(estimate, vcov, cluster)

    class FixedPartModel(ModelAbstract):  # type: ignore[misc]
        """What marginaleffects asks of a model."""

        def validation(self) -> None:
            """Set what the package finds out about a model that may be wrong; this one was fitted."""
            self.coef, self.response_name, self.formula = vault.coef, fixed.response, vault.formula
            vault.variables_type = fixed.types()

        def get_vcov(self, vcov: Any = True) -> Vector | None:
            return fixed.covariance(vcov)

        def get_exog(self, newdata: Any) -> Vector:
            return fixed.matrix(newdata)

        def get_predict(self, params: Vector, newdata: Any) -> Any:
            matrix = newdata if isinstance(newdata, np.ndarray) else fixed.matrix(newdata)
            return build(
                "polars", {"rowid": np.arange(len(matrix), dtype=np.int32), "estimate": fixed.predict(params, matrix)}
            )

    vault = ModelVault(
        coef=estimate.core.beta,
        coefnames=np.array(estimate.layout.coef_names),
        formula=lambda data: (None, fixed.matrix(data)),
        modeldata=build("polars", fixed.data()),
        package="hlmrs",
        variable_names=[fixed.response, *(axis.name for axis in fixed.axes)],
    )
    return FixedPartModel(estimate, vault)


class FixedPart:
    """X of new rows with the offset beside it, and what the coefficients are uncertain by."""

    def __init__(self, estimate: Estimate, vcov: str, cluster: Clusters) -> None:
        self._estimate = estimate
        self._default = vcov
        self._cluster = cluster
        self.axes = grid_axes(estimate, {})
        columns = [column.name for column in estimate.request.spec.response.columns()]
        self.response = columns[0] if columns else "response"
        covariance_matrix(estimate, vcov, cluster)  # refuses now what would be refused later

    def data(self) -> dict[str, Column]:
        """Return the response, the variables of the fixed part and the grouping factors, in the rows used."""
        layout, rows = self._estimate.layout, self._estimate.rows
        table: dict[str, Column] = {self.response: self._estimate.values.response}
        for axis in self.axes:
            table[axis.name] = self._values(axis)
        for k, group in enumerate(layout.groups):
            table.setdefault(group.name, CategoricalColumn(rows.group_codes(k).astype(np.int32), list(group.levels)))
        return table

    def types(self) -> dict[str, str]:
        """Return what kind of variable each column is, in the package's words."""
        kinds = {self.response: "numeric"} | {group.name: "character" for group in self._estimate.layout.groups}
        for axis in self.axes:
            values = None if axis.factor is not None else column_values(self._estimate, axis.name)
            kinds[axis.name] = "character" if values is None else _kind(values)
        return kinds

    def matrix(self, data: Any) -> Vector:
        """Return X, the columns that are estimated, and the offset as the last column."""
        columns = {axis.name: _given(axis, data[axis.name]) for axis in self.axes}
        x, offset = design_rows(self._estimate, columns, len(data))
        return np.column_stack([x[:, list(self._estimate.layout.kept)], offset])

    def predict(self, coefficients: Vector, matrix: Vector) -> Vector:
        """Return X times coefficients, and the offset."""
        return np.asarray(matrix[:, :-1] @ coefficients + matrix[:, -1])

    def covariance(self, asked: Any) -> Vector | None:
        """Return the covariance that was asked for by name; True stands for the one that was chosen first."""
        if asked is False or asked is None:
            return None
        name = self._default if asked is True else asked
        return covariance_matrix(self._estimate, name, self._cluster if name.startswith("CR") else None)

    def _values(self, axis: Axis) -> Column:
        if isinstance(axis.places[0], str):
            return CategoricalColumn(axis_codes(self._estimate, axis).astype(np.int32), axis.levels)
        return column_values(self._estimate, axis.name)


def _given(axis: Axis, column: Any) -> Any:
    if isinstance(axis.places[0], str):
        return np.array([str(value) for value in column.to_list()], dtype=object)
    return column.to_numpy().astype(float)


def _kind(values: Vector) -> str:
    if np.isin(values, (0.0, 1.0)).all():
        return "binary"
    return "integer" if (values == np.round(values)).all() else "numeric"
