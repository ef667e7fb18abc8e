"""What hlmrs raises on purpose: one base, one class per stage, and a category for every warning.

The text of an error names the column and the value, says what was expected, and what to do.
"""

import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from unicodedata import normalize

Choice = TypeVar("Choice")

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


class OneLevelError(DesignError):
    """A grouping factor that has one level in the rows used."""


class UndeclaredOrderError(DataError):
    """Categories that a model takes in an order, which nobody has declared."""


class NumericalError(HlmrsError, ArithmeticError):
    """A computation that broke down."""


class OptionError(HlmrsError, ValueError):
    """An option whose value is not one of those it can have."""


class ArgumentError(OptionError, TypeError):
    """An argument of a type that it cannot have."""


class FitStateError(HlmrsError, RuntimeError):
    """A question about something that a fit does not hold, such as the rows of a fit saved without them."""


class HlmrsWarning(UserWarning):
    """Base of all warnings."""


class FormulaWarning(HlmrsWarning):
    """A formula that says less than it seems to."""


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


def choose(
    name: str, value: Any, known: Iterable[Choice], also: Mapping[str, Choice] | None = None, instead: str = ""
) -> Choice:
    """Return the choice that the value of an option means, in whatever case and with whatever between its words.

    `also` has words of other packages, `instead` is what else could be given.

    >>> choose("ddf", "Kenward_Roger", ("satterthwaite", "kenward-roger"))
    'kenward-roger'
    >>> choose("missing", "dorp", ("drop", "error"))
    Traceback (most recent call last):
    hlmrs.errors.OptionError: missing='dorp': choose one of 'drop', 'error'; did you mean 'drop'?
    """
    choices = list(known)
    for choice in choices:
        if value is choice or (isinstance(value, str) and value == choice):
            return choice
    words = [choice for choice in choices if isinstance(choice, str)]
    if isinstance(value, str):
        meant = {_letters(word): to for word, to in (also or {}).items()} | {_letters(word): word for word in words}
        if _letters(value) in meant:
            return meant[_letters(value)]
    hint = suggestion(value, words) if isinstance(value, str) else ""
    raise OptionError(f"{name}={_shown(value)}: choose one of {', '.join(map(repr, choices))}{instead}{hint}")


def names_in(option: str, given: Any) -> list[str]:
    """Return the names that an option gives: one, or several.

    >>> names_in("by", "x"), names_in("by", ("x", "y"))
    (['x'], ['x', 'y'])
    """
    names = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"{option}={_shown(given)}: give the name of a variable, or a list of names")
    return names


def name_in(option: str, given: Any) -> str:
    """Return the one name that an option gives."""
    if not isinstance(given, str):
        raise ArgumentError(f"{option}={_shown(given)}: give the name of one variable")
    return given


def mapping_in(option: str, given: Any, example: str) -> Mapping[str, Any]:
    """Return the dictionary that an option gives; None is an empty one."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ArgumentError(f"{option}={_shown(given)}: give a dictionary by names of variables, such as {example}")
    return given


def flag_in(option: str, given: Any) -> bool:
    """Return what an option says that is True or False, NumPy's too."""
    if isinstance(given, bool) or (type(given).__name__ == "bool" and hasattr(given, "dtype")):
        return bool(given)
    raise ArgumentError(f"{option}={_shown(given)}: give True or False")


def _shown(value: Any) -> str:
    """Return a value for a message, on one line."""
    return cut(" ".join(repr(value).split()))


def _letters(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest names, or nothing when none is near."""
    near = list(dict.fromkeys(nearest(name, known)))
    if near and normalize("NFC", near[0]) == normalize("NFC", name):
        return (
            f"; {quote(near[0])} looks the same, but is composed of other Unicode characters: give it another name, or "
            "the form of unicodedata.normalize('NFC', name)"
        )
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
