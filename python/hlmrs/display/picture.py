"""A picture before it is drawn: the table that it draws, and all that it says in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One panel.

    ``drawing`` names the way of drawing; ``table`` is what the user can ask for; ``alt`` says in a few sentences what
    is to be seen; ``further`` has what the drawing needs beside the table.
    """

    drawing: str
    table: Mapping[str, Any]
    title: str
    x: str
    y: str
    alt: str
    note: str = ""
    further: Mapping[str, Any] = field(default_factory=dict)
