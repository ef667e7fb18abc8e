"""The page: all parts in their order, with contents before and a checklist behind."""

import os
from dataclasses import dataclass
from html import escape

from ..plots import pyplot
from ..resources import Progress
from ..version import package_version
from .checklist import checklist
from .parts import PARTS
from .style import document
from .subject import Subject


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """A report: one file of HTML that needs nothing else.

    Attributes
    ----------
    title : str
        Its title.
    html : str
        The page.
    """

    title: str
    html: str

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html)

    def __repr__(self) -> str:
        return f"{self.title}: a page of {self.size}; .save(path) writes it, .html has it"

    @property
    def size(self) -> str:
        """How large the file is: ``"310 KB"``."""
        return f"{len(self.html.encode()) / 1024:,.0f} KB"


def require_folder(path: "str | os.PathLike[str]") -> None:
    """Refuse a path whose folder is not there, before any work is done."""
    folder = os.path.dirname(os.fspath(path))
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r}: make it first, or give another path")


def page_of(subject: Subject, title: str | None) -> Page:
    """Make the page of a fit."""
    pyplot("reports")
    name = title or f"{'Multilevel model' if subject.groups else 'Model'} of {subject.response}"
    parts = []
    with Progress("parts of the report", len(PARTS)) as progress:
        for k, part in enumerate(PARTS, start=1):
            parts.append((f"part-{k}", f"{k}. {part.title}", part.html(subject)))
            progress.reach(k)
    parts.append(("checklist", "Checklist", checklist(subject)))
    links = (f'<li><a href="#{key}">{escape(title.partition(". ")[2] or title)}</a></li>' for key, title, _ in parts)
    body = "".join(f'<section id="{key}"><h2>{escape(title)}</h2>{html}</section>' for key, title, html in parts)
    made = f"Made by hlmrs {package_version()}. Numbers are those of the fit; boxes are for the author."
    contents = f'<nav aria-label="Contents"><ol>{"".join(links)}</ol></nav>'
    before = f'<h1>{escape(name)}</h1><p class="soft">{escape(made)}</p>{contents}'
    return Page(name, document(name, before + body))
