"""``"y ~ x + (x | g)"`` -> ``ModelSpec``: sees no data, evaluates no code.

In reading order: ``parser`` makes a ``syntax`` tree.  ``meaning`` reads arithmetic, and calls of ``functions``, as
``expressions``; ``terms`` reads all else by the algebra of formulas.  ``random_term``, with ``one_level``, and
``parts`` know what may stand where, ``residual_term`` what correlations of residuals may be.  ``names`` finds names as
users write them.  ``reading`` puts a ``model_spec`` together, or changes one.
"""

from .expressions import Call, ColumnName, Expression, Number, Text
from .model_spec import NO_RANDOM_TERM, ModelSpec
from .random_term import PLAIN, STRUCTURES, RandomTerm
from .reading import parse, parse_update
from .residual_term import RESIDUAL_STRUCTURES, ResidualTerm, parse_residual
from .terms import Term, TermFactor

__all__ = [
    "NO_RANDOM_TERM",
    "PLAIN",
    "RESIDUAL_STRUCTURES",
    "STRUCTURES",
    "Call",
    "ColumnName",
    "Expression",
    "ModelSpec",
    "Number",
    "RandomTerm",
    "ResidualTerm",
    "Term",
    "TermFactor",
    "Text",
    "parse",
    "parse_residual",
    "parse_update",
]
