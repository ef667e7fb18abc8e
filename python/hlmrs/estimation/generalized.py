"""A fitted generalized linear mixed model: the core's fit, and what its numbers belong to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import GeneralizedFit, GeneralizedModel, NewRows, Rows, family_means, family_predictors
from ..errors import FitStateError, NumericalError
from ..families import Family, tweedie_power
from ..frame import Frame
from ..priors import described, described_covariances, exponent_of, prior_by_column
from .advice import GENERALIZED_LINEAR
from .estimate import GONE, Estimate, RowValues
from .family_spec import core_family
from .generalized_core import GeneralizedCore
from .generalized_request import GeneralizedRequest
from .layout import Layout, layout_of
from .limits import PartEstimates, edge_of, limits_of, part_columns, part_suffix, with_limits
from .making import refit_response
from .ordered import category_probabilities, expected_category, threshold_coefficients
from .parts import PartDesign, dropped_rows, generalized_rows, refuse_weightless, rows_again
from .penalty import log_density, with_prior
from .request import KEPT_ROWS, without_idle_contrasts
from .response import Response, refitted
from .separation import Separated, judge_separation
from .verdict import Verdict, verdict_of

Vector = NDArray[np.float64]


class GeneralizedEstimate(Estimate):
    """A fitted generalized model with its names."""

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
        separated: Separated | None = None,
        frame: Frame | None = None,
        why_gone: str = GONE,
        **made: Any,
    ) -> None:
        mean = designs["conditional"]
        super().__init__(request.mean, core, kind, mean.splines, mean.data_if_kept, frame, why_gone, **made)  # type: ignore[arg-type]
        self.generalized, self.designs, self._response, self.own = request, designs, response, core
        self.categories, self.levels, self.separated = categories, levels, separated
        self.family_spec = request.core_family(len(categories))
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
        dropped = dropped_rows([part.rows for part in self.designs.values()], name)
        return replace(layout, response=name, dropped_rows=dropped)

    @property
    def dropped_columns(self) -> list[str]:
        """Columns of the mean that depend on those before them."""
        return self.parts["conditional"].dropped

    @property
    def endless(self) -> Mapping[str, float]:
        """Coefficients that are infinite, with their sign: those of rows that are predicted perfectly."""
        return {} if self.separated is None else self.separated.endless

    @property
    def moments(self) -> list[NDArray[np.float64]]:
        """Per random term of the mean the mean of z z' over the rows used."""
        return self.designs["conditional"].moments

    @property
    def constants(self) -> list[int]:
        """Places of columns of X that other parameters stand for: the intercept beside thresholds."""
        return [k for k, name in enumerate(self.layout.columns) if name == "(Intercept)" and "thresholds" in self.parts]

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

        found = verdict_of(self.core.verdict, replace(self.layout, random=random), terms, moments, GENERALIZED_LINEAR)
        found = with_prior(found, self, terms)
        limits = limits_of(self.family, self.parts, self.own.fit.without_end)
        limits = [
            limit for limit in limits if not {f"{n}{part_suffix(limit.part)}" for n in limit.names} <= {*self.endless}
        ]
        judged = with_limits(found, limits, self.own.fit.uncertain, edge_of(self.family))
        return judged if self.separated is None else replace(judged, advice=(self.separated.text, *judged.advice))

    @property
    def prior_in_words(self) -> str:
        """The priors of coefficients and covariances; empty without any."""
        coefficients, covariances = self.generalized.prior, self.request.prior
        found = [] if coefficients is None else [described(coefficients)]
        found += [] if covariances is None else [described_covariances(covariances, relative=False)]
        return "; ".join(found)

    @property
    def log_prior(self) -> float | None:
        """Log-density of the priors at the estimates, that of covariances up to a constant; None without any."""
        fit, word = self.own.fit, self.request.prior
        if word is None:
            return fit.log_prior
        return log_density(word, fit.covariances()) + (fit.log_prior or 0.0)

    @property
    def is_plain(self) -> bool:
        """Whether the search ended at an optimum that nothing is to be said of but when asked."""
        return self.core.verdict["status"] == "optimum" and not self.own.fit.without_end

    def _part(self, name: str) -> PartEstimates:
        entry = self.own.parts[name]
        columns = part_columns(name, self.designs, self.categories, self.generalized.thresholds)
        kept = set(entry["kept"])
        constant = name in ("conditional", "scale") and self.family.name == "cumulative"
        dropped = [c for k, c in enumerate(columns) if k not in kept and not (constant and c == "(Intercept)")]
        names = [columns[k] for k in entry["kept"]]
        return PartEstimates(names, dropped, entry["first"], entry["n"], entry["terms"])

    @cached_property
    def values(self) -> RowValues:
        """Response and fitted values."""
        eta = self.own.fit.linear_predictors()
        y, trials = self.response.y, self.response.trials
        if self.family.name == "cumulative":
            predictors = {"conditional": eta[0], **({"scale": eta[3]} if "scale" in self.parts else {})}
            fitted = expected_category(self.category_probabilities(predictors | {"thresholds": self.thresholds()}))
        else:
            fitted = family_means(self.family_spec, eta, False)[0]
        shown = y if trials is None else np.divide(y, trials, out=np.full(len(y), np.nan), where=trials > 0)
        weights = trials if trials is not None else self.response.weights
        return RowValues(shown, fitted, weights, self.rows.kept)

    def conditional_means(self, eta: list[Vector]) -> Vector:
        """Return the means of the law that draws come from: of counts before they are truncated, or of logarithms."""
        family = self.family
        whole = Family(family.name.removeprefix("truncated_"), family.link)
        if family.name == "lognormal":
            whole = Family("gaussian", "identity")
        spec = core_family(whole) if whole != family else self.family_spec
        own = eta[: len(family_predictors(spec))]
        return family_means(spec, [np.ascontiguousarray(e) for e in own], True)[0]

    def threshold_coefficients(self) -> NDArray[np.float64]:
        """Return the coefficients of what thresholds depend on, a column per threshold."""
        return threshold_coefficients(self.family_spec, self.full_coefficients("thresholds"))

    def thresholds(self, new: NewRows | None = None) -> NDArray[np.float64]:
        """Return the thresholds of rows, by default those used; of one row where they are the same in all."""
        coefficients = self.threshold_coefficients()
        if "thresholds" not in self.designs:
            return coefficients
        rows, kept = new, None
        if rows is None:
            design = self.designs["thresholds"]
            rows, kept = design.data.bound(), design.rows.kept
        values = rows.model_matrix() @ coefficients
        return values if kept is None else values[kept]

    def category_probabilities(self, eta: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the probability of each category, a column each, for predictors of rows and their thresholds."""
        probability = core_family(Family("binomial", self.family.link))
        return category_probabilities(probability, eta["thresholds"], eta["conditional"], eta.get("scale", 0.0))

    def linear_predictor(self, use_terms: list[bool] | None = None) -> Vector:
        """Return that of the mean over the rows used, with some of the random terms."""
        if use_terms is None or all(use_terms):
            return np.asarray(self.own.fit.linear_predictors()[0])
        new = self.data.bound()
        eta = new.linear_predictor(self.full_coefficients("conditional"), self.core.modes(), use_terms)
        return eta if self.rows.kept is None else eta[self.rows.kept]

    def full_coefficients(self, part: str) -> Vector:
        """Return one coefficient per column of a part's design; those that are not estimated count as zero."""
        entry = self.own.parts[part]
        beta = np.zeros(entry["n_columns"])
        beta[entry["kept"]] = self.own.coefficients_of(part)
        return beta

    def parameter_names(self) -> tuple[list[str], list[tuple[str, list[str]]]]:
        """Return names of the coefficients of all parts, and the grouping factor and columns of all random terms.

        Those of parts beside mean and thresholds begin with the part's name.
        """
        prefix = {name: "" if name in ("conditional", "thresholds") else f"{name}:" for name in self.parts}
        parts = sorted(self.parts, key=lambda name: self.parts[name].first)
        coefficients = [prefix[name] + own for name in parts for own in self.parts[name].names]
        designs = sorted(self.designs, key=lambda name: self.parts[name].terms[0])
        terms = []
        for name in designs:
            groups = self.designs[name].encoding.layout()["groups"]
            for term in self.designs[name].random:
                terms.append((groups[term.group]["name"], [prefix[name] + column for column in term.columns]))
        return coefficients, terms

    @property
    def dispersion(self) -> float:
        """Dispersion on its own scale, NaN where it is not one number; of gamma 1/sqrt(shape)."""
        if "dispersion" not in self.parts or "dispersion" in self.generalized.others:
            return float("nan")
        value = float(self.own.coefficients_of("dispersion")[0])
        return float(np.exp(-0.5 * value if self.family.name == "gamma" else value))

    @property
    def family_parameters(self) -> dict[str, float]:
        """Further parameters of the family on their own scale, by name."""
        if "shape" not in self.parts:
            return {}
        value = float(self.own.coefficients_of("shape")[0])
        if self.family.name == "tweedie":
            return {"power": float(tweedie_power(value))}
        if self.family.name == "ordbeta":
            return {"lower": value, "upper": float(self.own.coefficients_of("shape2")[0])}
        return {"df": float(np.exp(value))}

    @property
    def sigma(self) -> float:
        """Residual standard deviation of a Gaussian response, else NaN."""
        return self.dispersion if self.family.name in ("gaussian", "lognormal") else float("nan")

    @property
    def residual_variance(self) -> float:
        """Residual variance of a Gaussian response, else NaN."""
        return self.sigma**2

    @property
    def mean_residual_variance(self) -> float:
        """The same: weights of a generalized model count rows."""
        return self.residual_variance

    @property
    def has_residual(self) -> bool:  # type: ignore[override]
        """Whether there is a residual variance beside the random effects."""
        return not np.isnan(self.sigma)


def fit_generalized(request: GeneralizedRequest, frame: Frame) -> GeneralizedEstimate:
    """Fit a generalized model to a frame."""
    request, designs, response = generalized_rows(request, frame)
    return fit_rows(request, frame.kind, designs, response, frame=frame)


def fit_rows(
    request: GeneralizedRequest, kind: str, designs: Mapping[str, PartDesign], response: Response, **origin: Any
) -> GeneralizedEstimate:
    """Fit a generalized model to encoded rows; ``origin`` are the frame, or why there is none."""
    refuse_weightless(request, response, designs["conditional"].rows.kept)
    model = generalized_model(request, designs, response)
    origin["separated"] = judge_separation(model, request, designs, response)
    try:
        core = GeneralizedCore(GeneralizedFit(model, request.mean.settings()))
    except NumericalError as error:
        if edge := edge_of(request.family):
            raise NumericalError(f"{error}. {edge}") from None
        raise
    named: dict[str, Any] = {"categories": response.categories, "levels": response.levels}
    return GeneralizedEstimate(request, core, kind, designs, response, **named, **origin)


def generalized_model(
    request: GeneralizedRequest, designs: Mapping[str, PartDesign], response: Response, *, in_unit: bool = True
) -> GeneralizedModel:
    """Make the core's model of rows; `in_unit`: it works in the response's own unit."""
    parts: list[tuple[str, Rows]] = [(name, part.rows) for name, part in designs.items()]
    spec = request.core_family(len(response.categories))
    numbers = (response.y, response.trials, response.weights)
    name, threads = request.mean.spec.response.name, request.mean.control.threads() or 0
    priors = prior_by_column(request.prior, designs["conditional"].columns)
    prior = [(column, own.mean, own.sd) for column, own in priors.items()]
    approximation, word = json.dumps(request.approximation), request.mean.prior
    exponent = None if word is None else exponent_of(word)
    return GeneralizedModel(parts, name, *numbers, spec, approximation, threads, in_unit, prior, exponent)


def without_term(of: GeneralizedEstimate, name: str) -> GeneralizedEstimate:
    """Fit the same rows without a fixed term of the mean."""
    request = of.generalized
    spec = replace(request.mean.spec, terms=tuple(term for term in request.mean.spec.terms if term.name != name))
    return fit_submodel(of, replace(request, mean=replace(request.mean, spec=spec)))


def fit_submodel(of: GeneralizedEstimate, request: GeneralizedRequest) -> GeneralizedEstimate:
    """Fit a model whose columns are among those of a fit to the same rows."""
    smaller = replace(request, mean=without_idle_contrasts(request.mean))
    columns, kept = of.data.columns.copy(), of.rows.kept
    if kept is not None and KEPT_ROWS not in columns.names:
        columns.add_numeric(KEPT_ROWS, np.where(kept, 0.0, np.nan))
    return fit_rows(smaller, of.kind, rows_again(smaller, columns), of.response)


def by_maximum_likelihood(old: GeneralizedEstimate) -> GeneralizedEstimate:
    """Fit the same model to the same rows by maximum likelihood: one that was fitted by restricted."""
    request = replace(old.generalized, approximation="laplace", mean=replace(old.request, reml=False))
    return fit_rows(request, old.kind, old.designs, old.response, frame=old._frame, why_gone=old._why_gone)


def refit_generalized(old: GeneralizedEstimate, y: Any) -> GeneralizedEstimate:
    """Fit the same model to another response; ordered categories are counted from 1."""
    response = replace(old.response, y=refitted(old.response, refit_response(old, y)))
    return fit_rows(old.generalized, old.kind, old.designs, response, frame=old._frame, why_gone=old._why_gone)
