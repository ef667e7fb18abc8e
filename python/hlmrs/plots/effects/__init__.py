"""Pictures of the fixed part."""

from .effect import effect
from .slopes import slopes
from .trajectories import trajectories

__all__ = ["effect", "slopes", "trajectories"]
