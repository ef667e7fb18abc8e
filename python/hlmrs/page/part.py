"""A part of a page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import HlmrsError
from .blocks import paragraph
from .subject import Subject


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its title, and the pieces that it is made of, each made by a function of the subject."""

    title: str
    pieces: Iterable[Callable[[Subject], str]]

    def html(self, subject: Subject) -> str:
        """Return what stands under the title; a piece that this fit cannot have says why."""
        return "".join(_made(piece, subject) for piece in self.pieces)


def _made(piece: Callable[[Subject], str], subject: Subject) -> str:
    try:
        return piece(subject)
    except HlmrsError as error:
        return paragraph(f"{piece.__name__.replace('_', ' ').capitalize()}: not available here ({error}).")
