"""The random effects of one part of a generalized model, as tables of random effects meet those of a mean."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._core import Encoding
from ..errors import OptionError, listed
from ..frame import Frame
from .estimate import Estimate
from .generalized import GeneralizedEstimate
from .generalized_core import GeneralizedCore
from .layout import GroupLayout, Layout, LevelNames
from .parts import PartDesign
from .request import Request
from .rows import Splines

if TYPE_CHECKING:
    from .._core import GroupRecord


@dataclass(frozen=True, slots=True)
class PartCore:
    """The numbers of a part's random effects."""

    core: GeneralizedCore
    name: str

    def covariances(self) -> list[NDArray[np.float64]]:
        """Return the covariance of every random term."""
        return self.core.covariances(self.name)

    def modes(self) -> list[NDArray[np.float64]]:
        """Return the conditional modes of every random term."""
        return self.core.modes(self.name)

    def mode_covariances(self) -> list[NDArray[np.float64]]:
        """Return their conditional covariances."""
        return self.core.mode_covariances(self.name)


class RandomPart:
    """Names and numbers of the random effects of a part beside the mean's; it has no residual."""

    sigma = float("nan")
    has_residual = False

    def __init__(self, of: GeneralizedEstimate, name: str) -> None:
        self.name, self._of, self._design = name, of, of.designs[name]
        self.core = PartCore(of.own, name)
        self.layout: Layout = replace(of.layout, groups=_groups(self._design), random=self._design.random)

    @property
    def encoding(self) -> Encoding:
        """What encodes new data."""
        return self._design.encoding

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self._design.request

    @property
    def splines(self) -> Splines:
        """Splines of the part."""
        return self._design.splines

    @property
    def has_frame(self) -> bool:
        """Whether the caller's data are there."""
        return self._of.has_frame

    @property
    def frame(self) -> Frame:
        """The caller's data."""
        return self._of.frame


def random_parts(estimate: Estimate) -> dict[str, Estimate | RandomPart]:
    """Return the parts with random effects by name, that of the mean first: the fit itself."""
    found: dict[str, Estimate | RandomPart] = {"conditional": estimate} if estimate.layout.random else {}
    if isinstance(estimate, GeneralizedEstimate):
        names = [name for name, design in estimate.designs.items() if name != "conditional" and design.random]
        found |= {name: RandomPart(estimate, name) for name in names}
    return found


def one_part(parts: dict[str, Estimate | RandomPart], component: str | None) -> dict[str, Estimate | RandomPart]:
    """Return the part that is asked for, of those with random effects; None: all."""
    if component is None:
        return parts
    if component not in parts:
        known = f"those with some are {listed(list(parts))}" if parts else "no part of the model has any"
        raise OptionError(f"component={component!r}: the model has no random effects there; {known}")
    return {component: parts[component]}


def _groups(design: PartDesign) -> Sequence[GroupLayout]:
    """Name the grouping factors of a part and their levels, whose rows are not counted."""
    encoding = design.encoding
    return [_group(encoding, k, group) for k, group in enumerate(encoding.layout()["groups"])]


def _group(encoding: Encoding, index: int, group: "GroupRecord") -> GroupLayout:
    return GroupLayout(group["name"], LevelNames(group["n_levels"], lambda: encoding.group_levels(index)), 0, 0)
