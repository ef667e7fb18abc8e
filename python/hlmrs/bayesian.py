"""bayes() draws from the posterior of a model, from a formula and data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypedDict, Unpack

from numpy.typing import ArrayLike

from .calls import answers, refuse_unknown
from .control import Control
from .errors import ConvergenceWarning, OptionError, SingularFitWarning
from .estimation import Contrast
from .families import Family
from .generalized import glmer
from .models import lmer
from .options import Missing, PosteriorMethod, Reading, Thresholds
from .priors import Distribution
from .results import GeneralizedMixedFit, Posterior

_GAUSSIAN = ("gaussian", "normal")


class BayesOptions(TypedDict, total=False):
    """Arguments of ``lmer`` and ``glmer`` by name; both have the first ones."""

    reml: bool
    weights: str | ArrayLike | None
    offset: str | ArrayLike | None
    contrasts: Mapping[str, Contrast] | None
    missing: Missing
    control: Control | None
    dispersion: str | None
    REML: bool
    rows: Reading
    residual: str | None
    sigma: float | None
    link: str | None
    zero_inflation: str | None
    thresholds: Thresholds
    nominal: str | None
    scale: str | None
    nagq: int
    information: Literal["observed", "expected"]
    exposure: str | ArrayLike | None


_OF_LINEAR = ("REML", "rows", "residual", "sigma")
_OF_GENERALIZED = ("link", "zero_inflation", "thresholds", "nominal", "scale", "nagq", "information", "exposure")
_OWN = ("priors", "draws", "seed", "method", "family")


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
        The distribution of the response, as in ``glmer``.  Default: ``"gaussian"``, by ``lmer``; with a ``link=`` other
        than the identity by ``glmer``.
    **options
        Arguments of ``lmer``, or of ``glmer``, but ``prior=``, which is of estimates: it has no part in a posterior.

    Returns
    -------
    Posterior
        ``.summary()``, ``.draws``, ``.verdict``, ``.hypothesis("x > 0")``, ``.predict(new)``, ``.loo()``.

    Raises
    ------
    OptionError
        For a prior whose name means nothing, or that a parameter cannot have; for an option that models of the other
        kind have.
    TypeError
        For an option that there is not.
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
    refuse_unknown("bayes", given, [*_OWN, *BayesOptions.__annotations__])
    is_linear = _is_linear(family, given.get("link"))
    _require_fitting(given, is_linear)
    if "|" in str(given.get("dispersion")):
        given.setdefault("reml", False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularFitWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = lmer(formula, data, **given) if is_linear else _start(formula, data, family or "gaussian", given)
    return fit.posterior(priors, draws=draws, seed=seed, method=method)


def _start(formula: str, data: Any, family: str | Family, given: dict[str, Any]) -> GeneralizedMixedFit[Any]:
    """Fit a generalized model, whose coefficients may be infinite without priors."""
    control = given.pop("control", None) or Control()
    return glmer(formula, data, family=family, control=replace(control, separation="report"), **given)


def _is_linear(family: str | Family | None, link: str | None) -> bool:
    """Whether responses are normal about the linear predictor."""
    if isinstance(family, Family):
        return family == Family("gaussian")
    is_gaussian = family is None or (isinstance(family, str) and family.casefold() in _GAUSSIAN)
    return is_gaussian and (family is None or link in (None, "identity"))


def _require_fitting(given: dict[str, Any], is_linear: bool) -> None:
    """Refuse options of models of the other kind; the identity is the link of linear models."""
    if is_linear and given.get("link") in (None, "identity"):
        given.pop("link", None)
    for name, value in given.items():
        if is_linear and name in _OF_GENERALIZED:
            raise OptionError(
                f"{name}={value!r} is of generalized models, and this one is linear: its random effects are integrated "
                "over exactly; leave it out, or give another family=, such as family='poisson'"
            )
        if not is_linear and name in _OF_LINEAR:
            raise OptionError(f"{name}={value!r} is of linear models; leave it out, or leave family= and link= out")
