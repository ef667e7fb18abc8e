"""Predictors that tell the response of some rows perfectly: refused, warned of, or reported.

Where x'v has the sign that raises the likelihood of every row, and strictly so for some, the likelihood rises without
end along v.  In the limit the rows with x'v ≠ 0 are predicted perfectly and say nothing of anything else: estimates of
all other functions of the coefficients are those of the rest of the rows, in which v is not identified (Correia,
Guimarães and Zylkin 2019, arXiv 1903.01633).  The search comes so near to that limit that nothing else is moved by what
is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .._core import GeneralizedModel
from ..errors import ConvergenceWarning, DesignError, listed, warn
from .generalized_request import GeneralizedRequest
from .limits import part_columns, part_suffix
from .parts import PartDesign
from .response import Response

_PART = 1e-6
"""Share of a direction below which a coefficient takes no part in it."""


@dataclass(frozen=True, slots=True)
class Separated:
    """Coefficients that are infinite, by name with the sign: rows are predicted perfectly; and what is said of it."""

    endless: Mapping[str, float]
    text: str


def judge_separation(
    model: GeneralizedModel, request: GeneralizedRequest, designs: Mapping[str, PartDesign], response: Response
) -> Separated | None:
    """Refuse coefficients without a best value, warn of them or report them; None where there are none."""
    found = _found(model, request, designs, response)
    if found is None:
        return None
    chosen = request.mean.control.separation
    if chosen == "error":
        raise DesignError(
            f"{found.text}; merge levels, leave the term out, or say what is likely, such as prior=hlmrs.Normal(0, 2.5)"
        )
    if chosen == "warn":
        warn(f"{found.text}; its estimate here is where the search stopped", ConvergenceWarning)
        return None
    report = Separated(found.endless, f"{found.text[0].upper()}{found.text[1:]}. {_REPORTED}")
    warn(report.text, ConvergenceWarning)
    return report


_REPORTED = (
    "It is given as infinite. What the other rows determine is estimated as without these rows, which is what the "
    "likelihood says; a prior, prior=hlmrs.Normal(0, 2.5), has finite estimates of all."
)


def _found(
    model: GeneralizedModel, request: GeneralizedRequest, designs: Mapping[str, PartDesign], response: Response
) -> Separated | None:
    """Return what moves the coefficients without end, and the rows that are separated."""
    if model.separation is None:
        return None
    direction, rows = np.array(model.separation[0]), model.separation[1]
    moving: dict[str, float] = {}
    for entry in model.parts():
        columns = part_columns(entry["name"], designs, response.categories, request.thresholds)
        own = direction[entry["first"] : entry["first"] + entry["n"]] / np.abs(direction).max()
        names = [f"{columns[k]}{part_suffix(entry['name'])}" for k in entry["kept"]]
        moving |= {column: value for column, value in zip(names, own, strict=True) if abs(value) > _PART}
    along = " ".join(f"{'+' if value > 0 else '-'} {abs(value):.3g} {column}" for column, value in moving.items())
    numbers = ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")
    shown = listed([*moving])
    what = f"coefficient of {shown} has" if len(moving) == 1 else f"coefficients of {shown} have"
    text = (
        f"the {what} no finite estimate: as {along.removeprefix('+ ')} goes to infinity the likelihood of "
        f"{len(rows):,} of {model.n_obs:,} rows used (counted from 0: {numbers}) rises without end and that of no row "
        f"falls, so that {request.mean.spec.response.name} is predicted perfectly there (separation)"
    )
    return Separated({name: float(np.copysign(np.inf, value)) for name, value in moving.items()}, text)
