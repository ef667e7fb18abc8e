"""Tables of pictures of parameters and models: profiles, variances, coefficients, the structure of a factorization."""

from .coefficients import coefficients
from .profile import profile_pictures
from .structure import structure
from .variances import variances

__all__ = ["coefficients", "profile_pictures", "structure", "variances"]
