"""Models side by side in one table, for a paper.

``model_column`` reads what one model tells, ``grid`` aligns the models and writes the cells, ``writers`` and
``word_document`` lay the grid out; ``model_table`` is what users hold.
"""

from .grid import TableChoice
from .model_table import ModelTable, model_table

__all__ = ["ModelTable", "TableChoice", "model_table"]
