"""Pictures of groups, each in the file of its name: ``caterpillar``, ``ranks``, ``shrinkage``."""

from .caterpillar import caterpillar
from .ranks import ranks
from .shrinkage import shrinkage

__all__ = ["caterpillar", "ranks", "shrinkage"]
