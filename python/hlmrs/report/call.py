"""The call that makes a fit again."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..control import Control
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.generalized_request import OTHER_PARTS, GeneralizedRequest
from ..estimation.request import Request
from ..inference import DEFAULT_DDF
from ..options import CovariancePrior
from ..priors import Normal, Prior

_WIDTH = 88
_ARGUMENT_OF = {part: argument for argument, part in OTHER_PARTS.items()}
_APPROXIMATIONS = {
    "expected": ("information", "'expected'"),
    "restricted": ("reml", "True"),
    "penalized": ("nagq", "0"),
}
_DATA = "data"
_OF_MMRM = "kenward-roger"
"""The method of tests that ``mmrm()`` takes by default, of fits by REML."""


def call_of(estimate: Estimate) -> str:
    """Write the call that makes a fit again; arrays have the names of their arguments."""
    if isinstance(estimate, GeneralizedEstimate):
        return _written("hlmrs.glmer", _of_generalized(estimate.generalized))
    request = estimate.request
    function, residual = _of_residuals(request)
    arguments = [repr(request.spec.formula.strip()), _DATA, *residual, *([] if request.reml else ["reml=False"])]
    arguments += [] if request.sigma is None else [f"sigma={request.sigma!r}"]
    arguments += [] if request.prior is None else [f"prior={request.prior!r}"]
    return _written(function, [*arguments, *_of_rows(request, request.offset, [request])])


def _of_residuals(request: Request) -> tuple[str, list[str]]:
    """Return the function that makes a linear fit, and its arguments of the residuals."""
    asked = request.residual
    if asked is None or not asked.is_mmrm:
        texts = [] if asked is None else asked.texts()
        return "hlmrs.lmer" if request.spec.random else "hlmrs.gls", [f"{name}={text!r}" for name, text in texts]
    found = [f"covariance={text!r}" for _, text in asked.texts()]
    found += [] if asked.ddf == (_OF_MMRM if request.reml else DEFAULT_DDF) else [f"ddf={asked.ddf!r}"]
    found += [] if asked.ddf_information is None else [f"ddf_information={asked.ddf_information!r}"]
    return "hlmrs.mmrm", found


def _written(function: str, arguments: Sequence[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{function}(", *(f"    {one}," for one in arguments), ")"])


def _of_generalized(asked: GeneralizedRequest) -> list[str]:
    family = [f"family={asked.family.name!r}", f"link={asked.family.link!r}"]
    parts = [f"{_ARGUMENT_OF[name]}={own.spec.formula.strip()!r}" for name, own in asked.others.items()]
    thresholds = [] if asked.thresholds == "flexible" else [f"thresholds={asked.thresholds!r}"]
    prior = [] if asked.given_prior is None else [f"prior={_prior(asked.given_prior)}"]
    rows = _of_rows(asked.mean, asked.offset_column or asked.mean.offset, list(asked.parts().values()))
    own = [*family, *parts, *thresholds, *prior, *_of_approximation(asked.approximation), *rows]
    return [repr(asked.mean.spec.formula.strip()), _DATA, *own]


def _of_approximation(how: str | Mapping[str, int]) -> list[str]:
    if isinstance(how, Mapping):
        return [f"nagq={how['quadrature']}"]
    return ["{}={}".format(*_APPROXIMATIONS[how])] if how in _APPROXIMATIONS else []


def _of_rows(request: Request, offset: str | None, parts: Sequence[Request]) -> list[str]:
    """Write what belongs to the rows and columns of the data, and how they are fitted."""
    contrasts = {name: _coding(coding) for part in parts for name, coding in part.contrasts.items()}
    named = {"weights": request.weights, "offset": offset}
    found = [f"{name}={_source(name, column)}" for name, column in named.items() if column is not None]
    found += [f"contrasts={contrasts!r}"] if contrasts else []
    found += [] if request.missing == "drop" else [f"missing={request.missing!r}"]
    return [*found, *([] if request.control == Control() else [f"control=hlmrs.{request.control!r}"])]


def _source(argument: str, column: str) -> str:
    return argument if column.startswith("(") else repr(column)


def _coding(coding: Any) -> Any:
    """Return contrasts as they are given: a word, a matrix, or columns by name."""
    if isinstance(coding, str):
        return coding
    names, matrix = coding["names"], coding["matrix"]
    return matrix if names is None else dict(zip(names, np.transpose(matrix).tolist(), strict=True))


def _prior(prior: Prior) -> str:
    if isinstance(prior, Mapping):
        return "{" + ", ".join(f"{name!r}: {_one_prior(own)}" for name, own in prior.items()) + "}"
    return _one_prior(prior)


def _one_prior(prior: Normal | CovariancePrior) -> str:
    return repr(prior) if isinstance(prior, str) else f"hlmrs.{prior!r}"
