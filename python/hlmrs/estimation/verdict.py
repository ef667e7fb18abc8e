"""What the optimum is worth, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .advice import Advice, of_boundary, of_flat
from .layout import Layout


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a fit.

    Attributes
    ----------
    status : {"optimum", "boundary", "flat", "exact", "not-converged"}
        A verified optimum; one at which a combination of random effects has no variance; one along which the data do
        not identify some parameters; a response that is reproduced up to rounding, so that the likelihood has no
        maximum; or no optimum.
    evaluations : int
        Evaluations of the criterion, without those of the further points tried.
    expected_decrease : float
        How much the criterion could still fall, by its gradient and curvature.
    singular_terms : tuple of str
        Random terms whose covariance does not have full rank.
    flat_terms : tuple of str
        Random terms that the data do not identify.
    reason : str
        Why the search did not converge; empty otherwise.
    advice : tuple of str
        What to consider.
    std_error : float
        Standard error of the criterion; 0 where it is exact: always, but for very large crossed designs.
    suggestions : dict
        Random terms, and what to write in their place for a simpler model; an empty text leaves the term out.
    tried : int
        Points far from the optimum that were tried for a lower one: the whole range of the variance of a model with
        one, and other scales and correlations of each term of a small model with more.
    """

    status: str
    evaluations: int
    expected_decrease: float
    singular_terms: tuple[str, ...] = ()
    flat_terms: tuple[str, ...] = ()
    reason: str = ""
    advice: tuple[str, ...] = ()
    std_error: float = 0.0
    suggestions: Mapping[str, str] = field(default_factory=dict)
    tried: int = 0

    @property
    def converged(self) -> bool:
        """Whether the point is an optimum."""
        return self.status not in ("not-converged", "exact")

    @property
    def singular(self) -> bool:
        """Whether some combination of random effects has no variance."""
        return bool(self.singular_terms)

    def __str__(self) -> str:
        after = f"{self.evaluations} evaluations"
        if self.status == "not-converged":
            return f"not converged after {after}: {self.reason}"
        if self.status == "exact":
            return f"no optimum after {after}: the model reproduces the response up to rounding"
        if self.status == "flat":
            return f"converged after {after}, but the data do not identify {', '.join(self.flat_terms)}"
        if self.singular:
            return f"converged after {after}, singular: {', '.join(self.singular_terms)}"
        return f"converged after {after} at a verified optimum"

    def explain(self) -> str:
        """Say what the verdict means and what to consider."""
        tried = [f"A lower optimum was looked for from {self.tried} points."] if self.tried else []
        return "\n".join([f"{str(self)[0].upper()}{str(self)[1:]}.", *tried, *self.advice])


def verdict_of(core: Mapping[str, Any], layout: Layout) -> Verdict:
    """Put the core's verdict into words."""
    terms = layout.random
    advice = [of_boundary(terms, entry) for entry in core["boundary"]]
    if core["flat"]:
        advice.append(of_flat(terms, core["flat"], core["redundant"]))
    if core["status"] == "exact":
        advice.append(_EXACT)
    if core["status"] == "not-converged":
        advice.append(_NOT_CONVERGED)
    return Verdict(
        core["status"],
        core["evaluations"],
        core["expected_decrease"],
        tuple(terms[entry["term"]].name for entry in core["boundary"]),
        tuple(terms[k].name for k in core["flat"]),
        core["reason"],
        tuple(piece.text for piece in advice),
        suggestions={term: instead for piece in advice for term, instead in piece.suggestions.items()},
        tried=core["tried"],
    )


_EXACT = Advice(
    "The residual standard deviation is below about 1e-6 of the spread of the response: rounding hides it, and if it "
    "is zero the likelihood has no maximum. Look whether the response was computed from the predictors, or is the same "
    "for all rows of a group; if residuals so small matter, subtract what is known of the response before the fit."
)
_NOT_CONVERGED = Advice(
    "The numbers of this fit are those of the point where the search stopped. Fit again from there with "
    "control=hlmrs.Control(start=fit.theta, max_evaluations=...), or cross-check with optimizer='bobyqa'."
)
