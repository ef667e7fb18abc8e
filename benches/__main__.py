"""Measure hlmrs and every installed peer on the same data: ``python -m benches``.

Results are kept after every fit, and a run takes up where the last one ended; ``--again`` measures anew.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from . import machine
from .peers import PEERS, Limits, installed, job_of, run
from .results import Store, inserted, report
from .workloads import WORKLOADS, Workload

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run what the command line asks for."""
    asked = _arguments()
    full = asked.scale == 1
    folder = asked.out or (ROOT / "docs" if full else ROOT / "benches" / ".cache" / "smoke")
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "benchmarks.json")
    if not store.machine or asked.again:
        store.machine = machine.describe(asked.threads)
    versions = installed(asked.peers)
    limits = Limits(asked.repeats, asked.threads, asked.timeout, asked.memory * 2**30)
    for name in asked.only:
        _measure(WORKLOADS[name], versions, limits, store, asked)
        inserted(folder / "benchmarks.md", "Benchmarks", report(store))
    print(f"written to {folder / 'benchmarks.md'}")


def _measure(
    workload: Workload, versions: dict[str, str], limits: Limits, store: Store, asked: argparse.Namespace
) -> None:
    """Measure every package on one workload."""
    job = job_of(workload, asked.scale)
    known = {key: getattr(workload, key) for key in ("about", "formula", "reml", "goal", "peak_goal")}
    store.facts(workload.name, known | {key: job[key] for key in ("rows", "column_bytes")})
    for peer, version in versions.items():
        if store.is_done(workload.name, peer, version) and not asked.again:
            continue
        result = _result(peer, workload, job, limits, store)
        store.add(workload.name, peer, version, result)
        print(f"{workload.name:16s} {peer:12s} {_line(result)}", flush=True)


def _result(peer: str, workload: Workload, job: dict[str, Any], limits: Limits, store: Store) -> dict[str, Any]:
    """Return one package's result: measured, refused, or not tried after a smaller workload was too much."""
    if reason := PEERS[peer].refuses(job):
        return {"refusal": reason}
    if workload.after and store.result(workload.after, peer).get("exhausted") and peer != "hlmrs":
        return {"refusal": f"not tried after {workload.after}", "exhausted": True}
    result = run(PEERS[peer], job, limits)
    if "theta" in result:  # an approximate likelihood: the exact one at the same estimates
        exact = run(PEERS["hlmrs"], job | {"theta": result["theta"]}, limits)
        result |= {"criterion": exact["criterion"]} if "criterion" in exact else {}
    return result


def _line(result: dict[str, Any]) -> str:
    if "seconds" not in result:
        return result.get("failure") or result["refusal"]
    memory = result["peak_bytes"] / 2**20
    return f"{result['seconds']:10.4f} s  cpu {result['cpu']:8.3f} s  {memory:8.1f} MiB  {result.get('criterion')}"


def _arguments() -> argparse.Namespace:
    threads = os.cpu_count() or 1
    memory = 0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parser = argparse.ArgumentParser(
        prog="python -m benches", description="Measure hlmrs and its peers on the same data."
    )
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="workload")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="package")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs after the first (default 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the rows and levels, to try the suite")
    parser.add_argument("--threads", type=int, default=threads, help=f"threads of every package (default {threads})")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one package on one workload")
    parser.add_argument("--memory", type=float, default=memory, help="GiB that one process may hold")
    parser.add_argument("--again", action="store_true", help="measure anew what has a result")
    parser.add_argument("--out", type=Path, help="folder of benchmarks.json and benchmarks.md (default docs)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
