"""Pictures of the data, each in the file of its name: ``by_group``, ``within_between``."""

from .by_group import by_group, spaghetti
from .within_between import within_between

__all__ = ["by_group", "spaghetti", "within_between"]
