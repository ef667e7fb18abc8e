"""A plan: a model, rows, coefficients and variances that are thought to be true, and what will be tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, mapping_in
from ..estimation import Request
from ..families import Family
from .generalized import known_information
from .information import Information, expected_information
from .kinds import Kind, kinds_of
from .parameters import Given, Variances, read_variances
from .planned_model import PlannedModel, planned_model
from .single_test import Level, PlannedTest, planned_test
from .sources import Source
from .tested import Hypotheses, read_effects, read_tests

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_LEAST_DF = 0.5
"""Degrees of freedom below which a test finds nothing: at 0.5 and a level of 0.05 a t of 165 is significant."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was said of a study before there are data; `units` are numbers of units other than those of the rows.

    `given` is what was said of variances, or the variances of a fit; `estimated` are coefficients that are a fit's.
    """

    request: Request
    source: Source
    effects: Mapping[str, float]
    given: Given | Variances
    test: Any = None
    level: Level = field(default_factory=Level)
    covariates: int = 0
    family: Family | None = None
    units: Mapping[str, Any] = field(default_factory=dict)
    estimated: Sequence[str] | None = None

    def with_units(self, units: Mapping[str, Any]) -> Plan:
        """Return the same plan with other numbers of units."""
        return replace(self, units={**self.units, **mapping_in("units", units, "{'school': 40}")})

    def counts(self) -> dict[str, int]:
        """Count the units in all."""
        return self.source.counts(self.request, self.units)

    @property
    def too_many_rows(self) -> str:
        """Says that there would be more rows than are laid out; empty if not."""
        return self.source.too_many_rows(self.units)

    def model(self) -> PlannedModel:
        """Encode the rows."""
        return planned_model(self.request, self.source.read(self.request, self.units))

    def outlook(self) -> Outlook:
        """Compute what these rows will tell."""
        model = self.model()
        beta = read_effects(self.effects, model.names)
        tested = read_tests(self.test, beta, model.names, model.column_terms, model.terms)
        found = Outlook(self, model, beta, self._variances(model), tested, *self._sums(model, tested))
        return found.at(found.beta, found.variances)

    def _sums(self, model: PlannedModel, tested: Sequence[Hypotheses]) -> tuple[Sequence[Kind], Matrix | None]:
        """Return what an outlook needs of the rows: of a linear model their kinds, and (X'X)⁻¹ for joint tests."""
        if self.family is not None:
            return (), None
        is_joint = any(len(one.rows) > 1 for one in tested)
        return kinds_of(model), np.asarray(np.linalg.inv(model.x.T @ model.x), dtype=np.float64) if is_joint else None

    def _variances(self, model: PlannedModel) -> Variances:
        if isinstance(self.given, Variances):
            return self.given
        return read_variances(self.given, model, rows=self.source.row_levels, family=self.family)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What planned rows will tell: the model over them, what is thought to be true, and the power of every test.

    `kinds` and `ordinary`, (X'X)⁻¹ where a test is joint, are the same for all coefficients and variances.
    """

    plan: Plan
    model: PlannedModel
    beta: Vector
    variances: Variances
    tested: Sequence[Hypotheses]
    kinds: Sequence[Kind]
    ordinary: Matrix | None
    tests: Sequence[PlannedTest] = ()
    information: Information | None = None

    def at(self, beta: Vector, variances: Variances) -> Outlook:
        """Return what the rows tell if these coefficients and variances are true."""
        information = self._information(beta, variances)
        level, fewer = self.plan.level, self.plan.covariates
        tests = [planned_test(one, beta, information, self.ordinary, level, fewer) for one in self.tested]
        for one in tests:
            if not one.df >= _LEAST_DF:
                raise DesignError(
                    f"no degrees of freedom are left for the test of {one.name}: the design and covariates={fewer} "
                    f"leave {one.df:.3g}, and {_LEAST_DF:g} is the least; plan more units, or fewer covariates"
                )
        return replace(self, beta=beta, variances=variances, tests=tests, information=information)

    def _information(self, beta: Vector, variances: Variances) -> Information:
        if self.plan.family is not None:
            return known_information(self.model, self.plan.family, beta, variances)
        return expected_information(self.kinds, variances.terms, variances.sigma)
