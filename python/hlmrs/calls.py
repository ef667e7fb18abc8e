"""What a function answers to arguments that it does not have."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from inspect import Parameter, isfunction, signature
from types import CodeType
from typing import Any, TypeAlias, TypeVar, cast

from .errors import suggestion

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)
Hint: TypeAlias = tuple[str, str]
"""A parameter, or "", and a text that is true of functions that have it."""
Hints: TypeAlias = Mapping[str, Sequence[Hint]]

_GROUPS = [("", "the groups stand in the formula: + (1 | {value})")]
_IN_FORMULA = [("", "random effects stand in the formula: + (1 | group), or + (x | group)")]
_NORMAL = [("", "the response is normal here; hlmrs.glmer() fits other families")]
_THREADS = "control=hlmrs.Control(n_threads=...)"
_THREADS_OF_FIT = f"there are as many threads as the fit was given, by {_THREADS} of lmer"
_COMPARED = [("", "models are compared by hlmrs.compare(fit, other)")]
_RANDOM_EFFECTS = [
    ("random_effects", "random_effects=False predicts without random effects, random_effects='g' with those of g"),
    ("", "every response has new random effects"),
]
_STD_ERRORS = [("interval", "interval='confidence' gives standard errors and bounds")]
_PARAMETERS = [
    ("terms", "terms=[...] takes names of parameters"),
    ("", "the table has all parameters; keep the rows of its column 'term' that you want"),
]

_OF_TESTS_ALONE = ("ddf", "vcov", "cluster")
_OF_MODELS: Hints = {
    "groups": _GROUPS,
    "group": _GROUPS,
    "re_formula": _IN_FORMULA,
    "vc_formula": _IN_FORMULA,
    "random": _IN_FORMULA,
    "method": [("reml", "maximum likelihood is reml=False, and REML reml=True")],
    "family": _NORMAL,
    "link": _NORMAL,
    "na_action": [("missing", "missing='drop' leaves rows with missing values out, missing='error' refuses them")],
    "subset": [("", "filter the rows of the data frame first")],
    "start": [("control", "give control=hlmrs.Control(start=...)")],
    "optimizer": [("control", "give control=hlmrs.Control(optimizer=...)")],
    "n_jobs": [("control", f"give {_THREADS}")],
    "n_threads": [("control", f"give {_THREADS}")],
    "prior": [
        ("responses", "models of many responses have none; fit each by hlmrs.lmer(prior='avoid-boundary')"),
        ("", "it is of covariances of random effects, and the model has none; hlmrs.lmer() has both"),
    ],
    **{name: [("", f"tests choose it: fit.summary({name}=...), fit.tidy({name}=...)")] for name in _OF_TESTS_ALONE},
    "correlation": [
        ("residual", "correlated residuals are residual='ar1(t | id)', beside random effects of the formula or alone"),
        ("covariance", "the covariance of the visits is covariance='us(visit | subject)'"),
        ("", "correlated random effects are structured terms of the formula, such as + ar1(0 + factor(t) | g)"),
    ],
}
_NO_SUMS = "rows of a generalized model are weighted anew in every step, so that no sums over them stay"
_OF_GENERALIZED: Hints = {
    **{name: hints for name, hints in _OF_MODELS.items() if name not in ("family", "link", "method")},
    "rows": [("", f"{_NO_SUMS}; all rows are fitted together")],
    "ddf": [("", "tests of a generalized model have no degrees of freedom to choose; they are normal")],
    "nAGQ": [("nagq", "quadrature points are nagq=")],
    "ziformula": [("zero_inflation", "the zero part is zero_inflation='~ 1'")],
    "dispformula": [("dispersion", "the model of the dispersion is dispersion='~ x'")],
}
_OF_CHAINS = "draws are independent where they can be, and chains are four (method='nuts'); how many is draws="
_OF_POSTERIORS: Hints = {
    **{name: hints for name, hints in _OF_MODELS.items() if name not in ("family", "link", "prior")},
    "prior": [
        ("priors", "priors of a posterior are priors={{'fixed': hlmrs.Normal(0, 2.5)}}, by name"),
        ("", "it is of estimates, by lmer and glmer"),
    ],
    **{name: [("", _OF_CHAINS)] for name in ("chains", "iter", "warmup", "tune", "n_draws", "n_samples")},
    "cores": [("", f"give {_THREADS}")],
    "random_seed": [("seed", "the seed is seed=")],
}
_OF_SUMS: Hints = {
    name: [("", f"{_NO_SUMS}; fit all rows together by hlmrs.glmer()")]
    for name in ("family", "link", "zero_inflation", "dispersion", "nagq")
} | {"prior": [("", "fits to sums of rows have none; hlmrs.lmer(prior='avoid-boundary', rows='keep') fits the rows")]}
_OF_EQUATIONS: Hints = {
    "id": [("groups", "the column of the groups is groups=")],
    "corstr": [("correlation", "the working correlation is correlation=")],
    "cov_struct": [("correlation", "the working correlation is correlation=, such as 'exchangeable'")],
    "waves": [("time", "the column of the times is time=")],
    "std_err": [("", "tidy(vcov=...) and other methods choose the standard errors")],
    "scale_fix": [("scale", "scale=1 fixes the scale")],
    "subset": [("", "filter the rows of the data frame first")],
    "zcor": [("", "correlations that are given are not supported")],
}
_OF_PREDICTIONS: Hints = {
    "use_rfx": _RANDOM_EFFECTS,
    "se": _STD_ERRORS,
    "re_form": _RANDOM_EFFECTS,
    "re_formula": _RANDOM_EFFECTS,
    "allow_new_levels": [
        ("new_levels", "new_levels='population' gives levels that the fit has not seen random effects of zero"),
        ("", "newdata= may have levels that the fit has not seen"),
    ],
    "exog": [("newdata", "new rows are newdata=")],
    "data": [("newdata", "new rows are newdata=")],
    "se_fit": _STD_ERRORS,
    "interval": [("level", "the probability of the interval is level=0.95")],
}
_OF_TESTS: Hints = {"refit": _COMPARED}
_OF_ANY: Hints = {
    "alpha": [("level", "level=0.95 is what alpha=0.05 is elsewhere")],
    "conf_level": [("level", "it is level= here")],
    **{name: [("n", "how many is n=")] for name in ("nsim", "n_sim", "n_boot", "n_draws", "n_resamples", "B", "R")},
    "n_jobs": [("n", _THREADS_OF_FIT)],
    "n_threads": [("n", _THREADS_OF_FIT)],
}
_OF_RATIOS: Hints = {
    "exponentiate": [
        ("", "ratios of models with a logit or log link are in hlmrs.table(fit, exponentiate=True) and their tidy()")
    ]
}
_OF_RESIDUALS: Hints = {"type": [("kind", "which residuals is kind=")]}
_OF_INTERVALS: Hints = {"parm": _PARAMETERS, "which": _PARAMETERS}
_TABLES: Sequence[tuple[Collection[str], Hints]] = (
    (("lmer", "gls", "mmrm", "model", "fit_many", "update"), _OF_MODELS),
    (("glmer",), _OF_GENERALIZED),
    (("bayes", "posterior"), _OF_POSTERIORS),
    (("gee",), _OF_EQUATIONS),
    (("SufficientStatistics",), _OF_SUMS),
    (("predict", "simulate"), _OF_PREDICTIONS),
    (("confint", "profile"), _OF_INTERVALS),
    (("resid",), _OF_RESIDUALS),
    (("summary", "text", "tidy"), _OF_RATIOS),
    (("anova", "drop1", "ranova", "test"), _OF_TESTS),
)
"""What arguments of other packages are here, by functions."""


def refuse_unknown(function: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Answer an unknown keyword with what there is instead, or with the nearest known one."""
    for name, value in given.items():
        if name in known:
            continue
        hint = suggestion(name, known) or (f"; its options are {', '.join(known)}" if known else "")
        instead = _instead(function, name.replace(".", "_"), known)
        if instead:
            hint = f"; {instead.format(value=value if isinstance(value, str) else 'g')}"
        raise TypeError(f"{function}() has no argument {name!r}{hint}")


def _instead(function: str, name: str, known: Collection[str]) -> str:
    """Return what an argument of another package is in a function with these parameters."""
    tables = [*(hints for functions, hints in _TABLES if function in functions), _OF_ANY]
    found = (text for hints in tables for needed, text in hints.get(name, ()) if not needed or needed in known)
    return next(found, "")


def take_alias(function: str, given: dict[str, Any], alias: str, name: str, value: Any, default: Any) -> Any:
    """Return the value of an argument that may have been given under another name, but not under both."""
    if alias not in given:
        return value
    if value != default:
        raise TypeError(f"{function}() was given both {alias}= and {name}=, which mean the same")
    return given.pop(alias)


def answers_calls(kind: Class) -> Class:
    """Let the public methods of a class say in their own names what is wrong with a call."""
    for name, method in list(vars(kind).items()):
        if isfunction(method) and not name.startswith("_"):
            setattr(kind, name, answers(method))
    return kind


def answers_making(kind: Class) -> Class:
    """Let a class say in its own name what is wrong with the call that makes one of its objects."""
    initial = vars(kind)["__init__"]
    setattr(kind, initial.__name__, answers(initial, kind.__name__))
    return kind


def answers(function: Function, name: str | None = None) -> Function:
    """Let a function say what there is instead of an argument that it does not have; `name`: as users call it."""
    called = name or function.__name__

    @wraps(function)
    def checked(*values: Any, **keywords: Any) -> Any:
        try:
            return function(*values, **keywords)
        except TypeError as error:
            if not _is_of_the_call(error):
                raise
            message = str(error)
        _explain(function, called, values, keywords)
        raise TypeError(message.replace(function.__qualname__, called))

    return passes_on(cast("Function", checked))


_WRAPPERS: set[CodeType] = set()
"""The code of functions that hand their arguments to another."""


def passes_on(wrapper: Function) -> Function:
    """Note that a function hands its arguments to another, so that a call that fails in it has not begun."""
    _WRAPPERS.add(cast("Any", wrapper).__code__)
    return wrapper


def _is_of_the_call(error: TypeError) -> bool:
    """Whether the arguments did not fit, so that nothing of the function itself has run."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code in _WRAPPERS:
        trace = trace.tb_next
    return trace is None


def _explain(function: Callable[..., Any], name: str, values: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    parameters = list(signature(function).parameters.values())
    refuse_unknown(
        name, keywords, [p.name for p in parameters if p.kind is not Parameter.VAR_KEYWORD and p.name != "self"]
    )
    by_place = [p.name for p in parameters if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    surplus = list(values)[len(by_place) :]
    if any(hasattr(value, "_estimate") for value in surplus):
        raise TypeError(f"{name}() is of one model; models are compared by hlmrs.compare(fit, other)")
    if surplus:
        named = [f"{p.name}=" for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
        hint = f"; what it takes by name is {', '.join(named)}" if named else ""
        raise TypeError(f"{name}() takes no further value by place, such as {surplus[0]!r}{hint}")
