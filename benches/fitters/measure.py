"""Time, processor time and peak memory of a call."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_SHORT = 0.5  # seconds that calls faster than this are repeated for
_LONG = 60.0  # seconds after which the first repetition is the last


def measure(
    fit: Callable[[Any], Any], repeats: int, budget: float, fresh: Callable[[], Any] = lambda: None
) -> tuple[dict[str, Any], Any]:
    """Call `fit` once for its memory, then several times for its time.

    Parameters
    ----------
    fit : callable
        From data frame to fitted model, or from a fitted model to what is inferred from it.
    repeats : int
        Timed calls after the first; more of a short call, fewer where the budget ends.  A call that takes half of
        the budget is timed by its first run.
    budget : float
        Seconds for all calls.
    fresh : callable
        Makes what `fit` is called with, anew for each call and not timed: nothing is kept from the call before.
    """
    start = fresh()
    _settle()
    before = _reset_peak()
    first, first_cpu, fitted = _timed(fit, start)
    peak = _kilobytes("VmHWM") - before
    times, spent = [(first, first_cpu)], 0.0
    warm = first < budget / 2
    if warm:
        times = []
        end = max(first, min(_LONG, budget - first))
        while (len(times) < repeats or (spent < _SHORT and len(times) < 200)) and spent + first <= end:
            seconds, cpu, fitted = _timed(fit, fresh())
            times.append((seconds, cpu))
            spent += seconds
    times.sort()
    seconds, cpu = times[len(times) // 2]
    measured = {"seconds": seconds, "cpu": cpu, "fastest": times[0][0], "first": first, "runs": len(times)}
    return measured | {"warm": warm, "peak_bytes": 1024 * peak}, fitted


def _timed(fit: Callable[[Any], Any], start: Any) -> tuple[float, float, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = fit(start)
    return time.perf_counter() - wall, time.process_time() - cpu, fitted


def _settle() -> None:
    """Wait until allocators have returned what loading the data left behind, as it would hide what the fit takes."""
    gc.collect()
    last = _kilobytes("VmRSS")
    for _ in range(20):
        time.sleep(0.5)
        resident = _kilobytes("VmRSS")
        if resident >= last - 1024:
            return
        last = resident


def _reset_peak() -> int:
    """Forget the peak of the resident memory so far, and return the resident memory, in KiB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _kilobytes("VmHWM")
    return _kilobytes("VmRSS")


def _kilobytes(field: str) -> int:
    if not _STATUS.exists():
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])
