"""Marginal means, contrasts and slopes as tables with title and notes, however they are tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ... import marginal
from ...inference import TestOptions
from ...marginal import At, ContrastChoice
from ...options import Adjustment, ContrastMethod, ContrastScale, MeanScale, MeanWeights
from ..result_table import ResultTable
from ..view import FrameT, View

Names = str | Sequence[str]


class TabledMeans(View[FrameT]):
    """What a fit's methods of means, contrasts and slopes do once it is chosen how they are tested."""

    __slots__ = ()

    def _means(
        self, specs: Names, by: Names | None, at: At | None, weights: MeanWeights, scale: MeanScale, how: TestOptions
    ) -> ResultTable[FrameT]:
        table = marginal.marginal_means(self._estimate, specs, by, at, weights, scale, how)
        title = marginal.of_variables("Estimated marginal means", specs)
        notes = marginal.notes_of_means(self._estimate, specs, by, at, weights, scale)
        return self._shown(title, table, level=how.level, notes=notes)

    def _contrasts(
        self,
        specs: Names,
        by: Names | None,
        at: At | None,
        weights: MeanWeights,
        choice: ContrastChoice,
        how: TestOptions,
    ) -> ResultTable[FrameT]:
        table = marginal.contrast_table(self._estimate, specs, by, at, weights, choice, how)
        title = marginal.of_variables("Contrasts of marginal means", specs)
        notes = marginal.notes_of_contrasts(self._estimate, specs, by, at, weights, choice, table)
        return self._shown(title, table, level=how.level, notes=notes)

    def _slopes(
        self,
        variable: str,
        by: Names | None,
        at: At | None,
        weights: MeanWeights,
        contrast: ContrastMethod | Mapping[str, Any] | None,
        adjust: Adjustment,
        scale: ContrastScale,
        how: TestOptions,
    ) -> ResultTable[FrameT]:
        """Tabulate slopes on the grid, or on another scale than the predictor's their averages over the rows."""
        if scale != "link":
            grid = {"at": at, "weights": weights, "contrast": contrast}
            table = marginal.average_effects(self._estimate, variable, by, scale, how, **grid)
        else:
            choice = None if contrast is None else ContrastChoice(contrast, False, None, adjust)
            table = marginal.slope_table(self._estimate, variable, by, at, weights, choice, how)
        notes = marginal.notes_of_slopes(self._estimate, variable, by, at, weights, scale, adjust)
        return self._shown(f"Slopes of {variable}", table, level=how.level, notes=notes)
