"""The equations of residuals that are correlated, or whose standard deviation depends on variables."""

from collections.abc import Sequence

import numpy as np

from ..display.numbers import decimals_of, write_fixed
from ..estimation import Estimate
from ..inference import coefficients_of_deviations, residual_values
from .lines import LevelLines
from .symbols import Block, Line, Node, Row, Symbol, Word, Written, call, product

_DIGITS = 4


def residual_block(estimate: Estimate, lines: LevelLines, *, estimates: bool) -> Block:
    """State the covariance of the residuals of a group, and the model of their standard deviation."""
    residual = estimate.request.residual
    assert residual is not None, "a fit whose residuals have parameters"
    heading, own = "Residuals", lines.residual
    found: list[Line] = []
    if residual.term is None:
        found.append(_normal(own, (Symbol("σ", (), own.units), Written("*"), Symbol("σ", (), own.units))))
    else:
        text = residual.term.text.strip()
        heading = f"Residuals within {residual.term.label}: {residual.term.words}, {text}"
        found += [_normal(Symbol(own.letter), (Symbol("R"),)), _of_pair(own, has_one=residual.has_one_variance)]
    if residual.dispersion is not None:
        found.append(_of_deviation(estimate, own.units, estimates=estimates))
    return Block(heading, [*found, *(_parameters(estimate) if estimates else [])])


def _normal(left: Node, variance: Row) -> Line:
    return Line((left,), "~", (call("N", (Written("0"),), variance),))


def _of_pair(own: Symbol, *, has_one: bool) -> Line:
    """Say that an element of R is the product of two standard deviations and a correlation."""
    first, second = own.units, own.units.replace("i", "i'", 1)
    left = call("cov", (own,), (Symbol(own.letter, (), second),))
    deviations = [Symbol("σ²")] if has_one else [Symbol("σ", (), first), Symbol("σ", (), second)]
    return Line(left, "=", (product([*deviations, Symbol("ρ", (), "ii'")]),))


def _of_deviation(estimate: Estimate, units: str, *, estimates: bool) -> Line:
    """Return the equation of the log standard deviation; what stands beside visits has no intercept of its own."""
    table = coefficients_of_deviations(estimate, 0.95)
    names, values = np.asarray(table["term"]).tolist(), np.asarray(table["estimate"], float).tolist()
    right: list[Row] = [] if "(Intercept)" in names else [(Symbol("δ", (), "visit"),)]
    for number, (name, value) in enumerate(zip(names, values, strict=True), start=len(right)):
        delta: Node = Written(_number(value)) if estimates else Symbol("δ", (number,))
        factors = [] if name == "(Intercept)" else [Word(part, units) for part in name.split(":")]
        right.append(product([delta, *factors]))
    spec = estimate.request.residual.dispersion  # type: ignore[union-attr]
    right += [(Word(own.name, units),) for own in spec.offsets]  # type: ignore[union-attr]
    return Line(call("log", (Symbol("σ", (), units),)), "=", tuple(right))


def _parameters(estimate: Estimate) -> Sequence[Line]:
    """State the parameters by their names."""
    found = residual_values(estimate).items()
    return [Line((Word(name),), "=", ((Written(_number(value)),),)) for name, value in found]


def _number(value: float) -> str:
    """Write a number with four digits."""
    return write_fixed(value, min(decimals_of([value], _DIGITS) or 0, 8))
