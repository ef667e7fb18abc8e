"""What a message needs: the place of what cannot be read, and names quoted, listed, or the nearest that exist."""

from collections.abc import Iterable, Sequence


class ReadingError(Exception):
    """A reason and the offset of the place it is about; ``reading`` turns it into a ``FormulaError``."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


_MANY = 1000
_SHOWN = 10
_LONGEST = 60


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest names, or nothing when none is near."""
    near = nearest(name, known)
    return f"; did you mean {' or '.join(map(quote, near))}?" if near else ""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that a misspelling may stand for; another case comes first."""
    candidates = list(known)
    folded = name.casefold()
    same = [candidate for candidate in candidates if candidate.casefold() == folded]
    if same:
        return same[:3]
    if len(candidates) > _MANY:
        candidates = _alike(folded, candidates)
    from difflib import get_close_matches  # loaded when something is misspelled

    return get_close_matches(name, candidates, n=3, cutoff=0.6)


def listed(names: Sequence[str]) -> str:
    """Return the names with commas, the first few when there are many."""
    shown = ", ".join(map(quote, names[:_SHOWN]))
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def quote(text: str) -> str:
    """Return a text in quotes for a message, cut when it is long."""
    return repr(cut(text))


def cut(text: str) -> str:
    """Return the start of a long text."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _alike(folded: str, candidates: list[str]) -> list[str]:
    """Keep names of about the same length and the same first letter: comparing all of many would take seconds."""
    return [
        candidate
        for candidate in candidates
        if abs(len(candidate) - len(folded)) <= 2 and candidate[:1].casefold() == folded[:1]
    ][:_MANY]
