"""The nearest of the names that exist, for "did you mean"."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MANY = 1000
_SHOWN = 10


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest names, or nothing when none is near."""
    near = nearest(name, known)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that a misspelling may stand for; another case comes first."""
    candidates = list(known)
    folded = name.casefold()
    same = [candidate for candidate in candidates if candidate.casefold() == folded]
    if same:
        return same[:3]
    if len(candidates) > _MANY:
        candidates = _alike(folded, candidates)
    return get_close_matches(name, candidates, n=3, cutoff=0.6)


def listed(names: Sequence[str]) -> str:
    """Return the names with commas, the first few when there are many."""
    shown = ", ".join(map(repr, names[:_SHOWN]))
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def _alike(folded: str, candidates: list[str]) -> list[str]:
    """Keep names of about the same length and the same first letter: comparing all of many would take seconds."""
    return [
        candidate
        for candidate in candidates
        if abs(len(candidate) - len(folded)) <= 2 and candidate[:1].casefold() == folded[:1]
    ][:_MANY]
