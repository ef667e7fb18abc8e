"""Hierarchical (multilevel, mixed-effects) linear models: lme4's formulas, any data frame, a Rust core.

>>> import hlmrs
>>> data = hlmrs.datasets.load("sleepstudy")
>>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)
>>> [round(float(estimate), 3) for estimate in fit.beta]
[251.405, 10.467]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    ConvergenceWarning,
    DataError,
    DesignError,
    DroppedRowsWarning,
    FitStateError,
    FormulaError,
    FormulaWarning,
    HlmrsError,
    HlmrsWarning,
    InferenceWarning,
    NumericalError,
    OptionError,
    RankDeficiencyWarning,
    SingularFitWarning,
    suggestion,
)

if TYPE_CHECKING:
    from . import datasets
    from .control import Control
    from .estimation import Verdict
    from .estimation.streaming import SufficientStatistics, load_statistics
    from .families import Family
    from .generalized import glmer
    from .inference import TestOptions
    from .many import fit_many
    from .marginal_models import gee
    from .models import lmer, model
    from .priors import Normal
    from .results import GeneralizedMixedFit, LinearMixedFit, MarginalFit, compare, load

__all__ = [
    "Control",
    "ConvergenceWarning",
    "DataError",
    "DesignError",
    "DroppedRowsWarning",
    "Family",
    "FitStateError",
    "FormulaError",
    "FormulaWarning",
    "GeneralizedMixedFit",
    "HlmrsError",
    "HlmrsWarning",
    "InferenceWarning",
    "LinearMixedFit",
    "MarginalFit",
    "Normal",
    "NumericalError",
    "OptionError",
    "RankDeficiencyWarning",
    "SingularFitWarning",
    "SufficientStatistics",
    "TestOptions",
    "Verdict",
    "compare",
    "datasets",
    "fit_many",
    "gee",
    "glmer",
    "lmer",
    "load",
    "load_statistics",
    "model",
]

_ROOMS = {
    "Control": "control",
    "Family": "families",
    "GeneralizedMixedFit": "results",
    "LinearMixedFit": "results",
    "MarginalFit": "results",
    "Normal": "priors",
    "SufficientStatistics": "estimation.streaming",
    "TestOptions": "inference",
    "Verdict": "estimation",
    "compare": "results",
    "datasets": "datasets",
    "fit_many": "many",
    "gee": "marginal_models",
    "glmer": "generalized",
    "lmer": "models",
    "load": "results",
    "model": "models",
    "load_statistics": "estimation.streaming",
}


_ELSEWHERE = dict.fromkeys(("lme", "lmm", "Lmer", "mixedlm", "MixedLM"), "lmer") | {
    **dict.fromkeys(("GEE", "geeglm", "geese"), "gee"),
    **dict.fromkeys(("glmm", "glmmTMB", "clmm", "Glmer"), "glmer"),
    "anova": "compare",
    "lrt": "compare",
}
"""Functions of other packages, and what they are here."""


def __getattr__(name: str) -> Any:
    """Load a room when one of its names is first asked for, so that importing the package takes no time."""
    if name == "__version__":
        from importlib.metadata import version

        return version("hlmrs")
    if name not in _ROOMS:
        hint = f"; there is hlmrs.{_ELSEWHERE[name]}()" if name in _ELSEWHERE else suggestion(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    room = import_module(f".{_ROOMS[name]}", __name__)
    value = room if name == _ROOMS[name] else getattr(room, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
