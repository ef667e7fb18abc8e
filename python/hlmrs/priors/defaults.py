"""Priors of parameters that have none of their own: weakly informative ones in the units of the data, or brms's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import Any

from ..errors import OptionError, listed, suggestion
from .distribution import Distribution
from .lkj import LKJ
from .matching import Assigned, assigned
from .parameters import INTERCEPT, THRESHOLDS, Parameter
from .positive import HalfStudentT
from .real import Flat, Normal, StudentT, Uniform

WIDE = 2.5
"""How many times as large as what is likely a prior still allows."""
_DF = 3


@dataclass(frozen=True, slots=True)
class DataScales:
    """How large the numbers of a model's data are.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation of the response; behind a link function, the link of the mean (or zero) and one.
    median, mad : float
        Its median and 1.4826 times its median absolute deviation, for ``priors="brms"``; behind a link function those
        of the link of the response, if it has them, else zero and one.
    columns : mapping of str to float
        Standard deviations of the columns of coefficients and of varying effects, by name.  An intercept has none.
    cells : set of str
        Columns of varying effects that code the levels of a factor: these count as if their standard deviation were
        one, since an effect of theirs is that of a level.
    linked : bool
        Whether the response is behind a link function.
    others : mapping of str to float
        Scales of other parameters, by name, and of standard deviations that the response does not measure; those that
        are not named have one.
    offset : float
        The mean offset, where the median is one without it taken off.
    """

    mean: float
    sd: float
    median: float
    mad: float
    columns: Mapping[str, float] = field(default_factory=dict)
    cells: Collection[str] = frozenset()
    linked: bool = False
    others: Mapping[str, float] = field(default_factory=dict)
    offset: float = 0.0

    def column(self, name: str | None) -> float:
        """Return the standard deviation of a column, or one where it does not vary."""
        spread = self.columns.get(name, 1.0) if name is not None else 1.0
        return spread if spread > 0 else 1.0

    @property
    def spread(self) -> float:
        """The standard deviation of the response, or one where it does not vary."""
        return self.sd if self.sd > 0 else 1.0

    @property
    def of_effects(self) -> float:
        """What a standard deviation of random intercepts is measured by."""
        return WIDE if self.linked else self.spread


def chosen_priors(
    priors: Mapping[str, Any] | str | None, parameters: Sequence[Parameter], scales: DataScales
) -> dict[str, Assigned]:
    """Return the prior of each parameter: those given, or ``"brms"``, and defaults by the scales of the data.

    >>> sigma = Parameter("sigma", "sd")
    >>> found = chosen_priors({"sigma": HalfStudentT(3, 9)}, [sigma], DataScales(300, 50, 290, 60))
    >>> print(found["sigma"].prior, found["sigma"].source)
    HalfStudentT(3, 9) given
    """
    if isinstance(priors, str):
        if priors.casefold() != "brms":
            raise OptionError(f"priors={priors!r}: give priors by name, or 'brms'{suggestion(priors, ['brms'])}")
        return assigned(None, parameters, brms_priors(parameters, scales), "brms")
    return assigned(priors, parameters, default_priors(parameters, scales))


def default_priors(parameters: Sequence[Parameter], scales: DataScales) -> dict[str, Distribution]:
    """Return weakly informative priors, by name.

    Coefficients have ``Normal(0, 2.5 sd(y) / sd(x))``, the intercept, which is that at the means of the columns,
    ``Normal(mean(y), 2.5 sd(y))``, standard deviations ``HalfStudentT(3, sd(y) / sd(z))``, correlations ``LKJ(1)``.
    Behind a link function sd(y) is one, and 2.5 for standard deviations.  Without an intercept coefficients carry the
    mean too, so that in their priors the root mean square of y stands for sd(y).
    """
    centred = any(one.name == INTERCEPT for one in parameters)
    size = scales.spread if centred else hypot(scales.mean, scales.spread)
    return {one.name: _default(one, scales, size) for one in parameters}


def _default(parameter: Parameter, scales: DataScales, size: float) -> Distribution:
    if parameter.name == INTERCEPT:
        return Normal(scales.mean, WIDE * scales.spread)
    if parameter.kind == "coefficient":
        return Normal(0, WIDE * (size / scales.column(parameter.column) if parameter.column is not None else 1.0))
    if parameter.kind == "sd":
        spread = 1.0 if parameter.column in scales.cells else scales.column(parameter.column)
        return HalfStudentT(_DF, scales.others.get(parameter.name, scales.of_effects) / spread)
    return _other(parameter, scales.others.get(parameter.name, 1.0))


def brms_priors(parameters: Sequence[Parameter], scales: DataScales) -> dict[str, Distribution]:
    """Return the priors that brms has by default, by name: its numbers are rounded to one decimal.

    Raises
    ------
    OptionError
        For a model with parameters whose prior in brms is of another number, or is none that a posterior can have.
    """
    unlike = [one.name for one in parameters if _is_unlike_brms(one)]
    if unlike:
        raise OptionError(
            f"priors='brms' is of coefficients of the mean, standard deviations, correlations and sigma: of "
            f"{listed(unlike)} brms has flat priors, or priors of other numbers (the shape itself, say, where its "
            'logarithm is drawn here); give priors by name, such as {"fixed": hlmrs.Normal(0, 2.5)}: the others have '
            "defaults"
        )
    scale = max(WIDE, round(scales.mad, 1))
    median = round(scales.median, 1) - scales.offset
    return {one.name: _of_brms(one, median, scale) for one in parameters}


def _is_unlike_brms(parameter: Parameter) -> bool:
    is_of_another_part = parameter.kind == "coefficient" and parameter.column is None
    return parameter.kind in ("positive", "real") or (is_of_another_part and THRESHOLDS not in parameter.also)


def _of_brms(parameter: Parameter, median: float, scale: float) -> Distribution:
    if parameter.name == INTERCEPT:
        return StudentT(_DF, median, scale)
    if THRESHOLDS in parameter.also:
        return StudentT(_DF, 0, WIDE)
    if parameter.kind == "coefficient":
        return Flat()
    return HalfStudentT(_DF, scale) if parameter.kind == "sd" else _other(parameter, 1.0)


def _other(parameter: Parameter, scale: float) -> Distribution:
    if parameter.kind == "correlations":
        return LKJ(1)
    if parameter.kind == "correlation":
        return Uniform(parameter.low, parameter.high)
    return HalfStudentT(_DF, WIDE * scale) if parameter.kind == "positive" else Normal(0, WIDE * scale)
