"""Tables of pictures of the data: rows by group, slopes within and between groups.

``by_group`` and ``within_between`` have the pictures, ``columns`` what they are made of.
"""

from .by_group import by_group, spaghetti
from .within_between import within_between

__all__ = ["by_group", "spaghetti", "within_between"]
