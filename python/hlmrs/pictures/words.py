"""How pictures name effects, and write probabilities."""

from collections.abc import Sequence

from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate


def percent(level: float) -> str:
    """Write a probability.

    >>> percent(0.95), percent(0.999)
    ('95 %', '99.9 %')
    """
    return f"{100 * level:g} %"


def effects(term: str) -> str:
    """Name the effects of a random term's column."""
    return "intercepts" if term == "(Intercept)" else f"slopes of {term}"


def named(estimate: Estimate, name: str | None = None) -> str:
    """Return what the file of the data says of a column, by default of the response; else its name."""
    own = estimate.layout.response if name is None else name
    return estimate.labels.get(own, own)


def scale_of(estimate: Estimate) -> str:
    """Say on which scale linear predictors are: none for that of the response."""
    if not isinstance(estimate, GeneralizedEstimate) or estimate.family.link == "identity":
        return ""
    return {"logit": "log-odds", "log": "log scale"}.get(str(estimate.family.link), f"{estimate.family.link} scale")


def beside(text: str, note: str) -> str:
    """Put a note in parentheses behind a text, if there is one."""
    return f"{text} ({note})" if note else text


def joined(names: Sequence[str]) -> str:
    """Join names.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
