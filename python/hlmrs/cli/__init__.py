"""The command `hlmrs`.

``commands`` says what can be typed and does it, ``files`` reads data.
"""

from .commands import main

__all__ = ["main"]
