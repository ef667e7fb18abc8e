"""The fitted model: methods that check their arguments, delegate, and label the result.

``fitted`` has what every fit tells, ``likelihood`` what one with a likelihood does; ``linear`` what a linear mixed
model does, ``generalized`` a generalized one, ``equations`` what estimating equations do; ``shared`` is of several
kinds, ``pictures`` of all.  ``comparison`` compares fits, ``side_by_side`` puts them into one table, ``saving`` reads
them from files; ``view`` is what all of them are: an estimate whose tables are frames, or a ``result_table`` where a
person looks.  ``known_names`` has the names of other packages, ``foreign`` what is said of those that are not there.
``posterior`` has posteriors.  ``description`` describes data before any fit, ``planned`` has the power of a study
before there are data.
"""

from .comparison import compare
from .description import DataDescription, describe
from .equations import MarginalFit
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit
from .planned import Power, PowerCurve, power
from .posterior import Posterior
from .result_table import ResultTable
from .saving import load
from .side_by_side import table

__all__ = [
    "DataDescription",
    "GeneralizedMixedFit",
    "LinearMixedFit",
    "MarginalFit",
    "Posterior",
    "Power",
    "PowerCurve",
    "ResultTable",
    "compare",
    "describe",
    "load",
    "power",
    "table",
]
