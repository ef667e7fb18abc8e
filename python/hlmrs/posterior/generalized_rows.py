"""Linear predictors of all parts of a generalized model in every draw, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows
from ..errors import DesignError
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.ordered import threshold_coefficients
from ..frame import Frame
from ..prediction import UNSEEN
from ..prediction.generalized import require_offset
from .generalized_draws import GeneralizedDraws
from .rows import PredictedRows, blocks, offsets_of, require_groups

Vector = NDArray[np.float64]
Parts = Mapping[str, PredictedRows]
Places = NDArray[np.intp]


def parts_of_fit(draws: GeneralizedDraws) -> dict[str, PredictedRows]:
    """Return the rows used, in every part whose predictor varies."""
    found = {}
    for name in _varying(draws.estimate):
        design = draws.estimate.designs[name]
        found[name] = _bound(draws, name, design.data.bound(), design.rows.kept)
    return found


def parts_of_frame(draws: GeneralizedDraws, frame: Frame) -> dict[str, PredictedRows]:
    """Return new rows, whose groups may be new."""
    require_offset(draws.estimate, frame, None)
    found = {}
    for name in _varying(draws.estimate):
        design = draws.estimate.designs[name]
        require_groups(design.request.spec.random, frame)
        found[name] = _bound(draws, name, design.encoding.bind(design.read(frame), new_groups=True), None)
    return found


def _varying(estimate: GeneralizedEstimate) -> Iterator[str]:
    """Yield the parts whose predictor is not one number."""
    for name, design in estimate.designs.items():
        is_constant = list(design.columns) == ["(Intercept)"] and not design.random and not design.request.spec.offsets
        if name == "conditional" or not is_constant:
            yield name


def _bound(draws: GeneralizedDraws, name: str, new: NewRows, kept: NDArray[np.bool_] | None) -> PredictedRows:
    estimate, used = draws.estimate, slice(None) if kept is None else kept
    design, modes = estimate.designs[name], estimate.own.modes(name)
    offset = offsets_of(new, len(design.columns), modes)
    z, codes = [], []
    for k, term in enumerate(design.random):
        is_one = list(term.columns) == ["(Intercept)"]
        z.append((np.ones((new.n_rows, 1)) if is_one else new.term_matrix(k))[used])
        codes.append(new.term_codes(k)[used])
        if (codes[k] == UNSEEN).any() and np.isnan(draws.of_part(name).covariances[k]).any():
            raise DesignError(f"new groups of a random term with a structure, {term.name}, are not predicted in draws")
    x = new.model_matrix()[used]
    columns = x if name == "thresholds" else x[:, list(estimate.own.parts[name]["kept"])]
    return PredictedRows(columns, z, codes, offset[used], np.zeros(len(x)))


def predictors(draws: GeneralizedDraws, parts: Parts, places: Places) -> Iterator[tuple[slice, dict[str, Vector]]]:
    """Yield blocks of rows with the predictors of all parts, one after the other for rows and, within, draws.

    Thresholds have a column each.
    """
    varying = [name for name in parts if name != "thresholds"]
    for own in zip(*(blocks(draws.of_part(name), parts[name], places) for name in varying), strict=True):
        rows = own[0][0]
        eta = {name: values.ravel() for name, (_, values) in zip(varying, own, strict=True)}
        n = len(own[0][1])
        for name in draws.estimate.parts:
            if name == "thresholds":
                eta[name] = _thresholds(draws, parts, places, rows, n)
            elif name not in eta:
                eta[name] = np.tile(draws.of_part(name).beta[places, 0], n)
        yield rows, eta


def _thresholds(draws: GeneralizedDraws, parts: Parts, places: Places, rows: slice, n: int) -> Vector:
    """Return the thresholds of rows in every draw (rows of all draws x thresholds)."""
    estimate = draws.estimate
    entry = estimate.own.parts["thresholds"]
    full = np.zeros((len(places), entry["n_columns"]))
    full[:, entry["kept"]] = draws.of_part("thresholds").beta[places]
    each = threshold_coefficients(estimate.family_spec, full)
    each = each.reshape(len(places), -1, each.shape[-1])
    x = parts["thresholds"].x[rows] if "thresholds" in parts else np.ones((n, 1))
    return np.asarray(np.einsum("np,dpk->ndk", x, each).reshape(n * len(places), -1))
