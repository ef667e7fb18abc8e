"""How a model is fitted: the optimizer and its limits, as an object that checks itself."""

import math
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Literal, get_args

from .errors import OptionError, choose

Optimizer = Literal["trust-region", "bobyqa"]
Separation = Literal["error", "warn", "report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Options of the fitting itself; none of them changes what the right answer is.

    Parameters
    ----------
    optimizer : {"trust-region", "bobyqa"}
        A bounded trust region with the exact gradient, or a search without derivatives as an independent check.
    max_evaluations : int, optional
        Evaluations of the criterion after which to stop.  Default: the optimizer's own limit.
    tolerance : float, optional
        Stop when the criterion can be improved by less than this.  Default: close to what double precision allows.
    start : sequence of float, optional
        Where to start: the relative covariance parameters, as ``fit.theta`` has them.
    separation : {"error", "warn", "report"}
        What ``glmer`` does where predictors tell the response perfectly, so that a coefficient has no finite estimate:
        refuse; warn and return a fit whose numbers for it are where the search stopped, without standard errors; or
        warn and report it as infinite, beside the estimates of what the other rows determine.  A prior (``prior=``)
        has finite estimates.
    n_threads : int, optional
        Threads to use.  Default: the environment's ``HLMRS_NUM_THREADS``, or ``RAYON_NUM_THREADS``, or all processors.
        The result does not depend on it.
    fix : dict, optional
        Variance parameters of ``lmer``, ``gls`` and ``mmrm`` that are held at a value and not estimated, by their names
        in ``confint``, ``profile`` and ``residual_parameters``: ``{"sd(Days | Subject)": 5.0}``,
        ``{"cor((Intercept), Days | Subject)": 0}``, ``{"rho": 0.3}``; ``{"sigma": 1}`` is ``sigma=1``.  They are not
        counted among the parameters, and have neither a standard error nor a profile.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Dyestuff")
    >>> check = hlmrs.Control(optimizer="bobyqa")
    >>> round(hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data, control=check).criterion, 3)
    319.654
    """

    optimizer: Optimizer = "trust-region"
    max_evaluations: int | None = None
    tolerance: float | None = None
    start: Sequence[float] | None = None
    separation: Separation = "error"
    n_threads: int | None = None
    fix: Mapping[str, float] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "optimizer", choose("optimizer", self.optimizer, get_args(Optimizer)))
        object.__setattr__(self, "separation", choose("separation", self.separation, get_args(Separation)))
        for name in ("max_evaluations", "n_threads"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else count(name, value, ", or None for the default"))
        if self.tolerance is not None and not (_is(self.tolerance, Real) and 0 < self.tolerance < 1):
            raise OptionError(f"tolerance={self.tolerance!r}: give a number between 0 and 1, such as 1e-8")
        object.__setattr__(self, "tolerance", None if self.tolerance is None else float(self.tolerance))
        if self.start is not None:
            object.__setattr__(self, "start", _numbers("start", self.start))
        if self.fix is not None:
            object.__setattr__(self, "fix", _values("fix", self.fix))

    def threads(self) -> int | None:
        """Return the threads to use; None means all processors.

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Control(n_threads=2).threads()
        2
        """
        if self.n_threads is not None:
            return self.n_threads
        for variable in ("HLMRS_NUM_THREADS", "RAYON_NUM_THREADS"):
            text = os.environ.get(variable, "")
            if text.isdecimal() and int(text) > 0:
                return int(text)
        return None


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def count(name: str, value: Any, otherwise: str = "") -> int:
    """Return a positive whole number of any type, such as NumPy's."""
    if not (_is(value, Integral) and value > 0):
        raise OptionError(f"{name}={value!r}: give a positive whole number{otherwise}")
    return int(value)


def positive(name: str, value: Any) -> float:
    """Return a positive finite number of any type, such as NumPy's."""
    if not (_is(value, Real) and 0 < value < math.inf):
        raise OptionError(f"{name}={value!r}: give a positive number")
    return float(value)


def seed_or_new(seed: Any) -> int:
    """Return a seed as a whole number below 2^64, or a new one."""
    if seed is None:
        return secrets.randbits(64)
    if not (_is(seed, Integral) and 0 <= seed < 2**64):
        raise OptionError(f"seed={seed!r}: give a whole number that is not negative, below 2**64")
    return int(seed)


def _values(name: str, given: Mapping[str, float]) -> dict[str, float] | None:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise OptionError(f"{name}={given!r}: give a dictionary of names and numbers, such as {{'sd(x | g)': 2.0}}")
    return dict(zip(given, _numbers(name, list(given.values())), strict=True)) or None


def _numbers(name: str, values: Sequence[float]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise OptionError(f"{name}={values!r}: give a sequence of numbers") from None
    if not all(map(math.isfinite, numbers)):
        raise OptionError(f"{name}={values!r}: give finite numbers")
    return numbers
