"""What the optimum is worth, in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .layout import Layout, RandomTermLayout


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a fit.

    Attributes
    ----------
    status : {"optimum", "boundary", "flat", "not-converged"}
        A verified optimum; one at which a combination of random effects has no variance; one along which the data do
        not identify some parameters; or no optimum.
    evaluations : int
        Evaluations of the criterion.
    expected_decrease : float
        How much the criterion could still fall, by its gradient and curvature.
    singular_terms : tuple of str
        Random terms whose covariance does not have full rank.
    flat_terms : tuple of str
        Random terms that the data do not identify.
    std_error : float
        Standard error of the criterion; 0 where it is exact: always, but for very large crossed designs.
    """

    status: str
    evaluations: int
    expected_decrease: float
    singular_terms: tuple[str, ...] = ()
    flat_terms: tuple[str, ...] = ()
    reason: str = ""
    advice: tuple[str, ...] = ()
    std_error: float = 0.0

    @property
    def converged(self) -> bool:
        """Whether the point is an optimum."""
        return self.status != "not-converged"

    @property
    def singular(self) -> bool:
        """Whether some combination of random effects has no variance."""
        return bool(self.singular_terms)

    def __str__(self) -> str:
        after = f"{self.evaluations} evaluations"
        if self.status == "not-converged":
            return f"not converged after {after}: {self.reason}"
        if self.status == "flat":
            return f"converged after {after}, but the data do not identify {', '.join(self.flat_terms)}"
        if self.singular:
            return f"converged after {after}, singular: {', '.join(self.singular_terms)}"
        return f"converged after {after} at a verified optimum"

    def explain(self) -> str:
        """Say what the verdict means and what to consider."""
        return "\n".join([f"{str(self)[0].upper()}{str(self)[1:]}.", *self.advice])


def verdict_of(core: Mapping[str, Any], layout: Layout) -> Verdict:
    """Put the core's verdict into words."""
    terms = layout.random
    advice = [_boundary_advice(terms[entry["term"]], entry["rank"], entry["directions"]) for entry in core["boundary"]]
    advice += [_flat_advice([terms[k].name for k in core["flat"]])] if core["flat"] else []
    if core["status"] == "not-converged":
        advice.append(
            "The numbers of this fit are those of the point where the search stopped. Fit again from there with "
            "control=hlmrs.Control(start=fit.theta, max_evaluations=...), or cross-check with optimizer='bobyqa'."
        )
    return Verdict(
        core["status"],
        core["evaluations"],
        core["expected_decrease"],
        tuple(terms[entry["term"]].name for entry in core["boundary"]),
        tuple(terms[k].name for k in core["flat"]),
        core["reason"],
        tuple(advice),
    )


def _boundary_advice(term: RandomTermLayout, rank: int, directions: Sequence[Sequence[float]]) -> str:
    width = len(term.columns)
    if rank == 0:
        what = "its variance is" if width == 1 else "all its variances are"
        return f"{term.name}: {what} estimated as zero; the model without this term fits as well."
    alone = [term.columns[_only(direction)] for direction in directions if _only(direction) >= 0]
    if len(alone) == len(directions):
        return f"{term.name}: the variance of {', '.join(alone)} is estimated as zero; {_without(term, alone)}"
    if width == 2:
        sign = "-1" if directions[0][0] * directions[0][1] > 0 else "1"
        return (
            f"{term.name}: the correlation of {term.columns[0]} and {term.columns[1]} is estimated as {sign}, "
            f"its limit; {_uncorrelated(term)}"
        )
    shown = "; ".join(_combination(term.columns, direction) for direction in directions)
    number = "a combination" if len(directions) == 1 else f"{len(directions)} combinations"
    return (
        f"{term.name}: {number} of its effects has no variance ({shown} is the same in every group), so that "
        f"correlations are at their limits; {_uncorrelated(term)}"
    )


def _only(direction: Sequence[float]) -> int:
    """Return the index of the one effect in a combination, or -1 if there are several."""
    large = [k for k, weight in enumerate(direction) if abs(weight) > 1e-4]
    return large[0] if len(large) == 1 else -1


def _combination(columns: Sequence[str], direction: Sequence[float]) -> str:
    parts = [(weight, name) for weight, name in zip(direction, columns, strict=True) if abs(weight) > 1e-4]
    text = " ".join(
        f"{'-' if weight < 0 else '+'} {'' if abs(abs(weight) - 1) < 5e-4 else f'{abs(weight):.3g} '}{name}"
        for weight, name in parts
    )
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("- ") else text.removeprefix("+ ")


def _without(term: RandomTermLayout, columns: Sequence[str]) -> str:
    left = [name for name in term.columns if name not in columns]
    return f"consider the term with {', '.join(left)} only."


def _uncorrelated(term: RandomTermLayout) -> str:
    inside = term.name.rpartition(" | ")
    if term.name.startswith("("):
        effects, _, group = inside
        return f"consider uncorrelated effects, {effects} || {group}, or fewer effects."
    return "consider fewer effects, or a simpler covariance."


def _flat_advice(names: Sequence[str]) -> str:
    return (
        f"The criterion is the same for other covariances of {', '.join(names)}: these variances cannot be told apart "
        "with these data, though fixed effects and fit are determined. Leave out one of the terms."
    )
