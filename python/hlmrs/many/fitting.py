"""What was given of many responses, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, TypedDict, TypeVar, Unpack, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import Columns
from ..calls import answers
from ..control import Control
from ..errors import ArgumentError, DataError, FormulaError, OptionError, choose, flag_in, suggestion
from ..estimation import Contrast, Request, evaluate, make_request
from ..estimation.fixed_parameters import refuse_fix
from ..estimation.parts import RESPONSE
from ..families import Family, chosen_family
from ..formula import ColumnName
from ..frame import Collects, Column, Frame, build, check_unique, in_order, open_frame, row_index
from ..inference import check_level
from ..options import ManyDdf, Missing
from .by_group import table_by_group
from .generalized import generalized_table
from .linear import linear_table
from .posterior import PosteriorOptions, posterior_options, posterior_table

MANY_DDF: tuple[ManyDdf, ...] = get_args(ManyDdf)

Matrix = NDArray[np.float64]
FrameT = TypeVar("FrameT")


_DRAWS = 1000
_AT_ONCE = 50
"""Responses read together: finding one among them costs time in proportion."""


class ManyOptions(TypedDict, total=False):
    """Arguments of ``fit_many`` by name."""

    reml: bool
    weights: str | ArrayLike | None
    contrasts: Mapping[str, Contrast] | None
    missing: Missing
    control: Control | None
    level: float
    ddf: ManyDdf | None
    family: str | Family | None
    link: str | None
    by: str | None
    residual: str | None
    dispersion: str | None
    posterior: bool
    priors: Any
    draws: int | None
    seed: int | None


@overload
def fit_many(responses: Any, formula: str, data: Collects[FrameT], **options: Unpack[ManyOptions]) -> FrameT: ...


@overload
def fit_many(responses: Any, formula: str, data: str | PathLike[str], **options: Unpack[ManyOptions]) -> Any: ...


@overload
def fit_many(responses: Any, formula: str, data: FrameT, **options: Unpack[ManyOptions]) -> FrameT: ...


@answers
def fit_many(
    responses: Any,
    formula: str,
    data: Any,
    *,
    reml: bool = True,
    weights: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    control: Control | None = None,
    level: float = 0.95,
    ddf: ManyDdf | None = None,
    family: str | Family | None = None,
    link: str | None = None,
    by: str | None = None,
    residual: str | None = None,
    dispersion: str | None = None,
    posterior: bool = False,
    priors: Any = None,
    draws: int | None = None,
    seed: int | None = None,
) -> Any:
    """Fit one model to each of many responses, linear or generalized; or to each of many groups of rows.

    Parameters
    ----------
    responses : data frame, array of shape (n_rows, n_responses), str or list of str
        A column per response, in the rows of the data; or the names of columns of the data.  NaN and null are missing:
        a response is fitted to the rows that it has, and responses that miss the same rows share their design.
    formula : str
        The right side alone, ``"~ x + (1 | id)"``; beside `residual` or `dispersion` it may have no random terms.
    data : data frame
        As for ``lmer``: what the right side reads.
    reml, weights, contrasts, missing, control
        As for ``lmer``; `missing` is about the data, not the responses.
    level : float
        Level of the confidence intervals.
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "residual", "normal"}
        Degrees of freedom of the fixed effects' tests, as in ``tidy``; by default Satterthwaite's, of generalized
        models ``"normal"``.  The methods that count groups have no place here: they need the rows of every response.
    family, link : str or Family, optional
        The distribution of all responses and its link, as for ``glmer``, ordered categories left out; weights are then
        those of ``glmer``.  Default: linear models.
    by : str, optional
        A column of the data: every group of its rows has a model of its own.  Rows where it is missing have none.
    residual, dispersion : str, optional
        A covariance of the residuals of linear models, as for ``lmer`` and ``gls``: ``residual="ar1(t | id)"``,
        ``dispersion="~ sex"``.  Visits, groups and levels are those of the rows that a response has.  A dispersion that
        depends on fitted values, or has random effects, has no place here.
    posterior : bool
        Draw from the posterior of every linear model, as ``hlmrs.bayes``, one response after the other.
    priors, draws, seed
        As for ``hlmrs.bayes``, of all responses; 1,000 draws by default; each response has a seed one above that
        before.  Beside ``posterior=True``.

    Returns
    -------
    data frame
        In the library of the data, a row per response and parameter: ``response, effect, group, term, estimate,
        std_error, statistic, df, p_value, conf_low, conf_high, n_obs, criterion, status, reason``.  ``effect`` is
        ``"fixed"``, ``"sd"`` or ``"cor"``, the latter two of random effects, with ``"Residual"`` as a group of its own,
        whose parameters are named as in ``residual_parameters``; or ``"dispersion"``, of coefficients of the logarithm
        of the residual standard deviation.  Generalized models have ``"dispersion"`` and ``"shape"``, on the scales on
        which they are estimated, and one row of a response that cannot be fitted.
        ``status`` is that of ``fit.verdict``, or ``"failed"`` with a ``reason``; a fit without tests has a reason for
        that.  With ``by`` the group stands before all, in a column of its name, and a group that cannot be fitted has a
        row with the reason.
        With ``posterior=True`` the columns are ``response, effect, group, term, estimate`` (the mean), ``std_error``
        (the standard deviation), ``conf_low, conf_high`` (quantiles), ``effective`` (independent draws that these are
        worth), ``n_obs, status`` (``"trusted"``, ``"not trusted"`` or ``"failed"``) ``, reason``.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError
        As ``lmer``.  A response that cannot be fitted is no error: its status says so.

    Examples
    --------
    >>> import hlmrs
    >>> import numpy as np
    >>> data = hlmrs.datasets.load("sleepstudy", "dict")
    >>> genes = {"slow": data["Reaction"], "fast": 1000 / np.asarray(data["Reaction"])}
    >>> table = hlmrs.fit_many(genes, "~ Days + (1 | Subject)", data)
    >>> for row in zip(table["response"], table["term"], table["estimate"].round(3)):
    ...     print(*row)
    slow (Intercept) 251.405
    slow Days 10.467
    slow (Intercept) 37.124
    slow None 30.991
    fast (Intercept) 3.966
    fast Days -0.111
    fast (Intercept) 0.459
    fast None 0.321
    """
    check_level(level)
    chosen = _chosen_family(family, link, ddf)
    if chosen is not None and (residual is not None or dispersion is not None):
        raise OptionError(
            "residual= and dispersion= are of linear models here; of responses with another distribution fit each by "
            "glmer(dispersion=)"
        )
    options = _posterior_options(posterior, {"priors": priors, "draws": draws, "seed": seed})
    if options is not None and (chosen is not None or residual is not None or dispersion is not None):
        raise OptionError(
            "posterior=True is of linear models with independent residuals here; draw from others one by one, by "
            "hlmrs.bayes or fit.posterior()"
        )
    tests_by = _chosen_tests(ddf, reml)
    frame = open_frame(data)
    names, source = _responses(in_order("responses", responses, row_index(frame)), frame)
    values = _read(source, names) if source else np.asarray(responses, dtype=np.float64).T
    own = set(names) if source is frame else set()  # columns of the data that are responses are not predictors
    known = [name for name in frame.names if name not in own]
    weights = in_order("weights", weights, row_index(frame))
    taken = names if source else ()
    refuse_fix("fit_many()", control)
    given: dict[str, Any] = {"weights": weights, "contrasts": contrasts, "missing": missing, "control": control}
    given |= {"residual": residual, "dispersion": dispersion}
    request = _request(formula, known, taken, values.shape[1], reml=reml, **given)
    columns = frame.read(request.columns(), request.labels())
    if columns.n_rows != values.shape[1]:
        raise DataError(f"the responses have {values.shape[1]} rows, and the data {columns.n_rows}")
    _check_predictors(request, columns, dict(zip(taken, values, strict=bool(taken))))

    def fit(asked: Request, columns: Columns, values: Matrix) -> dict[str, Column]:
        if chosen is not None:
            return generalized_table(asked, chosen, frame.kind, columns, values, names, level)
        if options is not None:
            return posterior_table(asked, options, columns, values, names, level)
        return linear_table(asked, tests_by, columns, values, names, level)

    if by is None:
        return build(frame.kind, fit(request, columns, values))

    def fit_rows(columns: Columns, values: Matrix, rows: NDArray[np.intp]) -> dict[str, Column]:
        arrays = {name: array[rows] for name, array in request.arrays.items()}
        return fit(replace(request, arrays=arrays), columns, values)

    return build(frame.kind, table_by_group(frame, by, columns, values, names, fit_rows))


def _posterior_options(posterior: Any, given: Mapping[str, Any]) -> PosteriorOptions | None:
    if flag_in("posterior", posterior):
        draws = given["draws"]
        return posterior_options(given["priors"], _DRAWS if draws is None else draws, given["seed"])
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"{name}={value!r} is of posteriors: give posterior=True beside it")
    return None


def _chosen_tests(ddf: str | None, reml: bool) -> str:
    """Return the method for degrees of freedom of linear models."""
    tests_by = choose("ddf", ddf or "satterthwaite", MANY_DDF, {"KR": "kenward-roger"}, " for many responses")
    if tests_by.startswith("kenward-roger") and not reml:
        raise OptionError(f"ddf={tests_by!r} is defined for REML; fit with reml=True")
    return tests_by


def _chosen_family(family: str | Family | None, link: str | None, ddf: str | None) -> Family | None:
    if family is None:
        if link is not None:
            raise OptionError(f"link={link!r} is of models with another distribution: give family=, such as 'binomial'")
        return None
    if ddf not in (None, "normal"):
        raise OptionError(
            f"ddf={ddf!r}: degrees of freedom are of linear models; tests of generalized ones are 'normal'"
        )
    return chosen_family(family, link)


def _request(
    formula: str, names: list[str], taken: Sequence[str], n_rows: int, *, residual: Any, dispersion: Any, **given: Any
) -> Request:
    if not isinstance(formula, str):
        raise ArgumentError(f"a formula is a str, not {type(formula).__name__}")
    if not formula.lstrip().startswith("~"):
        raise FormulaError(f"{formula!r}: give the right side alone, such as '~ x + (1 | id)'; the responses are given")
    given |= {"residual": residual, "dispersion": dispersion, "offset": None, "taken": taken}
    is_marginal = False if residual is None and dispersion is None else None
    try:
        request = make_request(f"{_LEFT}{formula}", [*names, RESPONSE], is_marginal=is_marginal, **given)
    except FormulaError as error:
        raise _of_right_side(error, formula) from None
    if request.residual is not None and request.residual.uses_fitted:
        raise OptionError(
            f"dispersion={dispersion!r} depends on the fitted values of each response, which takes a search of its "
            "own; fit each by lmer() or gls()"
        )
    some_response = np.arange(n_rows, dtype=np.float64)
    return replace(request, arrays={**request.arrays, RESPONSE: some_response})


_LEFT = f"`{RESPONSE}` "
"""What stands before the right side of a formula."""


def _of_right_side(error: FormulaError, formula: str) -> FormulaError:
    """Return an error of the formula as it was given, without the name that stands for the response."""
    place = None if error.position is None else error.position - len(_LEFT)
    return FormulaError(error.message.replace(f", {RESPONSE!r}", ""), formula, place)


def _check_predictors(request: Request, columns: Columns, responses: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse a response that stands on the right side as well; another column of its name may."""
    for name in responses.keys() & set(request.columns()):
        try:
            predictor = evaluate(columns, ColumnName(name, (0, 0)))
        except DataError:  # no numbers
            continue
        if np.array_equal(predictor, responses[name], equal_nan=True):
            raise FormulaError(f"the response {name!r} stands on the right of '~' as well; leave it out")


def _responses(responses: Any, frame: Frame) -> tuple[list[str], Frame | None]:
    """Return the names of the responses and the frame they are columns of; None for a matrix."""
    if isinstance(responses, str) and responses in frame.names:
        responses = [responses]
    if isinstance(responses, np.ndarray) and responses.dtype.kind != "U":
        if responses.ndim != 2:
            raise DataError(f"responses have {responses.ndim} dimensions; give a column per response")
        names, source = [str(k) for k in range(responses.shape[1])], None
    elif isinstance(responses, list | tuple | np.ndarray) and all(isinstance(name, str) for name in responses):
        names, source = [str(name) for name in responses], frame
        known = set(frame.names)
        for name in names:
            if name not in known:
                raise DataError(f"responses: the data have no column {name!r}{suggestion(name, frame.names)}")
    else:
        source = open_frame(responses)
        names = source.names
    if not names:
        raise DataError("there are no responses")
    check_unique(names, names)
    return names, source


def _read(source: Frame, names: list[str]) -> Matrix:
    """Return a row of numbers per response."""
    parts = [names[first : first + _AT_ONCE] for first in range(0, len(names), _AT_ONCE)]
    read = ((source.read(part), part) for part in parts)
    return np.stack([evaluate(columns, ColumnName(name, (0, 0))) for columns, part in read for name in part])
