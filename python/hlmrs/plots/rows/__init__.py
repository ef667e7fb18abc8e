"""Pictures of the data."""

from .by_group import by_group, spaghetti
from .within_between import within_between

__all__ = ["by_group", "spaghetti", "within_between"]
