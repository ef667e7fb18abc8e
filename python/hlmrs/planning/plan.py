"""A plan: a model, rows, coefficients and variances that are thought to be true, and what will be tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError
from ..estimation import Request
from .information import expected_information
from .kinds import kinds_of
from .parameters import Given, Variances, read_variances
from .planned_model import PlannedModel, planned_model
from .single_test import Level, PlannedTest, planned_test
from .sources import Source
from .tested import Hypotheses, read_effects, read_tests

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was said of a study before there are data; `units` are numbers of units other than those of the rows."""

    request: Request
    source: Source
    effects: Mapping[str, float]
    given: Given
    test: Any = None
    level: Level = field(default_factory=Level)
    covariates: int = 0
    units: Mapping[str, Any] = field(default_factory=dict)

    def with_units(self, units: Mapping[str, Any]) -> Plan:
        """Return the same plan with other numbers of units."""
        return replace(self, units={**self.units, **units})

    def counts(self) -> dict[str, int]:
        """Count the units in all."""
        return self.source.counts(self.request, self.units)

    def model(self) -> PlannedModel:
        """Encode the rows."""
        return planned_model(self.request, self.source.read(self.request, self.units))

    def outlook(self) -> Outlook:
        """Compute what these rows will tell."""
        model = self.model()
        variances = read_variances(self.given, model, rows=self.source.row_levels)
        beta = read_effects(self.effects, model.names)
        tested = read_tests(self.test, beta, model.names, model.column_terms, model.terms)
        information = expected_information(kinds_of(model), variances.terms, variances.sigma)
        ordinary = np.asarray(np.linalg.inv(model.x.T @ model.x), dtype=np.float64)
        tests = [planned_test(one, beta, information, ordinary, self.level, self.covariates) for one in tested]
        for one in tests:
            if not one.df > 0:
                raise DesignError(
                    f"no degrees of freedom are left for the test of {one.name}: plan more units, or fewer covariates"
                )
        return Outlook(model, beta, variances, tested, tests)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What planned rows will tell: the model over them, and the power of every test."""

    model: PlannedModel
    beta: Vector
    variances: Variances
    tested: list[Hypotheses]
    tests: list[PlannedTest]
