"""The command `hlmrs`.

``arguments`` says what can be typed, ``files`` reads data, ``commands`` does what was asked.
"""

from .commands import main

__all__ = ["main"]
