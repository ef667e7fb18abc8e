"""``hlmrs.power``: what is asked of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_args

from ...calls import answers
from ...errors import ArgumentError, OptionError, choose
from ...estimation import Contrast
from ...families import Family, chosen_family
from ...options import Alternative, PowerMethod
from ...planning.design import Design
from ...planning.generalized import require_planned
from ...planning.of_fit import plan_of_fit
from ...planning.parameters import Given
from ...planning.plan import Plan
from ...planning.planned_model import planned_request
from ...planning.single_test import Level
from ...planning.sources import source_of
from ..view import View
from .power import Power


@answers
def power(
    model: Any,
    design: Any = None,
    *,
    effects: Mapping[str, float] | None = None,
    sd: Mapping[str, Any] | None = None,
    variance: Mapping[str, Any] | None = None,
    correlation: Mapping[str, Any] | None = None,
    icc: float | Mapping[str, float] | None = None,
    r2: Mapping[str, float] | None = None,
    sigma: float | None = None,
    test: str | Sequence[str] | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    covariates: int = 0,
    contrasts: Mapping[str, Contrast] | None = None,
    family: str | Family | None = None,
    link: str | None = None,
    extend: Mapping[str, Any] | None = None,
    method: PowerMethod = "analytic",
    n: int = 1000,
    seed: int | None = None,
    threads: int | None = None,
) -> Power:
    """Compute the power of tests in a planned study, from the expected information of its rows.

    Rows may be nested, crossed or both, unbalanced, with missing waves and random slopes.  Tests are those of a fit by
    REML, with Satterthwaite's degrees of freedom; nothing is simulated, so that an answer takes milliseconds.

    Parameters
    ----------
    model : str, Design or fit
        The model as in ``lmer``, ``"y ~ treat + (1 | school)"``; the response need not be in the rows.  Or a design
        that has a formula, such as ``Design.cluster_randomized(school=40, pupil=20)``.  Or a fit of ``lmer`` or
        ``glmer``: its rows, coefficients and variances.
    design : Design or data frame
        The planned rows.
    effects : dict
        Coefficients that are thought to be true, by name; all others are zero, or those of the fit.
    sd, variance : dict, optional
        How much random effects vary, by grouping factor: ``{"school": 0.4}``, or by grouping factor and effect,
        ``{"school": {"(Intercept)": 0.4, "treat": 0.2}}``; as standard deviations or as variances.
    correlation : dict, optional
        Correlations of random effects, by grouping factor: ``{"school": 0.3}`` for all of them, or
        ``{"school": {("(Intercept)", "treat"): 0.3}}``.  Default: none.
    icc : float or dict, optional
        Instead of the standard deviations of intercepts and of the residual: the share of every grouping factor in a
        total variance of 1, so that effects are in standard deviations of the response.
    r2 : dict, optional
        The share of the variance of a level that covariates beside the formula explain, by grouping factor;
        ``"residual"``, or the name of a design's innermost units, is that of rows.
    sigma : float, optional
        The residual standard deviation, unless ``icc`` says it.
    test : str or list of str, optional
        Coefficients, terms (tested jointly) or hypotheses in words, ``"a = b"``.  Default: every coefficient of
        ``effects``.
    alpha : float
        The level of the tests.
    alternative : {"two-sided", "greater", "less"}
        What single hypotheses are tested against.
    covariates : int
        How many covariates beside the formula vary at the level that is tested: each takes a degree of freedom.
        Simulation takes those of the formula alone.
    contrasts : dict, optional
        As for ``lmer``.
    family, link : str or Family, optional
        ``"binomial"`` (single trials) or ``"poisson"``, as for ``glmer``: effects, the intercept among them, and
        standard deviations are then on the scale of the linear predictor, and ``icc`` is that of the latent response.
        Tests are normal, and the information of the rows is approximate (docs/power.md says how far).  Default: linear.
    extend : dict, optional
        Other numbers of units than those of the rows, as in ``Power.with_units``: ``{"school": 60}``.
    method : {"analytic", "simulation"}
        Whether data sets are simulated, fitted and tested besides.
    n, seed, threads
        Of the simulation, as in ``Power.simulate``.

    Returns
    -------
    Power
        Prints as a report; has ``power``, ``minimum_effect()``, ``required()``, ``curve()``, ``optimum()``,
        ``simulate()``, ``assurance()`` of a fit, and ``to_frame()``.

    Raises
    ------
    OptionError
        For what the model has no such coefficient or grouping factor of, and for variances that cannot be.
    DesignError
        For rows that cannot tell effects or variances apart.

    Examples
    --------
    >>> import hlmrs
    >>> design = hlmrs.Design("school/pupil", {"school": 20, "pupil": (25, 8)}, {"treat": "pupil", "sector": "school"})
    >>> formula = "y ~ treat * sector + (treat | school)"
    >>> spread = {"school": {"(Intercept)": 0.4, "treat": 0.2}}
    >>> found = hlmrs.power(formula, design, effects={"treat": 0.3, "treat:sector": 0.2}, sd=spread, sigma=0.9)
    >>> [round(float(power), 2) for power in found.to_frame()["power"]]
    [0.57, 0.17]
    """
    if not isinstance(alpha, float) or not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r}: give a probability between 0 and 1, such as 0.05")
    if not isinstance(covariates, int) or covariates < 0:
        raise OptionError(f"covariates={covariates!r}: give how many there are, a whole number from 0 on")
    level = Level(alpha, choose("alternative", alternative, get_args(Alternative)))
    given = Given(sd, variance, correlation, icc, r2, sigma)
    if isinstance(model, View):
        beside = {"design": design, "contrasts": contrasts, "family": family, "link": link}
        _refuse_beside_fit(given, beside)
        plan = plan_of_fit(model._estimate, effects, test, level, covariates)
    else:
        plan = _new_plan(model, design, effects, given, (contrasts, family, link))
        plan = replace(plan, test=test, level=level, covariates=covariates)
    is_simulated = choose("method", method, get_args(PowerMethod)) == "simulation"
    found = Power(plan.with_units({} if extend is None else extend).outlook())
    return found.with_simulation(n, seed=seed, threads=threads) if is_simulated else found


def _new_plan(model: Any, design: Any, effects: Any, given: Given, coding: tuple[Any, Any, Any]) -> Plan:
    """Plan what was said in words."""
    contrasts, family, link = coding
    if isinstance(model, Design):
        if design is not None:
            raise ArgumentError("power: a design stands in place of the model, and there is another one beside it")
        model, design = _formula_of(model), model
    source = source_of(design)
    chosen = None if family is None and link is None else chosen_family("binomial" if family is None else family, link)
    if chosen is not None:
        require_planned(chosen)
    return Plan(
        planned_request(model, source.names, contrasts, None),
        source,
        {} if effects is None else effects,
        given,
        family=chosen,
    )


def _refuse_beside_fit(given: Given, beside: Mapping[str, Any]) -> None:
    """Refuse what a fit says itself."""
    said = {field.name: getattr(given, field.name) for field in fields(given)} | dict(beside)
    for name, value in said.items():
        if value is not None:
            raise OptionError(f"{name}= beside a fit, whose rows and variances are planned; give it with a formula")


def _formula_of(design: Design) -> str:
    if design.formula is None:
        raise ArgumentError("power: this design has no formula; give one before it, such as 'y ~ treat + (1 | school)'")
    return design.formula
