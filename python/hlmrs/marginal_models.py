"""``gee()`` fits marginal models: means of a population, by generalized estimating equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from .calls import answers
from .control import Control
from .errors import ArgumentError
from .estimation import Contrast
from .estimation.equations_request import make_equations_request
from .estimation.exposure import with_exposure
from .estimation.fixed_parameters import refuse_fix
from .estimation.marginal import solve_equations
from .families import Family, chosen_family
from .frame import open_frame
from .options import Correlation, Missing
from .results import MarginalFit
from .results.equations import marginal_with_warnings


@answers
def gee(
    formula: str,
    data: Any = None,
    *,
    groups: str,
    family: str | Family = "gaussian",
    link: str | None = None,
    correlation: Correlation = "independence",
    time: str | None = None,
    scale: float | None = None,
    size: float | None = None,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    exposure: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    control: Control | None = None,
) -> MarginalFit[Any]:
    """Fit a marginal model by generalized estimating equations.

    Its coefficients are those of the population's mean: what the mean of all rows with these predictors is.  Those of
    ``glmer`` are of a row given the random effects of its group.  Standard errors are robust: right for many groups
    whatever the correlation within them is.

    Parameters
    ----------
    formula : str
        The response and the predictors of its mean, without random terms; the response is written as for ``glmer``.
    data : data frame
        As for ``lmer``.  Rows of a group need not stand together.
    groups : str
        The column of the groups within which rows are correlated; several columns as ``"school:class"``.
    family : {"gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "nbinom2"} or Family
        What gives the variance as a function of the mean.
    link : str, optional
        The link of the mean, as for ``glmer``.
    correlation : {"independence", "exchangeable", "ar1", "unstructured"}
        The working correlation within a group: none; one for all pairs of rows; alpha to the power of how many steps of
        time two rows are apart; or one for each pair of times.
    time : str, optional
        The column of the times, which order the rows of a group and show the ones it lacks: numbers, dates, or an
        ordered category.  For ``"ar1"`` gaps count in the largest step of which all are multiples.  Default: rows
        stand in the order of time, without gaps.
    scale : float, optional
        The scale of variances, such as 1.  Default: estimated, the mean squared Pearson residual.
    size : float, optional
        The size of ``"nbinom2"``, whose variance is mu + mu²/size.  Default: estimated by moments, the one at which
        the mean squared Pearson residual is 1 when rows are taken as independent.
    weights : str or array, optional
        Weights of the rows: their variance is over it; of proportions the number of trials.
    offset, exposure : str or array, optional
        As for ``glmer``.
    contrasts, missing, control
        As for ``lmer``; ``max_evaluations`` of ``control`` limits the steps.

    Returns
    -------
    MarginalFit
        The fitted model.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError, NumericalError
        Each names the column or place, the value, and what to do; all are ``HlmrsError``.

    Warns
    -----
    DroppedRowsWarning, RankDeficiencyWarning, ConvergenceWarning
        As for ``lmer``.
    InferenceWarning
        For a working correlation that is not positive definite.

    Notes
    -----
    Liang and Zeger (1986).  Scale and correlation are estimated as by geepack (Yan and Fine 2004): sums over rows and
    over pairs of rows, divided by their number, or by their weights; statsmodels and SAS subtract the number of
    coefficients.  For ``"ar1"`` all pairs count, not the neighbours alone.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Contraception")
    >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial", correlation="exchangeable")
    >>> [round(float(b), 3) for b in fit.beta], round(float(fit.correlation_parameters[0]), 3)
    ([-0.674, 0.009, 0.614], 0.058)
    """
    if data is None:
        raise ArgumentError("gee() needs data: a data frame")
    if not isinstance(formula, str):
        raise ArgumentError(f"gee() takes a formula, such as 'y ~ x', and no {type(formula).__name__}")
    refuse_fix("gee()", control)
    frame = open_frame(data)
    chosen = chosen_family(family, link)
    formula, offset = with_exposure(formula, chosen, exposure, offset, frame.names)
    given: dict[str, Any] = {"weights": weights, "offset": offset, "contrasts": contrasts}
    given |= {"missing": missing, "control": control}
    own = (groups, time, correlation, scale, size)
    asked = make_equations_request(formula, frame, chosen, *own, **given)
    return marginal_with_warnings(solve_equations(asked, frame))
