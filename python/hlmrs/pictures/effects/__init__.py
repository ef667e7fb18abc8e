"""Tables of pictures of the fixed part: predictions along variables.

``effect`` is of one variable, ``interaction`` of two, ``trajectories`` of time; ``places`` says where variables stand.
"""

from .effect import effect, effect_panels
from .interaction import interaction
from .trajectories import trajectories

__all__ = ["effect", "effect_panels", "interaction", "trajectories"]
