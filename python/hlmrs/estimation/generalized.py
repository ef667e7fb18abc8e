"""A fitted generalized linear mixed model: the core's fit, and what its numbers belong to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import GeneralizedFit, GeneralizedModel, Rows, family_means
from ..errors import DesignError, FitStateError, OptionError, listed
from ..families import Family
from ..frame import Frame
from .advice import LEAST_SQUARES
from .estimate import GONE, Estimate, RowValues, refit_response
from .generalized_core import GeneralizedCore
from .layout import Layout, layout_of
from .parts import RESPONSE, GeneralizedRequest, PartDesign, family_json, generalized_rows
from .response import Response, refitted
from .verdict import Verdict, verdict_of

Vector = NDArray[np.float64]
_PART = 1e-6
"""Share of a direction below which a coefficient takes no part in it."""


@dataclass(frozen=True, slots=True)
class PartEstimates:
    """The coefficients of one part: names, estimates, and where they stand among all."""

    names: list[str]
    dropped: list[str]
    first: int
    n: int
    terms: tuple[int, int]


class GeneralizedEstimate(Estimate):
    """A fitted generalized model with its names."""

    is_linear = False

    def __init__(
        self,
        request: GeneralizedRequest,
        core: GeneralizedCore,
        kind: str,
        designs: Mapping[str, PartDesign],
        response: Response | None,
        *,
        categories: Sequence[str] = (),
        levels: tuple[str, str] | None = None,
        frame: Frame | None = None,
        why_gone: str = GONE,
        **made: Any,
    ) -> None:
        mean = designs["conditional"]
        super().__init__(request.mean, core, kind, mean.splines, mean.data_if_kept, frame, why_gone, **made)  # type: ignore[arg-type]
        self.generalized, self.designs, self._response, self.own = request, designs, response, core
        self.categories, self.levels = categories, levels
        self.family_spec = family_json(request.family, "zero_inflation" in request.others, len(categories))
        self.parts = {name: self._part(name) for name in core.parts}

    @property
    def response(self) -> Response:
        """The response of the rows used."""
        if self._response is None:
            raise FitStateError(self._why_gone)
        return self._response

    @property
    def has_values(self) -> bool:
        """Whether the values of the rows are there."""
        return self._response is not None

    @cached_property
    def layout(self) -> Layout:
        """Names, levels, sizes."""
        layout = layout_of(self.rows, self.core.model)
        name = self.request.spec.response.name
        dropped = {name if column == RESPONSE else column: n for column, n in layout.dropped_rows.items()}
        return replace(layout, response=name, dropped_rows=dropped)

    @property
    def moments(self) -> list[NDArray[np.float64]]:
        """Per random term of the mean the mean of z z' over the rows used."""
        return self.designs["conditional"].moments

    @property
    def family(self) -> Family:
        """The family."""
        return self.generalized.family

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the optimum, and the limits that it lies at."""
        parts = self.designs.values()
        random = [term for part in parts for term in part.random]
        terms = [term for part in parts for term in part.request.spec.random]

        def moments() -> list[NDArray[np.float64]]:
            return [own for part in parts for own in part.moments]

        found = verdict_of(self.core.verdict, replace(self.layout, random=random), terms, moments)
        # what is said of a model without random effects is said of linear ones
        advice = [text for text in found.advice if text != LEAST_SQUARES.text]
        return replace(found, advice=(*advice, *self.limits))

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """What is said of coefficients that can grow without end at no cost."""
        endless = set(self.own.fit.without_end)
        reason = self.own.fit.uncertain
        said = [] if reason is None else [_UNCERTAIN.format(reason)]
        for name, part in self.parts.items():
            own = [part.names[k - part.first] for k in range(part.first, part.first + part.n) if k in endless]
            if own:
                said.append(_LIMITS.get((self.family.name, name)) or _LIMITS.get(("", name)) or _no_end(name, own))
        return tuple(said)

    def _part(self, name: str) -> PartEstimates:
        entry = self.own.parts[name]
        if name == "thresholds":
            columns = [f"{low}|{high}" for low, high in pairwise(self.categories)]
        elif name in self.designs:
            columns = self.designs[name].columns
        else:
            columns = ["(Intercept)"]
        kept = set(entry["kept"])
        names = [columns[k] for k in entry["kept"]]
        constant = name == "conditional" and self.family.name == "cumulative"
        dropped = [c for k, c in enumerate(columns) if k not in kept and not (constant and c == "(Intercept)")]
        return PartEstimates(names, dropped, entry["first"], entry["n"], entry["terms"])

    @cached_property
    def values(self) -> RowValues:
        """Response and fitted values."""
        eta = self.own.fit.linear_predictors()
        y, trials = self.response.y, self.response.trials
        if self.family.name == "cumulative":
            fitted = expected_category(self.category_probabilities(eta[0]))
        else:
            fitted = family_means(self.family_spec, eta, False)[0]
        shown = y if trials is None else np.divide(y, trials, out=np.full(len(y), np.nan), where=trials > 0)
        weights = trials if trials is not None else self.response.weights
        return RowValues(shown, fitted, weights, self.rows.kept)

    def conditional_means(self, eta: list[Vector]) -> Vector:
        """Return means of the conditional part for predictors of the family."""
        return family_means(self.family_spec, [np.ascontiguousarray(e) for e in eta], True)[0]

    def category_probabilities(self, eta: Vector) -> NDArray[np.float64]:
        """Return the probability of each category, a column each, for linear predictors of the mean."""
        thresholds = self.own.coefficients_of("thresholds")
        probability = family_json(Family("binomial", self.family.link), False, 0)
        below = [family_means(probability, [a - eta], False)[0] for a in thresholds]
        return np.diff(np.column_stack([np.zeros(len(eta)), *below, np.ones(len(eta))]), axis=1)

    def linear_predictor(self, use_terms: list[bool] | None = None) -> Vector:
        """Return that of the mean over the rows used, with some of the random terms."""
        if use_terms is None or all(use_terms):
            return np.asarray(self.own.fit.linear_predictors()[0])
        new = self.rows.encoding().bind(self.data.columns)
        eta = new.linear_predictor(self.full_coefficients("conditional"), self.core.modes(), use_terms)
        return eta if self.rows.kept is None else eta[self.rows.kept]

    def full_coefficients(self, part: str) -> Vector:
        """Return one coefficient per column of a part's design; those that are not estimated count as zero."""
        entry = self.own.parts[part]
        beta = np.zeros(entry["n_columns"])
        beta[entry["kept"]] = self.own.coefficients_of(part)
        return beta

    @property
    def sigma(self) -> float:
        """Residual standard deviation of a Gaussian response, else NaN."""
        if self.family.name in ("gaussian", "lognormal") and "dispersion" not in self.generalized.others:
            return float(np.exp(self.own.coefficients_of("dispersion")[0]))
        return float("nan")

    @property
    def residual_variance(self) -> float:
        """Residual variance of a Gaussian response, else NaN."""
        return self.sigma**2

    @property
    def has_residual(self) -> bool:  # type: ignore[override]
        """Whether there is a residual variance beside the random effects."""
        return not np.isnan(self.sigma)


@dataclass(frozen=True, slots=True)
class Approximation:
    """How far Laplace's approximation is from the likelihood, by the next term of its expansion.

    Attributes
    ----------
    error : float
        The log-likelihood less Laplace's, about.
    corrected : dict of str to float
        Coefficients of the mean and standard deviations of its random effects after one step toward the maximum of
        both together.
    shift : dict of str to float
        What that moves the coefficients by, in standard errors.

    Notes
    -----
    Shun and McCullagh (1995).  The correction removes most of the bias where groups have few rows; where the error is
    more than about 0.05 for each level of a grouping factor the expansion itself is rough.
    """

    error: float
    corrected: Mapping[str, float]
    shift: Mapping[str, float]

    def __str__(self) -> str:
        largest = max(self.shift, key=lambda name: abs(self.shift[name]), default=None)
        moved = (
            ""
            if largest is None
            else f"; corrected for it {largest} moves by {self.shift[largest]:.2f} standard errors"
        )
        return f"Laplace's log-likelihood is {abs(self.error):.3g} too {'low' if self.error > 0 else 'high'}{moved}"


def laplace_approximation(estimate: "GeneralizedEstimate") -> Approximation:
    """Compute the error of Laplace's approximation, and what it does to the estimates."""
    if estimate.generalized.approximation != "laplace":
        raise OptionError("the error of Laplace's approximation is that of a fit by it: nagq=1, information='observed'")
    error, coefficients, covariances = estimate.own.fit.laplace_error()
    part, own = estimate.parts["conditional"], estimate.own
    beta = coefficients[part.first : part.first + part.n]
    se = np.sqrt(np.diag(own.covariance_of("conditional")))
    names = part.names
    sds = {
        f"sd_{column}|{estimate.layout.groups[term.group].name}": float(np.sqrt(covariance[k, k]))
        for term, covariance in zip(estimate.layout.random, covariances[own.terms_of("conditional")], strict=True)
        for k, column in enumerate(term.columns)
    }
    shift = {name: float(s) for name, s in zip(names, (beta - own.beta) / se, strict=True)}
    return Approximation(error, dict(zip(names, map(float, beta), strict=True)) | sds, shift)


def expected_category(probabilities: NDArray[np.float64]) -> Vector:
    """Return the expected number of the category, from 1."""
    return probabilities @ np.arange(1.0, probabilities.shape[1] + 1)


def fit_generalized(request: GeneralizedRequest, frame: Frame) -> GeneralizedEstimate:
    """Fit a generalized model to a frame."""
    designs, response = generalized_rows(request, frame)
    return _fitted(request, frame.kind, designs, response, frame=frame)


def _fitted(
    request: GeneralizedRequest, kind: str, designs: Mapping[str, PartDesign], response: Response, **origin: Any
) -> GeneralizedEstimate:
    model = generalized_model(request, designs, response)
    refuse_separation(model, request, designs["conditional"])
    core = GeneralizedCore(GeneralizedFit(model, request.mean.settings()))
    named: dict[str, Any] = {"categories": response.categories, "levels": response.levels}
    return GeneralizedEstimate(request, core, kind, designs, response, **named, **origin)


def generalized_model(
    request: GeneralizedRequest, designs: Mapping[str, PartDesign], response: Response
) -> GeneralizedModel:
    """Make the core's model of rows."""
    parts: list[tuple[str, Rows]] = [(name, part.rows) for name, part in designs.items()]
    spec = family_json(request.family, "zero_inflation" in request.others, len(response.categories))
    numbers = (response.y, response.trials, response.weights)
    name, threads = request.mean.spec.response.name, request.mean.control.threads() or 0
    return GeneralizedModel(parts, name, *numbers, spec, json.dumps(request.approximation), threads)


def refit_generalized(old: GeneralizedEstimate, y: Any) -> GeneralizedEstimate:
    """Fit the same model to another response; ordered categories are counted from 1."""
    response = replace(old.response, y=refitted(old.response, refit_response(old, y)))
    return _fitted(old.generalized, old.kind, old.designs, response, frame=old._frame, why_gone=old._why_gone)


def refuse_separation(model: GeneralizedModel, request: GeneralizedRequest, mean: PartDesign) -> None:
    """Refuse coefficients without a best value, by what moves them to infinity and the rows that this separates."""
    found = model.separation
    if found is None:
        return
    direction, separated = found
    columns = mean.columns
    names = [columns[k] for k in model.kept]
    own = np.array(direction)[: len(names)]
    largest = np.abs(own).max()
    moving = {name: value for name, value in zip(names, own / largest, strict=True) if abs(value) > _PART}
    along = " ".join(f"{'+' if value > 0 else '-'} {abs(value):.3g} {name}" for name, value in moving.items())
    numbers = ", ".join(map(str, separated[:5])) + (", ..." if len(separated) > 5 else "")
    what = (
        f"the coefficient of {listed([*moving])} has"
        if len(moving) == 1
        else f"the coefficients of {listed([*moving])} have"
    )
    raise DesignError(
        f"{what} no finite estimate: as {along.removeprefix('+ ')} goes to infinity the likelihood of "
        f"{len(separated):,} of {model.n_obs:,} rows used (counted from 0: {numbers}) rises without end and that of no "
        f"row falls, so that {request.mean.spec.response.name} is predicted perfectly there (separation); merge "
        "levels, or leave the term out"
    )


_UNCERTAIN = (
    "The standard errors were not computed: near the estimates {}. Intervals by profile or bootstrap do not need them."
)
_LIMITS = {
    (
        "nbinom2",
        "dispersion",
    ): "There is no overdispersion beyond Poisson's: the best dispersion is infinite, and the fit is "
    "that of family 'poisson'.",
    (
        "nbinom1",
        "dispersion",
    ): "There is no overdispersion beyond Poisson's: the best dispersion is zero, and the fit is that "
    "of family 'poisson'.",
    (
        "betabinomial",
        "dispersion",
    ): "There is no overdispersion beyond the binomial: the best precision is infinite, and the "
    "fit is that of family 'binomial'.",
    (
        "tweedie",
        "shape",
    ): "The best power is at an end of its range, 1.01 to 1.99: without zeros, or with a spread that grows with the "
    "mean itself, family 'gamma' or 'lognormal' may be meant.",
    (
        "",
        "zero_inflation",
    ): "There are no zeros beyond those of the counts, at least for some rows: their best probability "
    "is zero, and the coefficients of the zero part have no finite estimate.",
}


def _no_end(part: str, names: list[str]) -> str:
    where = part.replace("_", " ")
    return f"The data do not determine {listed(names)} of the {where} part: the likelihood is level there."
