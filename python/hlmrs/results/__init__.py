"""The fitted model: methods that check their arguments, delegate, and label the result.

``fitted`` has what every fit tells, ``base`` what one with a likelihood does, with ``hypotheses``, ``means`` and
``changed_data``; ``linear`` what a linear mixed model does, ``generalized`` a generalized one, ``marginal_fit`` what
estimating equations do.  Accessors group what is asked for more rarely: ``checks`` and ``generalized_checks``, which
have ``checks_of_optimum`` in common, ``plots`` and ``generalized_plots``, which have ``panels``, ``variances``, and
``marginal``.  ``comparison`` puts fits side by side, ``saving`` reads them from files; ``view`` is what all of them
are: an estimate whose tables are frames.  ``typing`` has types of arguments.
"""

from .comparison import compare
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit
from .marginal_fit import MarginalFit
from .saving import load

__all__ = ["GeneralizedMixedFit", "LinearMixedFit", "MarginalFit", "compare", "load"]
