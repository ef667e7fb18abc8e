"""Pictures of the fixed part, each in the file of its name: ``effect``, ``slopes``, ``trajectories``."""

from .effect import effect
from .slopes import slopes
from .trajectories import trajectories

__all__ = ["effect", "slopes", "trajectories"]
