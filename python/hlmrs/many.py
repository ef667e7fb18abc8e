"""Many responses over one design: genes, voxels, items; shared work is done once, in Rust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import Columns, Rows
from ._core import fit_many as core_fit_many
from .calls import answers
from .control import Control
from .errors import DataError, FormulaError, HlmrsError, OptionError, choose, suggestion
from .estimation import Contrast, Request, evaluate, make_request, model_rows
from .estimation.generalized import GeneralizedEstimate
from .estimation.generalized_many import fit_each, many_request
from .families import Family, chosen_family
from .formula import ColumnName
from .frame import Collects, Column, Frame, build, check_unique, columns_of, in_order, open_frame, row_index
from .inference import RESIDUAL, check_level, variance_components, wald
from .options import ManyDdf, Missing
from .resources import Progress

if TYPE_CHECKING:
    from ._core import ManyFits

RESPONSE = "(response)"
"""The name that the response has in the formula of all responses."""

MANY_DDF: tuple[ManyDdf, ...] = get_args(ManyDdf)

Matrix = NDArray[np.float64]
FrameT = TypeVar("FrameT")


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
) -> Any:
    """Fit one mixed model to each of many responses, linear or generalized.

    Parameters
    ----------
    responses : data frame, array of shape (n_rows, n_responses), or list of str
        A column per response, in the rows of the data; or the names of columns of the data.  NaN and null are missing:
        a response is fitted to the rows that it has, and responses that miss the same rows share their design.
    formula : str
        The right side alone, ``"~ x + (1 | id)"``.
    data : data frame
        As for ``lmer``: what the right side reads.
    reml, weights, contrasts, missing, control
        As for ``lmer``; `missing` is about the data, not the responses.
    level : float
        Level of the confidence intervals.
    ddf : {"satterthwaite", "kenward-roger", "residual", "normal"}
        Degrees of freedom of the fixed effects' tests, as in ``tidy``; by default Satterthwaite's, of generalized
        models ``"normal"``.  The methods that count groups have no place here: they need the rows of every response.
    family, link : str or Family, optional
        The distribution of all responses and its link, as for ``glmer``, ordered categories left out; weights are then
        those of ``glmer``.  Default: linear models.

    Returns
    -------
    data frame
        In the library of the data, a row per response and parameter: ``response, effect, group, term, estimate,
        std_error, statistic, df, p_value, conf_low, conf_high, n_obs, criterion, status, reason``.  ``effect`` is
        ``"fixed"``, ``"sd"`` or ``"cor"``, the latter two of random effects, with ``"Residual"`` as a group of its own;
        of generalized models also ``"dispersion"`` and ``"shape"``, on the scales on which they are estimated, and one
        row of a response that cannot be fitted;
        ``status`` is that of ``fit.verdict``, or ``"failed"`` with a ``reason``; a fit without tests has a reason for
        that.

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
    tests_by = _chosen_tests(ddf, reml)
    frame = open_frame(data)
    names, source = _responses(in_order("responses", responses, row_index(frame)), frame)
    values = _read(source, names) if source else np.asarray(responses, dtype=np.float64).T
    own = set(names) if source is frame else set()  # columns of the data that are responses are not predictors
    known = [name for name in frame.names if name not in own]
    weights = in_order("weights", weights, row_index(frame))
    taken = names if source else ()
    request = _request(formula, known, taken, values.shape[1], reml, weights, contrasts, missing, control)
    columns = frame.read(request.columns(), request.labels())
    if columns.n_rows != values.shape[1]:
        raise DataError(f"the responses have {values.shape[1]} rows, and the data {columns.n_rows}")
    _check_predictors(request, columns, dict(zip(taken, values, strict=bool(taken))))
    if chosen is not None:
        return build(frame.kind, _generalized_table(request, chosen, frame.kind, columns, values, names, level))
    return build(frame.kind, _linear_table(request, tests_by, columns, values, names, level))


def _chosen_tests(ddf: str | None, reml: bool) -> str:
    """Return the method for degrees of freedom of linear models."""
    tests_by = choose("ddf", ddf or "satterthwaite", MANY_DDF, {"KR": "kenward-roger"}, " for many responses")
    if tests_by == "kenward-roger" and not reml:
        raise OptionError("ddf='kenward-roger' is defined for REML; fit with reml=True")
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


def _linear_table(
    request: Request, tests_by: str, columns: Columns, values: NDArray[np.float64], names: list[str], level: float
) -> dict[str, Column]:
    """Fit linear models, all with one call of the core, and tabulate them."""
    rows = model_rows(request, columns).rows
    used = np.ascontiguousarray(values if rows.kept is None else values[:, rows.kept])
    with Progress("responses", len(names)) as progress:
        fits = core_fit_many(rows, used, request.reml, request.settings(), tests_by, progress.reach)
    return _table(names, rows, fits, level)


def _generalized_table(
    request: Request, family: Family, kind: str, columns: Columns, values: Matrix, names: list[str], level: float
) -> dict[str, Column]:
    """Fit generalized models and tabulate them; of a response that cannot be fitted there is one row."""
    asked = many_request(replace(request, arrays=_without_response(request)), family)
    for name, array in asked.mean.arrays.items():
        columns.add_numeric(name, array)
    parts: list[tuple[Any, ...]] = []
    estimates: list[NDArray[np.float64]] = []
    with Progress("responses", len(names)) as progress:
        for k, found in enumerate(fit_each(asked, kind, columns, values, names)):
            for row, numbers in _rows_of_fit(found):
                parts.append((names[k], *row))
                estimates.append(numbers)
            progress.reach(k + 1)
    estimate, std_error = np.array(estimates).T
    tests = wald(estimate, std_error, np.where(np.isnan(std_error), np.nan, np.inf), level)
    text = columns_of(("response", "effect", "group", "term"), [part[:4] for part in parts], _TEXT)
    rest = columns_of(("n_obs", "criterion", "status", "reason"), [part[4:] for part in parts], _TEXT)
    return {**text, **tests.columns(), **rest}


_TEXT = ("response", "effect", "group", "term", "status", "reason")


def _without_response(request: Request) -> dict[str, NDArray[np.float64]]:
    return {name: array for name, array in request.arrays.items() if name != RESPONSE}


def _rows_of_fit(found: GeneralizedEstimate | HlmrsError) -> Iterator[tuple[tuple[Any, ...], NDArray[np.float64]]]:
    """Yield what a response has estimates of, and each estimate with its standard error."""
    nothing = np.array([np.nan, np.nan])
    if isinstance(found, HlmrsError):
        yield ("fixed", None, None, np.nan, np.nan, "failed", str(found)), nothing
        return
    end = (float(found.layout.n_rows), found.core.criterion, found.verdict.status, found.verdict.reason)
    for part in sorted(found.parts, key=lambda name: name != "conditional"):
        own, se = found.parts[part], np.sqrt(np.diag(found.own.covariance_of(part)))
        for name, pair in zip(own.names, zip(found.own.coefficients_of(part), se, strict=True), strict=True):
            yield ("fixed" if part == "conditional" else part, None, name, *end), np.array(pair)
        if part == "conditional":
            for name in own.dropped:
                yield ("fixed", None, name, *end), nothing
    for group, term1, term2, _, sd, corr in variance_components(found):
        effect, term, value = ("sd", term1, sd) if term2 is None else ("cor", f"{term1}, {term2}", corr)
        yield (effect, group, term, *end), np.array([value, np.nan])


def _request(
    formula: str,
    names: list[str],
    taken: Sequence[str],
    n_rows: int,
    reml: bool,
    weights: str | ArrayLike | None,
    contrasts: Mapping[str, Contrast] | None,
    missing: str,
    control: Control | None,
) -> Request:
    if not isinstance(formula, str):
        raise TypeError(f"a formula is a str, not {type(formula).__name__}")
    if not formula.lstrip().startswith("~"):
        raise FormulaError(f"{formula!r}: give the right side alone, such as '~ x + (1 | id)'; the responses are given")
    request = make_request(
        f"`{RESPONSE}` {formula}",
        [*names, RESPONSE],
        reml=reml,
        weights=weights,
        offset=None,
        contrasts=contrasts,
        missing=missing,
        control=control,
        taken=taken,
    )
    some_response = np.arange(n_rows, dtype=np.float64)
    return replace(request, arrays={**request.arrays, RESPONSE: some_response})


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


def _table(names: list[str], rows: Rows, fits: ManyFits, level: float) -> dict[str, Column]:
    """Tabulate the fits: of each response its fixed effects, then its standard deviations and correlations."""
    kinds = _parameters(rows)
    estimate = np.hstack([fits["estimate"], _components(rows, fits)])
    std_error, df = (_padded(fits[name], estimate.shape[1]) for name in ("std_error", "df"))
    tests = wald(estimate.ravel(), std_error.ravel(), df.ravel(), level)
    k = len(kinds)

    def each(values: Any) -> list[Any]:
        return [value for value in values for _ in range(k)]

    return {
        "response": each(names),
        **{name: [kind[part] for kind in kinds] * len(names) for part, name in enumerate(("effect", "group", "term"))},
        **tests.columns(),
        "n_obs": np.repeat(fits["n_obs"], k),
        "criterion": np.repeat(fits["criterion"], k),
        "status": each(fits["status"]),
        "reason": each(fits["reason"]),
    }


def _parameters(rows: Rows) -> list[tuple[str, str | None, str | None]]:
    """Name what a response has estimates of: effect, group, term."""
    layout = rows.layout()
    kinds: list[tuple[str, str | None, str | None]] = [("fixed", None, name) for name in layout["columns"]]
    for term in layout["random"]:
        group, columns = layout["groups"][term["group"]]["name"], term["columns"]
        kinds += [("sd", group, name) for name in columns]
        pairs = [(j, i) for j in range(len(columns)) for i in range(j + 1, len(columns))]
        kinds += [("cor", group, f"{columns[j]}, {columns[i]}") for j, i in pairs]
    return [*kinds, ("sd", RESIDUAL, None)]


def _components(rows: Rows, fits: ManyFits) -> Matrix:
    """Compute standard deviations and correlations, a row per response, in the order of the parameters."""
    parts: list[Matrix] = []
    start = 0
    covariances, random = fits["covariances"], rows.layout()["random"]
    if not covariances.size:  # no response could be fitted
        covariances = np.full((len(covariances), sum(len(term["columns"]) ** 2 for term in random)), np.nan)
    for term in random:
        r = len(term["columns"])
        block = covariances[:, start : start + r * r].reshape(-1, r, r)
        start += r * r
        sd = np.sqrt(np.einsum("kii->ki", block))
        low, high = np.triu_indices(r, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts += [sd, block[:, low, high] / (sd[:, low] * sd[:, high])]
    return np.hstack([*parts, fits["sigma"][:, None]])


def _padded(values: Matrix, width: int) -> Matrix:
    """Fill the columns of the parameters that have no test with NaN."""
    padded = np.full((len(values), width), np.nan)
    padded[:, : values.shape[1]] = values
    return padded
