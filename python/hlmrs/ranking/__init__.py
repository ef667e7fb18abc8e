"""Groups by one of their random effects: ranks, with what is uncertain of them.

``effects`` finds the effect of every group, ``ranks`` ranks them, ``table`` puts both beside least squares.
"""

from .effects import GroupEffects, group_effects
from .ranks import Ranks, ranks_of
from .table import finding, ranking_table

__all__ = ["GroupEffects", "Ranks", "finding", "group_effects", "ranking_table", "ranks_of"]
