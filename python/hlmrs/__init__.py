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
    from .bayesian import bayes
    from .building import build
    from .control import Control
    from .estimation import Verdict
    from .estimation.streaming import SufficientStatistics, load_statistics
    from .families import Family
    from .generalized import glmer
    from .growth import person_period, time_coding
    from .inference import TestOptions
    from .least_squares import gls
    from .level_equations import levels
    from .many import fit_many
    from .marginal_models import gee
    from .models import lmer, model
    from .other_methods import against
    from .planning import Design
    from .pooling import pool
    from .priors import (
        LKJ,
        Exponential,
        Flat,
        Gamma,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        Horseshoe,
        InverseGamma,
        Normal,
        StudentT,
        Uniform,
    )
    from .repeated_measures import mmrm
    from .results import (
        DataDescription,
        GeneralizedMixedFit,
        LinearMixedFit,
        MarginalFit,
        Posterior,
        Power,
        PowerCurve,
        ResultTable,
        compare,
        describe,
        load,
        power,
    )
    from .results.side_by_side import table

__all__ = [
    "LKJ",
    "Control",
    "ConvergenceWarning",
    "DataDescription",
    "DataError",
    "Design",
    "DesignError",
    "DroppedRowsWarning",
    "Exponential",
    "Family",
    "FitStateError",
    "Flat",
    "FormulaError",
    "FormulaWarning",
    "Gamma",
    "GeneralizedMixedFit",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "HlmrsError",
    "HlmrsWarning",
    "Horseshoe",
    "InferenceWarning",
    "InverseGamma",
    "LinearMixedFit",
    "MarginalFit",
    "Normal",
    "NumericalError",
    "OptionError",
    "Posterior",
    "Power",
    "PowerCurve",
    "RankDeficiencyWarning",
    "ResultTable",
    "SingularFitWarning",
    "StudentT",
    "SufficientStatistics",
    "TestOptions",
    "Uniform",
    "Verdict",
    "against",
    "bayes",
    "build",
    "compare",
    "datasets",
    "describe",
    "fit_many",
    "gee",
    "glmer",
    "gls",
    "levels",
    "lmer",
    "load",
    "load_statistics",
    "mmrm",
    "model",
    "person_period",
    "pool",
    "power",
    "table",
    "time_coding",
]

_ROOMS = {
    "Control": "control",
    "DataDescription": "results",
    "Design": "planning",
    "Exponential": "priors",
    "Family": "families",
    "Flat": "priors",
    "Gamma": "priors",
    "GeneralizedMixedFit": "results",
    "HalfCauchy": "priors",
    "HalfNormal": "priors",
    "HalfStudentT": "priors",
    "Horseshoe": "priors",
    "InverseGamma": "priors",
    "LKJ": "priors",
    "LinearMixedFit": "results",
    "MarginalFit": "results",
    "Normal": "priors",
    "Posterior": "results",
    "Power": "results",
    "PowerCurve": "results",
    "ResultTable": "results",
    "StudentT": "priors",
    "SufficientStatistics": "estimation.streaming",
    "TestOptions": "inference",
    "Uniform": "priors",
    "Verdict": "estimation",
    "against": "other_methods",
    "bayes": "bayesian",
    "build": "building",
    "compare": "results",
    "datasets": "datasets",
    "describe": "results",
    "fit_many": "many",
    "gee": "marginal_models",
    "glmer": "generalized",
    "gls": "least_squares",
    "levels": "level_equations",
    "lmer": "models",
    "load": "results",
    "load_statistics": "estimation.streaming",
    "mmrm": "repeated_measures",
    "model": "models",
    "person_period": "growth",
    "pool": "pooling",
    "power": "results",
    "sklearn": "sklearn",
    "table": "results",
    "time_coding": "growth",
}


_ELSEWHERE = dict.fromkeys(("lme", "lmm", "Lmer", "mixedlm", "MixedLM"), "lmer") | {
    **dict.fromkeys(("GEE", "geeglm", "geese"), "gee"),
    **dict.fromkeys(("glmm", "glmmTMB", "clmm", "Glmer"), "glmer"),
    "MMRM": "mmrm",
    **dict.fromkeys(("powerSim", "powerCurve", "mdes", "mrss"), "power"),
    "anova": "compare",
    "lrt": "compare",
}
"""Functions of other packages, and what they are here."""


def __getattr__(name: str) -> Any:
    """Load a room when one of its names is first asked for, so that importing the package takes no time."""
    if name == "__version__":
        from .version import package_version  # loaded when it is wanted: it takes as long as all else

        return package_version()
    if name not in _ROOMS:
        hint = f"; there is hlmrs.{_ELSEWHERE[name]}()" if name in _ELSEWHERE else suggestion(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    room = import_module(f".{_ROOMS[name]}", __name__)
    value = room if name == _ROOMS[name] else getattr(room, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", *(name for name in globals() if name.startswith("__"))])
