"""Interrupts in long work, threads that fit at once, forks while fits run, and 20,000 fits without growth of memory."""

import atexit
import gc
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np

import hlmrs
from results import test_ctrl_c
from results.test_memory import resident

FITS = 20_000
GROWTH = 8 * 2**20
"""Bytes; a hundred times fewer than a leak of one small fit's memory each time."""
FORMULAS = ("y ~ x + (x | g)", "y ~ x + (1 | g) + (1 | h)", "y ~ x + f + (1 | g)", "y ~ 1 + ar1(0 + f | g)")


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def large() -> tuple[Any, dict[str, Any]]:
    """Return a fit whose work takes long, and its data."""
    data = test_ctrl_c.frame()
    with quiet():
        return hlmrs.lmer(test_ctrl_c.FORMULA, data), data


@cache
def on_disk() -> Path:
    """Return a file of the large fit."""
    path = Path(gettempdir()) / f"hlmrs-attack-{os.getpid()}"
    large()[0].save(path)
    atexit.register(path.unlink)
    return path


def small(seed: int) -> dict[str, Any]:
    """Return 60 rows."""
    rng, n = np.random.default_rng(seed), 60
    g = np.arange(n) % 10
    y = rng.normal(size=10)[g] + rng.normal(size=n)
    return {
        "y": y,
        "x": rng.normal(size=n),
        "g": g.astype(str),
        "h": rng.choice(list("abcd"), n),
        "f": rng.choice(list("pqr"), n),
    }


WORK: dict[str, Callable[[Any, Any], Any]] = {
    **test_ctrl_c.WORK,
    "fit": lambda fit, data: hlmrs.lmer(test_ctrl_c.FORMULA, data),
    "crossed fit": lambda fit, data: hlmrs.lmer("y ~ x + (1 | g) + (1 | h)", data | {"h": data["g"][::-1]}),
    "fit_many": lambda fit, data: hlmrs.fit_many(np.tile(data["y"][:, None], (1, 20)), "~ x + (x | g)", data),
    "bootstrap": lambda fit, data: fit.bootstrap(50, seed=1),
    "case bootstrap": lambda fit, data: fit.bootstrap(50, kind="case", seed=1),
    "profile": lambda fit, data: fit.profile(),
    "influence of groups": lambda fit, data: fit.influence("g"),
    "Kenward-Roger": lambda fit, data: fit.tidy(ddf="kenward-roger"),
    "load": lambda fit, data: hlmrs.load(on_disk()),
    "sums": lambda fit, data: hlmrs.SufficientStatistics(test_ctrl_c.FORMULA).update(data),
    "refit": lambda fit, data: fit.refit(data["y"][::-1].copy()),
    "ranef": lambda fit, data: fit.ranef(),
    "ranova": lambda fit, data: fit.ranova(),
}


def interrupts(number: int) -> None:
    """Press Ctrl-C at a random moment of long work: it stops within half a second, and nothing goes on."""
    rng = np.random.default_rng(number)
    fit, data = large()
    on_disk()
    name = list(WORK)[number % len(WORK)]
    after = float(10 ** rng.uniform(-3, 0.3))
    before = fit.criterion, fit.beta.copy()
    late = _late(lambda: WORK[name](fit, data), after)
    assert late < test_ctrl_c.AT_ONCE, f"{name}: stopped {late:.2f} s after the key, pressed after {after:.3f} s"
    busy = time.process_time()
    time.sleep(0.3)
    busy = time.process_time() - busy
    assert busy < 0.15, f"{name}: {busy:.2f} s of processor time in 0.3 s after the key"
    assert fit.criterion == before[0]
    assert np.array_equal(fit.beta, before[1])


def _late(work: Callable[[], Any], after: float) -> float:
    """Return the seconds from the key to the end of the work; nothing if it ended before."""
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        with quiet():
            work()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    return max(0.0, time.monotonic() - start - after)


def answer(seed: int, threads: int | None = None) -> list[float]:
    """Return the numbers of a small fit."""
    fit = hlmrs.lmer(FORMULAS[seed % len(FORMULAS)], small(seed), control=hlmrs.Control(n_threads=threads))
    return [fit.criterion, *fit.beta, *fit.theta, *fit.tidy()["std_error"]]


def threads(number: int) -> None:
    """Fit in several threads at once, also by one model: the numbers are those of one after the other."""
    with quiet():
        seeds = [number * 8 + k for k in range(8)]
        alone = [answer(seed) for seed in seeds]
        found: dict[int, Any] = {}
        workers = [threading.Thread(target=lambda s=s: found.__setitem__(s, answer(s, 1 + s % 3))) for s in seeds]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert [found.get(seed) for seed in seeds] == alone, "threads changed the numbers"


def forks(number: int) -> None:
    """Fork while another thread fits, and so builds its pools: the child fits and ends."""
    rng = np.random.default_rng(number)
    answer(number)  # a fork while a module is imported waits for the import for ever, whatever the module
    stop = threading.Event()

    def keep_fitting() -> None:
        while not stop.is_set():
            with quiet():
                answer(number, 1 + int(rng.integers(6)))

    worker = threading.Thread(target=keep_fitting)
    worker.start()
    try:
        time.sleep(float(rng.uniform(0, 0.01)))
        status = _child(lambda: answer(number + 1))
    finally:
        stop.set()
        worker.join()
    assert status == 0, f"the child ended with {status} (None: it hung)"


def _child(work: Callable[[], Any], limit: float = 30.0) -> int | None:
    """Return how a forked child ended; None if it hung."""
    with quiet():
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(3)
        os._exit(0)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def memory(number: int, fits: int = FITS) -> None:
    """Fit often, with tables and errors between: memory stays what it was after a tenth of the fits."""
    with quiet():
        for k in range(fits):
            if k == fits // 10:
                gc.collect()
                before = resident()
            _use(hlmrs.lmer(FORMULAS[k % len(FORMULAS)], small(k % 50)), k)
    gc.collect()
    grown = resident() - before
    assert grown < GROWTH, f"{grown / 2**20:.1f} MiB more after {fits} fits than after {fits // 10}"


def _use(fit: Any, k: int) -> None:
    """Ask for one table of every twentieth fit."""
    if k % 20 == 0:
        [fit.tidy, fit.summary, fit.ranef, fit.varcorr, lambda: fit.predict(small(1))][k // 20 % 5]()


ATTACKS = {"interrupts": interrupts, "threads": threads, "forks": forks}
ONCE = {f"memory: {FITS:,} fits": memory}
