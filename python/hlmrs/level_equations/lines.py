"""The equations of a model, level by level, and the combined one.

With p1, ..., pL the path of a term, the coefficient of level l has the indices of p1, ..., pl, and its equation is

    coefficient(p1, ..., pl) = sum over p of coefficient(p1, ..., pl, p) * p + residuals of the groups of level l + 1,

which ends in the fixed parameters, those with an index for every level.  The letters are HLM's (Raudenbush and Bryk
2002): beta and gamma of two levels with residuals r and u; pi, beta, gamma of three with e, r and u.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .level_model import ROWS, LevelModel, Path, Term
from .symbols import Line, Row, Symbol, Word, Written, index_of, product

_COEFFICIENTS = "ψπβγ"
_RESIDUALS = {1: "e", 2: "ru", 3: "eru", 4: "εeru"}
_CROSSED = "uvwst"
_UNITS = "ijklmnopq"


@dataclass(frozen=True)
class Notation:
    """Letters of a part beside the mean: of coefficients, of random effects, and the mean's of rows and groups."""

    coefficient: str
    effects: str
    row_units: str
    units: Mapping[str, str]


@dataclass(frozen=True)
class LevelLines:
    """The equations of one model.

    ``left`` is what level 1 explains, by default the response; ``values`` are written in the place of fixed parameters;
    ``notation`` has other letters than HLM's.
    """

    model: LevelModel
    left: Row | None = None
    has_residual: bool = True
    values: Mapping[Term, str] | None = None
    notation: Notation | None = None

    @cached_property
    def paths(self) -> dict[Term, Path]:
        """The path of every fixed term."""
        return {term: self.model.path(term) for term in self.model.fixed}

    @cached_property
    def effects(self) -> list[tuple[int, Path, Term]]:
        """The grouping factor of every random effect, its path below that level, and what else it multiplies."""
        found = []
        for part in self.model.random:
            level = self.model.factors[part.factor].level
            for term in part.terms:
                path = self.model.path(term)
                found.append((part.factor, path[: level - 1], tuple(p for own in path[level - 1 :] for p in own)))
        return found

    @cached_property
    def prefixes(self) -> dict[Path, list[Term]]:
        """Every coefficient, as the path that leads to it, and the terms of the next level in its equation."""
        found: dict[Path, list[Term]] = {}
        longest = [*self.paths.values(), *(path for _, path, _ in self.effects)]
        for path in longest:
            for depth in range(len(path)):
                known = found.setdefault(path[:depth], [])
                if path[depth] not in known:
                    known.append(path[depth])
        return {path: sorted(terms, key=bool) for path, terms in found.items()}

    def level(self, level: int) -> list[Line]:
        """Return the equations of a level."""
        return [self._line(path) for path in self._coefficients() if len(path) == level - 1]

    def _coefficients(self) -> list[Path]:
        """Return all paths to coefficients that have an equation, those of the intercept first."""
        of_effects = [path for _, path, _ in self.effects]
        known = dict.fromkeys([*self.prefixes, *of_effects, ()])
        return sorted((path for path in known if len(path) < self.model.n_levels), key=self.numbers)

    def _line(self, path: Path) -> Line:
        left = (self._coefficient(path),) if path else self.left or (self.word(self.model.response, rows=True),)
        parts = [self._summand(path, term) for term in self.prefixes.get(path, ())]
        parts += [self._effect(k) for k in self._effects_of(path)]
        parts += self._of_rows() if not path else []
        return Line(left, "=", tuple(parts) or ((Written("0"),),))

    def _of_rows(self) -> list[Row]:
        """Return what is added in every row: offsets, and the residual."""
        offsets: list[Row] = [(self.word(name, rows=True),) for name in self.model.offsets]
        return [*offsets, (self.residual,)] if self.has_residual else offsets

    def _summand(self, path: Path, term: Term) -> Row:
        return product([*self._value((*path, term)), *(self.word(p) for p in term)])

    def _value(self, path: Path) -> Row:
        """Return a coefficient's symbol, or its estimate."""
        if self.values is None or len(path) < self.model.n_levels:
            return (self._coefficient(path),)
        term = next(term for term, own in self.paths.items() if own == path)
        return (Written(self.values[term]),)

    def _effects_of(self, path: Path) -> list[int]:
        return [k for k, (_, own, _) in enumerate(self.effects) if own == path and path]

    def numbers(self, path: Path) -> tuple[int, ...]:
        """Return the index of a path: the place of each term among those beside it, 0 only for an intercept."""
        found = []
        for depth, term in enumerate(path):
            slopes = [one for one in self.prefixes.get(path[:depth], [term]) if one]
            found.append(slopes.index(term) + 1 if term else 0)
        return tuple(found)

    def _coefficient(self, path: Path) -> Symbol:
        letters = _COEFFICIENTS[-self.model.n_levels :] if self.model.n_levels > 1 else "β"
        own = letters[max(len(letters) - self.model.n_levels + len(path) - 1, 0)]
        letter = self.notation.coefficient if self.notation else own
        return Symbol(letter, self.numbers(path), self._units(range(len(path) + 1, self.model.n_levels + 1)))

    def effect(self, k: int) -> Symbol:
        """Return the symbol of a random effect."""
        factor, path, further = self.effects[k]
        numbers = self.numbers(path)
        if further:
            alike = [one[2] for one in self.effects if one[:2] == (factor, path) and one[2]]
            numbers = (*numbers, alike.index(further) + 1)
        return Symbol(self._residual_letter(factor), numbers, self._units_of(factor))

    def _effect(self, k: int) -> Row:
        return product([self.effect(k), *(self.word(p) for p in self.effects[k][2])])

    def fixed_symbol(self, term: Term) -> tuple[tuple[int, ...], str]:
        """Return the index of a fixed parameter, by which they are in the order of the equations, and its symbol."""
        symbol = self._coefficient(self.paths[term])
        return symbol.numbers, symbol.letter + index_of(symbol)

    def effect_text(self, k: int) -> str:
        """Return the symbol of a random effect without its units."""
        symbol = self.effect(k)
        return symbol.letter + index_of(Symbol(symbol.letter, symbol.numbers))

    def n_fixed_of(self, k: int) -> int:
        """Count the fixed parameters in the equation of the coefficient that a random effect belongs to."""
        _, path, _ = self.effects[k]
        return sum(own[: len(path)] == path for own in self.paths.values())

    @property
    def residual(self) -> Symbol:
        """The residual of a row."""
        return Symbol(_RESIDUALS.get(self.model.n_levels, _RESIDUALS[4])[0], (), self.row_units)

    @property
    def row_units(self) -> str:
        """The index of a row."""
        if self.notation is not None:
            return self.notation.row_units
        return _UNITS[0] + self._units(range(2, self.model.n_levels + 1))

    def _residual_letter(self, factor: int) -> str:
        if self.notation is not None:
            return self.notation.effects[factor % len(self.notation.effects)]
        level = self.model.factors[factor].level
        beside = self.model.at_level(level)
        if len(beside) > 1:
            return _CROSSED[beside.index(factor) % len(_CROSSED)]
        letters = _RESIDUALS.get(self.model.n_levels, _RESIDUALS[4])
        return letters[max(level - 1 - self.model.n_levels, -len(letters))]

    def _units(self, levels: Sequence[int]) -> str:
        factors = self.model.factors
        return "".join(self._unit(k) for k, factor in enumerate(factors) if factor.level in levels)

    def _units_of(self, factor: int) -> str:
        places = sorted({factor, *self.model.factors[factor].inside})
        return "".join(map(self._unit, places))

    def _unit(self, factor: int) -> str:
        """Return the letter of a grouping factor's units: that of the mean, where a part beside it has the factor."""
        own = self.notation.units.get(self.model.factors[factor].name) if self.notation else None
        return own or _UNITS[1 + factor : 2 + factor]

    def notation_of_part(self, coefficient: str, effects: str, groups: Sequence[str]) -> Notation:
        """Return the notation of a part beside this mean: further grouping factors have further letters."""
        units = {factor.name: self._unit(k) for k, factor in enumerate(self.model.factors)}
        for name in groups:
            units.setdefault(name, _UNITS[1 + len(units) : 2 + len(units)])
        return Notation(coefficient, effects, self.row_units, units)

    def word(self, predictor: str, *, rows: bool = False) -> Word:
        """Return a variable with the index of its units."""
        home = ROWS if rows else self.model.homes.get(predictor, ROWS)
        return Word(predictor, self.row_units if home == ROWS else self._units_of(home))

    def combined(self) -> Line:
        """Return the equation that is left when the others are put into that of level 1."""
        fixed = sorted(self.paths.items(), key=lambda own: self.numbers(own[1]))
        parts = [product([*self._value(path), *(self.word(p) for p in term)]) for term, path in fixed]
        terms = [term for part in self.model.random for term in part.terms]
        parts += [product([self.effect(k), *(self.word(p) for p in term)]) for k, term in enumerate(terms)]
        parts += self._of_rows()
        return Line(self.left or (self.word(self.model.response, rows=True),), "=", tuple(parts) or ((Written("0"),),))
