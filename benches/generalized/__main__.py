"""Times generalized models beside peers in one run: ``python -m benches.generalized [--peers PYTHON] [--scale 1]``."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .workloads import WORKLOADS, Workload

_HERE = Path(__file__).parent
_ROUNDS = 2
_HEAD = (
    "| model | hlmrs | goal | must | peer | its time | peer / hlmrs | log-likelihood above the peer's |",
    "|---|---|---|---|---|---|---|---|",
)


def main() -> None:
    """Measure every workload and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benches.generalized", description=__doc__)
    parser.add_argument("--peers", default=str(_HERE.parent / ".venv-peers/bin/python"), help="python of the peers")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows of drawn data")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for the calls of one process")
    parser.add_argument(
        "--clock", default="wall", choices=["wall", "processor"], help="of a busy machine processor time says more"
    )
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    given = parser.parse_args()
    print(*_HEAD, sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            for line in _lines(name, Path(folder), given):
                print(line, flush=True)


def _lines(name: str, folder: Path, given: argparse.Namespace) -> list[str]:
    work = WORKLOADS[name]
    job = folder / f"{name}.json"
    job.write_text(json.dumps(_job(name, work, folder, given)), encoding="utf-8")
    found: dict[str, list[dict[str, Any]]] = {}
    # packages take turns, so that the machine is the same for all of them
    for _ in range(_ROUNDS):
        for package in ("hlmrs", *work.peers):
            python = sys.executable if package == "hlmrs" else given.peers
            if Path(python).exists():
                found.setdefault(package, []).append(_measured(python, package, job))
    own = _best(found["hlmrs"])
    head = f"| {name} | {_write(own)} | {_write(work.goal)} | {_write(work.must)} |"
    lines = []
    for package, runs in found.items():
        if package != "hlmrs" and runs[0]:
            gain = found["hlmrs"][0]["loglik"] - runs[0]["loglik"]
            peer = _best(runs)
            lines.append(f"{head} {package} | {_write(peer)} | {peer / own:.1f} | {gain:.2g} |")
    return lines or [f"{head} | | | |"]


def _job(name: str, work: Workload, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    frame = work.data(given.scale)
    file = folder / f"{name}.arrow"
    frame.write_ipc(file)
    fixed, *random = work.formula.split("~")[1].split(" + (")
    return {
        "file": str(file),
        "formula": work.formula,
        "family": work.family,
        "seconds": given.seconds,
        "clock": given.clock,
        "fixed": [term.strip() for term in fixed.split("+")],
        "groups": [term.split("|")[1].strip(" )") for term in random],
    }


def _measured(python: str, package: str, job: Path) -> dict[str, Any]:
    """Run one package in a process; nothing where it cannot do the job."""
    command = [python, str(_HERE / "measure.py"), package, str(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode != 0:
        if package == "hlmrs":
            raise SystemExit(done.stderr)
        print(f"{package}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def _best(runs: list[dict[str, Any]]) -> float:
    """Return the least median of the processes, in milliseconds."""
    return 1e3 * min(statistics.median(run["times"]) for run in runs if run)


def _write(milliseconds: float) -> str:
    return f"{milliseconds / 1e3:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"


if __name__ == "__main__":
    main()
