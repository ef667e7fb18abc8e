"""``residual="ar1(t | id)"``: which residuals are correlated, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import ArgumentError, FormulaError, cut, quote, suggestion
from .expressions import ColumnName
from .meaning import expression_of
from .parser import parse_sides
from .random_term import GroupReader
from .syntax import Argument, FunctionCall, Infix, Name, Numeral, ReadingError, Syntax, deparse, is_bar, strip
from .terms import TermFactor


@dataclass(frozen=True, slots=True)
class ResidualStructure:
    """What a structure is.

    ``correlation`` names the structure that has its correlations and one standard deviation.  ``place`` is what counts
    of a row's time: nothing, a whole number, any number (correlations fall with the distance, from one to zero), or the
    visit among the others.  ``options`` may stand beside ``by``.  ``covers`` are random effects of the same groups
    whose correlations it takes up.
    """

    name: str
    correlation: str
    place: Literal["none", "whole", "any", "visit"]
    options: tuple[str, ...] = ()
    covers: Literal["none", "intercept", "all"] = "none"

    @property
    def by_visit(self) -> bool:
        """Whether every visit has a standard deviation."""
        return self.name != self.correlation

    @property
    def needs_visits(self) -> bool:
        """Whether the visits of the rows count."""
        return self.place == "visit" or self.by_visit

    @property
    def needs_order(self) -> bool:
        """Whether another order of the visits is another model."""
        return self.correlation not in ("cs", "corr")

    @property
    def takes_time(self) -> bool:
        """Whether a time may stand left of the bar."""
        return self.place != "none" or self.by_visit


_LISTED = (
    ResidualStructure("ar1", "ar1", "whole"),
    ResidualStructure("ar1h", "ar1", "whole"),
    ResidualStructure("car1", "car1", "any"),
    ResidualStructure("cs", "cs", "none", covers="intercept"),
    ResidualStructure("csh", "cs", "none", covers="intercept"),
    ResidualStructure("corr", "corr", "visit", covers="all"),
    ResidualStructure("us", "corr", "visit", covers="all"),
    ResidualStructure("toep", "toep", "visit"),
    ResidualStructure("toeph", "toep", "visit"),
    ResidualStructure("ad", "ad", "visit"),
    ResidualStructure("adh", "ad", "visit"),
    ResidualStructure("arma", "arma", "whole", ("p", "q")),
    ResidualStructure("exp", "exp", "any", ("nugget",)),
    ResidualStructure("gau", "gau", "any", ("nugget",)),
    ResidualStructure("sph", "sph", "any", ("nugget",)),
)
RESIDUAL_STRUCTURES = {structure.name: structure for structure in _LISTED}
"""Structures by name."""
_WORDS = {
    "ar1": "autoregressive correlations",
    "car1": "autoregressive correlations in continuous time",
    "cs": "compound symmetry",
    "corr": "unstructured correlations",
    "us": "an unstructured covariance",
    "toep": "Toeplitz correlations",
    "ad": "antedependence",
    "arma": "ARMA({}, {}) correlations",
    "exp": "exponential correlations",
    "gau": "Gaussian correlations",
    "sph": "spherical correlations",
}
_ELSEWHERE = {
    "un": "us",
    "unstructured": "us",
    "corsymm": "corr",
    "hcs": "csh",
    "corcompsymm": "cs",
    "exchangeable": "cs",
    "ar": "ar1",
    "arh": "ar1h",
    "corar1": "ar1",
    "corcar1": "car1",
    "corarma": "arma",
    "corexp": "exp",
    "corgaus": "gau",
    "corspher": "sph",
    "ante": "adh",
}
"""Names of structures in SAS and nlme, in small letters."""
_MOST_ORDER = 10


@dataclass(frozen=True, slots=True)
class ResidualTerm:
    """A structure over times within groups; without a time rows are in the order of the data."""

    text: str = field(compare=False)
    structure: str
    time: TermFactor | None
    group: tuple[TermFactor, ...]
    by: TermFactor | None = None
    orders: tuple[int, int] = (1, 1)
    nugget: bool = False

    @property
    def kind(self) -> ResidualStructure:
        """What its structure is."""
        return RESIDUAL_STRUCTURES[self.structure]

    @property
    def label(self) -> str:
        """The name of the grouping factor."""
        return ":".join(factor.name for factor in self.group)

    @property
    def time_name(self) -> str:
        """What times or visits are called: their column or expression, ``visit`` where rows are in their order."""
        if self.time is None:
            return "visit"
        names = {column.name for column in self.time.columns()}
        is_column = isinstance(self.time.expression, ColumnName) or self.time.name.startswith("factor(")
        return names.pop() if is_column and len(names) == 1 else self.time.name

    @property
    def words(self) -> str:
        """The structure in words: ``"autoregressive correlations, with a standard deviation for every visit"``."""
        own = self.structure if self.structure in _WORDS else self.kind.correlation
        text = _WORDS[own].format(*self.orders)
        text += " and a nugget" if self.nugget else ""
        text += ", with a standard deviation for every visit" if own != self.structure else ""
        return text if self.by is None else f"{text}, in every level of {self.by.name} its own"

    def columns(self) -> tuple[ColumnName, ...]:
        """Return the columns of the data that it reads."""
        factors = [*self.group, *(factor for factor in (self.time, self.by) if factor is not None)]
        return tuple(column for factor in factors for column in factor.columns())


def parse_residual(text: str, columns: Sequence[str] | None) -> ResidualTerm:
    """Read a term such as ``"us(visit | subject, by=arm)"``; ``columns`` are those of the data, if there are some."""
    if not isinstance(text, str):
        raise ArgumentError(f"residual={text!r}: give a text such as 'ar1(t | id)'")
    try:
        return _read(text, columns)
    except ReadingError as error:
        place = None if error.position is None else max(error.position - 1, 0)
        raise FormulaError(f"residual=: {error.message}", text, place) from None


def _read(text: str, columns: Sequence[str] | None) -> ResidualTerm:
    call = strip(parse_sides(f"~{text}").right)
    if not isinstance(call, FunctionCall):
        raise ReadingError("write a structure of times within groups, such as ar1(t | id)", call.at[0])
    name = call.function
    if name not in RESIDUAL_STRUCTURES:
        raise ReadingError(
            f"there is no residual structure {cut(name)}(){_meant(name)}; there are {', '.join(RESIDUAL_STRUCTURES)}",
            call.at[0],
        )
    bar = strip(call.arguments[0].value) if call.arguments else None
    if not isinstance(bar, Infix) or not is_bar(bar) or bar.operator == "||":
        raise ReadingError(f"{name}() takes times within groups: {name}(t | id)", call.at[0])
    mentioned: list[ColumnName] = []
    groups = GroupReader(mentioned).read(bar.right)
    if len(groups) != 1:
        raise ReadingError(
            "residuals have one grouping factor; write a:b for the groups of b within a", bar.right.at[0]
        )
    structure = RESIDUAL_STRUCTURES[name]
    time = _time(strip(bar.left), structure)
    options = _options(structure, call.arguments[1:])
    term = ResidualTerm(text, name, time, groups[0].factors, **options)
    for column in term.columns():
        if columns is not None and column.name not in columns:
            hint = suggestion(column.name, columns)
            raise ReadingError(f"there is no column {quote(column.name)} in the data{hint}", column.at[0])
    return term


def _meant(name: str) -> str:
    """Say which structure a name of SAS or nlme means, or a misspelled one."""
    known = _ELSEWHERE.get(name.lower())
    return suggestion(name, list(RESIDUAL_STRUCTURES)) if known is None else f"; it is {known}() here"


def _time(node: Syntax, structure: ResidualStructure) -> TermFactor | None:
    """Read what stands left of the bar: an expression, or 1."""
    if isinstance(node, Numeral):
        if node.value != 1:
            raise ReadingError("write a time, or 1 for the order of the rows", node.at[0])
        return None
    if not structure.takes_time:
        raise ReadingError(f"{structure.name}() has no times: {structure.name}(1 | id)", node.at[0])
    return TermFactor(deparse(node), expression_of(node))


def _options(structure: ResidualStructure, arguments: Sequence[Argument]) -> dict[str, Any]:
    """Read ``by=``, ``p=``, ``q=`` and ``nugget=``."""
    options: dict[str, Any] = {}
    orders = {"p": 1, "q": 1}
    for argument in arguments:
        value = strip(argument.value)
        if argument.name == "by":
            options["by"] = TermFactor(deparse(value), expression_of(value))
        elif argument.name not in structure.options:
            known = " and ".join(", ".join(["by", *structure.options]).rsplit(", ", 1))
            raise ReadingError(f"{structure.name}() takes {known} beside its times", argument.value.at[0])
        elif argument.name == "nugget":
            options["nugget"] = _nugget(value)
        else:
            orders[argument.name] = _order(argument.name, value)
    if "p" in structure.options:
        if not any(orders.values()):
            raise ReadingError("arma() of orders 0 and 0 has no correlation", arguments[0].value.at[0])
        options["orders"] = (orders["p"], orders["q"])
    return options


def _order(name: str, value: Syntax) -> int:
    if not isinstance(value, Numeral) or value.value != int(value.value) or not 0 <= value.value <= _MOST_ORDER:
        raise ReadingError(f"{name} is a whole number from 0 to {_MOST_ORDER}", value.at[0])
    return int(value.value)


def _nugget(value: Syntax) -> bool:
    if not isinstance(value, Name) or value.text not in ("True", "TRUE", "False", "FALSE"):
        raise ReadingError("nugget is True or False", value.at[0])
    return value.text.upper() == "TRUE"
