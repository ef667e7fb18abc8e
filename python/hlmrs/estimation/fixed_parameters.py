"""Variance parameters that are held at given values: ``Control(fix=)``, by the names that tables have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..control import Control
from ..errors import DesignError, OptionError, listed, suggestion
from ..formula.names import find_name
from .layout import layout_of

if TYPE_CHECKING:
    from .._core import FinishedStatistics, Model, Rows
    from .estimate import Estimate
    from .request import Request

SIGMA = "sigma"
_DISPERSION = "dispersion:"


def with_fixed(model: Model, source: Rows | FinishedStatistics, request: Request) -> Model:
    """Hold the parameters of a model that are not to be estimated; a residual standard deviation is known already."""
    fix = {name: value for name, value in (request.control.fix or {}).items() if name != SIGMA}
    if not fix:
        return model
    layout = layout_of(source, model)
    terms = [(layout.groups[term.group].name, list(term.columns)) for term in layout.random]
    names = list(layout.coef_names), terms
    known = {name: (k, (low, high)) for k, (name, low, high) in enumerate(model.variance_parameters(*names))}
    held: dict[int, float] = {}
    for name, value in fix.items():
        found = find_name(name, known)
        if found is None:
            _refuse_dispersion(name, value, request)
            raise OptionError(
                f"Control(fix={{{name!r}: ...}}): the model has no such variance parameter{suggestion(name, known)}; "
                f"those that can be held are {listed([*known, SIGMA])}"
            )
        k, (low, high) = known[found]
        if not low < value < high:
            raise OptionError(f"Control(fix={{{name!r}: {value:g}}}): give a value between {low:g} and {high:g}")
        held[k] = value
    return model.with_held(*names, list(held.items()))


def _refuse_dispersion(name: str, value: float, request: Request) -> None:
    """Refuse a coefficient of the dispersion, which has another place."""
    asked = request.residual
    if asked is None or asked.dispersion is None or not name.startswith(_DISPERSION):
        return
    term = name.removeprefix(_DISPERSION)
    raise OptionError(
        f"Control(fix={{{name!r}: ...}}): coefficients of dispersion= cannot be held here; write offset(h) in the "
        f"place of {term!r}, with a column h of {value:g} times {term} (of a level: {value:g} in its rows, else 0)"
    )


def refuse_fix(function: str, control: object) -> None:
    """Refuse held parameters of what does not hold them."""
    if isinstance(control, Control) and control.fix:
        raise OptionError(
            f"Control(fix=) holds variance parameters of lmer, gls and mmrm; {function} estimates all of them"
        )


def require_nothing_fixed(estimate: Estimate, what: str) -> None:
    """Refuse what would have to know which parameters are held."""
    fix = estimate.request.control.fix
    if fix:
        raise DesignError(f"{what}: not there for a fit whose parameters are held by Control(fix=): {listed([*fix])}")


def of_residuals(estimate: Estimate) -> bool:
    """Whether a parameter of the correlations of residuals is held."""
    ends = tuple(end for group in estimate.layout.group_names for end in (f"| {group})", f"({group})"))
    names = fixed_names(estimate.request)
    return any(not name.endswith(ends) and name != SIGMA and not name.startswith("sd(") for name in names)


def fixed_names(request: Request) -> dict[str, float]:
    """Return the variance parameters that a fit does not estimate, with their values."""
    sigma = {} if request.sigma is None else {SIGMA: request.sigma}
    return {**dict(request.control.fix or {}), **sigma}
