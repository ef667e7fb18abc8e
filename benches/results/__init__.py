"""What was measured: kept as JSON, shown as tables."""

from .markdown import inserted, table
from .report import report
from .store import Store

__all__ = ["Store", "inserted", "report", "table"]
