"""Residuals of rows over fitted values and by group, and effects of groups over what is known of the groups."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...diagnostics import group_deviations, regressions
from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import group_index, group_keys, two_sided_quantile
from ...marginal import column_values, grid_axes
from ..words import effects, named
from .smooth import smooth
from .standardized import means_of_rows, of_groups, of_rows

Vector = NDArray[np.float64]
ROOT_OF_NORMAL = 0.8221790
"""E|Z|^½ of a standard normal Z: 2^¼ Γ(3/4) / √π."""
_PANELS = 6


def residuals(estimate: Estimate, group: str | None, seed: int) -> tuple[dict[str, Any], list[Picture]]:
    """Return table and pictures of the rows, or of the groups of a factor."""
    return _of_rows(estimate, seed) if group is None else _of_groups(estimate, group_index(estimate, group))


def _of_rows(estimate: Estimate, seed: int) -> tuple[dict[str, Any], list[Picture]]:
    (resid, what), (mean, along) = of_rows(estimate, seed), means_of_rows(estimate)
    known = np.flatnonzero(np.isfinite(resid) & np.isfinite(mean))
    resid, mean = resid[known], mean[known]
    root, response = np.sqrt(np.abs(resid)), named(estimate)
    table: dict[str, Any] = {"row": estimate.row_numbers()[known], "fitted": mean, "residual": resid, "root_size": root}
    labels = np.array(estimate.row_labels(), dtype=object)[known]
    pictures = [
        cloud(f"{response}: residuals", along, what, mean, resid, 0.0, extremes(labels, resid)),
        cloud(f"{response}: spread", along, f"√|{what.lower()}|", mean, root, ROOT_OF_NORMAL, {}),
    ]
    if estimate.layout.groups:
        found = estimate.layout.groups[0]
        codes = estimate.rows.group_codes(0).astype(np.intp)[known]
        table[_free("group", table)] = [found.levels[k] for k in codes]
        unusual = _unusual(estimate)
        pictures.append(_by_group(response, what, found.name, list(found.levels), codes, resid, unusual))
    return table, pictures


def cloud(
    title: str, x: str, y: str, along: Vector, values: Vector, reference: float, labels: dict[int, str]
) -> Picture:
    """Return points with their smooth mean beside a line on which it lies if the model is right."""
    found = smooth(along, values)
    table = {"x": along, "y": values}
    alt = f"{title}: {y} over {x.lower()}, {len(values):,} points."
    if found is not None:
        _, mean, error = found
        far = (np.abs(mean - reference) > 2 * error).mean()
        alt += f" The smooth mean goes from {short(float(mean.min()))} to {short(float(mean.max()))}; "
        alt += f"it is more than two standard errors from {short(reference)} over {short(100 * far)} % of its places."
    note = "Line: smooth mean with its 95 % band." if found is not None else ""
    further = {"smooth": found, "reference": reference, "labels": labels}
    return Picture("cloud", table, title, x, y, alt, note, further)


def extremes(labels: NDArray[np.object_], values: Vector) -> dict[int, str]:
    """Name the rows that are farther off than the farthest of so many normal values, five at most."""
    limit = np.sqrt(2 * np.log(max(len(values), 2))) + 0.5
    order = np.argsort(-np.abs(values), kind="stable")[:5]
    return {int(k): str(labels[k]) for k in order if abs(values[k]) > limit}


def _by_group(
    response: str,
    what: str,
    group: str,
    levels: list[str],
    codes: NDArray[np.intp],
    resid: Vector,
    unusual: NDArray[np.bool_],
) -> Picture:
    """Return quartiles of residuals in every group, by its median, and whose spread is unusual."""
    order = np.lexsort((resid, codes))
    starts = np.searchsorted(codes[order], np.arange(len(levels) + 1))
    there = np.flatnonzero(np.diff(starts))
    parts = [resid[order[starts[k] : starts[k + 1]]] for k in there]
    quartiles = np.array([np.quantile(part, [0, 0.25, 0.5, 0.75, 1]) for part in parts])
    by = np.argsort(quartiles[:, 2], kind="stable")
    names = ("low", "q25", "median", "q75", "high")
    table: dict[str, Any] = {"level": [levels[there[k]] for k in by], "unusual": unusual[there][by]}
    table |= dict(zip(names, quartiles[by].T, strict=True))
    widths = quartiles[:, 3] - quartiles[:, 1]
    note = f"Groups by their median; the middle half of a group is {short(float(widths.min()))} to "
    note += f"{short(float(widths.max()))} wide."
    if unusual.any():
        note += f" Marked: {int(unusual.sum())} with an unusual spread."
    title = f"{response}: residuals by {group}"
    return Picture("boxes", table, title, what, group, f"{title}. {note}", note, {})


def _unusual(estimate: Estimate) -> NDArray[np.bool_]:
    """Tell whose residual variance is unlike that of the others, at 5 % for all groups together (Bonferroni)."""
    n = len(estimate.layout.groups[0].levels)
    if isinstance(estimate, GeneralizedEstimate):
        return np.zeros(n, dtype=bool)
    own = regressions(estimate, 0)
    far = np.abs(np.nan_to_num(group_deviations(own["rss"], own["df"])))
    return np.asarray(far > two_sided_quantile(1 - 0.05 / n, np.inf))


def _of_groups(estimate: Estimate, g: int) -> tuple[dict[str, Any], list[Picture]]:
    """Return the effects of a factor over every variable that is constant within its groups; without any, over n."""
    terms, values = of_groups(estimate, g)
    group, sizes = estimate.layout.groups[g], estimate.group_rows[g]
    variables = _of_level(estimate, g) or {"rows of the group": sizes.astype(float)}
    pictures, rows = [], []
    for j, term in enumerate(terms):
        for name, own in variables.items():
            rows.append((term, name, own, values[:, j]))
            known = np.isfinite(values[:, j]) & np.isfinite(own)
            title = f"{named(estimate)}: {effects(term)} of {group.name}"
            pictures.append(
                cloud(title, named(estimate, name), "Standardized effect", own[known], values[known, j], 0.0, {})
            )
    order = np.tile(np.arange(len(group.levels)), len(rows))
    table = {
        "term": [term for term, *_ in rows for _ in group.levels],
        "predictor": [name for _, name, *_ in rows for _ in group.levels],
        "value": np.concatenate([own for *_, own, _ in rows]),
        "standardized": np.concatenate([values for *_, values in rows]),
    }
    return group_keys(estimate, g, order, list(table)) | table, pictures[:_PANELS]


def _of_level(estimate: Estimate, g: int) -> dict[str, Vector]:
    """Return the covariates of the fixed part that are constant within the groups of a factor, by group."""
    codes = estimate.rows.group_codes(g).astype(np.intp)
    found = {}
    for axis in grid_axes(estimate, {}):
        if axis.factor is None:
            values = column_values(estimate, axis.name)
            means = np.bincount(codes, values) / np.maximum(np.bincount(codes), 1)
            if np.ptp(means) > 0 and np.allclose(values, means[codes], rtol=1e-9, atol=1e-12 * np.abs(values).max()):
                found[axis.name] = means
    return found


def _free(name: str, taken: dict[str, Any]) -> str:
    return name if name not in taken else f"{name}_"
