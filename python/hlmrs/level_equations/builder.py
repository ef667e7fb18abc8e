"""``hlmrs.levels``: a model from the equations of its levels, whether pasted or given one by one."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ..errors import FormulaError, OptionError
from ..formula import ModelSpec, parse
from .level_model import Factor, LevelModel, RandomPart, Term
from .reading import is_pasted, read_levels

INTERCEPT = "(Intercept)"
Key: TypeAlias = str | tuple[str, ...]
Equations: TypeAlias = Mapping[Key, str]
_Path: TypeAlias = tuple[str, ...]


def levels(
    level1: str,
    *equations: Equations,
    groups: str | Sequence[str],
    random: Sequence[Key] | Sequence[Sequence[Key]] = (INTERCEPT,),
    names: Mapping[str, str] | None = None,
) -> LevelModel:
    """Make a model from the equations of its levels, which becomes a formula.

    Parameters
    ----------
    level1 : str
        The formula of level 1, such as ``"mAch ~ cses"``; or all equations as HLM writes them, with Greek letters or
        without: ``"Level-1 Model: MATHACHij = b0j + b1j*(SESij) + rij ..."``.  What they say of centring counts.
    *equations : dict
        For level 2, and each level above, the equations of coefficients of the level below, by the predictor that the
        coefficient multiplies: ``{"(Intercept)": "~ sector", "cses": "~ sector"}``.  Coefficients that are left
        out have no predictors.  At level 3 a key is the predictors of levels 1 and 2, ``("cses", "sector")``; one
        name alone is that of level 1.
    groups : str or list of str
        The grouping factor of level 2, and of every level above.
    random : list
        Coefficients that differ between groups, by default the intercept; a list of lists, one for each level, if there
        are several.  Pasted text says it itself.
    names : dict, optional
        New names of variables, by those in the text: ``{"MATHACH": "mAch"}``.

    Returns
    -------
    LevelModel
        ``.formula`` is for ``lmer``; it prints its equations.

    Raises
    ------
    FormulaError
        For a text that cannot be read, with the line.
    OptionError
        For coefficients that there are not, or a wrong number of groups.

    Notes
    -----
    Raudenbush and Bryk (2002), chapters 2 to 4 and 8, have the notation.

    Examples
    --------
    >>> import hlmrs
    >>> text = '''Level-1 Model
    ...     MATHACHij = b0j + b1j*(SESij) + rij
    ... Level-2 Model
    ...     b0j = g00 + g01*(MEANSESj) + u0j
    ...     b1j = g10 + g11*(MEANSESj) + u1j'''
    >>> hlmrs.levels(text, groups="school").formula
    'MATHACH ~ MEANSES + SES + SES:MEANSES + (1 + SES | school)'
    """
    factors = [groups] if isinstance(groups, str) else list(groups)
    if is_pasted(level1):
        if equations:
            raise OptionError("the text has the equations of all levels; leave the others out")
        return read_levels(level1, factors, names or {})
    if len(equations) > len(factors):
        raise OptionError(f"equations of {len(equations)} levels above the first need as many groups, not {factors}")
    return _built(level1, equations, factors, _random_by_level(random, len(factors)), names or {})


def _random_by_level(random: Sequence[Key] | Sequence[Sequence[Key]], n: int) -> list[list[Key]]:
    """Return a list of coefficients for each level; one list is that of level 2, and above it intercepts differ."""
    own = [one for one in random if isinstance(one, str | tuple)]
    if len(own) == len(random):
        intercept: Key = INTERCEPT
        return [list(own), *([intercept] for _ in range(n - 1))]
    if len(random) != n:
        raise OptionError(f"random={random!r}: give a list for each of {n} levels above the first")
    return [list(one) for one in random]


def _built(
    level1: str,
    equations: Sequence[Equations],
    groups: Sequence[str],
    random: list[list[Key]],
    names: Mapping[str, str],
) -> LevelModel:
    spec = parse(level1)
    if spec.random:
        raise FormulaError("the formula of level 1 has no random terms: random= says what differs", level1)
    n = len(groups)
    factors = tuple(Factor(name, k + 2, tuple(range(k + 1, n))) for k, name in enumerate(groups))
    homes: dict[str, int] = {}
    paths: list[_Path] = [(name,) for name in _terms(spec)]
    effects: list[RandomPart] = []
    for k in range(n):
        chosen = [_path(key, k + 1, paths) for key in random[k]]
        if chosen:
            effects.append(RandomPart(k, tuple(_term(path) for path in chosen)))
        given = {_path(key, k + 1, paths): text for key, text in (equations[k] if k < len(equations) else {}).items()}
        paths = [(*path, own) for path in paths for own in _terms_at_home(given.get(path, "~ 1"), k, homes)]
    return _renamed(spec.response.name, factors, homes, [_term(path) for path in paths], effects, names)


def _terms(spec: ModelSpec) -> list[str]:
    """Return the terms of a formula, the intercept first."""
    return [*([INTERCEPT] if spec.intercept else []), *(term.name for term in spec.terms)]


def _terms_at_home(text: str, home: int, homes: dict[str, int]) -> list[str]:
    """Return the terms of ``~ w``, and note that their variables are at home at a level."""
    spec = parse(f"y ~ {text.strip().removeprefix('~')}")
    homes.update({factor.name: home for term in spec.terms for factor in term.factors})
    return _terms(spec)


def _path(key: Key, depth: int, known: Sequence[_Path]) -> _Path:
    """Return the coefficient that a key means."""
    path = (key,) if isinstance(key, str) else tuple(key)
    path = (*path, *([INTERCEPT] * (depth - len(path))))
    if path not in known:
        shown = ", ".join(repr(own[0] if len(own) == 1 else own) for own in known)
        raise OptionError(f"{key!r} is no coefficient of level {depth}; there are {shown}")
    return path


def _term(path: _Path) -> Term:
    return tuple(piece for name in path if name != INTERCEPT for piece in name.split(":"))


def _renamed(
    response: str,
    factors: tuple[Factor, ...],
    homes: Mapping[str, int],
    fixed: Sequence[Term],
    random: Sequence[RandomPart],
    names: Mapping[str, str],
) -> LevelModel:
    def new(term: Term) -> Term:
        return tuple(names.get(piece, piece) for piece in term)

    return LevelModel(
        names.get(response, response),
        factors,
        {names.get(piece, piece): home for piece, home in homes.items()},
        tuple(dict.fromkeys(new(term) for term in fixed)),
        tuple(RandomPart(part.factor, tuple(map(new, part.terms)), part.structure) for part in random),
    )
