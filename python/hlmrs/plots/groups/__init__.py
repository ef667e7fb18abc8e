"""Pictures of groups."""

from .caterpillar import caterpillar
from .ranks import ranks
from .shrinkage import shrinkage

__all__ = ["caterpillar", "ranks", "shrinkage"]
