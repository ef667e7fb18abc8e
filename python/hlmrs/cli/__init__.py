"""The command `hlmrs`.

``parser`` says what can be typed, ``model`` fits what was asked for, with orders of levels by ``levels``, ``commands``
has a function for each command, ``doctor`` one of its own for what ``machine`` finds, ``main`` runs one and ends with
its exit code, of those in ``exits``.
"""

from .main import main

__all__ = ["main"]
