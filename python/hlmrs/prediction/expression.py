"""The parts of a model as Polars expressions, for pipelines that score rows where they are."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..estimation import Estimate
from ..formula import Call
from ..formula.expressions import as_json
from .level_keys import LevelKey, level_key, text_key
from .piecewise import spline_columns
from .prediction import full_beta

if TYPE_CHECKING:
    import polars

    from .._core import BasisTree, ColumnTree, NumberTree, TermTree
    from ..estimation.parts import PartDesign

Json = dict[str, Any]

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "I": lambda x: x,
    "+": lambda x: x,
    "-": lambda x: -x,
    "neg": lambda x: -x,
    "log": lambda x: x.log(),
    "log2": lambda x: x.log(2),
    "log10": lambda x: x.log10(),
    "log1p": lambda x: x.log1p(),
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(),
    "abs": lambda x: x.abs(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "<": lambda a, b: _as_number(a < b),
    "<=": lambda a, b: _as_number(a <= b),
    ">": lambda a, b: _as_number(a > b),
    ">=": lambda a, b: _as_number(a >= b),
    "==": lambda a, b: _as_number(a == b),
    "!=": lambda a, b: _as_number(a != b),
    "pmin": lambda a, b: _first_unless(b < a, a, b),
    "pmax": lambda a, b: _first_unless(b > a, a, b),
}


def _as_number(condition: Any) -> Any:
    """1 where a condition holds, 0 where not; null where one of its sides is."""
    import polars as pl

    return condition.cast(pl.Float64)


def _first_unless(condition: Any, first: Any, second: Any) -> Any:
    """Choose one of two numbers; null where one is."""
    import polars as pl

    return pl.when(condition).then(second).when(~condition).then(first)


def polars_expression(estimate: Estimate) -> "polars.Expr":
    """Write offset + X beta as an expression on the columns of the data; null where one of them is."""
    return Writer(estimate).fixed_part([float(b) for b in full_beta(estimate)])


class Writer:
    """Writes the parts of a model, as the core describes them.

    With the types of the columns, ``invalid`` gathers conditions under which a row is an error; without them a level
    that the fit has not seen is an error of Polars.
    """

    def __init__(self, estimate: "Estimate | PartDesign", schema: Mapping[str, Any] | None = None) -> None:
        import polars as pl

        self._pl = pl
        self._schema = schema
        self._splines = estimate.splines
        self._spline_calls = {factor.name: factor.expression for factor in estimate.request.spec.splines()}
        self.model = estimate.encoding.expression()
        self.invalid: list[Any] = []
        self.read: set[str] = set()

    def fixed_part(self, beta: list[float]) -> "polars.Expr":
        """Write offset + X beta."""
        total: polars.Expr = self._pl.lit(0.0)
        for offset in self.model["offsets"]:
            total = total + self._checked(self.number(offset))
        for term in self.model["fixed"]:
            total = total + self._term(term, [(column, beta[column["index"]]) for column in term["columns"]])
        return total

    def random_columns(self, term: int) -> list[Any]:
        """Write the columns of Z of a random term."""
        parts = self.model["random"][term]["terms"]
        own = [(part, column) for part in parts for column in part["columns"]]
        return [self._term(part, [(column, 1.0)]) for part, column in sorted(own, key=lambda entry: entry[1]["index"])]

    def key(self, category: int) -> LevelKey:
        """Say how rows find their level of a category."""
        entry = self.model["categories"][category]
        name = entry["column"]
        self.read.add(name)
        if self._schema is not None:
            return level_key(name, self._schema[name], entry["levels"])
        text = text_key(name)
        if set(entry["levels"]) <= {"TRUE", "FALSE"}:
            text = text.str.to_uppercase()
        return LevelKey(text, entry["levels"], self._pl.String)

    def number(self, tree: "NumberTree") -> Any:
        """Write a numeric expression."""
        match tree:
            case ("column", name):
                return self._column(name)
            case ("constant", value):
                return self._pl.lit(value)
            case ("function", name, argument):
                return _FUNCTIONS[name](self.number(argument))
            case ("operator", name, left, right):
                return _OPERATORS[name](self.number(left), self.number(right))
            case ("standardized", argument, center, scale):
                return (self.number(argument) - center) / scale
            case ("by level", category, values):
                return self._by_level(category, values)

    def _column(self, name: str) -> Any:
        """Write a column of numbers: NaN is missing, and an infinite value is an error."""
        self.read.add(name)
        column = self._pl.col(name).cast(self._pl.Float64).fill_nan(None)
        return self._checked(column) if self._schema is None or self._schema[name].is_float() else column

    def _checked(self, numbers: Any) -> Any:
        """Note that an expression must be finite wherever its columns have values."""
        self.invalid.append(~numbers.is_finite())
        return numbers

    def _term(self, term: "TermTree", columns: "Sequence[tuple[ColumnTree, float]]") -> Any:
        """Write the sum over a term's columns: numeric products times the effect of the row's cell."""
        bases = [self._basis(basis) for basis in term["bases"]]
        total = self._pl.lit(0.0)
        for numeric in range(term["n_numeric"]):
            own = [(column, b) for column, b in columns if column["numeric"] == numeric]
            if own:
                product = _product(bases, numeric, self._pl.lit(1.0))
                total = total + product * self._effect(term, own)
        return total

    def _effect(self, term: "TermTree", columns: "Sequence[tuple[ColumnTree, float]]") -> Any:
        effects, categories = [0.0] * term["n_cells"], term["categories"]
        for column, b in columns:
            for cell, value in column["cells"]:
                effects[cell] += value * b
        if not categories:
            return self._pl.lit(effects[0])
        if len(categories) == 1:
            return self._by_level(categories[0], effects)
        sizes = [len(self.model["categories"][c]["levels"]) for c in categories]
        cell = self._pl.lit(0)
        for k, category in enumerate(categories):
            cell = cell + prod(sizes[:k]) * self._by_level(category, list(range(sizes[k])))
        return cell.replace_strict(list(range(len(effects))), effects, return_dtype=self._pl.Float64)

    def _by_level(self, category: int, values: Sequence[Any]) -> Any:
        """Write a value for each level."""
        pl, key = self._pl, self.key(category)
        kind = pl.Int64 if isinstance(values[0], int) else pl.Float64
        if self._schema is None:
            return key.expr.replace_strict(key.levels, values, return_dtype=kind)
        known = {level: value for level, value in zip(key.levels, values, strict=True) if level is not None}
        if not known:
            self.invalid.append(key.expr.is_not_null())
            return pl.lit(None, dtype=kind)
        found = key.expr.replace_strict(list(known), list(known.values()), default=None, return_dtype=kind)
        self.invalid.append(key.expr.is_not_null() & found.is_null())
        return found

    def _basis(self, basis: "BasisTree") -> list[Any]:
        """Write the numeric columns of a variable."""
        match basis:
            case ("number", number):
                return [self._checked(self.number(number))]
            case ("powers", number, degree):
                x = self._checked(self.number(number))
                return [x**k for k in range(1, degree + 1)]
            case ("orthogonal", number, center, alpha, norm2):
                return self._orthogonal(self._checked(self.number(number)), center, alpha, norm2)
            case ("spline", name):
                call = self._spline_calls[name]
                assert isinstance(call, Call), "a spline is a call"
                return spline_columns(self._written(as_json(call.args[0])), self._splines[name])

    def _orthogonal(self, x: Any, center: float, alpha: list[float], norm2: list[float]) -> list[Any]:
        """Write p_k of the recurrence that the core learned, each over its norm."""
        before, p, columns = self._pl.lit(0.0), self._pl.lit(1.0), []
        for k, a in enumerate(alpha):
            ratio = norm2[k] / norm2[k - 1] if k else 0.0
            before, p = p, (x - center - a) * p - ratio * before
            columns.append(p / norm2[k + 1] ** 0.5)
        return columns

    def _written(self, expression: Json) -> Any:
        """Write an expression as the formula has it: the argument of a spline."""
        if expression["kind"] == "column":
            return self._column(expression["name"])
        if expression["kind"] == "number":
            return self._pl.lit(float(expression["value"]))
        name, parts = expression["name"], [self._written(part) for part in expression["args"]]
        if name == "log" and "base" in expression["named"]:
            return parts[0].log() / self._written(expression["named"]["base"]).log()
        if len(parts) == 1 and name in _FUNCTIONS:
            return _FUNCTIONS[name](parts[0])
        total, *others = parts
        for part in others:
            total = _OPERATORS[name](total, part)
        return total


def _product(bases: list[list[Any]], numeric: int, one: Any) -> Any:
    """Multiply the columns of the variables that a numeric column is made of, the first varying fastest."""
    for columns in bases:
        one, numeric = one * columns[numeric % len(columns)], numeric // len(columns)
    return one
