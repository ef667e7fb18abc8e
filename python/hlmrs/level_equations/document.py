"""The equations that are shown: of a linear model, of the parts of a generalized one, and of estimating equations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from ..display.html import scrolling
from ..display.numbers import decimals_of, write_fixed
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..families import WITH_DEVIATION, WITH_DISPERSION, Family, is_hurdle
from ..formula import STRUCTURES
from ..inference import has_residual_parameters
from .level_model import LevelModel, RandomPart, Term
from .lines import LevelLines, Notation
from .of_fit import Part, mean_part, model_of_part, other_part
from .residuals import residual_block
from .symbols import Block, Line, Matrix, Row, Symbol, Word, Written, call
from .writers import as_latex, as_mathml, as_text

_COVARIANCES = "τωκλν"
_MOST_EFFECTS = 6
_DIGITS = 4


@dataclass(frozen=True, slots=True, repr=False)
class Equations:
    """Equations of a model: printed as text, shown as MathML in a notebook.

    Attributes
    ----------
    blocks : sequence of Block
        Headings with their equations.
    """

    blocks: Sequence[Block]

    def __repr__(self) -> str:
        return as_text(self.blocks)

    def _repr_html_(self) -> str:
        return scrolling(self.to_mathml(), "Equations of the levels")

    def to_latex(self) -> str:
        """Return the equations in LaTeX: an ``aligned`` environment, for math mode with ``amsmath``."""
        return as_latex(self.blocks)

    def to_mathml(self) -> str:
        """Return the equations in MathML, which browsers show without a library."""
        return as_mathml(self.blocks)


def equations_of_model(model: LevelModel) -> Equations:
    """Return the equations of a model that is not fitted."""
    lines = LevelLines(model)
    return Equations([*_levels(lines), _combined(lines), Block("Distributions", _distributions(lines, None, None))])


def equations_of(estimate: Estimate, *, estimates: bool) -> Equations:
    """Return the equations of a fit, with symbols or with `estimates`."""
    if isinstance(estimate, EquationsEstimate):
        return _of_equations(estimate, estimates=estimates)
    if isinstance(estimate, GeneralizedEstimate):
        return _of_generalized(estimate, estimates=estimates)
    part = mean_part(estimate)
    lines = _lines(part, None, has_residual=True, estimates=estimates)
    chosen = (part.covariances, estimate.residual_variance) if estimates else (None, None)
    distributions = _distributions(lines, *chosen)
    if not has_residual_parameters(estimate):
        return Equations([*_levels(lines), _combined(lines), Block("Distributions", distributions)])
    of_effects = [Block("Distributions", distributions[1:])] if len(distributions) > 1 else []
    residuals = residual_block(estimate, lines, estimates=estimates)
    return Equations([*_levels(lines), _combined(lines), *of_effects, residuals])


def _lines(
    part: Part, left: Row | None, *, has_residual: bool, estimates: bool, notation: Notation | None = None
) -> LevelLines:
    model = model_of_part(part)
    values = dict(zip(model.fixed, _written(part.coefficients), strict=True)) if estimates else None
    return LevelLines(model, left, has_residual, values, notation)


def _written(values: Iterable[float]) -> list[str]:
    return [_number(float(value)) for value in values]


def _number(value: float) -> str:
    """Write a number with four digits, and all before its decimal mark."""
    return write_fixed(value, min(decimals_of([value], _DIGITS) or 0, 8))


def _levels(lines: LevelLines) -> list[Block]:
    model = lines.model
    blocks = []
    for level in range(1, model.n_levels + 1):
        names = ", ".join(model.factors[k].name for k in model.at_level(level))
        blocks.append(Block(f"Level {level}" + (f" ({names})" if names else ""), lines.level(level)))
    return blocks


def _combined(lines: LevelLines) -> Block:
    return Block("Combined", [lines.combined()])


def _distributions(
    lines: LevelLines, covariances: Sequence[NDArray[np.float64]] | None, residual: float | None, first: int = 0
) -> list[Line]:
    """Say how residuals and random effects are distributed; `first` letters of covariances are taken."""
    found = []
    if lines.has_residual:
        variance: Row = (Symbol("σ²"),) if residual is None else (Written(_number(residual)),)
        found.append(_normal((lines.residual,), variance))
    place = 0
    letters = islice(cycle(_COVARIANCES), first, None)
    for k, part in enumerate(lines.model.random):
        effects = [lines.effect(place + j) for j in range(len(part.terms))]
        place += len(effects)
        covariance = None if covariances is None else covariances[k]
        found.append(_normal(_vector(effects), _covariance(part, next(letters), covariance)))
    return found


def _normal(left: Row, variance: Row) -> Line:
    return Line(left, "~", (call("N", (Written("0"),), variance),))


def _vector(effects: Sequence[Symbol]) -> Row:
    if len(effects) == 1:
        return (effects[0],)
    shown = list(effects) if len(effects) <= _MOST_EFFECTS else [effects[0], effects[1], Symbol("…"), effects[-1]]
    row: list[Symbol | Written] = [Written("(")]
    for k, effect in enumerate(shown):
        row += [Written(","), effect] if k else [effect]
    return (*row, Written(")"))


def _covariance(part: RandomPart, letter: str, covariance: NDArray[np.float64] | None) -> Row:
    structure, n = STRUCTURES[part.structure], len(part.terms)
    if structure.is_placed:
        named = f": {part.parameters}" if part.parameters and covariance is not None else ""
        return (Word(f"{part.structure} covariance{named}"),)
    first = 0 if () in part.terms else 1
    if n > _MOST_EFFECTS or not (structure.unrestricted or structure.independent or n == 1):
        return (Word(f"{part.structure} covariance"),)

    def cell(i: int, j: int) -> Row:
        if structure.independent and i != j:
            return (Written("0"),)
        if covariance is not None:
            return (Written(_number(float(covariance[i, j]))),)
        return (Symbol(letter, tuple(sorted((first + i, first + j)))),)

    if n == 1:
        return cell(0, 0)
    return (Matrix(tuple(tuple(cell(i, j) for j in range(n)) for i in range(n))),)


_LEFT = {"zero_inflation": ("logit", "p"), "dispersion": ("log", "φ"), "scale": ("log", "s")}
_LETTERS = {"zero_inflation": ("ζ", "abc"), "dispersion": ("δ", "dfg"), "scale": ("α", "hmn")}
"""Letters of coefficients, and of the random effects of one grouping factor after the other."""
_HEADINGS = {"zero_inflation": "Zero part", "dispersion": "Dispersion", "scale": "Scale", "thresholds": "Thresholds"}


def _of_generalized(estimate: GeneralizedEstimate, *, estimates: bool) -> Equations:
    """Return the equations of the mean by level, and those of other parts combined."""
    family, part = estimate.family, mean_part(estimate)
    units = LevelLines(model_of_part(part)).row_units
    lines = _lines(part, _left_of_mean(family, units), has_residual=False, estimates=estimates)
    chosen = part.covariances if estimates else None
    blocks = [Block("Response", _response(estimate, units, estimates=estimates)), *_levels(lines), _combined(lines)]
    effects = _distributions(lines, chosen, None)
    blocks += [Block("Distributions", effects)] if effects else []
    taken = len(lines.model.random)
    for name in ("zero_inflation", "dispersion", "scale"):
        if name in estimate.designs:
            blocks.append(_other(estimate, name, lines, taken, estimates=estimates))
            taken += len(estimate.designs[name].random)
    return Equations(blocks)


def _left_of_mean(family: Family, units: str) -> Row:
    if family.name == "cumulative":
        return (Symbol("η", (), units),)
    mean = (Symbol("μ", (), units),)
    return mean if family.link == "identity" else call(family.link or "", mean)


def _response(estimate: GeneralizedEstimate, units: str, *, estimates: bool) -> list[Line]:
    """Say how the response is distributed about its mean, and what else the distribution has."""
    family, response = estimate.family, Word(estimate.layout.response, units)
    if family.name == "cumulative":
        return _thresholds(estimate, response, estimates=estimates)
    arguments: list[Row] = [(Symbol("μ", (), units),)]
    if family.name in WITH_DISPERSION:
        letter = "σ" if family.name in WITH_DEVIATION else "φ"
        arguments.append((Symbol(letter, (), units if "dispersion" in estimate.designs else ""),))
    zero = "zero_inflation" in estimate.parts
    if zero:
        arguments.append((Symbol("p", (), units if "zero_inflation" in estimate.designs else ""),))
    kind = "hurdle with " if is_hurdle(family) else "zero-inflated "
    name = (kind if zero else "") + family.name.replace("_", " ")
    return [Line((response,), "~", (call(name, *arguments),))]


def _thresholds(estimate: GeneralizedEstimate, response: Word, *, estimates: bool) -> list[Line]:
    """Say that P(y <= c) is the inverse link of threshold c less the predictor, over the scale if there is one."""
    event = (Word("P"), Written("("), response, Written("≤"), Symbol("c"), Written(")"))
    eta, units = Symbol("η", (), response.units), response.units
    threshold = Symbol("θ", (), "c" if "thresholds" not in estimate.designs else f"c{units}")
    right: Row = (threshold, Written("−"), eta)
    if "scale" in estimate.parts:
        right = (Written("("), *right, Written(")"), Written("/"), Symbol("s", (), units))
    lines = [Line(call(estimate.family.link or "", event), "=", (right,))]
    if estimates and "thresholds" in estimate.parts and "thresholds" not in estimate.designs:
        names, values = estimate.parts["thresholds"].names, estimate.own.coefficients_of("thresholds")
        lines += [
            Line((Word(f"θ[{name}]"),), "=", ((Written(text),),))
            for name, text in zip(names, _written(values), strict=True)
        ]
    return lines


def _other(estimate: GeneralizedEstimate, name: str, mean: LevelLines, taken: int, *, estimates: bool) -> Block:
    """Return the equations of another part: its letters are not the mean's, and its rows are."""
    part, units = other_part(estimate, name), mean.row_units
    link, letter = _LEFT[name]
    if name == "dispersion" and estimate.family.name in WITH_DEVIATION:
        letter = "σ"
    left, notation = call(link, (Symbol(letter, (), units),)), mean.notation_of_part(*_LETTERS[name], part.groups)
    lines = _lines(part, left, has_residual=False, estimates=estimates, notation=notation)
    effects = _distributions(lines, part.covariances if estimates else None, None, taken)
    return Block(_HEADINGS[name], [lines.combined(), *effects])


def _of_equations(estimate: EquationsEstimate, *, estimates: bool) -> Equations:
    """Return the equation of the mean, and the working correlation of two rows of a group."""
    layout, family = estimate.layout, estimate.family
    names = [layout.columns[k] for k in layout.kept]
    fixed: list[Term] = [() if name == "(Intercept)" else (name,) for name in names]
    model = LevelModel(layout.response, (), {}, tuple(fixed), ())
    values = dict(zip(fixed, _written(estimate.core.beta), strict=True)) if estimates else None
    mean = (Symbol("μ", (), "i"),)
    left = mean if family.link == "identity" else call(family.link or "", mean)
    y = [Word(layout.response, unit) for unit in "ik"]
    pair = call("corr", (y[0],), (y[1],))
    asked = estimate.asked
    within = f"Working correlation of rows i and k of one {asked.groups}: {asked.correlation}"
    none = asked.correlation == "independence"
    correlation = Line(pair, "=", ((Written("0") if none else Symbol("ρ", (), "ik"),),))
    return Equations([Block("Mean", [LevelLines(model, left, False, values).combined()]), Block(within, [correlation])])
