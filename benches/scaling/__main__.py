"""Measure hlmrs along each axis in one thread and in several, and write docs/scaling.md."""

import argparse
import os
from pathlib import Path

from .. import machine
from ..peers import PEERS, Limits, installed, job_of, run
from ..results import Store, inserted
from .axes import AXES, Axis
from .tables import report

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run what the command line asks for; what has a result for this build is kept."""
    parser = argparse.ArgumentParser(prog="python -m benches.scaling", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of rows and levels, to try the command")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs after the first (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="most threads")
    parser.add_argument("--again", action="store_true", help="measure anew what has a result")
    asked = parser.parse_args()
    folder = ROOT / "docs" if asked.scale == 1 else ROOT / "benches" / ".cache" / "smoke"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "scaling.json")
    if not store.machine or asked.again:
        store.machine = machine.describe(asked.threads)
    version = installed(["hlmrs"])["hlmrs"]
    for axis in AXES:
        for value in axis.values:
            _measure(axis, value, store, version, asked)
        inserted(folder / "scaling.md", "How cost grows", report(store))
    print(f"written to {folder / 'scaling.md'}")


def _measure(axis: Axis, value: int, store: Store, version: str, asked: argparse.Namespace) -> None:
    """Measure one value of an axis in one thread and in several."""
    workload = axis.workload(value)
    job = job_of(workload, asked.scale)
    store.facts(workload.name, {"column_bytes": job["column_bytes"]})
    for threads in sorted({1, asked.threads}):
        if store.is_done(workload.name, str(threads), version) and not asked.again:
            continue
        limits = Limits(asked.repeats, threads, 600, float("inf"))
        result = run(PEERS["hlmrs"], job, limits)
        store.add(workload.name, str(threads), version, result)
        print(f"{workload.name:24s} {threads} threads  {result.get('seconds', result.get('failure'))}", flush=True)


if __name__ == "__main__":
    main()
