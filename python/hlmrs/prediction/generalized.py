"""Predictions and residuals of generalized models: linear predictors of every part, then means of the family."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows, family_means, family_predictors, family_variances
from ..errors import InferenceWarning, OptionError, warn
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.ordered import expected_category
from ..families import logistic
from ..frame import Frame
from ..inference.random_effects import chosen_terms
from .prediction import checked_offset, unseen_rows

Vector = NDArray[np.float64]

AVERAGED = ("response", "conditional", "prob")
_NODES = 60
# where parts beside the mean have random effects
_NODES_TOGETHER = 40
_WITH_POLE = ("inverse", "1/mu^2")
_AWAY = 5.0
"""Standard deviations of the random effects from zero, at which links have a pole: a chance of 3e-7."""


def predict_generalized(
    estimate: GeneralizedEstimate,
    frame: Frame | None,
    random_effects: bool | str | Sequence[str],
    new_levels: str,
    kind: str,
    offset: Vector | None,
) -> Any:
    """Predict for the rows of the fit, or for new ones; NaN where a value is missing."""
    check_kind(estimate, kind)
    use = chosen_terms(estimate, random_effects)
    eta = _of_rows(estimate, use) if frame is None else _of_new_rows(estimate, frame, use, new_levels, offset)
    return _on_scale(estimate, eta, kind)


def predict_marginal(estimate: GeneralizedEstimate, frame: Frame | None, kind: str, offset: Vector | None) -> Any:
    """Average predictions over the random effects of all parts, by quadrature along each row's z'b."""
    check_kind(estimate, kind)
    if kind not in AVERAGED:
        raise OptionError(f"type={kind!r}: marginal=True averages {', '.join(map(repr, AVERAGED))}")
    if estimate.family.name == "lognormal" and _has_random(estimate, "dispersion"):
        raise OptionError(
            "marginal=True: the mean of a lognormal response over random effects of its dispersion is infinite; "
            "predict without them by random_effects=False"
        )
    eta = predictors_at_zero(estimate, frame, offset)
    averaged = [part for part in estimate.designs if _has_random(estimate, part) and part in _averaged(kind)]
    spread = {part: np.sqrt(_random_variance(estimate, part, frame)) for part in averaged}
    x, w = np.polynomial.hermite_e.hermegauss(_NODES if len(averaged) < 2 else _NODES_TOGETHER)
    w = w / w.sum()
    total: Any = 0.0
    for nodes in product(range(len(x)), repeat=len(averaged)):
        moved = {part: eta[part] + x[k] * spread[part] for part, k in zip(averaged, nodes, strict=True)}
        total = total + np.prod(w[list(nodes)]) * _on_scale(estimate, eta | moved, kind)
    if "conditional" not in averaged or estimate.family.link not in _WITH_POLE:
        return total
    own = eta["conditional"]
    exists = np.isnan(own) | (np.abs(own) > _AWAY * spread["conditional"])
    return _where_there_is_one(total, exists, estimate.family.link)


def _where_there_is_one(mean: Vector, exists: NDArray[np.bool_], link: str) -> Vector:
    """Return NaN, with a warning, for means over random effects that reach the pole of a link."""
    if not exists.all():
        warn(
            f"the mean over random effects does not exist in {int((~exists).sum()):,} of {len(exists):,} rows: with "
            f"link={link!r} it is infinite where the linear predictor is zero, which the random effects reach; "
            "link='log' has means, and random_effects=False those of a group in the middle",
            InferenceWarning,
        )
    return np.where(exists, mean, np.nan)


def predict_at_zero(estimate: GeneralizedEstimate, frame: Frame | None, kind: str, offset: Vector | None) -> Any:
    """Predict at random effects of zero, by the coefficients alone."""
    check_kind(estimate, kind)
    return _on_scale(estimate, predictors_at_zero(estimate, frame, offset), kind)


def predictors_at_zero(estimate: GeneralizedEstimate, frame: Frame | None, offset: Vector | None) -> dict[str, Vector]:
    """Return the linear predictors of all parts at random effects of zero."""
    if frame is not None:
        return _of_new_rows(estimate, frame, [False] * len(estimate.layout.random), "population", offset)
    eta = {}
    for part in estimate.parts:
        if part == "thresholds":
            eta[part] = estimate.thresholds()
        elif part in estimate.designs:
            eta[part] = _without_random(estimate, part)
        else:
            eta[part] = np.full(estimate.layout.n_rows, estimate.own.coefficients_of(part)[0])
    return eta


def _averaged(kind: str) -> tuple[str, ...]:
    """Name the parts that a mean is made of."""
    return ("conditional", "dispersion", "scale", *(("zero_inflation",) if kind != "conditional" else ()))


def _has_random(estimate: GeneralizedEstimate, part: str) -> bool:
    return part in estimate.designs and len(estimate.designs[part].random) > 0


def _random_variance(estimate: GeneralizedEstimate, part: str, frame: Frame | None) -> Vector:
    """Return the variance of z'b of the rows of the fit, or of new ones."""
    design = estimate.designs[part]
    rows = design.data.bound() if frame is None else design.encoding.bind(design.read(frame), new_groups=True)
    variance = np.zeros(rows.n_rows)
    covariances = estimate.own.fit.covariances()[slice(*estimate.parts[part].terms)]
    for k, (term, covariance) in enumerate(zip(design.random, covariances, strict=True)):
        z = np.ones((rows.n_rows, 1)) if list(term.columns) == ["(Intercept)"] else rows.term_matrix(k)
        variance = variance + np.einsum("ij,jk,ik->i", z, covariance, z)
    return variance if frame is not None or design.rows.kept is None else variance[design.rows.kept]


def check_kind(estimate: GeneralizedEstimate, kind: str) -> None:
    """Refuse a type of prediction that the model does not have."""
    parts = {"zprob": "zero_inflation", "disp": "dispersion", "prob": "thresholds", "class": "thresholds"}
    part = parts.get(kind)
    if part is not None and part not in estimate.parts:
        raise OptionError(f"type={kind!r}: the model has no {part.replace('_', ' ')}")


def _of_rows(estimate: GeneralizedEstimate, use: list[bool]) -> dict[str, Vector]:
    names = family_predictors(estimate.family_spec)
    eta = dict(zip(names, estimate.own.fit.linear_predictors(), strict=True))
    if "thresholds" in estimate.parts:
        eta["thresholds"] = estimate.thresholds()
    if not all(use):
        eta["conditional"] = estimate.linear_predictor(use)
    if not any(use):
        eta |= {
            part: _without_random(estimate, part)
            for part in eta
            if part != "conditional" and _has_random(estimate, part)
        }
    return eta


def _without_random(estimate: GeneralizedEstimate, part: str) -> Vector:
    """Return the linear predictor of a part of the rows of the fit without its random effects."""
    design = estimate.designs[part]
    rows = design.data.bound()
    modes = estimate.own.fit.modes()[slice(*estimate.parts[part].terms)]
    eta = rows.linear_predictor(estimate.full_coefficients(part), modes, [False] * len(modes))
    return eta if design.rows.kept is None else eta[design.rows.kept]


def _of_part(estimate: GeneralizedEstimate, part: str, frame: Frame, use: list[bool], new_levels: str) -> Vector | None:
    """Return the linear predictor of a part by its formula; None of a constant, and of thresholds."""
    if part not in estimate.designs or part == "thresholds":
        return None
    design = estimate.designs[part]
    columns = design.read(frame)
    is_constant = not columns.names or (list(design.columns) == ["(Intercept)"] and not design.random)
    if part != "conditional" and is_constant:
        return None
    new = design.encoding.bind(columns, new_groups=new_levels != "error")
    modes = estimate.own.fit.modes()[slice(*estimate.parts[part].terms)]
    used = use if part == "conditional" else [any(use)] * len(modes)
    unseen = unseen_rows(estimate, new, use, new_levels) if part == "conditional" else None
    values = new.linear_predictor(estimate.full_coefficients(part), modes, used)
    if unseen is not None:
        values[unseen] = np.nan
    return values


def _of_new_rows(
    estimate: GeneralizedEstimate, frame: Frame, use: list[bool], new_levels: str, offset: Vector | None
) -> dict[str, Vector]:
    require_offset(estimate, frame, offset)
    found = {part: _of_part(estimate, part, frame, use, new_levels) for part in estimate.parts}
    eta = {part: values for part, values in found.items() if values is not None}
    if offset is not None:
        eta["conditional"] = eta["conditional"] + checked_offset(offset, len(eta["conditional"]))
    n = len(eta["conditional"])
    if "thresholds" in estimate.parts:
        eta["thresholds"] = estimate.thresholds(_new_nominal(estimate, frame))
    for part in estimate.parts:
        if part not in eta:
            eta[part] = np.full(n, estimate.own.coefficients_of(part)[0])
    return eta


def require_offset(estimate: GeneralizedEstimate, frame: Frame | None, offset: Vector | None) -> None:
    """Refuse new rows without the offset that they need."""
    if frame is not None and offset is None and estimate.request.offset is not None:
        raise OptionError(
            "the fit has an offset that is an array, which belongs to its rows; give that of the new rows as offset=, "
            "or zeros for none (an offset that is a column is read from the new data)"
        )


def _new_nominal(estimate: GeneralizedEstimate, frame: Frame) -> NewRows | None:
    """Encode what thresholds depend on, if they do."""
    design = estimate.designs.get("thresholds")
    return None if design is None else design.encoding.bind(design.read(frame))


def _on_scale(estimate: GeneralizedEstimate, eta: dict[str, Vector], kind: str) -> Any:
    if kind == "link":
        return np.array(eta["conditional"])
    if kind == "zprob":
        return logistic(eta["zero_inflation"])
    if kind == "disp":
        return np.exp(eta["dispersion"] * (-0.5 if estimate.family.name == "gamma" else 1.0))
    if estimate.family.name == "cumulative":
        return _ordered(estimate, eta, kind)
    predictors = [np.ascontiguousarray(eta[name]) for name in family_predictors(estimate.family_spec)]
    return family_means(estimate.family_spec, predictors, kind == "conditional")[0]


def _ordered(estimate: GeneralizedEstimate, eta: dict[str, Vector], kind: str) -> Any:
    """Return probabilities of categories, the most probable one, or the expected number of the category."""
    each = estimate.category_probabilities(eta)
    if kind == "prob":
        return each
    if kind == "class":
        names = np.array(estimate.categories, dtype=object)
        return np.where(np.isnan(each).any(axis=1), None, names[np.nan_to_num(each).argmax(axis=1)])
    return expected_category(each)


def residual_deviations(estimate: GeneralizedEstimate) -> Vector:
    """Return the standard deviation that the family gives every row, of weight one."""
    if estimate.family.name == "cumulative":
        raise OptionError("an ordered response has no standard deviation; predict(type='prob') gives probabilities")
    eta, trials = estimate.own.fit.linear_predictors(), estimate.response.trials
    return np.sqrt(family_variances(estimate.family_spec, eta, trials))


def generalized_residuals(estimate: GeneralizedEstimate, *, pearson: bool) -> Vector:
    """Return response minus fitted mean, or that over the standard deviation of the family."""
    if estimate.family.name == "cumulative":
        raise OptionError("an ordered response has no residuals of its mean; predict(type='prob') gives probabilities")
    values = estimate.values
    residual = values.response - values.fitted
    if not pearson:
        return residual
    deviation = residual_deviations(estimate)
    weights = 1.0 if values.weights is None else values.weights
    return np.asarray(residual * np.sqrt(weights) / deviation)
