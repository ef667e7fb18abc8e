"""Pictures of parameters and models.

Each is in the file of its name: ``coefficients``, ``profile``, ``structure``, ``variances``.
"""

from .coefficients import coefficients
from .profile import profile
from .structure import structure
from .variances import variances

__all__ = ["coefficients", "profile", "structure", "variances"]
