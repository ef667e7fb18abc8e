"""Families of distributions: names, links and what their dispersion is called."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ArgumentError, OptionError, choose, suggestion

_PROBABILITY = ("logit", "probit", "cloglog", "cauchit")
_COUNT = ("log", "sqrt", "identity")
_POSITIVE = ("log", "inverse", "identity", "sqrt")

_LINKS: dict[str, Sequence[str]] = {
    "binomial": _PROBABILITY,
    "betabinomial": _PROBABILITY,
    "beta": _PROBABILITY,
    "ordbeta": ("logit",),
    "cumulative": _PROBABILITY,
    "poisson": _COUNT,
    "nbinom2": _COUNT,
    "nbinom1": _COUNT,
    "genpois": _COUNT,
    "truncated_poisson": _COUNT,
    "truncated_nbinom2": _COUNT,
    "truncated_nbinom1": _COUNT,
    "truncated_genpois": _COUNT,
    "gamma": ("inverse", "log", "identity", "sqrt"),
    "inverse_gaussian": ("1/mu^2", *_POSITIVE),
    "tweedie": ("log", "sqrt", "identity"),
    "gaussian": ("identity", "log", "inverse", "sqrt"),
    "student": ("identity", "log", "inverse", "sqrt"),
    "lognormal": ("identity",),
}
_OTHER_NAMES = {
    "bernoulli": "binomial",
    "negative_binomial": "nbinom2",
    "negbinomial": "nbinom2",
    "negbinomial2": "nbinom2",
    "beta_binomial": "betabinomial",
    "generalized_poisson": "genpois",
    "ordered_beta": "ordbeta",
    "inverse.gaussian": "inverse_gaussian",
    "ordinal": "cumulative",
    "normal": "gaussian",
    "t": "student",
}
_REGRESSIONS = {"logistic": "binomial", "logit": "binomial", "probit": "binomial", "linear": "gaussian"}
_CORE_LINKS = {"1/mu^2": "inverse-square"}
COUNTS = tuple(name for name, links in _LINKS.items() if links is _COUNT)
"""Families of counts, of which zero-inflated and hurdle models can be made."""
_POSITIVE = ("gamma", "inverse_gaussian", "lognormal", "beta")
WITH_ZEROS = (*COUNTS, *_POSITIVE)
"""Families that can have zeros of another source."""
TRIALS = ("binomial", "betabinomial")
"""Families of successes among trials."""
WITH_DISPERSION = tuple(
    name for name in _LINKS if name not in ("binomial", "cumulative", "poisson", "truncated_poisson")
)
"""Families with a dispersion parameter."""
WITH_DEVIATION = ("gaussian", "lognormal", "student")
"""Families whose dispersion is a standard deviation, or the scale in place of one."""


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution of the response with the link of its mean.

    Attributes
    ----------
    name : str
        ``"binomial"`` (variance mu (1 - mu) of one trial), ``"poisson"`` (mu), ``"nbinom2"`` (mu + mu²/phi),
        ``"nbinom1"`` (mu (1 + phi)), ``"genpois"`` (generalized Poisson, mu phi; phi below 1 is less than Poisson's),
        their ``"truncated_..."`` forms (counts above zero), ``"gamma"`` (mu²/shape), ``"inverse_gaussian"`` (phi mu³),
        ``"beta"`` (mu (1 - mu)/(1 + phi)), ``"ordbeta"`` (shares with zeros and ones), ``"betabinomial"``,
        ``"tweedie"`` (phi mu^power, 1.01 <= power <= 1.99), ``"gaussian"``, ``"lognormal"`` (log y is Gaussian about
        the predictor), ``"student"``, or
        ``"cumulative"`` (an ordered response: P(Y <= k) is the inverse link of threshold k minus the predictor).
    link : str
        ``"logit"``, ``"probit"``, ``"cloglog"``, ``"cauchit"``, ``"log"``, ``"identity"``, ``"inverse"``, ``"sqrt"``
        or ``"1/mu^2"``.

    Raises
    ------
    OptionError
        For a family that there is not, or a link that it does not have.

    Examples
    --------
    >>> import hlmrs
    >>> hlmrs.Family("binomial", "probit")
    Family(name='binomial', link='probit')
    """

    name: str
    link: str | None = None

    def __post_init__(self) -> None:
        name = choose("family", self.name, tuple(_LINKS), _OTHER_NAMES, _hint(self.name))
        links = _LINKS[name]
        link = links[0] if self.link is None else self.link
        if link not in links:
            listed = ", ".join(map(repr, links))
            raise OptionError(f"link={link!r}: family {name!r} has {listed}{suggestion(str(link), links)}")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "link", link)

    @property
    def core_link(self) -> str:
        """The link as the core calls it."""
        return _CORE_LINKS.get(str(self.link), str(self.link))


def _hint(name: object) -> str:
    """Say which family a name of a regression means."""
    meant = _REGRESSIONS.get(name.lower()) if isinstance(name, str) else None
    return "" if meant is None else f"; {name} regression is family={meant!r}"


def logistic(eta: "ArrayLike") -> "NDArray[np.float64]":
    """Return probabilities of logits, however large."""
    with np.errstate(invalid="ignore"):  # what is missing stays so
        return np.asarray(np.exp(-np.logaddexp(0.0, -np.asarray(eta, dtype=float))))


def tweedie_power(shape: "float | NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return the power, between 1.01 and 1.99, of the shape that is estimated."""
    return np.asarray(1.01 + 0.98 * logistic(shape))


def is_hurdle(family: Family) -> bool:
    """Whether the distribution has no zeros, so that with a zero part the model is a hurdle model."""
    return family.name.startswith("truncated_") or family.name in _POSITIVE


def chosen_family(family: "str | Family", link: str | None) -> Family:
    """Return the family that two arguments mean."""
    if isinstance(family, Family):
        return family if link is None else Family(family.name, link)
    if not isinstance(family, str):
        raise ArgumentError(f"family={family!r}: give a name such as 'binomial', or hlmrs.Family('binomial', 'probit')")
    return Family(family, link)
