"""Fits side by side in one table, for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from ..calls import answers
from ..errors import ArgumentError
from ..inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ..options import TableDetail
from .fitted import Fitted

if TYPE_CHECKING:
    from ..side_by_side import ModelTable


@answers
@with_test_keywords
def table(
    *fits: Fitted[Any],
    names: Sequence[str] | None = None,
    show: TableDetail | Sequence[TableDetail] = "std_error",
    stars: bool = False,
    variances: bool = False,
    exponentiate: bool = False,
    labels: Mapping[str, str] | None = None,
    digits: int = 3,
    options: TestOptions | None = None,
    **tests: Unpack[TestKeywords],
) -> ModelTable:
    """Put models side by side: coefficients, random effects, and a foot with sizes, shares and criteria.

    Parameters
    ----------
    *fits : LinearMixedFit, GeneralizedMixedFit or MarginalFit
        One model or more, of any kinds.
    names : list of str, optional
        What stands over the models, all different.  Default: ``"m1"``, ``"m2"``, ...
    show : {"std_error", "interval", "p_value", "statistic", "df"} or list of these
        What stands below each coefficient.
    stars : bool
        Whether coefficients have stars for p < 0.05, 0.01 and 0.001.
    variances : bool
        Whether random effects are shown by variances, rather than standard deviations.
    exponentiate : bool
        Whether coefficients are ratios: exponentials, of models with a log, logit or cloglog link.
    labels : dict, optional
        What terms are called in the table, by their names.
    digits : int
        Significant digits of the smallest standard error of a term.
    options, **tests
        How to test linear and generalized models: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as
        keywords.  Of marginal models the level alone counts.

    Returns
    -------
    ModelTable
        Printed within 80 columns, shown as HTML in a notebook; ``.to_text(width)``, ``.to_markdown()``, ``.to_html()``,
        ``.to_latex(caption)``, ``.to_docx(path)``, ``.to_frame()``.

    Raises
    ------
    TypeError
        For what is no fit, such as a list of fits.
    OptionError
        For no fits, a wrong number of names, or ratios of a model that has none.

    Notes
    -----
    ICC is the adjusted one, R² that of Nakagawa, Johnson and Schielzeth (2017).  A criterion, AIC and BIC of models by
    REML can be compared where the fixed parts are the same; BIC counts rows.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("sleepstudy")
    >>> one = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    >>> two = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
    >>> for line in str(hlmrs.table(one, two)).splitlines()[:7]:
    ...     print(line)
                                                   m1       m2
    ----------------------------------------------------------
    Fixed effects
      (Intercept)                              251.41   251.41
                                               (9.75)   (6.82)
      Days                                     10.467    10.47
                                              (0.804)   (1.55)
    """
    from ..side_by_side import TableChoice, model_table  # loaded when it is wanted

    for given in fits:
        if not isinstance(given, Fitted):
            raise ArgumentError(f"table() takes fits, and no {type(given).__name__}{_instead(given)}")
    how = chosen_options(options, tests)
    shown = [show] if isinstance(show, str) else list(show)
    choice = TableChoice(shown, stars, variances, labels or {}, digits, how.level)
    return model_table([fit._estimate for fit in fits], names, choice, how, exponentiate=exponentiate)


def _instead(given: Any) -> str:
    """Say what to write for fits that are put together."""
    if isinstance(given, Mapping):
        return ": write hlmrs.table(*fits.values(), names=list(fits))"
    return ": write hlmrs.table(*fits)" if isinstance(given, Sequence) and not isinstance(given, str) else ""
