"""What ``scale()`` and ``center()`` learn from rows that come in batches: means and spreads, in a pass of their own."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import complete_rows, evaluate
from ..errors import DesignError
from ..fitting import Request
from ..frame import Frame
from ..progress import Progress
from .ahead import ahead

_LEARNED = ("scale", "center")

Json = dict[str, Any]


@dataclass(slots=True)
class Moments:
    """Count, mean and sum of squared deviations so far (Chan, Golub and LeVeque 1983)."""

    n: int = 0
    mean: float = 0.0
    square: float = 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        """Count further values."""
        if not values.size:
            return
        mean = float(values.mean())
        mean += float((values - mean).mean())
        n, shift = self.n + values.size, mean - self.mean
        self.square += float(((values - mean) ** 2).sum()) + shift**2 * self.n * values.size / n
        self.mean += shift * values.size / n
        self.n = n

    @property
    def sd(self) -> float:
        """Standard deviation, as R's ``scale`` has it."""
        return math.sqrt(self.square / (self.n - 1)) if self.n > 1 else 0.0


def settled_spec(request: Request, frame: Frame, n_rows: int | None) -> str:
    """Return the model as the core reads it, with numbers in the place of what is learned from all rows."""
    spec: Json = json.loads(request.spec.to_json())
    while calls := [call for call in _calls(spec) if _is_innermost(call)]:
        arguments = {json.dumps(call["args"][0]): Moments() for call in calls}
        with Progress("rows read for their means", n_rows) as progress:
            for columns in ahead(frame.batches(request.columns(), request.labels())):
                used = complete_rows(request.spec.to_json(), columns, request.options())
                for argument, moments in arguments.items():
                    values = evaluate(argument, columns)
                    moments.add(values if used is None else values[used])
                progress.advance(columns.n_rows)
        for call in calls:
            _settle(call, arguments[json.dumps(call["args"][0])])
    return json.dumps(spec)


def _calls(node: Any) -> Iterator[Json]:
    """Yield the calls in an expression, or a whole model, that learn means."""
    if isinstance(node, dict):
        if node.get("kind") == "call" and node.get("name") in _LEARNED:
            yield node
        for part in node.values():
            yield from _calls(part)
    elif isinstance(node, list):
        for part in node:
            yield from _calls(part)


def _settle(call: Json, moments: Moments) -> None:
    """Turn a call into arithmetic: (argument - mean) / sd."""
    argument, at = call["args"][0], call["at"]
    centred = call["named"].get("center", {"value": 1})["value"] != 0
    scaled = call["name"] == "scale" and call["named"].get("scale", {"value": 1})["value"] != 0
    sd = moments.sd if centred else math.sqrt((moments.square + moments.n * moments.mean**2) / max(moments.n - 1, 1))
    if scaled and not sd > 0:
        raise DesignError(f"{call['name']}() of a column that is constant; it cannot be scaled")
    difference = _operation("-", argument, _number(moments.mean if centred else 0.0), at)
    call.update(_operation("/", difference, _number(sd if scaled else 1.0), at))


def _is_innermost(call: Json) -> bool:
    """Whether a call learns from columns alone."""
    return len(call["args"]) == 1 and next(_calls(call["args"]), None) is None


def _operation(name: str, left: Json, right: Json, at: Any) -> Json:
    return {"kind": "call", "name": name, "args": [left, right], "named": {}, "at": at}


def _number(value: float) -> Json:
    return {"kind": "number", "value": value}
