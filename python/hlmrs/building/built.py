"""``hlmrs.build``: the models that lead to one, fitted, compared and shown together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Unpack

from ..calls import answers
from ..diagnostics import small_samples
from ..display import Facts, Notes, Printed, Report, Section
from ..display.names import model_names
from ..errors import OptionError
from ..estimation import Changes, Estimate, null_model
from ..estimation.warn import not_converged, singular
from ..formula import Term, parse
from ..level_equations import ROWS, LevelModel, homes_of_terms
from ..models import lmer
from ..results.linear import LinearMixedFit
from ..results.result_table import FrameT, ResultTable
from ..results.side_by_side import table
from ..side_by_side import ModelTable
from .comparison import Models, step_table
from .explained import reductions, shares
from .steps import BOTH, GROUPS_ALONE, ROWS_ALONE, Step, steps_of

_OF_TESTS = (
    "Fixed effects are tested by the likelihood ratio of models by maximum likelihood, with the same random effects; "
    "random effects by that of models with the same fixed effects, against a mixture of chi-squares where one variance "
    "is new, since it cannot be negative."
)
_OF_REDUCTIONS = (
    "Reduction: the share of a variance of the model before that is gone; it can be negative. A residual variance goes "
    "down by predictors of rows, a variance of intercepts or slopes by predictors of groups."
)
_OF_SHARES = "Explained: the share of the variance at a level that the fixed effects make; Residual: within all groups."


@dataclass(frozen=True, slots=True, repr=False)
class Building(Printed, Generic[FrameT]):
    """Models from the null model to the one that is meant: printed as a report, HTML in a notebook.

    Attributes
    ----------
    fits : dict of str to LinearMixedFit
        The models by their names, ``"null model"`` first.
    comparison : ResultTable
        What every step adds, and its test: ``model, against, added, estimator, chisq, df, p_value,
        null_distribution``.
    reductions : ResultTable
        Variances beside those of the model before: ``model, against, group, term, variance_before, variance,
        reduction``.
    explained : ResultTable
        The share of each level's variance that the fixed effects explain: ``model, level, share``.
    table : ModelTable
        The models side by side.
    """

    fits: Mapping[str, LinearMixedFit[FrameT]]
    comparison: ResultTable[FrameT]
    reductions: ResultTable[FrameT]
    explained: ResultTable[FrameT]
    table: ModelTable
    _response: str
    _notes: Sequence[str]

    def to_frame(self) -> FrameT:
        """Return the steps with their tests as a frame, as ``comparison`` has them.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Hsb82", "polars")
        >>> steps = hlmrs.build("mAch ~ meanses + cses + (cses | school)", data)
        >>> steps.to_frame()["added"].to_list()
        ['meanses', 'cses', '(1 + cses | school)', 'meanses']
        """
        return self.comparison.to_frame()

    def _report(self) -> Report:
        formulas = [fit.formula for fit in self.fits.values()]
        named = zip(model_names(len(formulas), None), self.fits, formulas, strict=True)
        steps = Facts([(f"{label}  {name}", formula) for label, name, formula in named])
        parts: list[Section] = []
        for own in (self.comparison, self.reductions, self.explained):
            first, *others = own._report().sections
            parts += [Section(own.title, first.content), *others]
        return Report(
            f"Building a model of {self._response}", [Section("", steps), *parts, Section("", Notes(self._notes))]
        )

    def __repr__(self) -> str:
        return f"{self._report()!r}\n\nThe models side by side\n{self.table.to_text()}"

    def _repr_html_(self) -> str:
        return self._report()._repr_html_() + self.table.to_html("The models side by side")


@answers
def build(
    formula: str | LevelModel, data: Any, *, means: str | None = None, **options: Unpack[Changes]
) -> Building[Any]:
    """Build a model level by level: the null model, means as outcomes, random coefficients, slopes as outcomes.

    Parameters
    ----------
    formula : str or LevelModel
        The model that is meant, such as ``"mAch ~ (meanses + sector) * cses + (cses | school)"``, or what
        ``hlmrs.levels`` makes.
    data : data frame
        As ``lmer`` takes it.
    means : str, optional
        Predictors of the step ``means as outcomes``, such as ``"~ meanses"``.  Default: all that are constant within
        groups.
    **options
        As ``lmer`` has them: ``reml, weights, offset, contrasts, missing, control``.

    Returns
    -------
    Building
        ``.fits`` by name, ``.comparison``, ``.reductions``, ``.explained``, ``.table`` and ``.to_frame()``.

    Raises
    ------
    OptionError
        For a formula without an intercept, or one that is the null model; or ``means`` that the formula does not have.

    Notes
    -----
    The steps are those of Raudenbush and Bryk (2002), chapter 4, all on the rows of the last model:

    - ``null model``: an intercept, and a random one for every grouping factor.
    - ``means as outcomes``: with the terms that are constant within groups.
    - ``random coefficients``: with the terms that vary between rows, and all random effects of the formula, beside the
      null model; ``predictors of rows`` if there are random intercepts alone.
    - ``intercepts and slopes as outcomes``: the whole formula, with products of both kinds of terms.

    At which level a variable varies is found in the data.  A step of which the formula has nothing is left out.  In a
    step fixed terms come before random effects, and terms of groups before products; each of these is tested, against
    the model without it: fixed terms by maximum likelihood, whatever the fits are by.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Hsb82", "polars")
    >>> steps = hlmrs.build("mAch ~ (meanses + sector) * cses + (cses | school)", data, means="~ meanses")
    >>> list(steps.fits)
    ['null model', 'means as outcomes', 'random coefficients', 'intercepts and slopes as outcomes']
    >>> steps.explained
    Explained by the fixed effects, by level
    <BLANKLINE>
      model  level     share
      m1     school    0.000
      m1     Residual  0.000
      m2     school    0.690
      m2     Residual  0.000
      m3     school    0.000
      m3     Residual  0.054
      m4     school    0.723
      m4     Residual  0.060
    ...
    """
    text = formula.formula if isinstance(formula, LevelModel) else formula
    whole = lmer(text, data, **options, rows="keep")._estimate
    if not whole.request.spec.intercept:
        raise OptionError("build() begins with an intercept: leave '0 +' out of the formula")
    null = null_model(whole)
    steps = steps_of(whole.request.spec, null.request.spec, _kinds(whole), _terms_of(means))
    if len(steps) == 1:
        raise OptionError(f"{text!r} is the null model: write the predictors that are to be built up")
    return _built(Models(whole, null), steps, whole)


def _terms_of(means: str | None) -> Sequence[Term] | None:
    """Read the terms of ``~ w``."""
    return None if means is None else parse(f"y ~ {means.strip().removeprefix('~')}").terms


def _kinds(whole: Estimate) -> list[str]:
    """Say of every fixed term whether it is of rows, of groups or of both."""
    homes = homes_of_terms(whole)
    return [GROUPS_ALONE if ROWS not in home else ROWS_ALONE if home == {ROWS} else BOTH for home in homes]


def _built(models: Models, steps: Sequence[Step], whole: Estimate) -> Building[Any]:
    """Fit all models, and put together what is told of them."""
    labels = model_names(len(steps), None)
    estimates = [models.of(step.spec) for step in steps]
    fits: dict[str, LinearMixedFit[Any]] = {
        step.name: LinearMixedFit(estimate) for step, estimate in zip(steps, estimates, strict=True)
    }

    def shown(title: str, columns: Mapping[str, Any], notes: str) -> ResultTable[Any]:
        return ResultTable(title, columns, whole.kind, notes=[notes])

    return Building(
        fits,
        shown("What every step adds", step_table(models, steps, labels), _OF_TESTS),
        shown("Variances beside those of the model before", reductions(estimates, steps, labels), _OF_REDUCTIONS),
        shown("Explained by the fixed effects, by level", shares(estimates, labels), _OF_SHARES),
        table(*fits.values(), variances=True),
        whole.request.spec.response.name,
        [
            *small_samples(whole),
            *(f"{label}: {found}" for label, e in zip(labels, estimates, strict=True) if (found := _trouble(e))),
        ],
    )


def _trouble(estimate: Estimate) -> str:
    """Say what the optimum of a model is not."""
    return not_converged(estimate.verdict) or singular(estimate.verdict)
