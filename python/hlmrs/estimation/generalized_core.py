"""The core's fit of a generalized model as tables meet it, and what is kept of one in a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from .._core import GeneralizedFit, Parameter
from ..errors import FitStateError
from .estimate import GONE

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]

_MODEL = ("n_obs", "n_random", "n_theta", "reason", "structure")
_NUMBERS = ("criterion", "n_params", "without_end", "iterations", "uncertain", "log_prior")
_VECTORS = ("theta", "coefficients")
_BY_TERM = ("covariances", "modes", "mode_covariances")
_STATUS = ("optimum", "boundary", "flat", "exact", "rough", "pole", "unbounded", "rounded", "not-converged")


class GeneralizedCore:
    """The core's fit as the tables of a fit meet it: numbers of the mean's part."""

    def __init__(self, fit: "GeneralizedFit | SavedFit") -> None:
        self.fit = cast("GeneralizedFit", fit)
        self.model = self.fit.model
        self.parts = {entry["name"]: entry for entry in self.model.parts()}
        self._coefficients, self._covariance = fit.coefficients, fit.covariance()
        self.criterion_std_error = 0.0

    def coefficients_of(self, part: str) -> Vector:
        """Return the coefficients of a part."""
        entry = self.parts[part]
        return self._coefficients[entry["first"] : entry["first"] + entry["n"]]

    def covariance_of(self, part: str) -> NDArray[np.float64]:
        """Return their covariance."""
        own = slice(self.parts[part]["first"], self.parts[part]["first"] + self.parts[part]["n"])
        return self._covariance[own, own]

    def terms_of(self, part: str) -> slice:
        """Return where the random terms of a part stand among all."""
        return slice(*self.parts[part]["terms"])

    @property
    def beta(self) -> Vector:
        """Coefficients of the mean."""
        return self.coefficients_of("conditional").copy()

    def vcov(self) -> NDArray[np.float64]:
        """Return their covariance."""
        return self.covariance_of("conditional").copy()

    @property
    def theta(self) -> Vector:
        """Covariance parameters of all random terms."""
        return self.fit.theta

    @property
    def criterion(self) -> float:
        """-2 log-likelihood, by Laplace's approximation."""
        return self.fit.criterion

    @property
    def n_params(self) -> int:
        """Free parameters."""
        return self.fit.n_params

    @property
    def verdict(self) -> Any:
        """The verdict of the core."""
        return self.fit.verdict

    def parameters(self, coef_names: list[str], terms: list[tuple[str, list[str]]]) -> list[Parameter]:
        """Return the parameters of all parts; `terms`: the grouping factor and the columns of each random term."""
        return self.fit.parameters(coef_names, terms)

    def values(self, parameters: list[Parameter]) -> Vector:
        """Return their values."""
        return self.fit.values(parameters)

    def covariances(self, part: str = "conditional") -> list[NDArray[np.float64]]:
        """Return the covariance of every random term of a part."""
        return self.fit.covariances()[self.terms_of(part)]

    def modes(self, part: str = "conditional") -> list[NDArray[np.float64]]:
        """Return the conditional modes of every random term of a part."""
        return self.fit.modes()[self.terms_of(part)]

    def mode_covariances(self, part: str = "conditional") -> list[NDArray[np.float64]]:
        """Return their conditional covariances."""
        return self.fit.mode_covariances()[self.terms_of(part)]


def write_core(fit: "GeneralizedFit | SavedFit") -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take apart what a fit says without its rows."""
    numbers = {name: getattr(fit, name) for name in _NUMBERS}
    model = {name: getattr(fit.model, name) for name in _MODEL}
    verdict = dict(fit.verdict)
    if not np.isfinite(verdict["expected_decrease"]):
        verdict["expected_decrease"] = -1.0
    arrays: dict[str, NDArray[Any]] = {f"fit.{name}": getattr(fit, name) for name in _VECTORS}
    arrays["fit.covariance"] = fit.covariance()
    for name in _BY_TERM:
        arrays |= {f"fit.{name}.{k}": np.asarray(own) for k, own in enumerate(getattr(fit, name)())}
    return {**numbers, "model": model, "parts": fit.model.parts(), "verdict": verdict}, arrays


def read_core(header: Mapping[str, Any], arrays: Arrays) -> "SavedFit":
    """Put together what ``write_core`` took apart; a ValueError where its parts contradict each other."""
    parts = [{**entry, "terms": tuple(entry["terms"])} for entry in header["parts"]]
    model = SavedModel(parts, **{name: header["model"][name] for name in _MODEL})
    own = {name: arrays[f"fit.{name}"] for name in (*_VECTORS, "covariance")}
    n_terms = max((entry["terms"][1] for entry in parts), default=0)
    by_term = {name: [arrays[f"fit.{name}.{k}"] for k in range(n_terms)] for name in _BY_TERM}
    numbers = {name: header[name] for name in _NUMBERS}
    fit = SavedFit(model, header["verdict"], own=own, by_term=by_term, **numbers)
    if not all(fit.agreements()):
        raise ValueError("its numbers contradict each other")
    return fit


@dataclass(frozen=True, slots=True)
class SavedModel:
    """What is kept of a core's model."""

    all_parts: list[dict[str, Any]]
    n_obs: int
    n_random: int
    n_theta: int
    reason: str | None
    structure: list[dict[str, Any]]

    def parts(self) -> list[dict[str, Any]]:
        """Return the coefficients of every part."""
        return self.all_parts

    @property
    def kept(self) -> list[int]:
        """Columns of the mean's design that are estimated."""
        return list(self.all_parts[0]["kept"])


@dataclass(frozen=True, slots=True)
class SavedFit:
    """What is kept of a core's fit, under its names; the linear predictors come along if rows were kept."""

    model: SavedModel
    verdict: dict[str, Any]
    criterion: float
    n_params: int
    without_end: list[int]
    iterations: int
    uncertain: str | None
    log_prior: float | None
    own: Arrays
    by_term: Mapping[str, list[NDArray[Any]]]
    eta: list[Vector] | None = None

    @property
    def theta(self) -> Vector:
        """Covariance parameters."""
        return self.own["theta"].copy()

    @property
    def coefficients(self) -> Vector:
        """Coefficients of all parts."""
        return self.own["coefficients"].copy()

    def covariance(self) -> Vector:
        """Return their covariance."""
        return self.own["covariance"].copy()

    def covariances(self) -> list[Vector]:
        """Return the covariance of every random term."""
        return self.by_term["covariances"]

    def modes(self) -> list[Vector]:
        """Return the modes of every random term."""
        return self.by_term["modes"]

    def mode_covariances(self) -> list[Vector]:
        """Return their conditional covariances."""
        return self.by_term["mode_covariances"]

    def linear_predictors(self) -> list[Vector]:
        """Return those of the rows used."""
        if self.eta is None:
            raise FitStateError(GONE)
        return self.eta

    def profile_intervals(self, *_: Any) -> NoReturn:
        """Refuse: profiles need the rows."""
        raise FitStateError(GONE)

    def parameters(self, *_: Any) -> NoReturn:
        """Refuse: profiles and the bootstrap need the rows."""
        raise FitStateError(GONE)

    def joint_covariance(self) -> NoReturn:
        """Refuse: what parameters other than the estimates say needs the model."""
        raise FitStateError(GONE)

    def moved(self, *_: Any) -> NoReturn:
        """Refuse: as ``joint_covariance``."""
        raise FitStateError(GONE)

    def laplace_error(self) -> NoReturn:
        """Refuse: the next term of Laplace's expansion needs the rows."""
        raise FitStateError(GONE)

    def slope(self) -> NoReturn:
        """Refuse: the gradient needs the rows."""
        raise FitStateError(GONE)

    def agreements(self) -> Iterator[bool]:
        """Yield whether sizes and numbers are what they must be."""
        parts, verdict, n = self.model.all_parts, self.verdict, len(self.own["coefficients"])
        numbers = (self.n_params, self.iterations, self.model.n_obs, self.model.n_random, self.model.n_theta)
        yield all(type(count) is int and count >= 0 for count in numbers)
        yield isinstance(self.criterion, float) and np.isfinite(self.criterion)
        yield self.own["theta"].shape == (self.model.n_theta,) and bool(np.isfinite(self.own["theta"]).all())
        yield self.own["coefficients"].shape == (n,) and bool(np.isfinite(self.own["coefficients"]).all())
        yield self.own["covariance"].shape == (n, n)
        yield parts[0]["name"] == "conditional" and sorted(_places(parts)) == [*range(n)]
        yield all(sorted(set(e["kept"])) == e["kept"] and len(e["kept"]) == e["n"] for e in parts)
        yield all(0 <= k < entry["n_columns"] for entry in parts for k in entry["kept"])
        ends = [end for entry in parts for end in entry["terms"] if entry["terms"] != (0, 0)]
        yield ends == sorted(ends) and all(end >= 0 for end in ends)
        yield all(0 <= k < n for k in self.without_end)
        terms = range(len(self.by_term["modes"]))
        yield verdict["status"] in _STATUS and all(k in terms for k in verdict["flat"])
        yield all(entry["term"] in terms for entry in verdict["boundary"])
        yield isinstance(self.uncertain, str | None)
        yield self.log_prior is None or (isinstance(self.log_prior, float) and np.isfinite(self.log_prior))
        yield all(isinstance(verdict[name], str) for name in ("status", "reason"))
        yield all(isinstance(verdict[name], int | float) for name in ("evaluations", "tried", "expected_decrease"))
        for covariance, modes, each in zip(*(self.by_term[name] for name in _BY_TERM), strict=True):
            r = len(covariance)
            yield covariance.shape == (r, r) and modes.shape[1:] == (r,) and each.shape == (len(modes), r, r)
            yield bool(np.isfinite(covariance).all() and np.isfinite(modes).all())


def _places(parts: list[dict[str, Any]]) -> list[int]:
    return [place for entry in parts for place in range(entry["first"], entry["first"] + entry["n"])]
