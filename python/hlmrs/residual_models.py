"""Models of the residuals: of their covariance, and of a dispersion that has random effects."""

from typing import Any

from .control import Control
from .errors import ArgumentError, OptionError
from .estimation import estimate, make_request
from .estimation.generalized import fit_generalized
from .estimation.generalized_request import chosen_approximation, make_generalized_request
from .estimation.streaming import SufficientStatistics, estimate_of_strata, streams, takes_strata, why_no_sums
from .families import Family
from .frame import open_frame
from .priors import covariance_prior_alone
from .results import GeneralizedMixedFit, LinearMixedFit
from .results.generalized import generalized_with_warnings
from .results.linear import with_warnings


def refuse_sigma_beside_scale(sigma: Any) -> None:
    """Refuse a known sigma of a model whose log sigma has random effects."""
    if sigma is not None:
        raise OptionError(
            f"sigma={sigma!r} beside a dispersion with random effects, whose fit has an intercept of its own there: "
            "leave one of them out"
        )


def refuse_prior_beside_scale(prior: Any) -> None:
    """Refuse a prior of covariances relative to sigma, of a model whose log sigma has random effects."""
    if covariance_prior_alone(prior) is not None:
        raise OptionError(
            f"prior={prior!r} beside a dispersion with random effects: it is of covariances relative to one residual "
            "variance, which there is not; glmer(family='gaussian', dispersion=..., prior=...) has it of the "
            "covariances themselves"
        )


def fit_with_residual(
    formula: Any,
    data: Any,
    rows: str,
    reml: bool,
    asked: dict[str, Any],
    given: dict[str, Any],
    control: Control | None,
) -> LinearMixedFit[Any]:
    """Fit a model whose residuals have a covariance of their own."""
    given_names = [name for name in ("residual", "dispersion") if asked[name] is not None]
    text = ", ".join(f"{name}={asked[name]!r}" for name in given_names) or "gls()"
    if isinstance(formula, SufficientStatistics) or isinstance(data, SufficientStatistics):
        raise OptionError(
            f"{text} takes a formula and rows: a covariance of the residuals weighs rows anew at every step of the "
            "search, and statistics are sums in which each has its weight for good"
        )
    if not isinstance(formula, str) or data is None:
        raise ArgumentError("a model of the residuals takes a formula, such as 'y ~ x + (1 | g)', and a data frame")
    frame = open_frame(data)
    request = make_request(formula, frame, reml=reml, control=control, **asked, **given)
    if takes_strata(request) and streams(rows, request, frame):
        found = estimate_of_strata(request, frame)
        if found is not None:
            return with_warnings(found)
    if rows == "stream":
        raise OptionError(f"rows='stream' beside {text}: {why_no_sums(request)}")
    return with_warnings(estimate(request, frame))


def fit_location_scale(
    formula: Any, data: Any, dispersion: str, reml: bool, rows: str, given: dict[str, Any]
) -> GeneralizedMixedFit[Any]:
    """Fit a Gaussian model of mean and dispersion."""
    if not isinstance(formula, str) or data is None:
        raise ArgumentError("lmer(dispersion=) takes a formula, such as 'y ~ x + (1 | g)', and a data frame")
    if rows == "stream":
        raise OptionError("rows='stream': a model of the dispersion passes over its rows many times; keep them")
    if given["weights"] is not None:
        raise OptionError(
            "weights beside dispersion: a weight w divides the variance by w; write it into the formula of the "
            "dispersion as offset(h), with a column h of -log(w) / 2"
        )
    frame = open_frame(data)
    approximation = chosen_approximation(1, "observed", reml)
    family = Family("gaussian")
    request = make_generalized_request(formula, frame, family, {"dispersion": dispersion}, approximation, **given)
    return generalized_with_warnings(fit_generalized(request, frame))
