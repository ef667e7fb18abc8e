"""The parts of a generalized model, each a formula of its own, applied to the rows that are complete in all of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Encoding, Rows, family_means, term_moments
from ..errors import DataError, DesignError, FitStateError, FormulaError, OptionError, choose, listed
from ..families import WITH_DISPERSION, WITH_ZEROS, Family
from ..formula import ColumnName, ModelSpec, TermFactor, parse
from ..formula.names import find_name
from ..frame import Frame
from ..options import Thresholds
from ..priors import Prior, checked_prior
from .estimate import GONE
from .layout import RandomTermLayout
from .request import (
    ARRAY_WEIGHTS,
    KEPT_ROWS,
    Contrast,
    Request,
    checked_contrasts,
    coded,
    coded_in_formula,
    make_request,
    request_of_rows,
)
from .response import Response, response_of
from .rows import ModelRows, Splines, evaluate, for_new_data, model_rows, new_columns

Vector = NDArray[np.float64]
RESPONSE = "(response)"
_OTHER_PARTS: dict[str, tuple[str, Sequence[str], str]] = {
    "dispersion": ("dispersion", WITH_DISPERSION, "has no dispersion"),
    "zero_inflation": ("zero_inflation", WITH_ZEROS, "has no zeros of another source"),
    "nominal": ("thresholds", ("cumulative",), "is of no ordered response"),
    "scale": ("scale", ("cumulative",), "is of no ordered response"),
}
"""By argument: the name of the part, families that have it, and what others lack."""
OTHER_PARTS = {argument: part for argument, (part, *_) in _OTHER_PARTS.items()}
"""The parts beside that of the mean, by the argument of their formula."""
_MOST_POINTS = 100
"""Quadrature points in a dimension."""


@dataclass(frozen=True, slots=True)
class GeneralizedRequest:
    """What was asked for: the model of the mean, and of other parts by name.

    `offset_column` is an argument that has become an offset of the formula.
    """

    mean: Request
    family: Family
    others: Mapping[str, Request]
    approximation: str | dict[str, int] = "laplace"
    offset_column: str | None = None
    thresholds: str = "flexible"
    prior: Prior | None = None

    def parts(self) -> dict[str, Request]:
        """Return the requests by part, that of the mean first."""
        return {"conditional": self.mean, **self.others}

    def core_family(self, n_categories: int) -> str:
        """Return the family as the core reads it."""
        zero = "part" if "zero_inflation" in self.others else "none"
        own = {"thresholds": self.thresholds, "has_scale": "scale" in self.others}
        return core_family(self.family, zero=zero, n_categories=n_categories, **own)


class PartDesign:
    """What encodes the rows of a part: those of the fit, if they are kept, and new ones."""

    def __init__(
        self,
        request: Request,
        splines: Splines,
        data: ModelRows | None,
        encoding: Encoding | None = None,
        moments: list[NDArray[np.float64]] | None = None,
    ) -> None:
        self.request, self.splines, self.data_if_kept = request, splines, data
        own = {"encoding": encoding, "moments": moments}
        self.__dict__.update({name: value for name, value in own.items() if value is not None})

    @property
    def data(self) -> ModelRows:
        """The rows of the fit."""
        if self.data_if_kept is None:
            raise FitStateError(GONE)
        return self.data_if_kept

    @property
    def rows(self) -> Rows:
        """The encoded rows."""
        return self.data.rows

    @cached_property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return for_new_data(self.request, self.rows.encoding())

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns of its fixed part."""
        return list(self.encoding.layout()["columns"])

    @cached_property
    def random(self) -> list[RandomTermLayout]:
        """Its random terms."""
        return [RandomTermLayout(**term) for term in self.encoding.layout()["random"]]

    @cached_property
    def moments(self) -> list[NDArray[np.float64]]:
        """Per random term the mean of z z' over the rows used."""
        return [term_moments(self.rows, k) for k in range(len(self.random))]

    def read(self, frame: Frame) -> Columns:
        """Read what a prediction of the part can use of new data."""
        return new_columns(self.request, frame, self.splines)


def make_generalized_request(
    formula: str,
    frame: Frame,
    family: Family,
    formulas: Mapping[str, str | None],
    approximation: str | dict[str, int] = "laplace",
    thresholds: Thresholds = "flexible",
    prior: Prior | None = None,
    **given: Any,
) -> GeneralizedRequest:
    """Check what was asked for, as far as the data are not needed for it; `formulas` of other parts by argument."""
    thresholds = choose("thresholds", thresholds, get_args(Thresholds))
    if thresholds != "flexible" and family.name != "cumulative":
        raise DesignError(f"thresholds={thresholds!r}: family {family.name!r} is of no ordered response")
    others = {}
    for argument, (name, known, what) in _OTHER_PARTS.items():
        text = formulas.get(argument)
        if text is None:
            continue
        if family.name not in known:
            raise DesignError(f"{argument}={text!r}: family {family.name!r} {what}")
        others[name] = _part_spec(argument, text, formula, frame)
    contrasts = given.pop("contrasts")
    of_mean, *of_others = _contrasts_by_part(contrasts, [parse(formula, frame.names), *others.values()])
    asked = make_request(formula, frame, reml=approximation == "restricted", contrasts=of_mean, **given)
    mean = _with_offset(asked)
    plain = replace(mean, weights=None, offset=None, arrays={})
    parts = {
        name: replace(plain, spec=spec, contrasts=checked_contrasts(own, spec))
        for (name, spec), own in zip(others.items(), of_others, strict=True)
    }
    column = asked.offset if mean.offset is None else None
    return GeneralizedRequest(mean, family, parts, approximation, column, thresholds, checked_prior(prior))


def chosen_approximation(nagq: int, information: str, reml: bool = False) -> str | dict[str, int]:
    """Return the approximation as the core reads it."""
    information = choose("information", information, ("observed", "expected"))
    if isinstance(nagq, bool) or not isinstance(nagq, int) or not 0 <= nagq <= _MOST_POINTS:
        raise OptionError(
            f"nagq={nagq!r}: give a number of quadrature points from 1 (Laplace) to {_MOST_POINTS}, or 0 for fixed "
            "effects by penalized likelihood"
        )
    if not isinstance(reml, bool | np.bool_):
        raise TypeError(f"reml={reml!r}: give True or False")
    if (reml or nagq == 0) and (information == "expected" or (reml and nagq != 1)):
        asked = (
            f"reml=True with nagq={nagq}" if reml and nagq != 1 else "information='expected' with reml=True or nagq=0"
        )
        raise OptionError(f"{asked}: these are by Laplace's approximation (nagq=1) with the observed information")
    if reml:
        return "restricted"
    if nagq == 0:
        return "penalized"
    if nagq > 1:
        if information == "expected":
            raise OptionError("information='expected' belongs to Laplace's determinant; quadrature, nagq > 1, has none")
        return {"quadrature": nagq}
    return "laplace" if information == "observed" else "expected"


def _contrasts_by_part(
    contrasts: Mapping[str, Contrast] | None, specs: Sequence[ModelSpec]
) -> list[Mapping[str, Contrast] | None]:
    """Give every part the contrasts of what it has effects of, as in R.

    Those of columns that name groups alone say nothing; the mean is given the unknown ones, and those that the
    formula gives by ``C()``, and refuses them.
    """
    if not isinstance(contrasts, Mapping):
        return [contrasts, *(None for _ in specs[1:])]
    owned = [{name for name in contrasts if find_name(str(name), coded(spec)) is not None} for spec in specs]
    mentioned = [column for spec in specs for column in spec.columns()]
    known = set().union(*owned)
    in_formula = {name for name in contrasts if any(coded_in_formula(name, spec) is not None for spec in specs)}
    unknown = {name for name in contrasts if find_name(str(name), mentioned) is None}
    owned[0] |= (unknown | in_formula) - known
    return [{name: contrasts[name] for name in contrasts if name in own} for own in owned]


def _with_offset(request: Request) -> Request:
    """Make an offset that is a column one of the formula: new rows have their own."""
    name = request.offset
    if name is None or name in request.arrays:
        return request
    factor = TermFactor(f"offset({name})", ColumnName(name, (0, 0)))
    spec = replace(request.spec, offsets=(*request.spec.offsets, factor))
    return replace(request, spec=spec, offset=None)


def _part_spec(name: str, text: str, formula: str, frame: Frame) -> ModelSpec:
    """Read the formula of another part; it has the response of the mean."""
    if not isinstance(text, str):
        raise TypeError(f"{name}={text!r}: give a formula such as '~ x + (1 | g)'")
    left, tilde, right = text.partition("~")
    if left.strip() or not tilde:
        what = f"{left.strip()!r} stands on its left side" if tilde else "it has no '~'"
        raise FormulaError(
            f"{name}= is a right side alone, such as '~ x': the response is that of the model, and {what}", text, 0
        )
    response = parse(formula, frame.names).response.name
    spec = parse(f"{response} ~ {right}", frame.names)
    if name == "nominal" and (spec.random or spec.offsets or not spec.intercept):
        raise DesignError(f"nominal={text!r}: thresholds have an intercept, and neither random effects nor an offset")
    if name == "scale" and not (spec.intercept and (spec.terms or spec.random)):
        raise DesignError(
            f"scale={text!r}: name what the scale depends on, such as '~ x'; its intercept is that of the thresholds"
        )
    return replace(spec, formula=text)


def generalized_rows(request: GeneralizedRequest, frame: Frame) -> tuple[dict[str, PartDesign], Response]:
    """Encode the rows of a frame that are complete in all parts, and their response."""
    return rows_of_response(request, *read_response(request, frame))


def rows_of_response(
    request: GeneralizedRequest, columns: Columns, response: Response
) -> tuple[dict[str, PartDesign], Response]:
    """Encode the rows of columns that are complete in all parts and have a response, and theirs."""
    parts = request.parts()
    if np.isnan(response.y).all():
        raise DataError(
            f"the response {request.mean.spec.response.name!r} has no value in any of the {columns.n_rows} rows"
        )
    # numbers of rows stand for it in the designs, which look at no response: one of counts may be the same in all rows
    columns.add_numeric(RESPONSE, np.where(np.isnan(response.y), np.nan, np.arange(columns.n_rows)))
    encoded = {name: _encode(part, columns) for name, part in parts.items()}
    kept = [data.rows.kept for data in encoded.values()]
    if len(encoded) > 1 and not all(_same(kept[0], other) for other in kept):
        together = np.logical_and.reduce([k if k is not None else np.ones(columns.n_rows, bool) for k in kept])
        encoded = {name: _encode(request_of_rows(part, together), columns.copy()) for name, part in parts.items()}
    _require_own_effects(encoded)
    own = next(iter(encoded.values())).rows.kept
    used = response if own is None else _subset(response, own)
    _require_variation(request.mean.spec.response.name, used)
    return {name: PartDesign(parts[name], data.splines, data) for name, data in encoded.items()}, used


def read_response(request: GeneralizedRequest, frame: Frame) -> tuple[Columns, Response]:
    """Read what the model reads of a frame, and the response of all rows."""
    parts = request.parts()
    names = list(dict.fromkeys(name for part in parts.values() for name in part.columns()))
    labels = set.intersection(*(part.labels() | (set(names) - set(part.columns())) for part in parts.values()))
    columns = frame.read(names, labels)
    for name, values in request.mean.arrays.items():
        columns.add_numeric(name, values)
    return columns, response_in(request, columns, columns)


def response_in(request: GeneralizedRequest, source: Columns, columns: Columns) -> Response:
    """Return the response of all rows from columns that have it; weights are in those of the model."""
    weights = _weights(request, columns)
    return _complete(response_of(request.family, request.mean.spec.response, source, weights))


def rows_again(request: GeneralizedRequest, columns: Columns) -> dict[str, PartDesign]:
    """Encode the rows of columns that a fit was made from."""
    kept = TermFactor(KEPT_ROWS, ColumnName(KEPT_ROWS, (0, 0)))
    designs = {}
    for name, part in request.parts().items():
        offsets = (*part.spec.offsets, kept) if KEPT_ROWS in columns.names else part.spec.offsets
        data = _encode(replace(part, spec=replace(part.spec, offsets=offsets)), columns)
        designs[name] = PartDesign(part, data.splines, data)
    return designs


def _require_variation(name: str, response: Response) -> None:
    """Refuse a response that is the same in every row, of counts nothing but failures or successes."""
    y, trials = response.y, response.trials
    first = float(y[0]) if len(y) else 0.0
    constant = bool((y == first).all()) if trials is None else bool((y == 0).all() or (y == trials).all())
    if constant and not response.categories:
        what = f"{first:g}" if trials is None else "no success" if (y == 0).all() else "nothing but successes"
        raise DesignError(f"the response {name!r} is {what} in every row used; there is no variation to explain")


def _require_own_effects(encoded: Mapping[str, ModelRows]) -> None:
    """Refuse effects on every threshold beside one on the mean, which is their common part."""
    if "thresholds" not in encoded:
        return
    mean, nominal = (list(encoded[name].rows.layout()["columns"]) for name in ("conditional", "thresholds"))
    both = [name for name in nominal if name in mean and name != "(Intercept)"]
    if both:
        raise DesignError(
            f"{listed(both)} is in the formula and in nominal=: effects on every threshold have that on the mean in "
            "them; leave it out of one"
        )


def _same(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> bool:
    return (a is None and b is None) or (a is not None and b is not None and bool(np.array_equal(a, b)))


def _weights(request: GeneralizedRequest, columns: Columns) -> Vector | None:
    name = request.mean.weights
    if name is None:
        return None
    weights = evaluate(columns, ColumnName(name, (0, 0)))
    shown = "weights" if name == ARRAY_WEIGHTS else f"weights={name!r}"
    if (weights < 0).any() or np.isinf(weights).any():
        bad = int(np.flatnonzero((weights < 0) | np.isinf(weights))[0])
        raise DataError(
            f"{shown} are {weights[bad]:g} in row {bad} (counted from 0); they must be finite, and not negative"
        )
    if len(weights) and not (weights > 0).any():
        raise DataError(f"{shown} are zero or missing in every row, so that none counts; give weights above zero")
    return weights


def refuse_weightless(request: GeneralizedRequest, response: Response, kept: NDArray[np.bool_] | None) -> None:
    """Refuse rows of weight zero, whose levels would have coefficients, and which would count as rows."""
    weights = response.weights if response.weights is not None else response.trials
    if request.mean.weights is None or weights is None or not (weights == 0).any():
        return
    shown = "weights" if request.mean.weights == ARRAY_WEIGHTS else f"weights={request.mean.weights!r}"
    bad = np.flatnonzero(weights == 0)
    first = bad[0] if kept is None else np.flatnonzero(kept)[bad[0]]
    raise DataError(
        f"{shown} are 0 in {len(bad):,} rows, first in row {first} (counted from 0); drop the rows of weight zero"
    )


def _complete(response: Response) -> Response:
    """Mark a row as missing where any of its numbers is."""
    y = response.y.copy()
    for other in (response.trials, response.weights):
        if other is not None:
            y[np.isnan(other)] = np.nan
    return replace(response, y=y)


def _subset(response: Response, kept: NDArray[np.bool_]) -> Response:
    def of(values: Vector | None) -> Vector | None:
        return None if values is None else values[kept]

    return replace(response, y=response.y[kept], trials=of(response.trials), weights=of(response.weights))


def _encode(part: Request, columns: Columns) -> ModelRows:
    factor = TermFactor(RESPONSE, ColumnName(RESPONSE, (0, 0)))
    own = replace(part, spec=replace(part.spec, response=factor), weights=None)
    return model_rows(own, columns)


def core_family(family: Family, **more: Any) -> str:
    """Return a family as the core reads it."""
    return json.dumps({"name": family.name, "link": family.core_link, "zero": "none", "n_categories": 0} | more)


def link_means(family: Family, eta: Vector) -> tuple[Vector, Vector]:
    """Return the means of linear predictors by a family's link, and their slopes."""
    of_probability = family.link in ("logit", "probit", "cloglog", "cauchit")
    spec = core_family(Family("binomial" if of_probability else "inverse_gaussian", family.link))
    flat = np.ascontiguousarray(eta, dtype=np.float64).ravel()
    predictors = [flat] if of_probability else [flat, np.zeros_like(flat)]
    mean, slopes = family_means(spec, predictors, True)
    return mean.reshape(np.shape(eta)), slopes[:, 0].reshape(np.shape(eta))
