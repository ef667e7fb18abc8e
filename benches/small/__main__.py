"""Time small models beside peers in one run: ``python -m benches.small [--peers PYTHON] [--clock processor]``."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..machine import processor
from ..results import inserted, table
from ..results.markdown import ratio
from .measure import PACKAGES
from .workloads import WORKLOADS

_HERE = Path(__file__).parent
_ROUNDS = 3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS")
_OWN, _PEER = ("hlmrs, pandas", "hlmrs, Polars"), "glmm"


def main() -> None:
    """Measure every workload and write the table."""
    given = _arguments()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            times = _measured(name, Path(folder), given)
            rows.append(_row(name, times))
            print(" | ".join(rows[-1]), flush=True)
    ratios = [f"glmm / {own.removeprefix('hlmrs, ')}" for own in _OWN]
    text = table(["model", *PACKAGES, *ratios], rows)
    what = "processor time" if given.clock == "processor" else "time"
    inserted(
        given.out, "Small models", f"Machine: {processor()}; {what} of a call in one thread, in milliseconds.\n\n{text}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.small", description=__doc__)
    parser.add_argument("--peers", default=str(_HERE.parent / ".venv-peers/bin/python"), help="python of the peers")
    parser.add_argument("--calls", type=int, default=200, help="timed calls of a process")
    parser.add_argument(
        "--clock", default="wall", choices=["wall", "processor"], help="of a busy machine processor time says more"
    )
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--out", type=Path, default=_HERE.parents[1] / "docs" / "small-models.md")
    return parser.parse_args()


def _measured(name: str, folder: Path, given: argparse.Namespace) -> dict[str, float]:
    """Return the median of each package over its processes, which take turns: the machine is the same for all."""
    work, job = WORKLOADS[name], folder / f"{name}.json"
    file = folder / f"{name}.arrow"
    work.frame().write_ipc(file)
    facts = {"file": str(file), "formula": work.formula, "family": work.family}
    calls = max(1, round(work.share * given.calls))
    job.write_text(json.dumps(facts | {"clock": given.clock, "calls": calls}), encoding="utf-8")
    found: dict[str, list[dict[str, Any]]] = {package: [] for package in PACKAGES}
    for _ in range(_ROUNDS):
        for package, runs in found.items():
            python = sys.executable if package in _OWN else given.peers
            runs.extend(_run(python, package, job))
    _warn_of_other_optima(name, found)
    return {
        package: statistics.median(t for run in runs for t in run["times"]) for package, runs in found.items() if runs
    }


def _run(python: str, package: str, job: Path) -> list[dict[str, Any]]:
    """Run one package in a process; nothing where it cannot fit the model, or is not there."""
    if not Path(python).exists():
        return []
    command = [python, str(_HERE / "measure.py"), package, str(job)]
    env = os.environ | dict.fromkeys(_THREADS, "1")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode == 0:
        return [json.loads(done.stdout.strip().splitlines()[-1])]
    if package in _OWN:
        raise SystemExit(done.stderr)
    return []


def _warn_of_other_optima(name: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """Say where a package has another log-likelihood."""
    own = found[_OWN[0]][0]["loglik"]
    for package, runs in found.items():
        if runs and abs(runs[0]["loglik"] - own) > 0.01:
            print(f"{name}: {package} has log-likelihood {runs[0]['loglik']:.4f}, hlmrs {own:.4f}", file=sys.stderr)


def _row(name: str, times: dict[str, float]) -> list[str]:
    """Return times in milliseconds, and how many times as long the peer takes."""
    shown = [f"{1e3 * times[package]:.3g}" if package in times else "" for package in PACKAGES]
    ratios = [ratio(times[_PEER] / times[own]) if _PEER in times else "" for own in _OWN]
    return [name, *shown, *ratios]


if __name__ == "__main__":
    main()
