"""Random effects: their variances, correlations and shares of the variance; their modes; the coefficients of groups."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_quantile
from ..errors import ArgumentError, DesignError, HlmrsError, OptionError, listed, suggestion
from ..estimation import Estimate, RandomPart, new_columns, one_part, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.layout import RandomTermLayout
from ..formula import STRUCTURES
from ..formula.names import find_name
from ..frame import Column, aside, distinct
from .wald import check_level

NAN = float("nan")
RESIDUAL = "Residual"


class VarianceComponent(NamedTuple):
    """A variance (`term2` is None) or a covariance of two random effects; the residual has no term."""

    group: str
    term1: str | None
    term2: str | None
    variance: float
    sd: float
    corr: float


def variance_components(estimate: Estimate | RandomPart, *, full: bool = True) -> list[VarianceComponent]:
    """List the variances of every random term, each term's covariances after them, and the residual's last.

    Unless `full`, a term of effects at places has its one variance alone.
    """
    layout, sigma = estimate.layout, estimate.sigma
    rows: list[VarianceComponent] = []
    for term, covariance in zip(layout.random, estimate.core.covariances(), strict=True):
        group = layout.groups[term.group].name
        if STRUCTURES[term.structure].is_placed and not full:
            variance = float(covariance[0, 0])
            rows.append(VarianceComponent(group, placed_name(term), None, variance, variance**0.5, NAN))
        else:
            rows += _of_term(group, term.columns, covariance)
    if not estimate.has_residual:
        return rows
    return [*rows, VarianceComponent(RESIDUAL, None, None, sigma**2, sigma, NAN)]


def placed_name(term: RandomTermLayout) -> str:
    """Return what effects at places are called together, which have one variance."""
    return f"{term.structure}, {len(term.columns)} effects"


def variance_shares(estimate: Estimate) -> dict[str, float]:
    """Return each grouping factor's share, and last the residual's (its name ``Residual_`` if a factor has it).

    A factor's variance is tr(Σ M) of its terms, where M is the mean of z z': the mean over rows of z'Σz, which does not
    depend on where a covariate has its zero.
    """
    layout = estimate.layout
    variance = dict.fromkeys(layout.group_names, 0.0)
    for term, own in zip(layout.random, estimate.term_variances(), strict=True):
        variance[layout.groups[term.group].name] += own
    residual = estimate.residual_variance
    asked = estimate.request
    own = asked.residual is None or asked.residual.has_one_variance
    if (asked.weights is not None or not own) and not isinstance(estimate, GeneralizedEstimate):
        residual = NAN  # rows of different weights have variances of their own, and may not be kept
    total = sum(variance.values()) + residual
    shares = {name: part / total for name, part in variance.items()}
    return shares | {distinct([*shares, RESIDUAL])[-1]: residual / total}


def _of_term(group: str, columns: Sequence[str], covariance: NDArray[np.float64]) -> Iterator[VarianceComponent]:
    sd = np.sqrt(np.diag(covariance))
    for k, name in enumerate(columns):
        yield VarianceComponent(group, name, None, float(covariance[k, k]), float(sd[k]), NAN)
    for j, first in enumerate(columns):
        for i in range(j + 1, len(columns)):
            scale = float(sd[i] * sd[j])
            corr = float(covariance[i, j]) / scale if scale > 0 else NAN
            yield VarianceComponent(group, first, columns[i], float(covariance[i, j]), NAN, corr)


def random_effects_of(estimate: Estimate, group: str, component: str | None = None) -> dict[str, Column]:
    """Tabulate the conditional modes of one grouping factor, beside the columns of the data that name its levels."""
    parts = one_part(random_parts(estimate), component)
    own = {name: part for name, part in parts.items() if part.layout.find_group(group) is not None}
    if not own:
        raise _no_group(group, [name for part in parts.values() for name in part.layout.group_names])
    first = next(iter(own.values()))
    if component is None:
        effects = by_part(own, lambda part: _effects(part, _terms_of(part, group)), named=named_by_part(parts))
    else:
        effects = _effects(first, _terms_of(first, group))
    order = np.concatenate([_level_order(part, group) for part in own.values()])
    return group_keys(first, group_index(first, group), order, list(effects)) | effects


def _terms_of(part: Estimate | RandomPart, group: str) -> list[int]:
    return part.layout.terms_of(group_index(part, group))


def _level_order(part: Estimate | RandomPart, group: str) -> NDArray[np.intp]:
    """Return the level of each mode of a grouping factor; all parts have the same rows, so the same levels."""
    n_levels = len(part.layout.groups[group_index(part, group)].levels)
    widths = [len(part.layout.random[k].columns) for k in _terms_of(part, group)]
    return np.concatenate([np.repeat(np.arange(n_levels), width) for width in widths])


def named_by_part(parts: Mapping[str, Estimate | RandomPart]) -> bool:
    """Whether tables of all parts say which part a row is of: where there are others than the mean's."""
    return not parts.keys() <= {"conditional"}


def require_random_effects(estimate: Estimate | RandomPart) -> None:
    """Refuse a model that has none."""
    if not estimate.layout.random:
        raise DesignError("the model has no random effects: lmer() takes terms such as (1 | g), gls() and mmrm() none")


def by_part(
    parts: Mapping[str, Estimate | RandomPart],
    tabulate: Callable[[Estimate | RandomPart], dict[str, Any]],
    *,
    named: bool,
) -> dict[str, Column]:
    """Put the tables of several parts below each other; if `named` the name of the part is in a column before them."""
    tables = {name: tabulate(part) for name, part in parts.items()}
    if not named:
        return tables["conditional"]
    names = [name for name, table in tables.items() for _ in table["term1" if "term1" in table else "term"]]
    first, *others = tables.values()
    joined = {name: _below(column, [other[name] for other in others]) for name, column in first.items()}
    return {"component": names, **joined}


def _below(column: Any, others: Sequence[Any]) -> Column:
    if isinstance(column, list):
        return [value for part in (column, *others) for value in part]
    return np.concatenate([column, *others])


def group_keys(
    estimate: Estimate | RandomPart, group: int, order: NDArray[np.intp], taken: Sequence[str]
) -> dict[str, Any]:
    """Return the columns of the data that name the levels of a grouping factor, in an order of these.

    They have the type that they have in the data, and are texts where the data are not at hand.
    """
    tree = estimate.encoding.expression()
    of_group = tree["groups"][group]
    columns = [tree["categories"][category]["column"] for category in of_group["categories"]]
    rows = _rows_of_levels(estimate, group)
    found: dict[str, Any] = {}
    for column, category, codes in zip(columns, of_group["categories"], of_group["levels"], strict=True):
        levels = tree["categories"][category]["levels"]
        labels = [levels[codes[k]] for k in order]
        values = None if rows is None else estimate.frame.keys(column, labels, rows[order])
        found[column] = labels if values is None else values
    return aside(found, taken)


def _rows_of_levels(estimate: Estimate | RandomPart, group: int) -> NDArray[np.intp] | None:
    """Find a row of the data for every level, as the data are now; None where they are not at hand, or others."""
    if not estimate.has_frame or estimate.frame.once:
        return None
    try:
        new = estimate.encoding.bind(new_columns(estimate.request, estimate.frame, estimate.splines))
    except HlmrsError:
        return None
    levels, first = np.unique(new.term_codes(estimate.layout.terms_of(group)[0]), return_index=True)
    n_levels = len(estimate.layout.groups[group].levels)
    return first[:n_levels] if np.array_equal(levels[:n_levels], np.arange(n_levels)) else None


def random_effects(estimate: Estimate, component: str | None = None) -> dict[str, Column]:
    """Tabulate the conditional modes and their conditional standard deviations, part by part, term by term."""
    parts = random_parts(estimate)
    if component is not None:
        return _random_effects(one_part(parts, component)[component])
    return by_part(parts or {"conditional": estimate}, _random_effects, named=named_by_part(parts))


def random_effects_by_level(estimate: Estimate) -> dict[str, dict[str, float]]:
    """Return the modes by level and term; where the model has several grouping factors or parts these are named too."""
    table = random_effects(estimate)
    columns = [np.asarray(column).tolist() for column in table.values()]
    rows = [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
    several, found = len({row["group"] for row in rows}) > 1, dict[str, dict[str, float]]()
    for row in rows:
        level = f"{row['group']}: {row['level']}" if several else row["level"]
        part = row.get("component", "conditional")
        term = row["term"] if part == "conditional" else f"{part}:{row['term']}"
        found.setdefault(level, {})[term] = row["estimate"]
    return found


def _random_effects(estimate: Estimate | RandomPart) -> dict[str, Column]:
    require_random_effects(estimate)
    layout = estimate.layout
    groups: list[str] = []
    levels: list[str] = []
    for term in layout.random:
        group = layout.groups[term.group]
        groups += [group.name] * (len(group.levels) * len(term.columns))
        levels += [level for level in group.levels for _ in term.columns]
    return {"group": groups, "level": levels, **_effects(estimate, range(len(layout.random)))}


def _effects(estimate: Estimate | RandomPart, terms: Sequence[int]) -> dict[str, Column]:
    """Return the modes of some random terms, with their standard deviations."""
    layout, modes, variances = estimate.layout, estimate.core.modes(), mode_variances(estimate)
    names = [[*layout.random[k].columns] * len(modes[k]) for k in terms]
    return {
        "term": [name for own in names for name in own],
        "estimate": np.concatenate([modes[k].ravel() for k in terms]),
        "std_error": np.sqrt(np.concatenate([variances[k].ravel() for k in terms])),
    }


def with_intervals(table: dict[str, Any], level: float) -> dict[str, Column]:
    """Add the bounds of normal intervals of modes, by their conditional standard deviations."""
    check_level(level)
    margin = two_sided_quantile(level, math.inf) * table["std_error"]
    return table | {"conf_low": table["estimate"] - margin, "conf_high": table["estimate"] + margin}


def mode_variances(estimate: Estimate | RandomPart) -> list[NDArray[np.float64]]:
    """Return the conditional variances of every term's modes, of shape (levels, effects)."""
    return [np.diagonal(covariance, axis1=1, axis2=2) for covariance in estimate.core.mode_covariances()]


def group_coefficients(estimate: Estimate, group: str | None) -> dict[str, Column]:
    """Tabulate fixed effects plus random effects of every level of a grouping factor; by default of the first."""
    layout = estimate.layout
    g = layout.random[0].group if group is None else group_index(estimate, group)
    levels = layout.groups[g].levels
    table: dict[str, NDArray[np.float64]] = {
        name: np.full(len(levels), value) for name, value in zip(layout.coef_names, estimate.core.beta, strict=True)
    }
    modes = estimate.core.modes()
    for k in layout.terms_of(g):
        for name, values in zip(layout.random[k].columns, modes[k].T, strict=True):
            table[name] = table.get(name, np.zeros(len(levels))) + values
    if group is None:
        return {"level": list(levels), **aside(table, {"level"})}
    return group_keys(estimate, g, np.arange(len(levels)), list(table)) | table


def group_index(estimate: Estimate | RandomPart, name: str) -> int:
    """Return the index of a grouping factor by its name."""
    layout = estimate.layout
    found = layout.find_group(name)
    if found is None:
        raise _no_group(name, layout.group_names)
    return found


def _no_group(name: object, known: Sequence[str]) -> OptionError:
    """Say which grouping factors there are."""
    known = list(dict.fromkeys(known))
    if not isinstance(name, str):
        return ArgumentError(f"group={name!r}: give the name of a grouping factor; the model has {listed(known)}")
    return OptionError(f"there is no grouping factor {name!r}{suggestion(name, known)}; the model has {listed(known)}")


def find_effect(estimate: Estimate, g: int, term: str | None) -> tuple[int, int, str]:
    """Return the random term of an effect of a factor, the column in it, and its name; by default of the first."""
    layout = estimate.layout
    known = [(k, j, name) for k in layout.terms_of(g) for j, name in enumerate(layout.random[k].columns)]
    if term is None:
        return known[0]
    for place in known:
        if place[2] == term or (term in ("1", "Intercept", "intercept") and place[2] == "(Intercept)"):
            return place
    names = [name for _, _, name in known]
    raise OptionError(
        f"term={term!r}: {layout.groups[g].name!r} has no such random effect{suggestion(term, names)}; "
        f"it has {', '.join(map(repr, names))}"
    )


def chosen_terms(estimate: Estimate, choice: bool | str | Sequence[str]) -> list[bool]:
    """Say which random terms a prediction uses: all, none, or those named by their group or in full."""
    layout = estimate.layout
    if isinstance(choice, bool | np.bool_):
        return [bool(choice)] * len(layout.random)
    chosen = [choice] if isinstance(choice, str) else list(choice)
    names = [(layout.groups[term.group].name, term.name) for term in layout.random]
    known = list(dict.fromkeys(name for pair in names for name in pair))
    found = {name: find_name(name, known) for name in chosen}
    for name, meant in found.items():
        if meant is None:
            raise OptionError(
                f"random_effects={choice!r}: the model has no {name!r}, but {', '.join(map(repr, known))}"
            )
    return [any(meant in pair for meant in found.values()) for pair in names]
