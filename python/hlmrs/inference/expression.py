"""The fixed part of a fit as a Polars expression, for pipelines that score rows where they are."""

import json
from collections.abc import Callable
from math import prod
from typing import Any

from ..errors import HlmrsError
from ..fitting import Estimate
from .prediction import full_beta

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


def polars_expression(estimate: Estimate) -> Any:
    """Write offset + X beta as an expression on the columns of the data; null where one of them is."""
    return _Writer(json.loads(estimate.encoding_text)).fixed_part([float(b) for b in full_beta(estimate)])


class _Writer:
    """Writes the parts of an encoding, as the core saves it."""

    def __init__(self, encoding: dict[str, Any]) -> None:
        import polars as pl

        self._pl = pl
        self._encoding = encoding

    def fixed_part(self, beta: list[float]) -> Any:
        total = self._pl.lit(0.0)
        for offset in self._encoding["offsets"]:
            total = total + self.node(offset)
        layout = self._encoding["fixed"]["layout"]
        for index, (term, plan) in enumerate(zip(layout["terms"], self._encoding["fixed"]["plans"], strict=True)):
            columns = [
                (column, b) for column, b in zip(layout["columns"], beta, strict=True) if column["term"] == index
            ]
            total = total + self._term(term, plan, columns)
        return total

    def node(self, node: Any) -> Any:
        """Write a numeric expression."""
        (kind, value), *_ = node.items()
        match kind:
            case "column":
                return self._pl.col(self._encoding["inputs"][value]).cast(self._pl.Float64)
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

    def _term(self, term: dict[str, Any], plan: dict[str, Any], columns: list[tuple[dict[str, Any], float]]) -> Any:
        """Write the sum over a term's columns: numeric products times the effect of the row's cell."""
        variables = [self._encoding["variables"][v] for v in plan["variables"]]
        bases = [self._basis(v["numeric"]["basis"]) for v in variables if "numeric" in v]
        categories = [v["categorical"]["category"] for v in variables if "categorical" in v]
        total = self._pl.lit(0.0)
        for numeric in range(term["n_numeric"]):
            own = [(column, b) for column, b in columns if column["numeric"] == numeric]
            total = total + _product(bases, numeric, self._pl.lit(1.0)) * self._effect(term["coding"], categories, own)
        return total

    def _effect(self, coding: Any, categories: list[int], columns: list[tuple[dict[str, Any], float]]) -> Any:
        if coding is None:
            return self._pl.lit(sum(b for _, b in columns))
        effects = [0.0] * coding["n_cells"]
        for column, b in columns:
            for cell, value in coding["columns"][column["coded"]]:
                effects[cell] += value * b
        if len(categories) == 1:
            return self._by_level(categories[0], effects)
        sizes = [len(self._encoding["categories"][c]["levels"]) for c in categories]
        cell = self._pl.lit(0)
        for k, category in enumerate(categories):
            cell = cell + prod(sizes[:k]) * self._by_level(category, list(range(sizes[k])))
        return cell.replace_strict(list(range(len(effects))), effects, return_dtype=self._pl.Float64)

    def _by_level(self, category: int, values: list[Any]) -> Any:
        """Write a value for each level; a level that the fit has not seen is an error of Polars."""
        pl, entry = self._pl, self._encoding["categories"][category]
        text = pl.col(self._encoding["inputs"][entry["input"]]).cast(pl.String).str.replace(r"^(-?\d+)\.0+$", "${1}")
        if set(entry["levels"]) <= {"TRUE", "FALSE"}:
            text = text.str.to_uppercase()
        kind = pl.Int64 if isinstance(values[0], int) else pl.Float64
        return text.replace_strict(entry["levels"], values, return_dtype=kind)

    def _basis(self, basis: dict[str, Any]) -> list[Any]:
        """Write the numeric columns of a variable."""
        if "scalar" in basis:
            return [self.node(basis["scalar"])]
        if "polynomial" not in basis:
            raise HlmrsError("a spline cannot be written as a Polars expression; predict() computes it, also lazily")
        x, polynomial = self.node(basis["polynomial"]["arg"]), basis["polynomial"]["polynomial"]
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


def _product(bases: list[list[Any]], numeric: int, one: Any) -> Any:
    """Multiply the columns of the variables that a numeric column is made of, the first varying fastest."""
    for columns in bases:
        one, numeric = one * columns[numeric % len(columns)], numeric // len(columns)
    return one
