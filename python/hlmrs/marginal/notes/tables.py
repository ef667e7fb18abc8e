"""What to know of a table of means, in words."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ...estimation import Estimate
from ...formula import ColumnName
from ...frame import Column
from ..contrasts import RATIOS, ContrastChoice, turns_odds
from ..grid import At, grid_columns, places_in
from ..parts import ScaleVariables
from .held import held
from .scale_words import contrast_words, mean_words, slope_words

Names = str | Sequence[str]


def of_variables(title: str, specs: Names) -> str:
    """Say which variables a table is of.

    >>> of_variables("Estimated marginal means", ["a", "b"])
    'Estimated marginal means of a, b'
    """
    return f"{title} of {', '.join([specs] if isinstance(specs, str) else specs)}"


def notes_of_means(
    estimate: Estimate, specs: Names, by: Names | None, at: At | None, weights: str, scale: str
) -> list[str]:
    """Say what means are of, where other variables stand, and which of these the table's interact with."""
    return [*mean_words(estimate, scale), *_notes_of_grid(estimate, specs, by, at, weights, scale, "means")]


def notes_of_contrasts(
    estimate: Estimate,
    specs: Names,
    by: Names | None,
    at: At | None,
    weights: str,
    choice: ContrastChoice,
    table: Mapping[str, Column],
) -> list[str]:
    """Say what contrasts are of, where other variables stand, and what their tests are adjusted by."""
    grid_scale = "link" if turns_odds(estimate, choice.scale) else choice.scale
    return [
        *contrast_words(estimate, choice.scale, ratios=RATIOS.column in table),
        *_notes_of_grid(estimate, specs, by, at, weights, grid_scale, "contrasts"),
        *_of_adjustment(choice.adjust),
    ]


def notes_of_slopes(
    estimate: Estimate, variable: str, by: Names | None, at: At | None, weights: str, scale: str, adjust: str
) -> list[str]:
    """Say what slopes are of, what they are averaged over, and which variables they may differ by."""
    variables = ScaleVariables(estimate, scale)
    shown = variables.names(by, "by")
    if scale != "link":
        each = f" with each combination of levels of {', '.join(shown)}" if shown else ""
        return [*slope_words(estimate, scale), f"Averaged over the rows of the fit{each}."]
    axes = variables.axes(variables.moderator_places(shown, at or {}))
    (name,) = variables.names(variable, "variable")
    matters = [name] if _bends(estimate, name) else []
    matters += _interacting(estimate, {name})
    seen = [*shown, *(axis.name for axis in axes if axis.factor is None and len(axis.places) > 1)]
    found = [
        held([axis for axis in axes if axis.name in matters], at or {}, seen, weights),
        _interaction(estimate, {name}, "slopes", seen),
    ]
    return [*slope_words(estimate, scale), *(note for note in found if note), *_of_adjustment(adjust)]


def _bends(estimate: Estimate, name: str) -> bool:
    """Whether the slope of a column depends on where it stands."""
    reads = [[f for f in term.factors if name in grid_columns(f)] for term in estimate.request.spec.terms]
    return any(len(own) > 1 or any(not isinstance(f.expression, ColumnName) for f in own) for own in reads)


def _notes_of_grid(
    estimate: Estimate, specs: Names, by: Names | None, at: At | None, weights: str, scale: str, what: str
) -> list[str]:
    variables, places = ScaleVariables(estimate, scale), places_in(at)
    shown = [*variables.names(specs, "specs"), *variables.names(by, "by")]
    found = [held(variables.axes(places), places, shown, weights), _interaction(estimate, {*shown}, what)]
    return [note for note in found if note]


def _interaction(estimate: Estimate, named: set[str], what: str, shown: Collection[str] = ()) -> str:
    """Name the variables that those of a table interact with, but for those that it shows."""
    others = [name for name in _interacting(estimate, named) if name not in shown]
    if not others:
        return ""
    return f"There is an interaction with {', '.join(others)}: the {what} may differ between its values."


def _interacting(estimate: Estimate, named: set[str]) -> list[str]:
    """Return the other variables of the terms that some variables stand in."""
    others: dict[str, None] = {}
    for term in estimate.request.spec.terms:
        columns = {name for factor in term.factors for name in grid_columns(factor)}
        if len(term.factors) > 1 and columns & named:
            others |= dict.fromkeys(sorted(columns - named))
    return list(others)


def _of_adjustment(adjust: str) -> list[str]:
    """Name the adjustment for several tests."""
    return [] if adjust == "none" else [f"p values and intervals are adjusted for several tests: {adjust}."]


def notes_of_regions(moderator: str, regions: Mapping[str, Column]) -> list[str]:
    """Say in a sentence where a slope differs from zero, if it is the same in all of the range."""
    significant = np.asarray(regions["significant"])
    if len(significant) != 1:
        return []
    differs = "differs" if bool(significant[0]) else "does not differ significantly"
    low, high = (float(np.asarray(regions[side])[0]) for side in ("low", "high"))
    return [f"The slope {differs} from zero at every value of {moderator} from {low:.4g} to {high:.4g}."]
