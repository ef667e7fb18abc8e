"""What a type checker is told of methods whose result is of the kind of what they are given."""

from collections.abc import Sequence
from typing import Any, TypedDict, TypeVar

from numpy.typing import ArrayLike

from ...frame import Collects
from ...options import Ddf, NewLevels, PredictionScale, Variances

LazyT = TypeVar("LazyT", bound=Collects[Any])
NewT = TypeVar("NewT")


class FurtherOptions(TypedDict, total=False):
    """Options of ``predict`` on which the kind of its result does not depend."""

    random_effects: bool | str | Sequence[str]
    new_levels: NewLevels
    level: float
    offset: ArrayLike | None
    variances: Variances
    ddf: Ddf
    weights: str | ArrayLike | None
    type: PredictionScale
    forecast: bool
