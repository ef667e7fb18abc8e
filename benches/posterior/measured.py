"""What is measured of a package on a model, and whether two packages agree."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple


class Seconds(NamedTuple):
    """Time on the clock and of processors."""

    wall: float
    processor: float


class Parameter(NamedTuple):
    """The posterior mean of a parameter, its Monte Carlo error, and how many independent draws its draws are worth."""

    mean: float
    error: float
    effective: float


class Measured(NamedTuple):
    """A posterior by one package."""

    version: str
    compilation: Seconds
    sampling: Seconds
    parameters: dict[str, Parameter]

    @property
    def effective(self) -> float:
        """Effective draws of the slowest parameter."""
        return min(one.effective for one in self.parameters.values())

    @property
    def rate(self) -> float:
        """The same in a second of processor time."""
        return self.effective / self.sampling.processor


def measured(found: Mapping[str, Any]) -> Measured:
    """Return what a process wrote as JSON."""
    parameters = {name: Parameter(*values) for name, values in found["parameters"].items()}
    return Measured(found["version"], Seconds(*found["compilation"]), Seconds(*found["sampling"]), parameters)


def differences(one: Measured, other: Measured) -> dict[str, float]:
    """Return how many Monte Carlo errors the means of every parameter are apart.

    Raises
    ------
    ValueError
        Where the packages have parameters of other names.
    """
    if one.parameters.keys() != other.parameters.keys():
        raise ValueError(f"parameters {sorted(one.parameters)} beside {sorted(other.parameters)}")
    pairs = {name: (own, other.parameters[name]) for name, own in one.parameters.items()}
    return {name: abs(a.mean - b.mean) / math.hypot(a.error, b.error) for name, (a, b) in pairs.items()}
