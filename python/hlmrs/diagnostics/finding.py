"""What a check found: numbers, a verdict, and a sentence for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..display import Notes, Printed, Report, Section
from ..frame import Column, build, columns_of

FINE, LOOK, CONCERN = "no concern", "look closer", "concern"
_ORDER = (FINE, LOOK, CONCERN)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Check(Printed):
    """The result of one check.

    Attributes
    ----------
    name : str
        What was checked.
    verdict : {"no concern", "look closer", "concern"}
        What to make of it.  A small p value alone is never a concern: with many rows a test finds departures that
        change no conclusion, so that verdicts ask for their size as well.
    finding : str
        What was tested and found, in words.
    caveat : str
        What the test cannot tell.
    """

    name: str
    verdict: str
    finding: str
    caveat: str
    _table: Mapping[str, Column]
    _frame: str
    _p_value: float | None = None

    @property
    def p_value(self) -> float:
        """The smallest p value, corrected for there being several tests; NaN without a test."""
        if self._p_value is not None:
            return self._p_value
        values = np.asarray(self._table.get("p_value", []), dtype=float)
        values = np.sort(values[~np.isnan(values)])
        return float(min(1.0, len(values) * values[0])) if len(values) else float("nan")

    def to_frame(self) -> Any:
        """Return the statistics behind the finding."""
        return build(self._frame, self._table)

    @property
    def _title(self) -> str:
        return f"{self.name[0].upper()}{self.name[1:]}: {self.verdict}"

    @property
    def _words(self) -> Notes:
        return Notes([text for text in (self.finding, self.caveat) if text])

    def _report(self) -> Report:
        return Report(self._title, [Section("", self._words)])


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelCheck(Printed):
    """All checks of a fit, in the order of ``checks``; ``not_checked`` says which are not there for it, and why."""

    checks: Sequence[Check]
    _frame: str
    not_checked: str = ""

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)

    @property
    def verdict(self) -> str:
        """The gravest verdict."""
        return max((check.verdict for check in self.checks), key=_ORDER.index)

    def to_frame(self) -> Any:
        """Return a row for every check: ``check, verdict, p_value, finding, caveat``."""
        names = ("check", "verdict", "p_value", "finding", "caveat")
        rows = [(check.name, check.verdict, check.p_value, check.finding, check.caveat) for check in self.checks]
        return build(self._frame, columns_of(names, rows, {*names} - {"p_value"}))

    def _report(self) -> Report:
        checks = sorted(self.checks, key=lambda check: -_ORDER.index(check.verdict))
        sections = [Section(check._title, check._words) for check in checks]
        left_out = [Section("Not checked", Notes([self.not_checked]))] if self.not_checked else []
        return Report(f"Checks of the model: {self.verdict}", [*sections, *left_out])


def worst(verdicts: Sequence[str]) -> str:
    """Return the gravest of several verdicts."""
    return max(verdicts, key=_ORDER.index, default=FINE)


def p_text(p: float) -> str:
    """Write a p value as papers do.

    >>> p_text(0.0312), p_text(2e-9)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for their number (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    out, largest = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[k]))
        out[k] = largest
    return out
