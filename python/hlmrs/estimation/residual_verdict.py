"""What the parameters of the residuals add to a verdict: correlations at an end, fitted values that did not settle."""

from collections.abc import Sequence
from dataclasses import replace

from ..formula import ResidualTerm
from .verdict import Verdict

_UNSETTLED = (
    "the dispersion depends on fitted values that still changed after {} rounds: model the variance by a covariate, or "
    "its dependence on the mean by a family (glmer)"
)


_SINGULAR = (
    "{}: the likelihood has no maximum; it grows as residuals at one visit become a combination of those at others, "
    "for too few groups have rows at all visits"
)
_FEWER = (
    "The numbers of this fit are not to be used. Take a structure with fewer parameters, such as toeph, ar1h or cs, or "
    "leave out visits that few groups have."
)
_STOPPED = (
    "The numbers of this fit are those of the point where the search stopped. Take a structure with fewer parameters, "
    "allow more evaluations (control=hlmrs.Control(max_evaluations=...)), or cross-check with optimizer='bobyqa'."
)


def with_residuals(verdict: Verdict, term: ResidualTerm | None, limits: Sequence[tuple[str, str]]) -> Verdict:
    """Say what to do of residuals whose search stopped, and which correlations are at an end of what they can be.

    `limits` has the level of ``by``, and which end it is.
    """
    if term is not None and any(end == "singular" for _, end in limits):
        return replace(verdict, status="not-converged", reason=_SINGULAR.format(term.text), advice=(_FEWER,))
    if verdict.status == "not-converged":
        verdict = replace(verdict, advice=(_STOPPED,))
    if term is None or not limits or verdict.status not in ("optimum", "boundary", "not-converged"):
        return verdict
    where = {level: f" of {level}" if level else "" for level, _ in limits}
    simpler = [f"{term.text}{where[level]}" for level, end in limits if end in _SIMPLER]
    singular = [f"{term.text}{where[level]}" for level, end in limits if end not in _SIMPLER]
    advice = [_TEXTS[end].format(text=term.text, where=where[level], label=term.label) for level, end in limits]
    if verdict.status == "not-converged":
        return replace(verdict, advice=(*advice, *verdict.advice))
    return replace(
        verdict,
        status="boundary",
        singular_terms=(*verdict.singular_terms, *singular),
        limits=(*verdict.limits, *simpler),
        advice=(*verdict.advice, *advice),
    )


def not_settled(verdict: Verdict, rounds: int) -> Verdict:
    """Say that the rounds of a dispersion that depends on fitted values came to no end."""
    return replace(verdict, status="not-converged", reason=_UNSETTLED.format(rounds), advice=())


_SIMPLER = ("constant", "independent", "without-nugget", "unit-root")
"""Ends at which the covariance of the residuals has full rank."""
_TEXTS = {
    "equal": (
        "{text}: residuals{where} of a group are correlated by one at every distance in the data, so that they act "
        "like a random intercept; write (1 | {label}) in place of the structure."
    ),
    "constant": (
        "{text}: residuals{where} of a group are correlated alike at every distance in the data: the range has no end; "
        "write cs(1 | {label}), or a random intercept (1 | {label}), in place of the structure."
    ),
    "least": (
        "{text}: the correlation{where} is the smallest that there can be, so that residuals of a group cancel; look "
        "whether the groups and times are the right ones, and take a structure with other parameters."
    ),
    "independent": (
        "{text}: residuals{where} are not correlated even at the smallest distance in the data; the model without the "
        "structure fits as well."
    ),
    "without-nugget": "{text}: the nugget{where} is zero; the structure without nugget=True fits as well.",
    "unit-root": (
        "{text}: a root of the process{where} is on the unit circle, where its orders are larger than the data bear; "
        "take smaller p and q."
    ),
    "dependent": (
        "{text}: the residuals{where} at one visit are a combination of those at others, for the data determine fewer "
        "correlations; take a structure with fewer parameters, such as toep, ad or ar1."
    ),
}
