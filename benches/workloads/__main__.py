"""Generate workloads: ``python -m benches.workloads [name ...] [--scale s]``."""

import argparse
import json
import time

from . import WORKLOADS, located


def main() -> None:
    """Generate the workloads named on the command line, or all of them."""
    parser = argparse.ArgumentParser(
        prog="python -m benches.workloads", description="Generate and cache the workloads."
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(WORKLOADS)}; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the rows and levels")
    asked = parser.parse_args()
    for name in asked.names or WORKLOADS:
        start = time.perf_counter()
        folder = located(WORKLOADS[name], asked.scale)
        rows = json.loads((folder / "shape.json").read_text())["rows"]
        print(f"{name:16s} {rows:12,d} rows  {time.perf_counter() - start:6.1f} s  {folder}")


if __name__ == "__main__":
    main()
