"""The fitted model: methods that check their arguments, delegate, and label the result.

``base`` has what every fit with a likelihood tells, ``linear`` what a linear mixed model does, ``generalized`` a
generalized one, ``marginal_fit`` what estimating equations do; ``checks``, ``variances``, ``marginal`` and ``plots``
group what is asked for more rarely, ``comparison`` puts fits side by side, ``saving`` reads them from files; ``view``
is what all of them are: an estimate whose tables are frames.  ``typing`` has types of arguments.
"""

from .comparison import compare
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit
from .marginal_fit import MarginalFit
from .saving import load

__all__ = ["GeneralizedMixedFit", "LinearMixedFit", "MarginalFit", "compare", "load"]
