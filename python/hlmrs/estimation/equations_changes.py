"""Estimating equations changed: their formula as R's update changes it, and any of their options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from numpy.typing import ArrayLike

from ..calls import refuse_unknown
from ..control import Control
from ..errors import FormulaWarning, warn
from ..families import Family, chosen_family
from ..formula import parse_update
from ..frame import Frame, index_names
from ..options import Correlation, Missing
from .equations_request import EquationsRequest, make_equations_request
from .generalized_changes import with_contrasts_of, without_offset_column
from .request import ARRAY_OFFSET, ARRAY_WEIGHTS, Contrast, require_same_rows


class EquationsChanges(TypedDict, total=False):
    """Arguments of ``gee`` that ``update`` can change."""

    groups: str
    family: "str | Family"
    link: str | None
    correlation: Correlation
    time: str | None
    scale: float | None
    size: float | None
    weights: "str | ArrayLike | None"
    offset: "str | ArrayLike | None"
    contrasts: "Mapping[str, Contrast] | None"
    missing: Missing
    control: Control | None


def change_equations_request(
    old: EquationsRequest, change: str, data: Frame, options: Mapping[str, Any], *, same_rows: bool
) -> EquationsRequest:
    """Change formula and options; arrays belong to the rows of the fit."""
    refuse_unknown("update", options, list(EquationsChanges.__annotations__))
    own, mean = old.generalized, old.generalized.mean
    if not same_rows:
        require_same_rows(mean, options)
    spec = parse_update(replace(without_offset_column(own), random=()), change, data.names, index_names(data))
    for note in spec.notes:
        warn(note, FormulaWarning)
    before = {name: getattr(old, name) for name in ("groups", "time", "correlation", "scale", "size")}
    if "family" in options and "size" not in options:
        before["size"] = None
    given: dict[str, Any] = {
        "weights": mean.arrays.get(ARRAY_WEIGHTS, mean.weights),
        "offset": mean.arrays.get(ARRAY_OFFSET, mean.offset or own.offset_column),
        "contrasts": None,
        "missing": mean.missing,
        "control": mean.control,
    }
    family = chosen_family(options.get("family", old.family), options.get("link"))
    chosen = before | {name: value for name, value in options.items() if name in before}
    given |= {name: value for name, value in options.items() if name in given}
    new = make_equations_request(spec.formula, data, family, *chosen.values(), **given)
    return new if "contrasts" in options else replace(new, generalized=with_contrasts_of(own, new.generalized))
