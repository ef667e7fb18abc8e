"""A fit as one self-contained page of HTML, with the parts that reporting guidelines ask for.

``page`` puts the page together, ``style`` says how it looks, ``blocks`` makes paragraphs, tables and figures, ``parts``
has a function for each ``part``, of a ``subject`` (the fit and the models beside it), ``checklist`` says what was
reported and what is left to the author.  A page asks a fit by its public methods alone.
"""

from .page import Page, page_of, require_folder
from .subject import Subject

__all__ = ["Page", "Subject", "page_of", "require_folder"]
