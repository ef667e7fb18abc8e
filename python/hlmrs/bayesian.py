"""bayes() draws from the posterior of a model, from a formula and data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, Unpack

from .calls import answers
from .errors import ConvergenceWarning, OptionError, SingularFitWarning
from .families import Family
from .models import FitOptions, lmer
from .options import PosteriorMethod
from .priors import Distribution
from .results import LinearMixedFit, Posterior

_GAUSSIAN = ("gaussian", "normal")


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
    **options: Unpack[FitOptions],
) -> Posterior[Any]:
    """Draw from the posterior of a linear mixed model.

    It is ``lmer(formula, data, **options).posterior(priors, ...)``, without warnings of singular fits: the fit is only
    where the draws begin.

    Parameters
    ----------
    formula : str
        As in ``lmer``.
    data : data frame or path
        As in ``lmer``.
    priors, draws, seed, method
        As in ``LinearMixedFit.posterior``.
    family : str, optional
        ``"gaussian"``; other families have no posterior yet.
    **options
        Arguments of ``lmer``.

    Returns
    -------
    Posterior
        ``.summary()``, ``.draws``, ``.verdict``, ``.hypothesis("x > 0")``, ``.predict(new)``, ``.loo()``.

    Raises
    ------
    OptionError
        For another family, a prior whose name means nothing, or that a parameter cannot have.
    FormulaError, DataError, DesignError, NumericalError
        As ``lmer`` and ``posterior``.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Dyestuff2")
    >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, priors={"sd": hlmrs.HalfNormal(2)}, draws=1000)
    >>> bool(0.2 < post.draws["sd((Intercept) | Batch)"].mean() < 1.2)
    True
    """
    name = getattr(family, "name", family)
    if name is not None and not (isinstance(name, str) and name.casefold() in _GAUSSIAN):
        raise OptionError(
            f"family={name!r}: posteriors are of linear models; hlmrs.glmer(..., prior=) has penalized estimates of "
            "others"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularFitWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = lmer(formula, data, **options)
    if not isinstance(fit, LinearMixedFit):
        raise OptionError("dispersion= with random effects makes a generalized model, which has no posterior yet")
    return fit.posterior(priors, draws=draws, seed=seed, method=method)
