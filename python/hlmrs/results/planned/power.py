"""The power of planned tests, as people look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...control import count
from ...display import Facts, Notes, Printed, Report, Section, Table, displayed
from ...frame import Column, build
from ...planning.curve import curve
from ...planning.of_fit import assurance
from ...planning.plan import Outlook
from ...planning.search import optimum, required_units
from ...planning.simulation import Simulated, simulate
from ...planning.single_test import PlannedTest
from ...planning.tables import changed_units, facts, minimum_effects, optimum_table, power_table, table_of_tests
from ..result_table import ResultTable
from .curve import PowerCurve

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
    Units      school 40, pupil 800; 800 rows
    Variances  school 0.2; residual 0.8
    Tests      two-sided at 0.05, by t and F with Satterthwaite's degrees of freedom
    <BLANKLINE>
      test   effect  std error  den df  power  detectable
      treat  0.4000     0.1549   38.00  0.711      0.4454
    <BLANKLINE>
    detectable: the effect that is found with a power of 0.8
    """

    def __init__(self, outlook: Outlook, simulated: Simulated | None = None) -> None:
        self._plan, self._outlook, self._simulated = outlook.plan, outlook, simulated

    @property
    def _first(self) -> PlannedTest:
        return self._outlook.tests[0]

    @property
    def power(self) -> float:
        """The power of the first test; by simulation, if that is the method."""
        return self._first.power if self._simulated is None else float(self._simulated.power[0])

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
            tests also ``num_df``; by simulation ``simulated, conf_low, conf_high, failed`` as in ``simulate``.

        Examples
        --------
        >>> import hlmrs
        >>> design = hlmrs.Design.cluster_randomized(school=40, pupil=20)
        >>> table = hlmrs.power(design, effects={"treat": 0.4}, icc=0.2).to_frame()
        >>> round(table["power"][0], 3)
        0.711
        """
        return build(self._plan.source.kind, self._table())

    def _table(self) -> dict[str, Column]:
        further = {} if self._simulated is None else self._simulated.columns()
        return table_of_tests(self._outlook.tests, USUAL) | further

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
        return Power(self._plan.with_units(units).outlook())

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

    def required(self, units: str, power: float = USUAL) -> int:
        """Return the fewest units of one kind with which every test has a power: PowerUpR's ``mrss``.

        Parameters
        ----------
        units : str
            Which units, of a design or a grouping column; all others stay as planned.  Sizes that differ keep their
            spread relative to their mean.
        power : float
            The power.

        Returns
        -------
        int
            How many, as in ``with_units``.

        Raises
        ------
        OptionError
            Where more of these units alone do not lead there, and how far they do.

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> power.required("school"), power.required("school", power=0.9)
        (50, 66)
        """
        found = required_units(self._plan, units, power)
        number = changed_units(found)[units]
        return round(number[0]) if isinstance(number, tuple) else int(number)

    mrss = required

    def curve(self, over: Mapping[str, Sequence[float]], *, simulate: int = 0, seed: int | None = None) -> PowerCurve:
        """Return the power over numbers of units or sizes of effects: a curve, or of two of them a surface.

        Parameters
        ----------
        over : dict
            By kind of units the numbers that are tried, by coefficient its values, by ``"icc"`` the shares; of several
            all combinations.
        simulate : int
            How many data sets are simulated for each combination besides.
        seed : int, optional
            Of their random numbers.

        Returns
        -------
        PowerCurve
            A row for every combination and test: what was varied, ``test, effect, std_error, den_df, power``, and what
            ``simulate`` has; ``plot()`` and ``contours()`` draw it.

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> [round(float(power), 2) for power in power.curve({"school": [20, 40, 60, 80]})["power"]]
        [0.41, 0.71, 0.87, 0.95]
        """
        table = curve(self._plan, over, count("simulate", simulate) if simulate else 0, seed)
        return PowerCurve(f"Power over {' and '.join(over)}", table, self._plan.source.kind, list(over))

    def optimum(
        self, cost: Mapping[str, float], *, budget: float | None = None, power: float | None = None
    ) -> ResultTable[Any]:
        """Return the numbers of units with the most power for a budget, or the cheapest that have a power.

        Parameters
        ----------
        cost : dict
            What a unit of every kind costs, and ``"rows"`` what a row does.  Kinds without a price stay as planned.
        budget : float, optional
            What may be spent.
        power : float, optional
            The power that every test must have; one of the two.

        Returns
        -------
        ResultTable
            One row: the units, as in ``with_units``; ``rows, cost, power``, the last of the least powerful test.

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=40, pupil=20), effects={"treat": 0.4}, icc=0.2)
        >>> best = power.optimum({"school": 300, "pupil": 10}, budget=20_000)
        >>> int(best["school"][0]), int(best["pupil"][0]), round(float(best["power"][0]), 2)
        (50, 10, 0.75)
        """
        found, price = optimum(self._plan, cost, budget, power)
        title = "The cheapest plan with this power" if budget is None else "The plan of the most power for this budget"
        return ResultTable(title, optimum_table(found, price), self._plan.source.kind)

    def simulate(self, n: int = 1000, *, seed: int | None = None, threads: int | None = None) -> ResultTable[Any]:
        """Draw data sets, fit each, and count the significant tests: the check of the power.

        Parameters
        ----------
        n : int
            How many data sets.
        seed : int, optional
            Of the random numbers; the result does not depend on the threads.
        threads : int, optional
            Threads that fit.  Default: all processors.

        Returns
        -------
        ResultTable
            ``test, power`` as computed, ``simulated`` with its 95 % interval of Wilson (``conf_low, conf_high``), and
            ``failed``, the data sets without a test, which count as not significant.

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=12, pupil=5), effects={"treat": 1.0}, icc=0.2)
        >>> power.simulate(100, seed=1).columns
        ['test', 'power', 'simulated', 'conf_low', 'conf_high', 'failed']
        """
        table = power_table(self._outlook.tests) | simulate(self._outlook, n, seed, threads).columns()
        return ResultTable(f"Power by {n:,} simulated data sets", table, self._plan.source.kind, level=0.95)

    def with_simulation(self, n: int = 1000, *, seed: int | None = None, threads: int | None = None) -> Power:
        """Return the same power with that of simulated data sets beside it.

        Parameters
        ----------
        n, seed, threads
            As in ``simulate``.

        Returns
        -------
        Power

        Examples
        --------
        >>> import hlmrs
        >>> power = hlmrs.power(hlmrs.Design.cluster_randomized(school=12, pupil=5), effects={"treat": 1.0}, icc=0.2)
        >>> abs(power.with_simulation(100, seed=1).power - power.power) < 0.2
        True
        """
        return Power(self._outlook, simulate(self._outlook, n, seed, threads))

    def assurance(self, n: int = 500, *, seed: int | None = None) -> ResultTable[Any]:
        """Return the power averaged over what a fit leaves uncertain: its coefficients and its variances.

        Coefficients that were given as ``effects`` are held.  Linear fits alone have it.

        Parameters
        ----------
        n : int
            How many draws of the parameters.
        seed : int, optional
            Of the random numbers.

        Returns
        -------
        ResultTable
            ``test, power`` at the estimates, ``assurance`` on average, and the power that a tenth of the draws stay
            below (``lower_tenth``) or above (``upper_tenth``).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> table = fit.power({"Days": 5.0}).assurance(100, seed=1)
        >>> bool(table["lower_tenth"][0] < table["assurance"][0] < table["upper_tenth"][0])
        True
        """
        return ResultTable("Power averaged over the fit", assurance(self._plan, n, seed), self._plan.source.kind)

    def _report(self) -> Report:
        notes = [f"detectable: the effect that is found with a power of {USUAL:g}"]
        if self._simulated is not None:
            notes.append(f"simulated: the share of {self._simulated.n:,} data sets with a significant test")
        return Report(
            "Power of a planned study",
            [
                Section("", Facts(facts(self._plan, self._outlook))),
                Section("", Table(displayed(self._table(), 0.95))),
                Section("", Notes(notes)),
            ],
        )
