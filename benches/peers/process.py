"""One measured process: started with its job, watched for time and memory, its result read back."""

import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..workloads import WARMUP
from ..workloads.binary import as_binary
from .environment import BENCHES, python_of
from .registry import Peer
from .specification import job_of

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may take: runs, threads, seconds, bytes of resident memory."""

    repeats: int
    threads: int
    seconds: float
    memory: float


def run(peer: Peer, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Measure a peer on a job; what went wrong is the result's ``failure``, ``exhausted`` where a limit ended it."""
    job = _complete(peer, job, limits)
    with tempfile.TemporaryDirectory() as folder:
        request, reply, log = (Path(folder) / name for name in ("job.json", "result.json", "log.txt"))
        request.write_text(json.dumps(job))
        with log.open("w") as output:
            process = subprocess.Popen(
                _command(peer, request, reply),
                cwd=BENCHES.parent,
                env=os.environ | dict.fromkeys(_THREADS, str(limits.threads)),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            ended = _watch(process, limits)
        if ended:
            return {"failure": ended, "exhausted": True}
        if not reply.exists():
            return {"failure": f"died with status {process.returncode}: {_last_line(log)}"}
        return _scaled(job, json.loads(reply.read_text()))


def _complete(peer: Peer, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Add what depends on the peer: the limits, a small model to warm up with, the responses that it fits."""
    budget = 0.0 if "theta" in job else 0.8 * limits.seconds  # an evaluation at given estimates is not timed
    limited = {"repeats": limits.repeats, "budget": budget, "threads": limits.threads}
    small = job_of(WARMUP, 1.0) | ({"method": job["method"], "draws": 2} if "method" in job else {})
    job = _readable(peer, job) | limited | {"warmup": _readable(peer, small) | limited}
    if job["responses"]:
        names = [c for c in job["columns"] if c not in job["formula"]]
        job |= {"count": min(peer.responses_done, len(names)), "total": len(names), "compared": min(50, len(names))}
    return job


def _readable(peer: Peer, job: dict[str, Any]) -> dict[str, Any]:
    """Name the peer; for R write the columns as binary files."""
    job = job | {"peer": peer.name}
    if peer.runs_in != "R":
        return job
    return job | {"binary": str(as_binary(Path(job["folder"]), job["columns"], tuple(job["levels"])))}


def _command(peer: Peer, request: Path, reply: Path) -> list[str | Path]:
    if peer.runs_in == "R":
        return ["Rscript", BENCHES / "fitters" / peer.script, request, reply]
    return [python_of(peer), "-m", "benches.fitters", request, reply]


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> str | None:
    """Wait for the end of a process; end it where it passes a limit, and say which."""
    start = time.monotonic()
    while process.poll() is None:
        time.sleep(min(0.2, 0.01 + 0.1 * (time.monotonic() - start)))
        reason = None
        if time.monotonic() - start > limits.seconds:
            reason = f"not done after {limits.seconds:.0f} s"
        elif _resident(process.pid) > limits.memory:
            reason = f"needs more than {limits.memory / 2**30:.1f} GiB"
        if reason:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return reason
    return None


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _scaled(job: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Scale the times of the responses that were fitted to all of them."""
    if not job["responses"] or "seconds" not in result or job["count"] == job["total"]:
        return result
    factor = job["total"] / job["count"]
    times = {key: factor * result[key] for key in ("seconds", "cpu", "fastest", "first")}
    return result | times | {"note": f"scaled from {job['count']:,} of {job['total']:,} responses"}


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"
