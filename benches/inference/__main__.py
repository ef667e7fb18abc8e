"""Measure hlmrs and R on the same fitted models, and write docs/inference-benchmarks.md."""

import argparse
import os
from pathlib import Path
from typing import Any

from .. import machine
from ..peers import Limits, Peer, installed, job_of, run
from ..peers.environment import r_versions
from ..results import Store, inserted
from .cases import ALL_DRAWS, METHODS, OWN, Case, R, cases
from .tables import report

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run what the command line asks for; what has a result for these versions is kept."""
    parser = argparse.ArgumentParser(prog="python -m benches.inference", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="model", help="of sleepstudy, machines, insteval-28")
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the rows and draws, to try the command")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs after the first (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one method on one model")
    parser.add_argument("--again", action="store_true", help="measure anew what has a result")
    asked = parser.parse_args()
    folder = ROOT / "docs" if asked.scale == 1 else ROOT / "benches" / ".cache" / "smoke"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "inference-benchmarks.json")
    if not store.machine or asked.again:
        store.machine = machine.describe(asked.threads)
    versions = installed(["hlmrs"]) | r_versions(["jsonlite", *METHODS.values()])
    for case in cases():
        if not asked.only or case.workload.name in asked.only:
            _measure(case, versions, store, asked)
            inserted(folder / "inference-benchmarks.md", "Inference beside R", report(store))
    print(f"written to {folder / 'inference-benchmarks.md'}")


def _measure(case: Case, versions: dict[str, str], store: Store, asked: argparse.Namespace) -> None:
    """Measure one method on one model in hlmrs and, where it is installed, in R."""
    draws = max(2, round(case.draws * min(1.0, asked.scale)))
    job = job_of(case.workload, asked.scale) | {"method": case.method, "draws": draws}
    store.facts(case.name, {"method": case.method, "model": case.workload.name, "formula": job["formula"]})
    memory = 0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = Limits(asked.repeats, asked.threads, asked.timeout, memory)
    sides: list[tuple[str, Peer]] = [("hlmrs", OWN), (METHODS[case.method], R)]
    for package, peer in sides:
        if package not in versions or (store.is_done(case.name, package, versions[package]) and not asked.again):
            continue
        result = _of_all_draws(run(peer, job, limits), case.method, draws)
        store.add(case.name, package, versions[package], result)
        print(f"{case.name:28s} {package:10s} {result.get('seconds', result.get('failure'))}", flush=True)


def _of_all_draws(result: dict[str, Any], method: str, draws: int) -> dict[str, Any]:
    """Scale the bootstrap's times to 1,000 replicates."""
    if method != "bootstrap" or draws == ALL_DRAWS or "seconds" not in result:
        return result
    times = {key: result[key] * ALL_DRAWS / draws for key in ("seconds", "cpu", "fastest", "first")}
    return result | times | {"note": f"scaled from {draws} replicates"}


if __name__ == "__main__":
    main()
