"""What the numbers of a table of means or contrasts are, in words."""

from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...estimation.marginal import EquationsEstimate
from ...formula import ColumnName

_SHARES = ("binomial", "betabinomial")
_OF_PARTS = {
    "conditional": "means without the zero part",
    "zprob": "probabilities of zero by the zero part",
    "prob": "probabilities of the categories",
    "cumulative": "probabilities of a category or a lower one",
    "exceedance": "probabilities of a higher category",
    "mean.class": "expected categories, counted from 1",
    "mean": "means of the response",
}


def mean_words(estimate: Estimate, scale: str) -> list[str]:
    """Say what means are of; nothing where they are of the response itself."""
    words = _number_words(estimate, scale)
    return [f"Scale (type={scale!r}): {words}."] if words else []


def contrast_words(estimate: Estimate, scale: str, *, ratios: bool) -> list[str]:
    """Say what contrasts are differences or ratios of; nothing for differences of means of the response itself."""
    if ratios:
        return [f"Scale (type={scale!r}): ratios of {_ratio_words(estimate, scale)}."]
    words = _number_words(estimate, scale)
    return [f"Scale (type={scale!r}): differences of {words}."] if words else []


def slope_words(estimate: Estimate, scale: str) -> list[str]:
    """Say what slopes are of; nothing where they are of the response itself."""
    words = _number_words(estimate, scale)
    return [f"Scale (type={scale!r}): slopes of {words}."] if words else []


def _number_words(estimate: Estimate, scale: str) -> str:
    if scale in _OF_PARTS and (scale != "conditional" or _is_without_zeros(estimate, scale)):
        return _OF_PARTS[scale]
    if not isinstance(estimate, GeneralizedEstimate | EquationsEstimate):
        return _of_linear(estimate, scale)
    family = estimate.family
    if scale == "link":
        return "" if family.link == "identity" else f"linear predictors ({family.link})"
    if family.name == "cumulative":
        return _OF_PARTS["mean.class"]
    population = "" if isinstance(estimate, EquationsEstimate) else ", at random effects of zero"
    return ("probabilities" if family.name in _SHARES else "means of the response") + population


def _of_linear(estimate: Estimate, scale: str) -> str:
    response = estimate.request.spec.response
    if isinstance(response.expression, ColumnName):
        return ""
    return f"means of {response.name}" if scale == "link" else f"the response, turned back from {response.name}"


def _is_without_zeros(estimate: Estimate, scale: str) -> bool:
    """Whether a scale leaves out the zero part that a model has."""
    parts = estimate.parts if isinstance(estimate, GeneralizedEstimate) else {}
    return scale == "conditional" and "zero_inflation" in parts


def _ratio_words(estimate: Estimate, scale: str) -> str:
    if not isinstance(estimate, GeneralizedEstimate | EquationsEstimate):
        return f"the response, turned back from {estimate.request.spec.response.name}"
    if estimate.family.link == "logit":
        return "odds"
    return _OF_PARTS["conditional"] if _is_without_zeros(estimate, scale) else "means"
