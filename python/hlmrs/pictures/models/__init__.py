"""Tables of pictures of parameters and models: profiles, variances, coefficients, the structure of a factorization.

Each is in the file of its name: ``profile``, ``variances``, ``coefficients``, ``structure``; ``names`` are those of
models.
"""

from .coefficients import coefficients
from .profile import profile_pictures
from .structure import structure
from .variances import variances

__all__ = ["coefficients", "profile_pictures", "structure", "variances"]
