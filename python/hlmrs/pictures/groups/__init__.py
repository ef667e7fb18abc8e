"""Tables of pictures of groups: their random effects, ranks and shrinkage."""

from .caterpillar import caterpillar
from .ranks import ranks
from .shrinkage import shrinkage

__all__ = ["caterpillar", "ranks", "shrinkage"]
