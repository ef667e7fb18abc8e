"""The parts of a model as Polars expressions, for pipelines that score rows where they are."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from ..estimation import Estimate
from ..formula import Call
from ..formula.expressions import as_json
from .level_keys import LevelKey, level_key, text_key
from .piecewise import spline_columns
from .prediction import full_beta

Json = dict[str, Any]

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "negate": lambda x: -x,
    "log": lambda x: x.log(),
    "log2": lambda x: x.log(2),
    "log10": lambda x: x.log10(),
    "log1p": lambda x: x.log1p(),
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(),
    "abs": lambda x: x.abs(),
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
}
_SPELT = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power"}


def polars_expression(estimate: Estimate) -> Any:
    """Write offset + X beta as an expression on the columns of the data; null where one of them is."""
    return Writer(estimate).fixed_part([float(b) for b in full_beta(estimate)])


class Writer:
    """Writes the parts of an encoding, as the core saves it.

    With the types of the columns, ``invalid`` gathers conditions under which a row is an error; without them a level
    that the fit has not seen is an error of Polars.
    """

    def __init__(self, estimate: Estimate, schema: Mapping[str, Any] | None = None) -> None:
        import polars as pl

        self._pl = pl
        self._schema = schema
        self._splines = estimate.splines
        self._spline_calls = {factor.name: factor.expression for factor in estimate.request.spec.splines()}
        self.encoding: Json = json.loads(estimate.encoding_text)
        self.invalid: list[Any] = []
        self.read: set[str] = set()

    def fixed_part(self, beta: list[float]) -> Any:
        """Write offset + X beta."""
        total = self._pl.lit(0.0)
        for offset in self.encoding["offsets"]:
            total = total + self._checked(self.node(offset))
        layout = self.encoding["fixed"]["layout"]
        for index, (term, plan) in enumerate(zip(layout["terms"], self.encoding["fixed"]["plans"], strict=True)):
            columns = [
                (column, b) for column, b in zip(layout["columns"], beta, strict=True) if column["term"] == index
            ]
            total = total + self._term(term, plan, columns)
        return total

    def random_columns(self, term: int) -> list[Any]:
        """Write the columns of Z of a random term."""
        matrix = self.encoding["random"][term]["matrix"]
        columns = []
        for column in matrix["layout"]["columns"]:
            index = column["term"]
            own = [(column, 1.0)]
            columns.append(self._term(matrix["layout"]["terms"][index], matrix["plans"][index], own))
        return columns

    def key(self, category: int) -> LevelKey:
        """Say how rows find their level of a category."""
        entry = self.encoding["categories"][category]
        name = self.encoding["inputs"][entry["input"]]
        self.read.add(name)
        if self._schema is not None:
            return level_key(name, self._schema[name], entry["levels"])
        text = text_key(name)
        if set(entry["levels"]) <= {"TRUE", "FALSE"}:
            text = text.str.to_uppercase()
        return LevelKey(text, entry["levels"], self._pl.String)

    def node(self, node: Any) -> Any:
        """Write a numeric expression."""
        (kind, value), *_ = node.items()
        match kind:
            case "column":
                return self._column(self.encoding["inputs"][value])
            case "constant":
                return self._pl.lit(float(value))
            case "map":
                return _FUNCTIONS[value[0]](self.node(value[1]))
            case "combine":
                return _OPERATORS[value[0]](self.node(value[1]), self.node(value[2]))
            case "standardize":
                return (self.node(value["arg"]) - value["center"]) / value["scale"]
            case _:
                return self._by_level(value["category"], value["means"])

    def _column(self, name: str) -> Any:
        """Write a column of numbers: NaN is missing, and an infinite value is an error."""
        self.read.add(name)
        column = self._pl.col(name).cast(self._pl.Float64).fill_nan(None)
        return self._checked(column) if self._schema is None or self._schema[name].is_float() else column

    def _checked(self, numbers: Any) -> Any:
        """Note that an expression must be finite wherever its columns have values."""
        self.invalid.append(~numbers.is_finite())
        return numbers

    def _term(self, term: Json, plan: Json, columns: Sequence[tuple[Json, float]]) -> Any:
        """Write the sum over a term's columns: numeric products times the effect of the row's cell."""
        variables = [self.encoding["variables"][v] for v in plan["variables"]]
        bases = [self._basis(v["numeric"]) for v in variables if "numeric" in v]
        categories = [v["categorical"]["category"] for v in variables if "categorical" in v]
        total = self._pl.lit(0.0)
        for numeric in range(term["n_numeric"]):
            own = [(column, b) for column, b in columns if column["numeric"] == numeric]
            if own:
                product = _product(bases, numeric, self._pl.lit(1.0))
                total = total + product * self._effect(term["coding"], categories, own)
        return total

    def _effect(self, coding: Any, categories: list[int], columns: Sequence[tuple[Json, float]]) -> Any:
        if coding is None:
            return self._pl.lit(sum(b for _, b in columns))
        effects = [0.0] * coding["n_cells"]
        for column, b in columns:
            for cell, value in coding["columns"][column["coded"]]:
                effects[cell] += value * b
        if len(categories) == 1:
            return self._by_level(categories[0], effects)
        sizes = [len(self.encoding["categories"][c]["levels"]) for c in categories]
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

    def _basis(self, variable: Json) -> list[Any]:
        """Write the numeric columns of a variable."""
        basis = variable["basis"]
        if "scalar" in basis:
            return [self._checked(self.node(basis["scalar"]))]
        if "external" in basis:
            call = self._spline_calls[variable["name"]]
            assert isinstance(call, Call), "a spline is a call"
            x = self._written(as_json(call.args[0]))
            return spline_columns(x, self._splines[variable["name"]])
        x, polynomial = self._checked(self.node(basis["polynomial"]["arg"])), basis["polynomial"]["polynomial"]
        if "raw" in polynomial:
            return [x**k for k in range(1, polynomial["raw"]["degree"] + 1)]
        return self._orthogonal(x, **polynomial["orthogonal"])

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
        if len(parts) == 1:
            name = {"I": "identity", "+": "identity", "neg": "negate", "-": "negate"}.get(name, name)
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](parts[0])
        total, *others = parts
        for part in others:
            total = _OPERATORS[_SPELT[name]](total, part)
        return total


def _product(bases: list[list[Any]], numeric: int, one: Any) -> Any:
    """Multiply the columns of the variables that a numeric column is made of, the first varying fastest."""
    for columns in bases:
        one, numeric = one * columns[numeric % len(columns)], numeric // len(columns)
    return one
