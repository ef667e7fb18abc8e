"""``glmer()`` fits generalized linear mixed models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from numpy.typing import ArrayLike

from .calls import answers
from .control import Control
from .errors import ArgumentError
from .estimation import Contrast
from .estimation.exposure import with_exposure
from .estimation.fixed_parameters import refuse_fix
from .estimation.generalized import fit_generalized
from .estimation.generalized_request import chosen_approximation, make_generalized_request
from .families import Family, chosen_family
from .frame import open_frame
from .options import Missing, Thresholds
from .priors import Prior
from .results import GeneralizedMixedFit
from .results.generalized import generalized_with_warnings


@answers
def glmer(
    formula: str,
    data: Any = None,
    *,
    family: str | Family = "binomial",
    link: str | None = None,
    dispersion: str | None = None,
    zero_inflation: str | None = None,
    thresholds: Thresholds = "flexible",
    nominal: str | None = None,
    scale: str | None = None,
    prior: Prior | None = None,
    nagq: int = 1,
    information: Literal["observed", "expected"] = "observed",
    reml: bool = False,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    exposure: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    control: Control | None = None,
) -> GeneralizedMixedFit[Any]:
    """Fit a generalized linear mixed model by maximum likelihood, with Laplace's approximation.

    Parameters
    ----------
    formula : str
        In lme4's language.  The response is a number; ``cbind(successes, failures)``; a proportion, with the number of
        trials as ``weights``; true or false; a category with two levels, of which the second is success; or, for
        ``family="cumulative"``, an ordered category.
    data : data frame
        As for ``lmer``.
    family : str or Family
        The distribution of the response; ``Family`` lists them.
    link : str, optional
        The link of the mean.  Default: that of R, and ``log`` for families that R does not have.
    dispersion : str, optional
        A model of the logarithm of the dispersion, such as ``"~ x + (1 | g)"``.  Default: a constant.
    zero_inflation : str, optional
        A model of the logit of the probability of a zero from another source, such as ``"~ x"`` or ``"~ 1"``; with a
        truncated family the model is a hurdle model.  Default: no such zeros.
    thresholds : {"flexible", "symmetric", "equidistant"}
        What the thresholds of an ordered response are made of: each is free; they lie symmetrically about a centre; or
        they have the same distance.
    nominal : str, optional
        Variables with an effect of their own on every threshold of an ordered response (partial proportional odds),
        such as ``"~ x"``: threshold k is that of the intercept plus ``k.x`` times x.
    scale : str, optional
        A model of the logarithm of the scale of an ordered response, such as ``"~ x"``: P(Y <= k) is the inverse link
        of (threshold k minus predictor) / scale.
    prior : Normal, dict of str to Normal or "avoid-boundary", optional
        What is known of coefficients of the mean: of all but the intercept, or by name.  The estimates maximize the
        likelihood times the prior, standard errors come from the curvature of both, and ``loglik`` is the
        log-likelihood without the prior, whose log-density is ``fit.log_prior``.  ``"avoid-boundary"``, alone or in a
        dictionary as ``"covariance"``, keeps the variances of random effects above zero and their correlations off
        their limits, as for ``lmer``, by the density ``|S|^0.75`` of the covariance S itself.  Default: none.
    nagq : int
        1: Laplace's approximation.  More: points of adaptive Gauss-Hermite quadrature in each dimension, for the random
        effects of one grouping factor, or for one effect in each of two nested ones such as ``(1 | school/class)``; the
        log-likelihood keeps its scale.  0: the fixed effects of the mean are where
        the penalized likelihood is largest, as by lme4's ``nAGQ=0``: near those of Laplace's approximation, not equal.
    information : {"observed", "expected"}
        The information in Laplace's determinant: the observed one, or lme4's, which differs for links that are not
        canonical (families binomial and poisson).
    reml : bool
        Restricted maximum likelihood: the fixed effects of the mean are integrated out with the random ones, as by
        glmmTMB's ``REML = TRUE``; variances are less biased where groups are few.  Their standard errors count the
        uncertainty of the other parameters.
    weights : str or array, optional
        Multiply the log-likelihood of rows, a row of weight 2 counts as two rows; of proportions the number of trials.
        Rows of weight zero are refused; drop them.
    offset : str or array, optional
        Added to the linear predictor of the mean.  A column's name is as ``offset(x)`` in the formula, so that new rows
        have their own; an array belongs to the rows of the fit.
    exposure : str or array, optional
        How long, or on how much, a row was observed, for rates by the link ``log`` (or ``cloglog``): an offset of its
        logarithm.  A column's name is as ``offset(log(x))`` in the formula.
    contrasts, missing, control
        As for ``lmer``.

    Returns
    -------
    GeneralizedMixedFit
        The fitted model.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError, NumericalError
        Each names the column or place, the value, and what to do; all are ``HlmrsError``.

    Warns
    -----
    DroppedRowsWarning, RankDeficiencyWarning, SingularFitWarning, ConvergenceWarning
        As for ``lmer``.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("cbpp")
    >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    >>> round(fit.loglik, 4), fit.n_groups
    (-92.0263, {'herd': 15})
    """
    if data is None:
        raise ArgumentError("glmer() needs data: a data frame")
    if not isinstance(formula, str):
        raise ArgumentError(f"glmer() takes a formula, such as 'y ~ x + (1 | g)', and no {type(formula).__name__}")
    refuse_fix("glmer()", control)
    approximation = chosen_approximation(nagq, information, reml)
    frame = open_frame(data)
    chosen = chosen_family(family, link)
    formula, offset = with_exposure(formula, chosen, exposure, offset, frame.names)
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing, "control": control}
    formulas = {"dispersion": dispersion, "zero_inflation": zero_inflation, "nominal": nominal, "scale": scale}
    request = make_generalized_request(formula, frame, chosen, formulas, approximation, thresholds, prior, **given)
    return generalized_with_warnings(fit_generalized(request, frame))
