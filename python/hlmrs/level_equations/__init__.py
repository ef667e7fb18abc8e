"""Models as equations of their levels: written from a formula and a fit, and read from text into a formula.

In reading order: a ``level_model`` says which predictor has which units.  ``of_fit`` makes one from a fit, ``reading``
from the text that HLM writes, ``builder`` from a formula for each coefficient.  ``lines`` writes its equations in
``symbols``, ``residuals`` those of residuals with parameters, which ``writers`` turn into text, LaTeX and MathML;
``document`` holds what is shown.
"""

from .builder import levels
from .document import Equations, equations_of
from .level_model import ROWS, LevelModel
from .lines import LevelLines
from .of_fit import homes_of_terms, level_model_of

__all__ = [
    "ROWS",
    "Equations",
    "LevelLines",
    "LevelModel",
    "equations_of",
    "homes_of_terms",
    "level_model_of",
    "levels",
]
