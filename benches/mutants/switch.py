"""Which mutant is on, read once from the environment; or which mutants were reached, if that is asked for.

This file becomes `hlmrs/_mutants.py` in the mutated copy of the package.
"""

import atexit
import builtins
import os
from pathlib import Path

REACHED: set[int] = set()
ASKED = os.environ.get("HLMRS_REACHED")
ON = int(os.environ.get("HLMRS_MUTANT", "-1"))


def _is_on(mutant: int) -> bool:
    return mutant == ON


def _noted(mutant: int) -> bool:
    REACHED.add(mutant)
    return False


def _write() -> None:
    """Leave what this process reached."""
    Path(f"{ASKED}/{os.getpid()}.python").write_text("".join(f"{mutant}\n" for mutant in REACHED))


builtins._mutant_on = _noted if ASKED else _is_on  # type: ignore[attr-defined]
if ASKED:
    atexit.register(_write)
