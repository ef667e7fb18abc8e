"""Times models of repeated measures, beside nlme where R has it: ``python -m benches.repeated [--scale 1]``."""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import hlmrs

from .workloads import WORKLOADS, Workload

_HEAD = (
    "| model | what | hlmrs | fastest | must | nlme | nlme / hlmrs | log-likelihood |",
    "|---|---|---|---|---|---|---|---|",
)
_NLME = """
suppressMessages(library(nlme)); d <- read.csv("{file}", stringsAsFactors = TRUE)
fit <- {call}; times <- replicate(5, system.time({call})[["elapsed"]]); cat(median(times) * 1000)
"""


def main() -> None:
    """Measure every workload and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benches.repeated", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows of drawn data")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for the calls of one model")
    parser.add_argument(
        "--clock", default="wall", choices=["wall", "processor"], help="of a busy machine processor time says more"
    )
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    given = parser.parse_args()
    warnings.simplefilter("ignore", hlmrs.DroppedRowsWarning)
    print(*_HEAD, sep="\n", flush=True)
    for name in given.only:
        print(_line(name, WORKLOADS[name], given), flush=True)


def _line(name: str, work: Workload, given: argparse.Namespace) -> str:
    frame = work.data(given.scale)
    fit = work.fit(frame)
    times, peer = _times(work, frame, given), _nlme(work, frame)
    own = statistics.median(times)
    beside = " | |" if peer is None else f" {_write(peer)} | {peer / own:.0f} |"
    cells = (name, work.about, _write(own), _write(min(times)), _write(work.must))
    return f"| {' | '.join(cells)} |{beside} {fit.loglik:.4f} |"


def _times(work: Workload, frame: Any, given: argparse.Namespace) -> list[float]:
    """Return the times of whole calls, in milliseconds."""
    clock = time.process_time if given.clock == "processor" else time.perf_counter
    times: list[float] = []
    start = time.perf_counter()
    while not times or time.perf_counter() - start < given.seconds:
        before = clock()
        work.fit(frame)
        times.append(1e3 * (clock() - before))
    return times


def _nlme(work: Workload, frame: Any) -> float | None:
    """Return the time of nlme; None without R or the package, or for a model that it does not have."""
    if not work.nlme or shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.csv"
        frame.write_csv(file)
        script = _NLME.format(file=file, call=work.nlme)
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def _write(milliseconds: float) -> str:
    return f"{milliseconds / 1e3:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"


if __name__ == "__main__":
    main()
