"""``"y ~ x + (x | g)"`` -> ``ModelSpec``: sees no data, evaluates no code.

In reading order: ``tokens`` and ``parser`` make a ``syntax`` tree, which ``deparse`` writes as R does.  ``meaning``
reads arithmetic, and calls of ``functions`` with their ``constants`` and ``contrasts``, as ``expressions``.  ``encode``
reads all else as ``terms`` by the algebra of formulas; ``fixed``, ``random_term``, ``response`` and ``dot`` know what
may stand where.  ``reading`` puts a ``model_spec`` together, ``update`` changes one.  A ``reading_error`` carries the
place of what cannot be read, ``suggest`` finds the nearest name.
"""

from .expressions import Call, Column, Expression, Number, Text
from .model_spec import NO_RANDOM_TERM, ModelSpec
from .random_term import STRUCTURES, RandomTerm
from .reading import parse
from .terms import Factor, Term
from .update import parse_update

__all__ = [
    "NO_RANDOM_TERM",
    "STRUCTURES",
    "Call",
    "Column",
    "Expression",
    "Factor",
    "ModelSpec",
    "Number",
    "RandomTerm",
    "Term",
    "Text",
    "parse",
    "parse_update",
]
