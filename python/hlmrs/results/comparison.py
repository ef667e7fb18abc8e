"""Fitted models side by side."""

from __future__ import annotations

from ..calls import answers
from ..errors import OptionError
from ..hypotheses import comparison_table, quasi_comparison
from .base import FittedModel
from .marginal_fit import MarginalFit
from .view import FrameT


@answers
def compare(*fits: FittedModel[FrameT] | MarginalFit[FrameT], reml: bool = False) -> FrameT:
    """Compare fitted models: information criteria, and likelihood ratio tests of each against the next smaller.

    Parameters
    ----------
    *fits : LinearMixedFit, GeneralizedMixedFit or MarginalFit
        Two models or more, of the same response in the same rows; marginal models among themselves.
    reml : bool
        Whether to compare restricted likelihoods, which takes models with the same fixed part.  Default: maximum
        likelihood.  Fits by the other criterion are fitted again, also generalized ones; the fits themselves do not
        change.

    Returns
    -------
    data frame
        One row a model, from small to large: ``model, n_params, aic, aicc, bic, loglik, weight`` (Akaike's), then
        ``chisq, df, p_value, null_distribution`` of the test against the row above, and ``estimator``.  Models that are
        no special case of the next have no test: ``"not nested"``.  Generalized models of different families (but for
        those without overdispersion) or links, with and without a zero part, or with differently approximated
        likelihoods have none either, and ``null_distribution`` says which; their information criteria stand side by
        side.  ``model`` is the formula, and of models with the same formula also what else they differ in: family,
        formulas of further parts, approximation.

        Of marginal models, which have no likelihood, from the lowest QIC on: ``model, correlation, n_params, qic, qicu,
        cic, quasi_likelihood, scale``, with the quasi-likelihood over the scale of the model with most coefficients, so
        that no unit of the response matters.

    Raises
    ------
    DataError
        For different rows, responses or weights.
    OptionError
        For fewer than two fits, or ``reml=True`` with different fixed parts or generalized models.

    Notes
    -----
    A variance that is zero in the smaller model lies on the boundary of its range.  One new variance, with q
    covariances, is referred to the mixture 0.5 chi2(q) + 0.5 chi2(q + 1) (Self and Liang 1987; Stram and Lee 1994), and
    so is the overdispersion of negative binomial counts beside Poisson's, and of beta-binomial ones beside binomial;
    where no mixture is exact, the chi-square of all parameters is used and said to be conservative.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("sleepstudy")
    >>> small = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    >>> large = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
    >>> table = hlmrs.compare(small, large)
    >>> round(table["chisq"][1], 2), table["null_distribution"][1]
    (42.14, '0.5 chi2(1) + 0.5 chi2(2)')
    """
    marginal = [fit for fit in fits if isinstance(fit, MarginalFit)]
    if marginal:
        if len(marginal) < len(fits):
            raise OptionError("marginal models have no likelihood and are compared among themselves, by QIC")
        return marginal[0]._table(quasi_comparison([fit._estimate for fit in marginal]))
    for fit in fits:
        if not isinstance(fit, FittedModel):
            raise TypeError(f"compare takes fitted models, not {type(fit).__name__}")
    table = comparison_table([fit._estimate for fit in fits], reml=reml)
    return fits[0]._table(table)
