"""A posterior as a header and arrays, and back: the fit with its points."""

from __future__ import annotations

import copyreg
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import storage
from .._core import Posterior as CorePosterior
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.generalized_state import generalized_from_state, generalized_to_state, with_core
from ..estimation.state import from_state, read_bytes, reading, to_state, with_columns
from ..priors import Assigned, Parameter, distribution_of
from .choice import PriorChoice
from .draws import Draws
from .generalized_draws import GeneralizedDraws, kept_arrays, read_kept

_POINTS = "posterior.points"
_NUMBER = "number"
"""The key of a number that is not finite, and so is kept as a text."""


def posterior_to_state(draws: Draws, *, keep_rows: bool) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a posterior apart."""
    if isinstance(draws, GeneralizedDraws):
        header, arrays = generalized_to_state(draws.estimate, keep_rows=keep_rows)
        arrays = arrays | kept_arrays(draws)
    else:
        header, arrays = to_state(draws.estimate, keep_rows=keep_rows)
    own = draws.priors
    saved = {
        "seed": draws.seed,
        "source": _plain(draws.source),
        "means": list(own.means),
        "notes": list(own.notes),
        "parameters": [_plain(asdict(one)) for one in own.parameters],
        "priors": [[own.of(one.name).to_core(), own.assigned[one.name].source] for one in own.parameters],
        "kinds": [[name, one.kind] for name, one in draws.parameters.items()],
    }
    return header | {"posterior": saved}, arrays | {_POINTS: draws.core.points}


def posterior_from_state(
    estimate: Estimate, header: dict[str, Any], arrays: dict[str, NDArray[Any]], name: str
) -> Draws:
    """Put a posterior together again; `name` is that of the file, for messages."""
    with reading(name, "a posterior"):
        saved = header["posterior"]
        parameters = [Parameter(**_number(one)) for one in saved["parameters"]]
        assigned = {
            one.name: Assigned(distribution_of(prior), source)
            for one, (prior, source) in zip(parameters, saved["priors"], strict=True)
        }
        choice = PriorChoice(parameters, assigned, list(map(float, saved["means"])), [str(x) for x in saved["notes"]])
        points, seed = arrays[_POINTS], int(saved["seed"])
        if isinstance(estimate, GeneralizedEstimate):
            kept = read_kept(arrays, [(str(name), str(kind)) for name, kind in saved["kinds"]], points)
            return GeneralizedDraws(estimate, choice, seed, kept, _number(saved["source"]))
        request = {**choice.request(), "draws": len(points), "seed": seed, "method": "auto"}
        core = CorePosterior.of_points(
            estimate.core, json.dumps(request), np.ascontiguousarray(points), estimate.threads
        )
        return Draws(estimate, choice, seed, core, _number(saved["source"]))


def to_bytes(draws: Draws) -> bytes:
    """Write a posterior with all that its rows gave, for another process."""
    header, arrays = posterior_to_state(draws, keep_rows=True)
    if isinstance(draws, GeneralizedDraws):
        return storage.to_bytes(*with_core(draws.estimate, header, arrays))
    return storage.to_bytes(*with_columns(draws.estimate, header, arrays))


def from_bytes(data: bytes) -> Draws:
    """Read what ``to_bytes`` wrote."""
    header, arrays, name, columns = read_bytes(data)
    rebuild = generalized_from_state if "generalized" in header else from_state
    return posterior_from_state(rebuild(header, arrays, name, columns), header, arrays, name)


def _reduced(draws: Draws) -> tuple[Any, ...]:
    return from_bytes, (to_bytes(draws),)


copyreg.pickle(GeneralizedDraws, _reduced)
copyreg.pickle(Draws, _reduced)  # how a posterior goes to another process


def _plain(value: Any) -> Any:
    """Return what a header can hold: a text in the place of a number that is not finite, lists in that of tuples."""
    if isinstance(value, Mapping):
        return {name: _plain(own) for name, own in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(own) for own in value]
    return {_NUMBER: str(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    """Read what ``_plain`` wrote; lists of numbers were tuples."""
    if isinstance(value, list):
        return tuple(map(_number, value))
    if not isinstance(value, Mapping):
        return value
    return float(value[_NUMBER]) if list(value) == [_NUMBER] else {name: _number(own) for name, own in value.items()}
