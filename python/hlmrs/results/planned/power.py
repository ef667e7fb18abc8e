"""The power of planned tests, as people look at it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ...display import Facts, Notes, Printed, Report, Section, Table, displayed
from ...frame import build
from ...planning.plan import Outlook, Plan
from ...planning.single_test import PlannedTest
from ...planning.tables import facts, minimum_effects, table_of_tests
from ..result_table import ResultTable

USUAL = 0.8
"""The power that studies are usually planned for."""


class Power(Printed):
    """The power of planned tests: prints as a report, and is HTML in a notebook; ``hlmrs.power`` returns it.

    Examples
    --------
    >>> import hlmrs
    >>> design = hlmrs.Design.cluster_randomized(school=40, pupil=20)
    >>> hlmrs.power(design, effects={"treat": 0.4}, icc=0.2)
    Power of a planned study
    <BLANKLINE>
    Model      ~ treat + (1 | school)
    Units      40 school, 800 pupil; 800 rows
    Variances  school 0.2; residual 0.8
    Tests      two-sided at 0.05, by t and F with Satterthwaite's degrees of freedom
    <BLANKLINE>
      test   effect  std error  den df  power  detectable
      treat  0.4000     0.1549   38.00  0.711      0.4454
    <BLANKLINE>
    detectable: the effect that is found with a power of 0.8
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @cached_property
    def _outlook(self) -> Outlook:
        return self._plan.outlook()

    @property
    def _first(self) -> PlannedTest:
        return self._outlook.tests[0]

    @property
    def power(self) -> float:
        """The power of the first test."""
        return self._first.power

    @property
    def effect(self) -> float:
        """How far the first hypothesis that is tested is from what is thought to be true."""
        return self._first.effect

    @property
    def std_error(self) -> float:
        """The expected standard error of the first test's effect."""
        return self._first.std_error

    @property
    def df(self) -> float:
        """The expected degrees of freedom of the first test."""
        return self._first.df

    def to_frame(self) -> Any:
        """Return a row for every test, in the library of the planned rows.

        Returns
        -------
        data frame
            ``test, effect, std_error, den_df, power, detectable``, the last the effect with a power of 0.8; of joint
            tests also ``num_df``.

        Examples
        --------
        >>> import hlmrs
        >>> design = hlmrs.Design.cluster_randomized(school=40, pupil=20)
        >>> table = hlmrs.power(design, effects={"treat": 0.4}, icc=0.2).to_frame()
        >>> round(table["power"][0], 3)
        0.711
        """
        return build(self._plan.source.kind, table_of_tests(self._outlook.tests, USUAL))

    def with_units(self, units: Mapping[str, Any]) -> Power:
        """Return the power of the same study with other numbers of units.

        Parameters
        ----------
        units : dict
            Of a design by kind of units, as in ``Design``; of a data frame by grouping column how many levels it has:
            those of the data are taken in turn, each with all of its rows (``extend`` of R's simr).

        Returns
        -------
        Power

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> round(power.with_units({"school": 60}).power, 3)
        0.875
        """
        return Power(self._plan.with_units(units))

    def minimum_effect(self, power: float = USUAL) -> ResultTable[Any]:
        """Return the smallest effects that are found with a power: PowerUpR's ``mdes``.

        Parameters
        ----------
        power : float
            The power.

        Returns
        -------
        ResultTable
            ``test, minimum_effect, multiple``: the last is by what the planned effects must be multiplied, also of
            joint tests.

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> power.minimum_effect(0.9)
        Smallest effects with a power of 0.9
        <BLANKLINE>
          test   minimum_effect  multiple
          treat          0.5154     1.288
        """
        table = minimum_effects(self._outlook.tests, power)
        return ResultTable(f"Smallest effects with a power of {power:g}", table, self._plan.source.kind)

    mdes = minimum_effect

    def _report(self) -> Report:
        table = table_of_tests(self._outlook.tests, USUAL)
        return Report(
            "Power of a planned study",
            [
                Section("", Facts(facts(self._plan, self._outlook))),
                Section("", Table(displayed(table))),
                Section("", Notes([f"detectable: the effect that is found with a power of {USUAL:g}"])),
            ],
        )
