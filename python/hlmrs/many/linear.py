"""Linear models of many responses, fitted by one call of the core, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Rows
from .._core import fit_many as core_fit_many
from ..estimation import Request, model_rows
from ..estimation.by_levels import in_levels
from ..frame import Column
from ..inference import wald
from ..resources import Progress
from .residual_columns import ResidualColumns
from .residuals import fits_with_residuals

if TYPE_CHECKING:
    from .._core import ManyFits

Matrix = NDArray[np.float64]


def linear_table(
    request: Request, tests_by: str, columns: Columns, values: NDArray[np.float64], names: list[str], level: float
) -> dict[str, Column]:
    """Fit linear models, all with one call of the core, and tabulate them."""
    request, _ = in_levels(request, columns)
    data = model_rows(request, columns)
    rows = data.rows
    used = np.ascontiguousarray(values if rows.kept is None else values[:, rows.kept])
    with Progress("responses", len(names)) as progress:
        if data.residual is None:
            fits = core_fit_many(rows, used, request.reml, request.settings(), tests_by, progress.reach)
        else:
            fits = fits_with_residuals(request, data, used, tests_by, progress.reach)
    return _table(names, request, rows, fits, level)


def _table(names: list[str], request: Request, rows: Rows, fits: ManyFits, level: float) -> dict[str, Column]:
    """Tabulate the fits: of each response its fixed effects, then its standard deviations and correlations."""
    residual = ResidualColumns.of_fits(request.residual, fits)
    kinds = [*parameters_of_rows(rows), *residual.kinds]
    estimate = np.hstack([fits["estimate"], _components(rows, fits), residual.values])
    std_error, df = (_padded(fits[name], estimate.shape[1]) for name in ("std_error", "df"))
    residual.write_errors(std_error, df)
    shown = residual.shown(len(kinds))
    tests = wald(estimate[shown], std_error[shown], df[shown], level)
    of_response, of_kind = np.nonzero(shown)

    def each(values: Any) -> list[Any]:
        return [values[place] for place in of_response]

    return {
        "response": each(names),
        **{name: [kinds[i][part] for i in of_kind] for part, name in enumerate(("effect", "group", "term"))},
        **tests.columns(),
        "n_obs": fits["n_obs"][of_response],
        "criterion": fits["criterion"][of_response],
        "status": each(fits["status"]),
        "reason": each(fits["reason"]),
    }


def parameters_of_rows(rows: Rows) -> list[tuple[str, str | None, str | None]]:
    """Name what a response has estimates of: effect, group, term."""
    layout = rows.layout()
    kinds: list[tuple[str, str | None, str | None]] = [("fixed", None, name) for name in layout["columns"]]
    for term in layout["random"]:
        group, columns = layout["groups"][term["group"]]["name"], term["columns"]
        kinds += [("sd", group, name) for name in columns]
        pairs = [(j, i) for j in range(len(columns)) for i in range(j + 1, len(columns))]
        kinds += [("cor", group, f"{columns[j]}, {columns[i]}") for j, i in pairs]
    return kinds


def _components(rows: Rows, fits: ManyFits) -> Matrix:
    """Compute standard deviations and correlations, a row per response, in the order of the parameters."""
    parts: list[Matrix] = []
    start = 0
    covariances, random = fits["covariances"], rows.layout()["random"]
    if not covariances.size:  # no response could be fitted
        covariances = np.full((len(covariances), sum(len(term["columns"]) ** 2 for term in random)), np.nan)
    for term in random:
        r = len(term["columns"])
        block = covariances[:, start : start + r * r].reshape(-1, r, r)
        start += r * r
        sd = np.sqrt(np.einsum("kii->ki", block))
        low, high = np.triu_indices(r, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts += [sd, block[:, low, high] / (sd[:, low] * sd[:, high])]
    return np.hstack(parts) if parts else np.zeros((len(covariances), 0))


def _padded(values: Matrix, width: int) -> Matrix:
    """Fill the columns of the parameters that have no test with NaN."""
    padded = np.full((len(values), width), np.nan)
    padded[:, : values.shape[1]] = values
    return padded
