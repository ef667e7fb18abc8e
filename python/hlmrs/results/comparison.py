"""Fitted models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from ..calls import answers
from ..errors import ArgumentError, OptionError
from ..estimation import Estimate, of_same_rows
from ..estimation.marginal import EquationsEstimate
from ..hypotheses import comparison_table, quasi_comparison
from .equations import MarginalFit
from .likelihood import FittedModel
from .posterior.models import PosteriorModels
from .result_table import FrameT, ResultTable
from .view import View


@answers
def compare(
    *fits: FittedModel[FrameT] | MarginalFit[FrameT] | PosteriorModels[FrameT],
    names: Sequence[str] | None = None,
    reml: bool = False,
    same_rows: bool = False,
) -> ResultTable[FrameT]:
    """Compare fitted models: information criteria, and likelihood ratio tests of each against the next smaller.

    Parameters
    ----------
    *fits : LinearMixedFit, GeneralizedMixedFit, MarginalFit or Posterior
        Two models or more, of the same response in the same rows; marginal models among themselves, and posteriors, as
        by ``post.compare``.
    names : list of str, optional
        What the models are called, all different.  Default: ``"m1"``, ``"m2"``, ... in the order of the arguments.
    reml : bool
        Whether to compare restricted likelihoods, which takes models with the same fixed part.  Default: maximum
        likelihood.  Fits by the other criterion are fitted again, also generalized ones; the fits themselves do not
        change.
    same_rows : bool
        Whether models whose columns miss values in different rows are fitted again to the rows that all of them use.
        Default: such models are refused, as their criteria cannot be compared.

    Returns
    -------
    ResultTable
        One row a model, from small to large: ``model, formula, n_params, aic, aicc, bic, loglik, weight`` (Akaike's),
        then ``chisq, df, p_value, null_distribution`` of the test against the row above, and ``estimator``.  Models
        that are no special case of the next have no test: ``"not nested"``.  Generalized models of different families
        (but for those without overdispersion) or links, with and without a zero part, or with differently approximated
        likelihoods have none either, and ``null_distribution`` says which; their information criteria stand side by
        side.  ``formula`` of models with the same formula says also what else they differ in: family, formulas of
        further parts, approximation.

        Of marginal models, which have no likelihood, from the lowest QIC on: ``model, formula, correlation, n_params,
        qic, qicu, cic, quasi_likelihood, scale``, with the quasi-likelihood over the scale of the model with most
        coefficients, so that no unit of the response matters.

    Raises
    ------
    DataError
        For different rows, responses or weights; with ``same_rows=True`` for data of other lengths.
    OptionError
        For fewer than two fits, or ``reml=True`` with different fixed parts or generalized models, or a wrong number of
        names.

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
    posteriors = [fit for fit in fits if isinstance(fit, PosteriorModels)]
    if posteriors:
        if len(posteriors) < len(fits) or len(fits) < 2 or reml or same_rows:
            raise OptionError("give two posteriors or more: they are compared among themselves, over the same rows")
        return posteriors[0].compare(*posteriors[1:], names=names)
    marginal = [fit for fit in fits if isinstance(fit, MarginalFit)]
    if marginal:
        if len(marginal) < len(fits):
            raise OptionError("marginal models have no likelihood and are compared among themselves, by QIC")
        equations, notes = _of_rows(marginal, same_rows)
        table = quasi_comparison(cast("list[EquationsEstimate]", equations), names)
        return marginal[0]._shown("Marginal models compared by QIC", table, notes=notes)
    for fit in fits:
        if not isinstance(fit, FittedModel):
            raise ArgumentError(f"compare takes fitted models, not {type(fit).__name__}")
    estimates, notes = _of_rows(fits, same_rows)
    table = comparison_table(estimates, names, reml=reml)
    by = "restricted likelihood" if reml else "maximum likelihood"
    return fits[0]._shown(f"Models compared by {by}", table, notes=notes)


def _of_rows(fits: Sequence[View[Any]], same_rows: bool) -> tuple[list[Estimate], list[str]]:
    """Return the estimates to compare, and what is to be said of their rows."""
    given = [fit._estimate for fit in fits]
    found = of_same_rows(given) if same_rows and given else given
    if all(new is old for new, old in zip(found, given, strict=True)):
        return found, []
    n, most = found[0].layout.n_rows, found[0].rows.n_rows_input
    return found, [f"Fitted to the {n:,} of {most:,} rows that miss no value in the columns of any of the models."]
