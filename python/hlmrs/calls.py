"""What a function answers to arguments that it does not have."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, TypeVar, cast

from .errors import suggestion

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)

_IN_FORMULA = "random effects stand in the formula: + (1 | group), or + (x | group)"
_INSTEAD = {
    "groups": "the groups stand in the formula: + (1 | {value})",
    "group": "the groups stand in the formula: + (1 | {value})",
    "re_formula": _IN_FORMULA,
    "vc_formula": _IN_FORMULA,
    "random": _IN_FORMULA,
    "method": "maximum likelihood is reml=False, and REML reml=True",
    "family": "the response is normal here; there are no other families yet",
    "link": "the response is normal here; there are no other families yet",
    "na_action": "missing='drop' leaves rows with missing values out, missing='error' refuses them",
    "subset": "filter the rows of the data frame first",
    "start": "give control=hlmrs.Control(start=...)",
    "optimizer": "give control=hlmrs.Control(optimizer=...)",
    "n_jobs": "give control=hlmrs.Control(n_threads=...)",
    "n_threads": "give control=hlmrs.Control(n_threads=...)",
    "correlation": "correlated random effects are structured terms of the formula, such as + ar1(0 + factor(t) | g)",
    "alpha": "level=0.95 is what alpha=0.05 is elsewhere",
    "conf_level": "it is level= here",
    "re_form": "random_effects=False predicts without random effects, random_effects='g' with those of g",
    "allow_new_levels": "new_levels='population' gives levels that the fit has not seen random effects of zero",
    "exog": "new rows are newdata=",
    "data": "new rows are newdata=",
    "se_fit": "interval='confidence' gives standard errors and bounds",
    "nsim": "how many is n=",
    "B": "how many is n=",
    "parm": "profile(terms=[...]) takes names of parameters; tables have all of them",
    "refit": "models are compared by hlmrs.compare(fit, other)",
}
"""What arguments of other packages are here."""
_IN_PREDICT = {
    "re_formula": _INSTEAD["re_form"],
    "type": "predictions are on the scale of the response",
}


def refuse_unknown(function: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Answer an unknown keyword with what there is instead, or with the nearest known one."""
    instead = _INSTEAD | _IN_PREDICT if function == "predict" else _INSTEAD
    for name, value in given.items():
        if name in known:
            continue
        folded = name.replace(".", "_")
        hint = suggestion(name, known) or f"; its options are {', '.join(known)}"
        if folded in instead:
            hint = f"; {instead[folded].format(value=value if isinstance(value, str) else 'g')}"
        raise TypeError(f"{function}() has no argument {name!r}{hint}")


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


def answers(function: Function) -> Function:
    """Let a function say what there is instead of an argument that it does not have."""

    @wraps(function)
    def checked(*values: Any, **keywords: Any) -> Any:
        try:
            return function(*values, **keywords)
        except TypeError as error:
            if not _is_of_the_call(error):
                raise
            message = str(error)
        _explain(function, values, keywords)
        raise TypeError(message.replace(function.__qualname__, function.__name__))

    return cast("Function", checked)


def _is_of_the_call(error: TypeError) -> bool:
    """Whether the arguments did not fit, so that nothing of the function itself has run."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_name == "checked"


def _explain(function: Callable[..., Any], values: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    name = function.__name__
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
