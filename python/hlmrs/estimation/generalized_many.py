"""Generalized models of many responses over one design."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import HlmrsError, HlmrsWarning, OptionError
from ..families import Family
from .generalized import GeneralizedEstimate, fit_rows
from .generalized_request import GeneralizedRequest
from .parts import RESPONSE, request_in_levels, response_in, rows_of_response
from .request import Request

Matrix = NDArray[np.float64]


def many_request(mean: Request, family: Family) -> GeneralizedRequest:
    """Return the request of all responses, of which the mean is modelled."""
    if family.name == "cumulative":
        raise OptionError("family='cumulative': responses may differ in their categories; fit each by glmer()")
    return GeneralizedRequest(replace(mean, reml=False), family, {})


def fit_each(
    request: GeneralizedRequest, kind: str, columns: Columns, values: Matrix, names: Sequence[str]
) -> Iterator[GeneralizedEstimate | HlmrsError]:
    """Fit every row of `values`, or yield the reason why not; warnings are for a fit alone."""
    for name, y in zip(names, values, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HlmrsWarning)
            try:
                yield _fit(request, kind, columns, y, name)
            except HlmrsError as error:
                yield error


def _of_response(request: GeneralizedRequest, name: str) -> GeneralizedRequest:
    """Name the response, for messages."""
    spec = request.mean.spec
    named = replace(spec, response=replace(spec.response, name=name))
    return replace(request, mean=replace(request.mean, spec=named))


def _fit(request: GeneralizedRequest, kind: str, columns: Columns, y: Matrix, name: str) -> GeneralizedEstimate:
    named = _of_response(request, name)
    source = Columns()
    source.add_numeric(RESPONSE, y)
    response = response_in(named, source, columns)
    named = request_in_levels(named, columns, response)
    designs, used = rows_of_response(named, columns.copy(), response)
    return fit_rows(named, kind, designs, used)
