"""The attack at large: what the tests try at small scale, for as long as one likes, each kind in its own process."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))  # the tests' own cases and checks are used
