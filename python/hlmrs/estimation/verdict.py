"""What the optimum is worth, in plain words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..display import Facts, Notes, Printed, Report, Section
from ..display.numbers import plural
from ..display.text import wrapped
from ..formula.random_term import RandomTerm
from .advice import LEAST_SQUARES, Advice, EstimatedTerm, of_boundary, of_flat, of_independence, of_saturated
from .layout import Layout


@dataclass(frozen=True, slots=True, repr=False)
class Verdict(Printed):
    """The verdict on a fit.

    Attributes
    ----------
    status : {"optimum", "boundary", "flat", "exact", "rough", "pole", "unbounded", "rounded", "not-converged"}
        A verified optimum; one at the boundary of the model, at which a combination of random effects, or of residuals,
        has no variance or the law is one at the end of its family; one along which the data do not identify some
        parameters; one whose residual standard deviation is below about 5e-6 of the spread of the response, so that
        rounding may have moved it (a response that is reproduced exactly raises ``NumericalError``); one of a
        quadrature that more points change by more than 0.5 in the log-likelihood, so that it may not be one of the
        likelihood; or no optimum, where Laplace's approximation has none, where the likelihood rises as a standard
        deviation grows without end, where the log-likelihood is so large that rounding hides its optimum, or where none
        was found.
    evaluations : int
        Evaluations of the criterion, without those of the further points tried.
    expected_decrease : float
        How much the criterion could still fall, by its gradient and curvature.
    singular_terms : tuple of str
        Random terms whose covariance does not have full rank, and the residuals' structure where theirs does not.
    flat_terms : tuple of str
        Random terms that the data do not identify, and coefficients of generalized models.
    limits : tuple of str
        Parts of a generalized model whose best value is infinite, and the law there simpler: no overdispersion, no
        zeros beyond those of the counts; structures of residuals, or of random effects at places, that are a simpler
        one there: not correlated, no nugget; ``"sigma"`` where random effects can stand for every row and leave no
        residual variance.
    reason : str
        Why the search did not converge, what more points change, or where else the likelihood is higher; empty
        otherwise.
    advice : tuple of str
        What to consider.
    std_error : float
        Standard error of the criterion; 0 where it is exact: always, but for very large crossed designs.
    suggestions : dict
        Random terms, and what to write in their place for a simpler model; an empty text leaves the term out.  Empty
        where no random term would be left.
    tried : int
        Points far from the optimum that were tried for a lower one: the whole range of the variance of a model with
        one, and other scales and correlations of each term of a small model with more.
    prior : str
        The prior that the estimates are with, in words; empty without one.

    Examples
    --------
    Suggestions are followed by taking terms out and putting others in:

    >>> import warnings
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Oats", "dict")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
    ...     fit = hlmrs.lmer("yield ~ nitro + diag(nitro | Block) + (1 | Block:Variety)", data)
    >>> fit.verdict.suggestions
    {'diag(1 + nitro | Block)': 'diag(1 | Block)'}
    >>> fit.update("~ . - diag(1 + nitro | Block) + diag(1 | Block)").verdict.status
    'optimum'
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
    limits: tuple[str, ...] = ()
    prior: str = ""

    @property
    def converged(self) -> bool:
        """Whether the point is an optimum."""
        return self.status not in ("not-converged", "pole", "unbounded", "rounded", "rough", "exact")

    @property
    def singular(self) -> bool:
        """Whether some combination of random effects, or of the residuals of a group, has no variance."""
        return bool(self.singular_terms)

    def __str__(self) -> str:
        after = plural(self.evaluations, "evaluation")
        if self.status == "not-converged":
            return f"not converged after {after}: {self.reason}"
        if self.status == "pole":
            return f"not converged after {after}: Laplace's approximation has no optimum here: {self.reason}"
        if self.status == "unbounded":
            terms = ", ".join(self.flat_terms)
            return (
                f"no optimum after {after}: the standard deviation of {terms} has no finite best value: {self.reason}"
            )
        if self.status == "rounded":
            return f"not converged after {after}: rounding hides the optimum: {self.reason}"
        if self.status == "exact":
            return f"no optimum after {after}: the residuals are so small that rounding may have moved them"
        if self.status == "rough":
            return f"no optimum of the likelihood after {after}, but of its quadrature: {self.reason}"
        if self.status == "flat":
            return f"converged after {after}, but the data do not identify {', '.join(self.flat_terms)}"
        places = [f"singular: {', '.join(self.singular_terms)}"] if self.singular else []
        places += [f"at a limit: {', '.join(self.limits)}"] if self.limits else []
        prior = ", with a prior" if self.prior else ""
        if places:
            return f"converged after {after}, {'; '.join(places)}{prior}"
        return f"converged after {after} at a verified optimum{prior}"

    def _report(self) -> Report:
        facts = [
            ("Status", self.status),
            ("Could still fall by", f"{self.expected_decrease:.2g}"),
            ("Singular", ", ".join(self.singular_terms)),
            ("Not identified", ", ".join(self.flat_terms)),
            ("Limits", ", ".join(self.limits)),
        ]
        stated = Section("", Facts([(label, value) for label, value in facts if value]))
        _, *notes = explanation(self)
        return Report(sentence(self), [stated, Section("", Notes(notes))])

    def explain(self) -> str:
        """Say what the verdict means and what to consider.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> print(fit.verdict.explain())
        Converged after ... evaluations at a verified optimum.
        A lower optimum was looked for from ... points far from it; none was found, which does not rule one out.
        """
        return "\n".join(map(wrapped, explanation(self)))


def explanation(verdict: Verdict) -> list[str]:
    """Return what a verdict means and what to consider, in paragraphs."""
    tried = [of_search(verdict)] if verdict.tried and verdict.converged else []
    return [sentence(verdict), *of_prior(verdict), *tried, *verdict.advice]


def sentence(verdict: Verdict) -> str:
    """Say what a verdict is."""
    return f"{str(verdict)[0].upper()}{str(verdict)[1:]}."


def of_prior(verdict: Verdict) -> list[str]:
    """Say what a prior has to do with the numbers, if there is one."""
    if not verdict.prior:
        return []
    return [
        f"The estimates maximize the likelihood times a prior ({verdict.prior}): they are posterior modes. The "
        "log-likelihood is without the prior."
    ]


def of_search(verdict: Verdict) -> str:
    """Say how far a lower optimum was looked for."""
    if not verdict.tried:
        return "A lower optimum far from it was not looked for."
    return (
        f"A lower optimum was looked for from {plural(verdict.tried, 'point')} far from it; none was found, which does "
        "not rule one out."
    )


def verdict_of(
    core: Mapping[str, Any],
    layout: Layout,
    random: Sequence[RandomTerm],
    moments: Callable[[], Sequence[NDArray[np.float64]]],
    left: Advice = LEAST_SQUARES,
    std_error: float = 0.0,
) -> Verdict:
    """Put the core's verdict into words; `moments` makes the mean of z z' of each term, where it is wanted.

    `left` is the advice where no random effects would be left, `std_error` that of the criterion.
    """
    terms = [EstimatedTerm(term, own.columns) for term, own in zip(random, layout.random, strict=True)]
    independent = [k for k in core.get("independent", []) if k not in core["flat"]]
    advice = _advice(core, terms, moments)
    suggestions = {term: instead for piece in advice for term, instead in piece.suggestions.items()}
    if terms and suggestions == {term.name: "" for term in terms}:
        advice, suggestions = [*advice, _saturated(core, layout) or left], {}
    return Verdict(
        core["status"],
        core["evaluations"],
        core["expected_decrease"],
        tuple(terms[entry["term"]].name for entry in core["boundary"]),
        tuple(terms[k].name for k in core["flat"]),
        core["reason"],
        tuple(piece.text for piece in advice),
        std_error,
        suggestions=suggestions,
        tried=core["tried"],
        limits=(*(terms[k].name for k in independent), *(["sigma"] if core["sigma_vanishes"] else [])),
    )


def _saturated(core: Mapping[str, Any], layout: Layout) -> Advice | None:
    """Say that fixed effects leave nothing of the differences between groups; None where that is not so."""
    if len(layout.random) > 1 or core["redundant"] is None or list(layout.random[0].columns) != ["(Intercept)"]:
        return None
    group = layout.groups[layout.random[0].group]
    return of_saturated(group.name, len(group.levels)) if len(group.levels) < layout.n_rows else None


def _advice(
    core: Mapping[str, Any],
    terms: Sequence[EstimatedTerm],
    moments: Callable[[], Sequence[NDArray[np.float64]]],
) -> list[Advice]:
    """Say what to consider; of a term that is not identified zeros mean nothing."""
    if core["status"] in _WITHOUT_OPTIMUM:
        return [_WITHOUT_OPTIMUM[core["status"]]]
    flat = core["flat"]
    advice = [of_boundary(terms[entry["term"]], entry) for entry in core["boundary"] if entry["term"] not in flat]
    advice += [of_independence(terms[k]) for k in core.get("independent", []) if k not in flat]
    advice += [_NO_RESIDUALS] if core["sigma_vanishes"] else []
    if flat:
        advice.append(of_flat(terms, flat, core["redundant"], moments()))
    return [*advice, Advice(_ELSEWHERE.format(core["reason"]))] if core["reason"] else advice


_EXACT = Advice(
    "The numbers of this fit are not to be used: the residual standard deviation is below about 5e-6 of the spread of "
    "the response, so that squares lose its digits; if it is zero the likelihood has no maximum. Look whether it was "
    "computed from the predictors, or is the same for all rows of a group; if residuals so small matter, subtract what "
    "is known of the response before the fit."
)
_NO_RESIDUALS = Advice(
    "The best residual variance is zero: the random effects can stand for every row, and what is printed for sigma is "
    "where the search ended. A covariance of the rows of a group is a residual structure, without a variance beside "
    "it: hlmrs.gls(..., residual='ar1(time | group)'). Otherwise leave out a random effect."
)
_NOT_CONVERGED = Advice(
    "The numbers of this fit are those of the point where the search stopped. Fit again from there with "
    "control=hlmrs.Control(start=fit.theta, max_evaluations=...), or cross-check with optimizer='bobyqa'."
)
_POLE = Advice(
    "The numbers of this fit are those of a point before it breaks down, near which the likelihood may have its "
    "optimum. Leave out a random effect that the data say little of, most often that of the zero part."
)
_UNBOUNDED = Advice(
    "The numbers of this fit are those of its approximation, and grow with the number of its points. The levels say "
    "too little of how far they differ: have more rows in each, leave out a random effect, or fit its levels as fixed "
    "effects with a prior (prior=hlmrs.Normal(0, 2.5))."
)
_ROUNDED = Advice(
    "The numbers of this fit are not to be used. Look whether this row is right, and correct it or leave it out; "
    "divide weights by their mean."
)
_ROUGH = Advice(
    "The quadrature has too few points for these random effects: fit with more of them (nagq=), or by Laplace's "
    "approximation (nagq=1). Where most groups are nothing but successes, or failures, their standard deviation has "
    "no finite best value, perhaps, and no number of points will do."
)
_ELSEWHERE = "The approximation is far from the likelihood: {}. Quadrature (nagq=25 or more) has an optimum near there."
_WITHOUT_OPTIMUM = {
    "exact": _EXACT,
    "rough": _ROUGH,
    "pole": _POLE,
    "unbounded": _UNBOUNDED,
    "rounded": _ROUNDED,
    "not-converged": _NOT_CONVERGED,
}
