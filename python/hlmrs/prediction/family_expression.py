"""Means and probabilities of families as Polars expressions of their linear predictors."""

from collections.abc import Mapping
from math import pi
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from .expression import Writer
from .generalized import check_kind
from .level_keys import NoExpressionError
from .prediction import full_beta

if TYPE_CHECKING:
    import polars

Expressions = Mapping[str, Any]


def generalized_expression(estimate: GeneralizedEstimate, kind: str, category: str | None) -> "polars.Expr":
    """Write a prediction at random effects of zero; null where a column of it is."""
    check_kind(estimate, kind)
    eta = Writer(estimate).fixed_part([float(b) for b in full_beta(estimate)])
    try:
        return finished(estimate, kind, eta, None, category)[0]
    except NoExpressionError as error:
        raise OptionError(f"type={kind!r}: {error}; predict(lazy_frame, random_effects=False) computes it") from None


def finished(
    estimate: GeneralizedEstimate, kind: str, eta: Any, schema: Any, category: str | None = None
) -> tuple[Any, list[Writer]]:
    """Write the prediction of the mean's linear predictor, and return what wrote the other parts."""
    import polars as pl

    parts: dict[str, Any] = {"conditional": eta}
    writers: list[Writer] = []
    for name in estimate.parts:
        if name not in ("conditional", "thresholds"):
            coefficients = [float(b) for b in estimate.full_coefficients(name)]
            if name not in estimate.designs or not _has_columns(estimate, name):
                parts[name] = pl.lit(coefficients[0])
                continue
            if estimate.designs[name].random and schema is not None:
                raise NoExpressionError(f"the {name.replace('_', ' ')} part has random effects")
            writers.append(Writer(estimate.designs[name], schema))
            parts[name] = writers[-1].fixed_part(coefficients)
    if "thresholds" in estimate.parts:
        parts["thresholds"], own = _thresholds(estimate, schema)
        writers.extend(own)
    return _on_scale(estimate, kind, parts, category), writers


def _thresholds(estimate: GeneralizedEstimate, schema: Any) -> tuple[list[Any], list[Writer]]:
    """Write the thresholds: numbers, or what depends on columns."""
    coefficients = estimate.threshold_coefficients()
    if "thresholds" not in estimate.designs:
        return [float(a) for a in coefficients[0]], []
    writer = Writer(estimate.designs["thresholds"], schema)
    return [writer.fixed_part([float(b) for b in own]) for own in coefficients.T], [writer]


def _has_columns(estimate: GeneralizedEstimate, part: str) -> bool:
    """Whether a part has more than an intercept."""
    spec = estimate.designs[part].request.spec
    return bool(spec.terms or spec.offsets or spec.random or not spec.intercept)


def _on_scale(estimate: GeneralizedEstimate, kind: str, parts: Expressions, category: str | None) -> Any:
    eta, name = parts["conditional"], estimate.family.name
    if category is not None and kind != "prob":
        raise OptionError(f"category={category!r} is for type='prob'")
    if kind == "link":
        return eta
    if kind == "zprob":
        return _logistic(parts["zero_inflation"])
    if kind == "disp":
        return (parts["dispersion"] * (-0.5 if name == "gamma" else 1.0)).exp()
    if name == "cumulative":
        return _ordered(estimate, parts, kind, category)
    mean = _inverse(str(estimate.family.link), eta)
    if kind != "conditional":
        return _of_response(name, mean, parts)
    own = {part: written for part, written in parts.items() if part != "zero_inflation"}
    return mean if name == "ordbeta" else _of_response(name, mean, own)


def _of_response(name: str, mean: Any, parts: Expressions) -> Any:
    """Write the mean of the response: with the zeros of another source, of counts above zero alone."""
    if name == "lognormal":
        mean = (mean + 0.5 * (2 * parts["dispersion"]).exp()).exp()
    if name == "ordbeta":
        low, high = (_logistic(parts["conditional"] - parts[cut]) for cut in ("shape", "shape2"))
        return high + (low - high) * mean
    if name.startswith("truncated_"):
        mean = mean / _at_least_once(_rate_above_zero(name, mean, parts))
    return mean * _logistic(-parts["zero_inflation"]) if "zero_inflation" in parts else mean


def _rate_above_zero(name: str, mean: Any, parts: Expressions) -> Any:
    """Write minus the logarithm of the probability of a zero."""
    if name == "truncated_poisson":
        return mean
    phi = parts["dispersion"].exp()
    if name == "truncated_genpois":
        return mean / phi.sqrt()
    if name == "truncated_nbinom2":
        return phi * (mean / phi).log1p()
    return mean / phi * phi.log1p()


def _at_least_once(rate: Any) -> Any:
    """Write 1 - exp(-rate) in full precision where the rate is small: 2 t / (1 + t), t = tanh(rate / 2)."""
    t = (rate / 2).tanh()
    return 2 * t / (1 + t)


def _ordered(estimate: GeneralizedEstimate, parts: Expressions, kind: str, category: str | None) -> Any:
    """Write the expected number of the category, from 1, or the probability of one."""
    import polars as pl

    link, categories = str(estimate.family.link), list(estimate.categories)
    scale = parts["scale"].exp() if "scale" in parts else 1.0
    below = [_inverse(link, (a - parts["conditional"]) / scale) for a in parts["thresholds"]]
    if kind in ("response", "conditional"):
        total = pl.lit(float(len(categories)))
        for probability in below:
            total = total - probability
        return total
    if kind == "class":
        raise OptionError("type='class' is no number; type='prob' with a category is its probability")
    if category not in categories:
        raise OptionError(f"category={category!r}: name one of {', '.join(map(repr, categories))}")
    k = categories.index(category)
    low = below[k - 1] if k > 0 else pl.lit(0.0)
    high = below[k] if k < len(below) else pl.lit(1.0)
    return high - low


def _inverse(link: str, eta: Any) -> Any:
    if link not in _INVERSES:
        raise NoExpressionError(f"Polars has no function for the inverse of link {link!r}")
    return _INVERSES[link](eta)


def _logistic(eta: Any) -> Any:
    return 1 / (1 + (-eta).exp())


_INVERSES: dict[str, Any] = {
    "identity": lambda eta: eta,
    "log": lambda eta: eta.exp(),
    "logit": _logistic,
    "cloglog": lambda eta: _at_least_once(eta.exp()),
    "cauchit": lambda eta: 0.5 + eta.arctan() / pi,
    "inverse": lambda eta: 1 / eta,
    "sqrt": lambda eta: eta**2,
    "1/mu^2": lambda eta: 1 / eta.sqrt(),
}
