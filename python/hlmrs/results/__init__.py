"""The fitted model: methods that check their arguments, delegate, and label the result.

``base`` has what every fit with a likelihood tells, ``linear`` what a linear mixed model does; ``accessors`` and
``plots`` group what is asked for more rarely, ``comparison`` puts fits side by side; tables leave by ``table``.
"""

from .comparison import compare
from .linear import LinearMixedFit, load

__all__ = ["LinearMixedFit", "compare", "load"]
