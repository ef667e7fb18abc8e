"""What hlmrs raises on purpose: one base, one class per stage, and a category for every warning.

The text of an error names the column and the value, says what was expected, and what to do.
"""

import os
import sys
import warnings

_PACKAGE = os.path.join(os.path.dirname(__file__), "")
_WINDOW = 100
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
