"""Power as it is computed beside closed forms, and beside that of simulated data sets, over a grid of designs.

python -m benches.power                # 2000 data sets a design; writes docs/power.md
python -m benches.power 200            # fewer, to the screen
python -m benches.power --generalized  # binary responses and counts, 1000 data sets a design
python -m benches.power --closed       # closed forms of balanced designs
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

from benches.results import table

from . import closed_forms
from .designs import GENERALIZED, GRID, LINEAR

SEED = 20240
PAGE = Path(__file__).parents[2] / "docs" / "power.md"


def rows(kind: str, n: int) -> Iterator[list[str]]:
    """Simulate every design of the grid, and yield a row of the table."""
    plans = (plan for part in GRID[kind] for plan in part())
    for k, (name, power) in enumerate(plans):
        (found,) = power.simulate(n, seed=SEED + k).to_dicts()
        yield [
            name,
            "" if math.isnan(power.effect) else f"{power.effect:.3f}",
            f"{power.df:.1f}" if math.isfinite(power.df) else "∞",
            f"{found['power']:.3f}",
            f"{found['simulated']:.3f}",
            f"{found['conf_low']:.3f} to {found['conf_high']:.3f}",
            "yes" if found["conf_low"] <= found["power"] <= found["conf_high"] else "no",
        ]


HEADS = ["design", "effect", "df", "computed", "simulated", "95 % interval", "holds it"]


def inserted(path: Path, kind: str, text: str) -> None:
    """Put a table between its marks in the page."""
    start, end = f"<!-- {kind} -->", f"<!-- end of {kind} -->"
    before, rest = path.read_text().split(start)
    path.write_text(f"{before}{start}\n{text.strip()}\n{end}{rest.split(end)[1]}")


def main() -> None:
    """Measure one grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int, nargs="?", help="data sets a design; fewer than usual are not written")
    parser.add_argument("--generalized", action="store_true")
    parser.add_argument("--closed", action="store_true")
    asked = parser.parse_args()
    if asked.closed:
        inserted(PAGE, closed_forms.CLOSED, closed_forms.text())
        return
    kind, usual = (GENERALIZED, 1000) if asked.generalized else (LINEAR, 2000)
    n = asked.n or usual
    found = []
    for row in rows(kind, n):
        print("  ".join(row), flush=True)
        found.append(row)
    held = sum(row[-1] == "yes" for row in found)
    text = f"{n:,} data sets a design: {held} of {len(found)} intervals of 95 % hold the power that was computed.\n\n"
    text += table(HEADS, found)
    if n >= usual:
        inserted(PAGE, kind, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
