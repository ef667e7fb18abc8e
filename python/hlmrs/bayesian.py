"""bayes() draws from the posterior of a model, from a formula and data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Unpack

from numpy.typing import ArrayLike

from .calls import answers
from .control import Control
from .errors import ConvergenceWarning, SingularFitWarning
from .families import Family
from .generalized import glmer
from .models import FitOptions, lmer
from .options import PosteriorMethod, Thresholds
from .priors import Distribution
from .results import GeneralizedMixedFit, Posterior

_GAUSSIAN = ("gaussian", "normal")


class BayesOptions(FitOptions, total=False):
    """Arguments of ``lmer`` and ``glmer`` by name."""

    dispersion: str | None
    link: str | None
    zero_inflation: str | None
    thresholds: Thresholds
    nominal: str | None
    scale: str | None
    nagq: int
    exposure: str | ArrayLike | None


@answers
def bayes(
    formula: str,
    data: Any,
    *,
    priors: Mapping[str, Distribution] | Literal["brms"] | None = None,
    draws: int = 4000,
    seed: int | None = 1,
    method: PosteriorMethod = "auto",
    family: str | Family | None = None,
    **options: Unpack[BayesOptions],
) -> Posterior[Any]:
    """Draw from the posterior of a linear or generalized linear mixed model.

    It is ``lmer(formula, data, **options).posterior(priors, ...)``, or with ``family=`` that of ``glmer``, without
    warnings of singular fits or separation: the fit is only where the draws begin.

    Parameters
    ----------
    formula : str
        As in ``lmer`` and ``glmer``.
    data : data frame or path
        As in ``lmer``.
    priors, draws, seed, method
        As in ``LinearMixedFit.posterior`` and ``GeneralizedMixedFit.posterior``.
    family : str or Family, optional
        The distribution of the response, as in ``glmer``.  Default: ``"gaussian"``, by ``lmer``.
    **options
        Arguments of ``lmer``, or of ``glmer``.

    Returns
    -------
    Posterior
        ``.summary()``, ``.draws``, ``.verdict``, ``.hypothesis("x > 0")``, ``.predict(new)``, ``.loo()``.

    Raises
    ------
    OptionError
        For a prior whose name means nothing, or that a parameter cannot have.
    FormulaError, DataError, DesignError, NumericalError
        As ``lmer``, ``glmer`` and ``posterior``.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Dyestuff2")
    >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, priors={"sd": hlmrs.HalfNormal(2)}, draws=1000)
    >>> bool(0.2 < post.draws["sd((Intercept) | Batch)"].mean() < 1.2)
    True
    """
    given: dict[str, Any] = {**options}
    if "|" in str(given.get("dispersion")):
        given.setdefault("reml", False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularFitWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = (
            lmer(formula, data, **given)
            if family is None or _is_linear(family)
            else _start(formula, data, family, given)
        )
    return fit.posterior(priors, draws=draws, seed=seed, method=method)


def _start(formula: str, data: Any, family: str | Family, given: dict[str, Any]) -> GeneralizedMixedFit[Any]:
    """Fit a generalized model, whose coefficients may be infinite without priors."""
    control = given.pop("control", None) or Control()
    return glmer(formula, data, family=family, control=replace(control, separation="report"), **given)


def _is_linear(family: str | Family) -> bool:
    """Whether responses are normal about the linear predictor."""
    if isinstance(family, Family):
        return family == Family("gaussian")
    return isinstance(family, str) and family.casefold() in _GAUSSIAN
