"""What is asked of estimating equations: a model of the mean, its groups, times and working correlation."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, get_args

from ..errors import ArgumentError, DataError, FormulaError, OptionError, choose, suggestion
from ..families import Family
from ..formula import parse
from ..formula.names import find_name
from ..frame import Frame, index_names
from ..options import Correlation
from .generalized_request import GeneralizedRequest, make_generalized_request

_WITH_EQUATIONS = ("gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "nbinom2")
_OTHER_NAMES: dict[str, Correlation] = {
    "exch": "exchangeable",
    "cs": "exchangeable",
    "compound symmetry": "exchangeable",
    "ar": "ar1",
    "autoregressive": "ar1",
    "indep": "independence",
    "un": "unstructured",
    "us": "unstructured",
}
"""Words of other packages."""


@dataclass(frozen=True, slots=True)
class EquationsRequest:
    """What was asked for; None where scale and size are estimated, and where the order of the rows is that of time."""

    generalized: GeneralizedRequest
    groups: str
    time: str | None
    correlation: str
    scale: float | None
    size: float | None

    @property
    def family(self) -> Family:
        """The family."""
        return self.generalized.family


def make_equations_request(
    formula: str,
    frame: Frame,
    family: Family,
    groups: str,
    time: str | None,
    correlation: str,
    scale: float | None,
    size: float | None,
    **given: Any,
) -> EquationsRequest:
    """Check what was asked for, as far as the data are not needed for it."""
    correlation = choose("correlation", correlation, get_args(Correlation), _OTHER_NAMES)
    scale, size = _positive("scale", scale), _positive("size", size)
    if family.name not in _WITH_EQUATIONS:
        raise OptionError(f"family={family.name!r}: gee() has {', '.join(map(repr, _WITH_EQUATIONS))}")
    if size is not None and family.name != "nbinom2":
        raise OptionError(f"size={size!r} belongs to family 'nbinom2', not to {family.name!r}")
    term, time = _group_term(groups, frame), None if time is None else _column("time", time, frame)
    taken = [name for name in (time, given["weights"], given["offset"]) if isinstance(name, str)]
    if random := parse(formula, frame.names, index_names(frame), [*taken, *_columns_of(term)]).random:
        raise FormulaError(
            f"gee() has no random effects, and the formula has {random[0].name}: groups= names the groups whose rows "
            "are correlated; for random effects use glmer()"
        )
    asked = make_generalized_request(f"{formula} + (1 | {term})", frame, family, {}, taken=taken, **given)
    spec = replace(asked.mean.spec, formula=formula)
    asked = replace(asked, mean=replace(asked.mean, spec=spec))
    return EquationsRequest(asked, groups, time, correlation, scale, size)


def _group_term(groups: Any, frame: Frame) -> str:
    """Write the column or columns that name the groups as the formula does."""
    if not isinstance(groups, str):
        raise ArgumentError(f"groups={groups!r}: name the column of the groups, or several as 'a:b'")
    found = find_name(groups, frame.names)
    names = [found] if found is not None else [_column("groups", name.strip(), frame) for name in groups.split(":")]
    return ":".join(f"`{name}`" for name in (n.replace("\\", "\\\\").replace("`", "\\`") for n in names))


def _columns_of(term: str) -> list[str]:
    return [name.strip("`") for name in term.split("`:`")]


def _column(option: str, name: Any, frame: Frame) -> str:
    if not isinstance(name, str):
        raise ArgumentError(f"{option}={name!r}: give the name of a column")
    found = find_name(name, frame.names)
    if found is None:
        raise DataError(f"{option}={name!r}: the data have no such column{suggestion(name, frame.names)}")
    return found


def _positive(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < float("inf"):
        raise OptionError(f"{name}={value!r}: give a positive number, or None to have it estimated")
    return float(value)
