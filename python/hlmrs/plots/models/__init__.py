"""Pictures of parameters and models."""

from .coefficients import coefficients
from .profile import profile
from .structure import structure
from .variances import variances

__all__ = ["coefficients", "profile", "structure", "variances"]
