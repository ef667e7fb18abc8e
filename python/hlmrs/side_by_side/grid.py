"""Models aligned by terms, and the cells of their table as they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..control import count
from ..display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ..errors import OptionError, listed
from ..options import TableDetail
from .model_column import PARTS, Coefficient, ModelColumn

DETAILS = ("std_error", "interval", "p_value", "statistic", "df")
_STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_NAMES = {
    "std_error": "standard errors",
    "interval": "intervals",
    "p_value": "p-values",
    "statistic": "test statistics",
    "df": "degrees of freedom",
}
RANDOM = {
    "conditional": "Random effects",
    "zero_inflation": "Random effects of the zero part",
    "dispersion": "Random effects of the dispersion",
    "scale": "Random effects of the scale",
    "residual": "Residuals",
}


@dataclass(frozen=True, slots=True)
class TableChoice:
    """What a table shows of each coefficient, and how: see ``table``."""

    show: Sequence[TableDetail]
    stars: bool
    variances: bool
    labels: Mapping[str, str]
    digits: int
    level: float

    def __post_init__(self) -> None:
        unknown = [one for one in self.show if one not in DETAILS]
        if unknown:
            raise OptionError(f"show={unknown[0]!r}: choose among {listed(DETAILS)}")
        object.__setattr__(self, "digits", count("digits", self.digits))


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row: its label, and for each model the lines of its cell."""

    label: str
    cells: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class GridSection:
    """Rows under a heading."""

    heading: str
    rows: Sequence[GridRow]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it is shown: a column for every model, sections of rows, notes."""

    header: Sequence[str]
    sections: Sequence[GridSection]
    notes: Sequence[str] = field(default=())


def grid_of(columns: Sequence[ModelColumn], choice: TableChoice, how_tested: Sequence[str]) -> Grid:
    """Align models, and write their cells."""
    sections = [
        GridSection(title, _coefficient_rows([column.coefficients.get(part, {}) for column in columns], choice))
        for part, title in PARTS.items()
    ]
    kind = "variances" if choice.variances else "standard deviations"
    sections += [
        GridSection(f"{title} ({kind}, correlations)", _random_rows([c.random.get(part, {}) for c in columns], choice))
        for part, title in RANDOM.items()
    ]
    foot = [column.foot for column in columns]
    sections.append(GridSection("Model", [GridRow(name, [[f.get(name, "")] for f in foot]) for name in _union(foot)]))
    named = [f"{column.label}: {column.formula}" for column in columns]
    shown = [section for section in sections if section.rows]
    return Grid([column.label for column in columns], shown, [*_legend(choice), *how_tested, *named])


def _union(tables: Iterable[Mapping[str, object]]) -> list[str]:
    """Return all names: those that a later table adds stand before the name that follows them there, or at the end."""
    found: list[str] = []
    for table in tables:
        names = list(table)
        for k, name in enumerate(names):
            if name not in found:
                after = next((other for other in names[k + 1 :] if other in found), None)
                found.insert(len(found) if after is None else found.index(after), name)
    return found


def _coefficient_rows(tables: Sequence[Mapping[str, Coefficient]], choice: TableChoice) -> list[GridRow]:
    rows = []
    for term in _union(tables):
        own = [table.get(term) for table in tables]
        rows.append(GridRow(choice.labels.get(term, term), [_cell(one, choice) for one in own]))
    return rows


def _cell(one: Coefficient | None, choice: TableChoice) -> list[str]:
    """Write an estimate, with the digits of its standard error, and what stands below it."""
    if one is None or np.isnan(one.estimate):
        return [""]
    decimals = decimals_of([one.std_error], choice.digits)
    stars = next((text for limit, text in _STARS if one.p_value < limit), "") if choice.stars else ""
    return [_write(one.estimate, decimals) + stars, *(_detail(one, what, decimals) for what in choice.show)]


def _write(value: float, decimals: int | None) -> str:
    return write_column([value])[0] if decimals is None else write_fixed(value, decimals)


def _detail(one: Coefficient, what: str, decimals: int | None) -> str:
    match what:
        case "interval":
            return f"[{_write(one.conf_low, decimals)}, {_write(one.conf_high, decimals)}]"
        case "p_value":
            text = write_p(one.p_value)
            return f"p {text}" if text.startswith("<") else f"p = {text}"
        case "statistic":
            return f"{'t' if np.isfinite(one.df) else 'z'} = {write_fixed(one.statistic, 2)}"
        case "df":
            return f"df = {write_df(one.df)}"
    return f"({_write(one.std_error, decimals)})"


def _random_rows(tables: Sequence[Mapping[str, float]], choice: TableChoice) -> list[GridRow]:
    rows = []
    for label in _union(tables):
        values = [table.get(label, np.nan) for table in tables]
        decimals = [3 if ": correlation " in label else decimals_of([value], choice.digits) for value in values]
        cells = [[_write(value, own)] for value, own in zip(values, decimals, strict=True)]
        rows.append(GridRow(label, cells))
    return rows


def _legend(choice: TableChoice) -> list[str]:
    marks = {"std_error": "in parentheses", "interval": "in brackets"}
    shown = [
        (f"{100 * choice.level:g} % {_NAMES[one]}" if one == "interval" else _NAMES[one]) + f" {marks[one]}"
        for one in choice.show
        if one in marks
    ]
    stars = "; ".join(f"{text} p < {limit:g}" for limit, text in reversed(_STARS))
    text = "; ".join(shown)
    return [*([text[0].upper() + text[1:] + "."] if shown else []), *([stars + "."] if choice.stars else [])]
