"""``"y ~ x + (x | g)"`` -> ``ModelSpec``: sees no data, evaluates no code.

In reading order: ``parser`` makes a ``syntax`` tree.  ``meaning`` reads arithmetic, and calls of ``functions``, as
``expressions``; ``terms`` reads all else by the algebra of formulas.  ``random_term`` and ``parts`` know what may stand
where.  ``reading`` puts a ``model_spec`` together, or changes one.
"""

from .expressions import Call, ColumnName, Expression, Number, Text
from .model_spec import NO_RANDOM_TERM, ModelSpec
from .random_term import PLAIN, STRUCTURES, RandomTerm
from .reading import parse, parse_update
from .terms import Term, TermFactor

__all__ = [
    "NO_RANDOM_TERM",
    "PLAIN",
    "STRUCTURES",
    "Call",
    "ColumnName",
    "Expression",
    "ModelSpec",
    "Number",
    "RandomTerm",
    "Term",
    "TermFactor",
    "Text",
    "parse",
    "parse_update",
]
