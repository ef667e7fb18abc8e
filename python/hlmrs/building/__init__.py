"""From the null model to the one that is meant, level by level.

``steps`` parts a formula by the levels of its terms, ``comparison`` fits the models and tests each step,
``explained`` says how much of which level's variance a step takes up; ``built`` is what users hold.
"""

from .built import Building, build

__all__ = ["Building", "build"]
