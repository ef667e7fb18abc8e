"""Ctrl-C is answered at once, whatever is being computed, and what was there before is as it was."""

import contextlib
import signal
import time
import warnings

import numpy as np
import pytest

import hlmrs

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")

N = 100_000
FORMULA = "y ~ x + (x | g)"
SOON = 0.03
"""Seconds after which the key is pressed."""
AT_ONCE = 0.5
"""Answered within 0.1 s on a machine that has time."""


def frame():
    rng = np.random.default_rng(0)
    g = rng.integers(4000, size=N)
    return {"y": rng.normal(size=4000)[g] + rng.normal(size=N), "x": rng.normal(size=N), "g": g}


@contextlib.contextmanager
def ctrl_c():
    """Press Ctrl-C soon; work that ends before is not answered."""
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, SOON)
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert time.monotonic() - start < SOON + AT_ONCE


@pytest.fixture(scope="module")
def data():
    return frame()


@pytest.fixture(scope="module")
def fit(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hlmrs.lmer(FORMULA, data)


WORK = {
    "simulate": lambda fit, data: fit.simulate(300, seed=1),
    "adapt": lambda fit, data: fit.adapt(data),
    "append": lambda fit, data: fit.append(data),
    "robust": lambda fit, data: fit.tidy(vcov="CR2"),
    "predict": lambda fit, data: fit.predict(data, interval="prediction"),
    "influence": lambda fit, data: fit.influence(),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_long_work_stops_at_once(work, fit, data):
    with ctrl_c():
        work(fit, data)


def test_draws_after_an_interrupted_call_are_those_of_their_seed(fit):
    with ctrl_c():
        fit.simulate(300, seed=1)
    np.testing.assert_array_equal(fit.simulate(40, seed=1)[:, :3], fit.simulate(3, seed=1))


def test_an_interrupted_update_adds_all_rows_or_none(data):
    start = {name: column[:4000] for name, column in data.items()}
    sums = hlmrs.SufficientStatistics(FORMULA).update(start)
    with ctrl_c():
        sums.update(data)
    assert sums.n_rows in (4000, 4000 + N)
    whole = hlmrs.SufficientStatistics(FORMULA).update(start)
    if sums.n_rows > 4000:
        whole.update(data)
    for statistics in (sums, whole):
        statistics.update(start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert hlmrs.lmer(sums).criterion == hlmrs.lmer(whole).criterion


def test_an_interrupted_merge_adds_all_rows_or_none(data):
    sums, other = (hlmrs.SufficientStatistics(FORMULA).update(data) for _ in range(2))
    with ctrl_c():
        sums.merge(other)
    assert sums.n_rows in (N, 2 * N)
