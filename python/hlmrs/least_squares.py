"""``gls()``: linear models whose residuals are correlated or differ in variance, without random effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from .calls import answers
from .control import Control
from .estimation import Contrast
from .options import Missing
from .residual_models import fit_with_residual
from .results import LinearMixedFit


@answers
def gls(
    formula: str,
    data: Any = None,
    *,
    residual: str | None = None,
    dispersion: str | None = None,
    reml: bool = True,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    control: Control | None = None,
    sigma: float | None = None,
) -> LinearMixedFit[Any]:
    """Fit a linear model whose residuals are correlated, or have different variances, by generalized least squares.

    Parameters
    ----------
    formula : str
        As for ``lmer``, without random terms.
    data : data frame
        As for ``lmer``.
    residual : str, optional
        A structure of the correlations within groups, over whole times (``ar1``, ``arma``), any times (``car1``,
        ``exp``, ``gau``, ``sph``) or visits (``toep``, ``ad``, ``corr``, ``us``), or none (``cs``): ``"ar1(t | id)"``,
        ``"arma(t | id, p=1, q=1)"``, ``"exp(t | id, nugget=True)"``, ``"cs(1 | id)"``.  ``ar1h``, ``csh``, ``toeph``,
        ``adh`` and ``us`` have a standard deviation for every visit.  A time of 1 is the order of the rows;
        ``by=arm`` gives every level of ``arm`` parameters of its own.  Visits of text need a declared order, but for
        ``us``, ``corr``, ``cs`` and ``csh``.  Times that are all an even number of steps apart do not tell the sign of
        the correlation of ``ar1``, which is taken as positive.
    dispersion : str, optional
        A model of the logarithm of the residual standard deviation: ``"~ sex"`` (nlme's varIdent), ``"~ x"`` (varExp),
        ``"~ log(x)"`` (varPower), ``"~ offset(log(x) / 2)"`` (varFixed); ``fitted`` stands for the fitted values.
    reml, weights, offset, contrasts, missing, control, sigma
        As for ``lmer``.

    Returns
    -------
    LinearMixedFit
        The fitted model, without random effects.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError, NumericalError
        As ``lmer``.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Orthodont")
    >>> fit = hlmrs.gls("distance ~ age * Sex", data, residual="cs(1 | Subject)")
    >>> round(fit.criterion, 3)
    433.757
    """
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing, "sigma": sigma}
    asked = {"residual": residual, "dispersion": dispersion, "is_marginal": True}
    return fit_with_residual(formula, data, "auto", reml, asked, given, control)
