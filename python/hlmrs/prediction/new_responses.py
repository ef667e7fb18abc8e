"""Intervals for new responses of generalized models: quantiles of responses drawn from the model.

In each draw the parameters of all parts are drawn from the normal distribution of their estimates, jointly; random
effects of the groups of the fit from that about their modes, all others (of new groups, and those that are left out)
from the distribution of groups; and the response from its family.  The modes are taken as independent of the drawn
parameters, which makes intervals for groups of the fit wider than by their joint distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows
from ..errors import DataError, OptionError
from ..estimation import evaluate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.moved import directions, moved
from ..families import TRIALS
from ..formula import ColumnName
from ..frame import Frame
from ..inference.generalized_simulation import draw_responses
from ..inference.random_effects import chosen_terms
from ..inference.wald import check_level
from .generalized import predict_generalized, predict_marginal, require_offset
from .new_rows import UNSEEN
from .prediction import checked_offset

Vector = NDArray[np.float64]

_NUMBERS = 8_000_000
"""Drawn responses that are in memory at once."""


@dataclass(frozen=True, slots=True)
class ResponseChoice:
    """How new responses are drawn."""

    random_effects: "bool | str | Sequence[str]"
    new_levels: str
    offset: Vector | None
    marginal: bool
    level: float
    weights: str | Vector | None
    n: int
    seed: int


def predict_responses(
    estimate: GeneralizedEstimate, frame: Frame | None, kind: str, how: ResponseChoice
) -> dict[str, Vector]:
    """Tabulate means with the standard deviation and the quantiles of new responses."""
    if kind != "response":
        raise OptionError(f"type={kind!r}: interval='prediction' is of new responses, type='response'")
    check_level(how.level)
    if how.marginal:
        mean = predict_marginal(estimate, frame, "response", how.offset)
    else:
        arguments = (how.random_effects, how.new_levels, "response", how.offset)
        mean = predict_generalized(estimate, frame, *arguments)
    use = [False] * len(estimate.layout.random) if how.marginal else chosen_terms(estimate, how.random_effects)
    parts = _parts(estimate, frame, use, how.offset)
    trials = trials_of_rows(estimate, frame, how.weights, len(mean))
    at = _drawn(estimate, how)
    table = np.full((3, len(mean)), np.nan)
    there = np.flatnonzero(~np.isnan(mean))
    for start in range(0, len(there), max(_NUMBERS // how.n, 1)):
        rows = there[start : start + max(_NUMBERS // how.n, 1)]
        own = None if trials is None else trials[rows]
        table[:, rows] = _quantiles(at, [part.rows(rows) for part in parts], own, how, start)
    std_error, low, high = table
    return {"prediction": mean, "std_error": std_error, "conf_low": low, "conf_high": high}


@dataclass(frozen=True, slots=True)
class PartRows:
    """What a part's linear predictor is made of in rows: X and the offset; of each term z, and its modes where known.

    `known` is z'mode and the variance of that, NaN where the effect is one of a new group.
    """

    name: str
    x: Vector
    offset: Vector
    terms: "Sequence[tuple[Vector, Vector, Vector]]"

    def rows(self, places: NDArray[np.intp]) -> "PartRows":
        """Return some of the rows."""
        terms = [(z[places], mean[places], variance[places]) for z, mean, variance in self.terms]
        return PartRows(self.name, self.x[places], self.offset[places], terms)

    def draw(self, at: GeneralizedEstimate, rng: np.random.Generator) -> Vector:
        """Draw the linear predictor of every row, by the parameters of a model."""
        eta = self.x @ at.full_coefficients(self.name) + self.offset
        covariances = at.own.fit.covariances()[slice(*at.parts[self.name].terms)]
        for (z, mean, variance), covariance in zip(self.terms, covariances, strict=True):
            new = np.isnan(mean)
            spread = np.where(new, np.einsum("ij,jk,ik->i", z, covariance, z), variance)
            eta = eta + np.where(new, 0.0, mean) + np.sqrt(spread.clip(min=0)) * rng.standard_normal(len(eta))
        return eta


def _parts(
    estimate: GeneralizedEstimate, frame: Frame | None, use: list[bool], offset: Vector | None
) -> list[PartRows]:
    """Bind the rows of the fit, or new ones, in every part that has a formula."""
    require_offset(estimate, frame, offset)
    found = []
    for name, design in estimate.designs.items():
        new = design.data.bound() if frame is None else design.encoding.bind(design.read(frame), new_groups=True)
        used = use if name == "conditional" else [any(use)] * len(design.random)
        own = _bound(estimate, name, new, used)
        if frame is None and design.rows.kept is not None:
            own = own.rows(np.flatnonzero(design.rows.kept))
        if offset is not None and name == "conditional":
            own = PartRows(name, own.x, own.offset + checked_offset(offset, len(own.offset)), own.terms)
        found.append(own)
    return found


def _bound(estimate: GeneralizedEstimate, name: str, new: NewRows, used: Sequence[bool]) -> PartRows:
    design, places = estimate.designs[name], slice(*estimate.parts[name].terms)
    modes, each = estimate.own.fit.modes()[places], estimate.own.fit.mode_covariances()[places]
    nothing = np.zeros(len(design.columns))
    offset = new.linear_predictor(nothing, modes, [False] * len(modes))
    terms = []
    for k, (term, is_used) in enumerate(zip(design.random, used, strict=True)):
        z = np.ones((new.n_rows, 1)) if list(term.columns) == ["(Intercept)"] else new.term_matrix(k)
        mean, variance = np.full(new.n_rows, np.nan), np.zeros(new.n_rows)
        if is_used:
            codes = new.term_codes(k)
            known = np.flatnonzero(codes != UNSEEN)
            mean[known] = (z[known] * modes[k][codes[known]]).sum(axis=1)
            variance[known] = np.einsum("ij,ijk,ik->i", z[known], each[k][codes[known]], z[known])
        terms.append((z, mean, variance))
    return PartRows(name, new.model_matrix(), offset, terms)


def _drawn(estimate: GeneralizedEstimate, how: ResponseChoice) -> list[GeneralizedEstimate]:
    """Draw the parameters of all parts, once for each response."""
    along = directions(estimate, "interval='prediction'")
    rng = np.random.default_rng([how.seed, 0])
    return [moved(estimate, along @ rng.standard_normal(along.shape[1])) for _ in range(how.n)]


def _quantiles(
    at: Sequence[GeneralizedEstimate],
    parts: Sequence[PartRows],
    trials: Vector | None,
    how: ResponseChoice,
    start: int,
) -> Vector:
    """Return standard deviation and quantiles of the responses drawn for some rows."""
    rng = np.random.default_rng([how.seed, 1, start])
    n = len(parts[0].offset)
    drawn = np.empty((len(at), n))
    for k, model in enumerate(at):
        own = {part.name: part.draw(model, rng) for part in parts if part.name != "thresholds"}
        eta = own | _constants(model, parts, n)
        drawn[k] = draw_responses(model, eta, trials, rng)
    drawn = drawn if trials is None else drawn / trials
    tail = (1 - how.level) / 2
    # quantiles are responses that were drawn: counts stay counts
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return np.stack([drawn.std(axis=0), low, high])


def _constants(model: GeneralizedEstimate, parts: Sequence[PartRows], n: int) -> dict[str, Vector]:
    """Return what has no formula, and the thresholds of the rows."""
    having = {part.name: part for part in parts}
    found = {
        name: np.full(n, model.own.coefficients_of(name)[0])
        for name in model.parts
        if name not in having and name != "thresholds"
    }
    if "thresholds" in model.parts:
        coefficients = model.threshold_coefficients()
        found["thresholds"] = having["thresholds"].x @ coefficients if "thresholds" in having else coefficients
    return found


def trials_of_rows(
    estimate: GeneralizedEstimate, frame: Frame | None, given: str | Vector | None, n: int
) -> Vector | None:
    """Return the trials of new responses, by default those of the rows of the fit, or one."""
    if estimate.family.name not in TRIALS:
        return None
    if frame is None:
        own = estimate.response.trials
        return np.ones(n) if own is None else own
    name = estimate.request.weights
    if given is None and name in frame.names:
        given = name
    if given is None:
        return np.ones(n)
    trials = evaluate(frame.read([given], set()), ColumnName(given, (0, 0))) if isinstance(given, str) else given
    if trials.shape != (n,):
        raise DataError(f"weights has {trials.size} values; the data have {n} rows")
    bad = np.flatnonzero(~(np.isfinite(trials) & (trials > 0) & (trials == np.round(trials))))
    if len(bad):
        raise DataError(
            f"weights are {trials[bad[0]]:g} in row {bad[0]} (counted from 0); numbers of trials are whole, above zero"
        )
    return trials
