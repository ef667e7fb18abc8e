"""Each part of a generalized model as the reference grid meets a fit, and the variables of all parts."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from ..._core import Encoding, Rows
from ...errors import OptionError, listed, names_in, suggestion
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...estimation.layout import Layout
from ...estimation.random_part import PartCore
from ...estimation.rows import ModelRows
from ...formula.names import find_name
from ..grid import At, Axis, grid_axes, grid_columns, places_in


class PartView:
    """What a grid reads of a fit, of one of its parts."""

    def __init__(self, of: GeneralizedEstimate, name: str) -> None:
        design = of.designs[name]
        self.name, self._of, self._design = name, of, design
        self.request, self.splines = design.request, design.splines
        self.core = PartCore(of.own, name)
        self.cache: dict[tuple[Hashable, ...], object] = {}

    @property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return self._design.encoding

    @property
    def data(self) -> ModelRows:
        """The rows of the fit."""
        return self._design.data

    @property
    def rows(self) -> Rows:
        """The encoded rows."""
        return self._design.rows

    @cached_property
    def layout(self) -> Layout:
        """Names of the part's columns, terms and random effects."""
        known: Any = self.encoding.layout()
        names = {key: known[key] for key in ("columns", "column_terms", "terms", "reference_levels")}
        kept = self._of.own.parts[self.name]["kept"]
        return replace(self._of.layout, **names, kept=kept, groups=[], random=self._design.random)

    @property
    def dropped_columns(self) -> list[str]:
        """Columns that depend on those before them."""
        return self._of.parts[self.name].dropped

    @property
    def constants(self) -> list[int]:
        """Places of the intercept where thresholds stand for it."""
        stands = self.name == "scale"
        return [k for k, name in enumerate(self.layout.columns) if name == "(Intercept)" and stands]


Parts = Mapping[str, Estimate]


def views(of: GeneralizedEstimate) -> Parts:
    """Return the parts that have formulas by name, that of the mean first: the fit itself."""
    others = [name for name in of.designs if name != "conditional"]
    return {"conditional": of, **{name: cast("Estimate", PartView(of, name)) for name in others}}


def axes_of_parts(parts: Parts, at: At | None = None) -> list[Axis]:
    """Find the variables of all parts and their places; a factor of any part is one."""
    known, at = {name: _names(view) for name, view in parts.items()}, places_in(at)
    for asked in at:
        _require(asked, known, "at")
    axes: dict[str, Axis] = {}
    for name, view in parts.items():
        own = {key: places for key, places in at.items() if _find(key, known[name]) is not None}
        for axis in grid_axes(view, own):
            if axis.name not in axes or axes[axis.name].factor is None:
                axes[axis.name] = axis
    return list(axes.values())


def variables_of_parts(parts: Parts, names: "str | Sequence[str] | None", option: str) -> list[str]:
    """Return the columns of any part that `specs` or `by` name."""
    given = [] if names is None else names_in(option, names)
    known = {name: _names(view) for name, view in parts.items()}
    found = [_require(name, known, option) for name in given]
    if len(set(found)) < len(found):
        raise OptionError(f"{option}={names!r} names a variable twice")
    return found


def specs_and_by_of_parts(
    parts: Parts, specs: "str | Sequence[str]", by: "str | Sequence[str] | None"
) -> tuple[list[str], list[str]]:
    """Return the columns that `specs` and `by` name, which have none in common."""
    inner, outer = variables_of_parts(parts, names_in("specs", specs), "specs"), variables_of_parts(parts, by, "by")
    if set(inner) & set(outer):
        raise OptionError(f"specs={specs!r} and by={by!r} share a variable")
    return inner, outer


def _names(view: Estimate) -> dict[str, str]:
    """Return the column of every name by which a part knows a variable: ``factor(x)`` stands for x."""
    spec = view.request.spec
    factors = [factor for term in spec.terms for factor in term.factors] + list(spec.offsets)
    columns = {name: name for factor in factors for name in grid_columns(factor)}
    return {factor.name: grid_columns(factor)[0] for factor in factors if grid_columns(factor)} | columns


def _find(name: str, known: dict[str, str]) -> str | None:
    found = find_name(name, list(known))
    return None if found is None else known[found]


def _require(name: str, known: dict[str, dict[str, str]], option: str) -> str:
    for own in known.values():
        found = _find(name, own)
        if found is not None:
            return found
    columns = list(dict.fromkeys(column for own in known.values() for column in own.values()))
    raise OptionError(
        f"{option}: no part of the model has a variable {name!r}{suggestion(name, columns)}; the fixed parts have "
        f"{listed(columns) or 'none'}"
    )
