"""Equations as HLM writes them, pasted, become a model.

A line is ``left = sum``.  The first equation is that of level 1; an equation whose left side is a coefficient of it
belongs to level 2, one of a coefficient of these to level 3.  Names of coefficients are labels and no more, so that any
letter will do, Greek or not; r, e, u (and v, w where groups cross) are residuals.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import FormulaError
from .level_model import Factor, LevelModel, RandomPart, Term

_RESIDUALS = "reuvwstREUVWSTεϵ"
_CROSSED = "uvwst"
_COEFFICIENT = re.compile(r"([A-Za-zα-ωΑ-Ω]+)(\d+(?:,\d+)*)([i-q]*)")
_RESIDUAL = re.compile(rf"([{_RESIDUALS}])(\d*(?:,\d+)*)([i-q]*)")
_PREDICTOR = re.compile(r"_[i-q]+$")
_STATED = re.compile(
    r"(?P<names>[\w.,\s]+?)\s+(?:has|have) been centered around the (?P<mean>group|grand) mean", re.IGNORECASE
)
_OUTCOME = re.compile(r"(?:Prob|P|E)\(\s*(?P<name>[\w.]+?)\s*(?:=\s*1)?\s*\|", re.IGNORECASE)
_SECTION = re.compile(r"\s*(?:final|mixed model|combined|distributions|level[- ]\d[^:=~\n]*)\s*:?\s*", re.IGNORECASE)
_END = re.compile(r"\s*(?:mixed model|combined|distributions)", re.IGNORECASE)


@dataclass(slots=True)
class _Equation:
    """An equation: coefficients with what they multiply, and residuals with what these multiply."""

    left: str
    coefficients: list[tuple[str, list[str]]] = field(default_factory=list)
    residuals: list[tuple[str, list[str]]] = field(default_factory=list)
    offsets: list[str] = field(default_factory=list)
    units: str = ""


def is_pasted(text: str) -> bool:
    """Whether a text is of equations, and no formula."""
    return "=" in text and not re.fullmatch(r"[^=]*~.*", text.strip().split("\n")[0])


def read_levels(text: str, groups: Sequence[str], names: Mapping[str, str]) -> LevelModel:
    """Read pasted equations."""
    equations = _equations(text)
    first, by_left = equations[0], {equation.left: equation for equation in equations[1:]}
    levels = _depth(first, by_left)
    if levels - 1 != len(groups):
        raise FormulaError(
            f"there are equations of {levels} levels, so {levels - 1} grouping factors, not {len(groups)}: {groups}",
            text,
        )
    reader = _Reader(by_left, _factors(groups), _centring(text), names)
    reader.follow(first, (), 1)
    return reader.model(_response(text, first, reader.row_units(equations)), tuple(first.offsets))


def _factors(groups: Sequence[str]) -> tuple[Factor, ...]:
    return tuple(Factor(name, k + 2, tuple(range(k + 1, len(groups)))) for k, name in enumerate(groups))


def _depth(equation: _Equation, by_left: Mapping[str, _Equation]) -> int:
    """Count the levels of an equation and those of its coefficients."""
    above = [_depth(by_left[name], by_left) for name, _ in equation.coefficients if name in by_left]
    return 1 + max(above, default=0)


def _equations(text: str) -> list[_Equation]:
    lines: list[str] = []
    prepared = re.sub(r"(?i)(level[- ]\d+ model\s*:?|mixed model\s*:?)|;", lambda m: f"\n{m.group(1) or ''}\n", text)
    for line in prepared.splitlines():
        if _END.match(line):
            break
        if re.match(r"\s*[+-]", line) and lines:
            lines[-1] += line
        elif "=" in line and not _OUTCOME.match(line.strip()) and "~" not in line:
            lines.append(line)
    found = [_equation(line, text) for line in lines if not _is_link(line)]
    if not found:
        raise FormulaError("the text has no equation such as 'y_ij = b0j + b1j*(x_ij) + r_ij'", text)
    return found


def _is_link(line: str) -> bool:
    """Whether a line defines the link, as log[p/(1 - p)] = eta does."""
    left = line.split("=")[0].strip()
    return bool(re.match(r"(log|logit|probit|Phi)\s*[\[(]", left)) and "+" not in line


def _equation(line: str, text: str) -> _Equation:
    left, right = (side.strip() for side in line.split("=", 1))
    found = _Equation(_label(left))
    match = _COEFFICIENT.fullmatch(left)
    found.units = match.group(3) if match else ""
    for part in _parted(right, "+"):
        head, *factors = [_bare(piece) for piece in _parted(_starred(part), "*")]
        if residual := _RESIDUAL.fullmatch(head.replace("_", "")):
            found.residuals.append((residual.group(), factors))
        elif _COEFFICIENT.fullmatch(head):
            found.coefficients.append((_label(head), factors))
        elif head.startswith("offset("):
            found.offsets.append(_PREDICTOR.sub("", head))
        elif head != "0":
            raise FormulaError(
                f"{part.strip()!r} should be a coefficient such as b1j, alone or times a variable: b1j*(x)",
                line.strip(),
            )
    if not found.coefficients and not found.residuals:
        raise FormulaError("the right side has no coefficient", line.strip())
    return found


def _label(name: str) -> str:
    return name.replace(" ", "")


def _starred(part: str) -> str:
    """Put the sign of multiplication between a coefficient and a parenthesis, where HLM leaves it out."""
    return re.sub(r"^(\s*[A-Za-zα-ω]+\d[\d,]*[i-q]*)\s*\(", r"\1*(", part)


def _parted(text: str, sign: str) -> list[str]:
    """Part a text at a sign outside of parentheses."""
    parts, depth, start = [], 0, 0
    for k, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == sign and depth == 0:
            parts.append(text[start:k])
            start = k + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _bare(piece: str) -> str:
    """Take the parentheses around a whole text away."""
    piece = piece.strip()
    while piece.startswith("(") and piece.endswith(")") and len(_parted(piece[1:-1] + "+", "+")) == 1:
        if not _balanced(piece[1:-1]):
            break
        piece = piece[1:-1].strip()
    return piece


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _centring(text: str) -> dict[str, str]:
    """Return how variables are centred, as the text says it."""
    found = {}
    for line in re.split(r"[\n;]|\.\s", text):
        if stated := _STATED.search(line):
            for name in re.split(r"[\s,]+", stated.group("names").strip()):
                found[name] = stated.group("mean").lower()
    return found


def _response(text: str, first: _Equation, units: str) -> str:
    """Return the response: the left side of level 1, or of a link what its probability or mean is of."""
    if outcome := _OUTCOME.search(text):
        return _without_units(outcome.group("name"), units)
    return _without_units(first.left, units)


def _without_units(name: str, units: str) -> str:
    """Take the index away: ``_ij`` always, ``ij`` where the coefficients have indices of units."""
    if short := _PREDICTOR.search(name):
        return name[: short.start()]
    return name.removesuffix(units) if units and name != units else name


class _Reader:
    """Follows the equations from level 1 upward."""

    def __init__(
        self,
        by_left: Mapping[str, _Equation],
        factors: tuple[Factor, ...],
        centring: Mapping[str, str],
        names: Mapping[str, str],
    ) -> None:
        self._by_left, self._factors, self._centring, self._names = by_left, factors, centring, names
        self._homes: dict[str, int] = {}
        self._fixed: list[Term] = []
        self._random: dict[int, list[Term]] = {}

    def row_units(self, equations: Sequence[_Equation]) -> str:
        """Return the index of a row: i, then that of the coefficients of level 1."""
        of_coefficients = next((one.units for one in equations[1:] if one.units), "")
        return f"i{of_coefficients}" if of_coefficients else ""

    def follow(self, equation: _Equation, term: Term, level: int) -> None:
        """Read an equation, and those of its coefficients."""
        units = equation.units if level > 1 else self.row_units([equation, *self._by_left.values()])
        for _, factors in equation.residuals if level > 1 else []:
            own = tuple(self._predictor(name, units, level) for name in factors)
            self._random.setdefault(level - 2, []).append((*term, *own))
        for name, factors in equation.coefficients:
            further = (*term, *(self._predictor(factor, units, level) for factor in factors))
            if name in self._by_left:
                self.follow(self._by_left[name], further, level + 1)
            else:
                self._fixed.append(further)

    def _predictor(self, text: str, units: str, level: int) -> str:
        name = _without_units(text, units)
        new = self._names.get(name, name)
        new = self._centred(new, self._centring.get(name), level)
        if level > 1:
            self._homes[new] = level - 2
        return new

    def _centred(self, name: str, mean: str | None, level: int) -> str:
        """Centre a variable as HLM does: at the mean of its group, or at the mean over the units of its level."""
        if mean is None:
            return name
        if level == 1:
            return f"within({name}, {self._factors[0].name})" if mean == "group" else f"center({name})"
        if mean == "group" and level - 1 < len(self._factors):
            return f"within({name}, {self._factors[level - 1].name})"
        return f"center({name}, {self._factors[level - 2].name})"

    def model(self, response: str, offsets: tuple[str, ...]) -> LevelModel:
        """Return the model."""
        random = tuple(RandomPart(k, tuple(terms)) for k, terms in sorted(self._random.items()))
        fixed = tuple(dict.fromkeys(self._fixed))
        return LevelModel(self._names.get(response, response), self._factors, self._homes, fixed, random, offsets)
