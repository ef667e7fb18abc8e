"""What hlmrs raises on purpose: one base, one class per stage, and a category for every warning.

The text of an error names the column and the value, says what was expected, and what to do.
"""

import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PACKAGE = os.path.join(os.path.dirname(__file__), "")
_WINDOW = 100
_MANY = 1000
_SHOWN = 10
_LONGEST = 60
_CONTROL_TO_SPACE = dict.fromkeys([*range(32), 127, 133, 8232, 8233], " ")


class HlmrsError(Exception):
    """Base of all errors that hlmrs raises on purpose."""


class FormulaError(HlmrsError, ValueError):
    """A formula that cannot be read, or that names a column which is not there.

    Parameters
    ----------
    message : str
        What is wrong and what was expected.
    formula : str
        The formula as it was given.
    position : int or None
        Offset of the offending character in ``formula``.

    Examples
    --------
    >>> print(FormulaError("expected a term after '+'", "y ~ x +", 7))
    expected a term after '+'
        y ~ x +
               ^
    """

    def __init__(self, message: str, formula: str = "", position: int | None = None) -> None:
        super().__init__(message, formula, position)
        self.message = message
        self.formula = formula
        self.position = position

    def __str__(self) -> str:
        if self.position is None:
            return self.message
        return f"{self.message}\n{_mark(self.formula, self.position)}"


class DataError(HlmrsError, ValueError):
    """A data frame, or a column of it, that a model cannot use."""


class DesignError(HlmrsError, ValueError):
    """A model that these data cannot identify."""


class NumericalError(HlmrsError, ArithmeticError):
    """A computation that broke down."""


class OptionError(HlmrsError, ValueError):
    """An option whose value is not one of those it can have."""


class FitStateError(HlmrsError, RuntimeError):
    """A question about something that a fit does not hold, such as the rows of a fit saved without them."""


class HlmrsWarning(UserWarning):
    """Base of all warnings."""


class ConvergenceWarning(HlmrsWarning):
    """The optimizer stopped somewhere that is not verified to be the optimum."""


class SingularFitWarning(HlmrsWarning):
    """The estimated covariance of the random effects does not have full rank."""


class RankDeficiencyWarning(HlmrsWarning):
    """Columns of the fixed effects depend on others and were left out."""


class DroppedRowsWarning(HlmrsWarning):
    """Rows with missing values were left out."""


class InferenceWarning(HlmrsWarning):
    """A test or an interval that rests on something which does not hold for this fit."""


def _mark(formula: str, position: int) -> str:
    """Show the formula, or about a hundred characters of it, with a caret under the place."""
    start = max(0, min(position - _WINDOW // 2, len(formula) - _WINDOW))
    end = start + _WINDOW
    before = "..." if start > 0 else ""
    after = "..." if end < len(formula) else ""
    shown = formula[start:end].translate(_CONTROL_TO_SPACE)
    return f"    {before}{shown}{after}\n    {' ' * (len(before) + position - start)}^"


def warn(message: str, category: type[HlmrsWarning]) -> None:
    """Warn at the line outside the package that asked for what is warned of."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def check_choice(name: str, value: Any, known: Iterable[Any], instead: str = "") -> None:
    """Refuse a value of an option that is none of those known; `instead` is what else could be given.

    >>> check_choice("missing", "dorp", ("drop", "error"))
    Traceback (most recent call last):
    hlmrs.errors.OptionError: missing='dorp': choose one of 'drop', 'error'; did you mean 'drop'?
    """
    choices = list(known)
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        hint = suggestion(value, filter(None, choices)) if isinstance(value, str) else ""
        raise OptionError(
            f"{name}={cut(' '.join(repr(value).split()))}: choose one of {', '.join(map(repr, choices))}{instead}{hint}"
        )


def refuse_unknown(function: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Answer an unknown keyword with the nearest known one."""
    for name in given:
        if name not in known:
            hint = suggestion(name, known) or f"; its options are {', '.join(known)}"
            raise TypeError(f"{function}() has no argument {name!r}{hint}")


def take_alias(function: str, given: dict[str, Any], alias: str, name: str, value: Any, default: Any) -> Any:
    """Return the value of an argument that may have been given under another name, but not under both."""
    if alias not in given:
        return value
    if value != default:
        raise TypeError(f"{function}() was given both {alias}= and {name}=, which mean the same")
    return given.pop(alias)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest names, or nothing when none is near."""
    near = nearest(name, known)
    return f"; did you mean {' or '.join(map(quote, near))}?" if near else ""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that a misspelling may stand for; another case comes first."""
    candidates = list(known)
    folded = name.casefold()
    same = [candidate for candidate in candidates if candidate.casefold() == folded]
    if same:
        return same[:3]
    if len(candidates) > _MANY:
        candidates = _alike(folded, candidates)
    from difflib import get_close_matches  # loaded when something is misspelled

    return get_close_matches(name, candidates, n=3, cutoff=0.6)


def listed(names: Sequence[str]) -> str:
    """Return the names with commas, the first few when there are many."""
    shown = ", ".join(map(quote, names[:_SHOWN]))
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def quote(text: str) -> str:
    """Return a text in quotes for a message, cut when it is long."""
    return repr(cut(text))


def cut(text: str) -> str:
    """Return the start of a long text."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _alike(folded: str, candidates: list[str]) -> list[str]:
    """Keep names of about the same length and the same first letter: comparing all of many would take seconds."""
    return [
        candidate
        for candidate in candidates
        if abs(len(candidate) - len(folded)) <= 2 and candidate[:1].casefold() == folded[:1]
    ][:_MANY]
