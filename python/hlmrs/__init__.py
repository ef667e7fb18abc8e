"""Hierarchical (multilevel, mixed-effects) linear models: lme4's formulas, any data frame, a Rust core.

>>> import hlmrs
>>> data = hlmrs.datasets.load("sleepstudy")
>>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
>>> [round(float(estimate), 3) for estimate in fit.beta]
[251.405, 10.467]
"""

from typing import Any

from . import datasets
from .control import Control
from .errors import (
    ConvergenceWarning,
    DataError,
    DesignError,
    DroppedRowsWarning,
    FitStateError,
    FormulaError,
    HlmrsError,
    HlmrsWarning,
    NumericalError,
    OptionError,
    RankDeficiencyWarning,
    SingularFitWarning,
)
from .fit import LinearMixedFit, load
from .fitting import Verdict
from .models import lmer

__all__ = [
    "Control",
    "ConvergenceWarning",
    "DataError",
    "DesignError",
    "DroppedRowsWarning",
    "FitStateError",
    "FormulaError",
    "HlmrsError",
    "HlmrsWarning",
    "LinearMixedFit",
    "NumericalError",
    "OptionError",
    "RankDeficiencyWarning",
    "SingularFitWarning",
    "Verdict",
    "datasets",
    "lmer",
    "load",
]


def __getattr__(name: str) -> Any:
    """Look the version up when it is asked for: reading the metadata takes longer than a fit."""
    if name == "__version__":
        from importlib.metadata import version

        return version("hlmrs")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
