"""Long work says how far it is, and stops when it is asked to."""

import io
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs import resources
from hlmrs.estimation.streaming.ahead import ahead


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_shows_how_far_long_work_is(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 3.1, 5.0])
    monkeypatch.setattr(resources.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(resources.sys, "stderr", screen := Terminal())
    with resources.Progress("rows", 1000) as line:
        line.advance(100)
        assert screen.getvalue() == ""  # not long yet
        line.advance(200)
        line.advance(100)  # too soon after the last
        line.advance(100)
    shown = [text.strip() for text in screen.getvalue().split("\r") if text.strip()]
    assert shown == [
        "hlmrs: 300 of 1,000 rows, 100 a second, 7 s left",
        "hlmrs: 500 of 1,000 rows, 100 a second, 5 s left",
    ]
    assert screen.getvalue().endswith("\r")


def test_nothing_is_shown_where_nobody_reads(monkeypatch, capsys):
    monkeypatch.setattr(resources, "_AFTER", 0.0)
    with resources.Progress("rows") as line:
        line.advance(1)
    assert capsys.readouterr().err == ""


def test_errors_of_the_reading_thread_are_raised_where_batches_are_used():
    def broken():
        yield hlmrs._core.Columns()
        raise OSError("disk")

    batches = ahead(broken())
    next(batches)
    with pytest.raises(OSError, match="disk"):
        next(batches)


def test_the_reading_thread_ends_when_nobody_wants_more():
    before = threading.active_count()
    batches = ahead(hlmrs._core.Columns() for _ in range(1000))
    next(batches)
    batches.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("residual", [None, "cs(1 | id)"])
def test_many_fits_stop_at_ctrl_c(residual):
    rng = np.random.default_rng(1)
    data = pl.DataFrame({"x": rng.normal(size=2000), "id": np.arange(2000) % 50})
    responses = np.tile(rng.normal(size=(2000, 1)), (1, 10_000))
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            hlmrs.fit_many(responses, "~ x + (0 + x | id)", data, residual=residual)
        assert time.monotonic() - start < 20
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


TWO_THREADS = """
import threading
import numpy as np
import hlmrs

n = 200_000
data = {"y": np.random.default_rng(1).normal(size=n), "g": np.arange(n) // 2, "h": np.arange(n) % 9001}
core = hlmrs.SufficientStatistics("y ~ 1 + (1 | g) + (1 | h)").update(data)._sums.core
finishing = threading.Thread(target=core.take_finished)
finishing.start()
while finishing.is_alive():
    rows = core.n_rows
print(rows)
"""


def test_another_thread_looks_at_statistics_that_are_finished():
    done = subprocess.run([sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0"]  # they are empty afterwards


THREE_THREADS = """
import random
import threading
import time
import numpy as np
import hlmrs

n = 100_000
rng = np.random.default_rng(0)
data = {"y": rng.normal(size=n), "x": rng.normal(size=n), "g": rng.integers(0, 50, n)}
sums = hlmrs.SufficientStatistics("y ~ x + (x | g)", first=data)
start = time.monotonic()
sums.update(data)
alone = time.monotonic() - start

def add(seed):
    own = random.Random(seed)
    for _ in range(12):
        time.sleep(2 * alone * own.random())  # so that a call begins while another is in the midst of its rows
        sums.update(data)

threads = [threading.Thread(target=add, args=(seed,)) for seed in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sums.n_rows)
"""


def test_threads_that_add_rows_to_the_same_statistics_come_to_an_end():
    done = subprocess.run(
        [sys.executable, "-c", THREE_THREADS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HLMRS_NUM_THREADS": "4"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3700000"]


def test_two_threads_merge_each_into_the_other():
    def sums():
        return hlmrs.SufficientStatistics("y ~ 1 + (1 | g)").update({"y": np.arange(40.0) % 7, "g": np.arange(40) // 4})

    one, two = sums(), sums()
    threads = [threading.Thread(target=a.merge, args=(b,), daemon=True) for a, b in [(one, two), (two, one)] * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert one.n_rows % 40 == two.n_rows % 40 == 0
    alone = sums()
    assert alone.merge(alone).n_rows == 80
