"""The priors of a linear model: chosen, refused where they have no posterior, and written for the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import DesignError, FitStateError, OptionError, listed, quote
from ..estimation import Estimate
from ..frame import Column
from ..priors import (
    INTERCEPT,
    THRESHOLDS,
    Assigned,
    DataScales,
    Distribution,
    Flat,
    Horseshoe,
    Normal,
    Parameter,
    StudentT,
    Uniform,
    chosen_priors,
)
from .parameters import has_rows, means_of_columns, parameters_with_priors, scales_of


@dataclass(frozen=True)
class PriorChoice:
    """The prior of every parameter; those of coefficients are of combinations of them."""

    parameters: Sequence[Parameter]
    assigned: Mapping[str, Assigned]
    means: Sequence[float]
    notes: Sequence[str] = ()

    @property
    def coefficients(self) -> list[str]:
        """Names of coefficients."""
        return [one.name for one in self.parameters if one.kind == "coefficient"]

    @property
    def others(self) -> list[Parameter]:
        """Parameters whose priors the core takes one by one, in its order."""
        return [one for one in self.parameters if one.kind != "coefficient"]

    def of(self, name: str) -> Distribution:
        """Return the prior of a parameter."""
        return self.assigned[name].prior

    @cached_property
    def combinations(self) -> list[tuple[list[float], Distribution]]:
        """Priors of combinations of coefficients, where not flat; those of intercepts are where columns have means."""
        found = list[tuple[list[float], Distribution]]()
        for k, one in enumerate(one for one in self.parameters if one.kind == "coefficient"):
            prior = self.of(one.name)
            if not isinstance(prior, Flat):
                found.append((self._along(k, one), prior))
        return found

    def _along(self, place: int, parameter: Parameter) -> list[float]:
        """Return the combination that a coefficient's prior is of: thresholds lie above the mean predictor."""
        if parameter.name == INTERCEPT:
            return list(self.means)
        own = [float(k == place) for k in range(len(self.means))]
        if THRESHOLDS not in parameter.also:
            return own
        return [one - mean for one, mean in zip(own, self.means, strict=True)]

    @property
    def has_scales(self) -> bool:
        """Whether priors of coefficients are normal given scales, which are drawn with the variances."""
        return any(isinstance(prior, StudentT | Horseshoe) for _, prior in self.combinations)

    def request(self) -> dict[str, Any]:
        """Return what the core reads."""
        return {
            "coefficients": [{"along": along, "prior": prior.to_core()} for along, prior in self.combinations],
            "priors": [self._within_ends(one).to_core() for one in self.others],
        }

    def _within_ends(self, parameter: Parameter) -> Distribution:
        """Return the prior; one that is uniform up to both ends is flat, since the core knows the ends better."""
        prior = self.of(parameter.name)
        is_whole = parameter.kind == "correlation" and prior == Uniform(-1, 1)
        return Flat() if is_whole else prior

    @property
    def improper(self) -> list[str]:
        """Parameters whose prior does not integrate to one."""
        bounded = ("correlation", "correlations")
        return [one.name for one in self.parameters if isinstance(self.of(one.name), Flat) and one.kind not in bounded]

    def table(self) -> dict[str, Column]:
        """Tabulate them."""
        own = [self.assigned[one.name] for one in self.parameters]
        return {
            "parameter": [one.name for one in self.parameters],
            "prior": [str(one.prior) for one in own],
            "source": [str(one.source) for one in own],
        }


def choose_priors(estimate: Estimate, priors: Mapping[str, Any] | str | None) -> PriorChoice:
    """Choose the prior of every parameter of a model."""
    parameters, notes = parameters_with_priors(estimate), list[str]()
    found = _chosen(estimate, priors, parameters)
    if INTERCEPT in found and not isinstance(found[INTERCEPT].prior, Flat) and len(estimate.layout.coef_names) > 1:
        notes.append("The prior of the intercept is that of the mean where all columns have their means.")
    for one in parameters:
        _require_possible(one, found[one.name].prior)
    return PriorChoice(parameters, found, _means(estimate, parameters, found), notes)


def _chosen(
    estimate: Estimate, priors: Mapping[str, Any] | str | None, parameters: Sequence[Parameter]
) -> dict[str, Assigned]:
    """Choose priors by the data; where these are gone all have to be given."""
    if has_rows(estimate):
        return chosen_priors(priors, parameters, scales_of(estimate))
    found = chosen_priors(priors, parameters, DataScales(0, 1, 0, 1))
    missing = [name for name, one in found.items() if one.source != "given"]
    if missing:
        raise FitStateError(
            "the rows of this fit are gone, and priors that are not given are in the units of the data: give those of "
            f"{listed(missing)} too, or fit the model to the rows again"
        )
    return found


def _means(estimate: Estimate, parameters: Sequence[Parameter], found: Mapping[str, Assigned]) -> list[float]:
    """Return the means of the columns, which the prior of an intercept is at."""
    if has_rows(estimate):
        return [float(mean) for mean in means_of_columns(estimate)]
    n = sum(one.kind == "coefficient" for one in parameters)
    if n > 1 and INTERCEPT in found and not isinstance(found[INTERCEPT].prior, Flat):
        raise FitStateError(
            "the prior of the intercept is that of the mean where all columns have their means, which are gone with "
            "the rows of this fit: give hlmrs.Flat() for '(Intercept)', or fit the model to the rows again"
        )
    return [float(parameters[k].name == INTERCEPT) for k in range(n)]


def _require_possible(parameter: Parameter, prior: Distribution) -> None:
    if parameter.kind == "coefficient" and not isinstance(prior, Normal | StudentT | Horseshoe | Flat):
        raise OptionError(
            f"the prior of {quote(parameter.name)} is {prior}: coefficients of a linear model, which are integrated "
            "over, have hlmrs.Normal, StudentT, Horseshoe or Flat"
        )
    if parameter.kind in ("positive", "real") and isinstance(prior, Flat):
        raise DesignError(
            f"the prior of {quote(parameter.name)} is flat, and the likelihood does not fall to zero where it is very "
            "large: there is no posterior; give it another prior"
        )
