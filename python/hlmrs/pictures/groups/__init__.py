"""Tables of pictures of groups: their random effects, ranks and shrinkage.

Each is in the file of its name: ``caterpillar``, ``ranks``, ``shrinkage``.
"""

from .caterpillar import caterpillar
from .ranks import ranks
from .shrinkage import shrinkage

__all__ = ["caterpillar", "ranks", "shrinkage"]
