"""What to know of a table, in words: what its numbers are, and where the variables stand that it does not show.

``tables`` has what to know of each kind of table, ``scale_words`` what its numbers are, ``held`` where variables stand.
"""

from .held import held
from .tables import notes_of_contrasts, notes_of_means, notes_of_regions, notes_of_slopes, of_variables

__all__ = ["held", "notes_of_contrasts", "notes_of_means", "notes_of_regions", "notes_of_slopes", "of_variables"]
