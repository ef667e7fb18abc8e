"""Priors from the plain values that files hold."""

from collections.abc import Mapping
from typing import Any

from .distribution import Distribution
from .horseshoe import Horseshoe
from .lkj import LKJ
from .positive import Exponential, Gamma, HalfCauchy, HalfNormal, HalfStudentT, InverseGamma
from .real import Flat, Normal, StudentT, Uniform

_KINDS: Mapping[str, type[Distribution]] = {
    kind._kind: kind
    for kind in (
        Flat,
        Normal,
        StudentT,
        Horseshoe,
        Uniform,
        HalfStudentT,
        HalfNormal,
        HalfCauchy,
        Exponential,
        Gamma,
        InverseGamma,
        LKJ,
    )
}


def distribution_of(saved: Mapping[str, Any]) -> Distribution:
    """Read what ``to_core`` wrote.

    >>> print(distribution_of({"kind": "half_normal", "scale": 2.0}))
    HalfNormal(2)
    """
    numbers = {name: value for name, value in saved.items() if name != "kind"}
    return _KINDS[saved["kind"]](**numbers)
