"""Ctrl-C is answered at once, whatever is being computed, and what was there before is as it was."""

import contextlib
import signal
import sys
import time
import types
import warnings

import numpy as np
import pytest

import hlmrs

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")

N = 2_000_000
FORMULA = "y ~ x + (x | g)"
SOON = 0.01
"""Seconds in one call of the core after which the key is pressed."""
AT_ONCE = 0.5
"""Answered within 0.1 s on a machine that has time."""


def frame():
    rng = np.random.default_rng(0)
    g = rng.integers(4000, size=N)
    return {"y": rng.normal(size=4000)[g] + rng.normal(size=N), "x": rng.normal(size=N), "g": g}


def is_of_the_core(function, name=None):
    owner = function.__self__
    is_core = (owner.__name__ if isinstance(owner, types.ModuleType) else type(owner).__module__) == "hlmrs._core"
    return is_core and name in (None, function.__name__)


def is_within(frame, function):
    return frame is not None and (frame.f_code is function.__code__ or is_within(frame.f_back, function))


@contextlib.contextmanager
def ctrl_c(name=None):
    """Press Ctrl-C in the first call of the core (of that name) that lasts; it must answer before the work ends."""
    started = None  # of the call of the core that is running
    answered = []

    def watch(frame, event, function):
        nonlocal started
        if event in ("c_call", "c_return", "c_exception") and is_of_the_core(function, name):
            started = time.monotonic() if event == "c_call" else None
            signal.setitimer(signal.ITIMER_REAL, SOON if started else 0)

    def press(number, frame):
        if started is None or is_within(frame, watch):  # the call has ended first
            return
        answered.append(started)
        raise KeyboardInterrupt

    old, profile = signal.signal(signal.SIGALRM, press), sys.getprofile()
    try:
        sys.setprofile(watch)
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        sys.setprofile(profile)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert len(answered) == 1
    assert time.monotonic() - answered[0] < SOON + AT_ONCE


@pytest.fixture(scope="module")
def data():
    return frame()


@pytest.fixture(scope="module")
def fit(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hlmrs.lmer(FORMULA, data)


WORK = {
    "simulate": lambda fit, data: fit.simulate(80, seed=1),
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


@pytest.fixture(scope="module")
def counts():
    """A generalized fit whose every refit takes a while."""
    rng, n = np.random.default_rng(0), 20_000
    g, h, x = rng.integers(1000, size=n), rng.integers(200, size=n), rng.normal(size=n)
    mean = np.exp(0.3 * x + 0.5 * rng.normal(size=1000)[g] + 0.5 * rng.normal(size=200)[h])
    return hlmrs.glmer("y ~ x + (1 | g) + (1 | h)", {"y": rng.poisson(mean), "x": x, "g": g, "h": h}, family="poisson")


GENERALIZED = {
    "generalized_refits": lambda fit: fit.bootstrap(20, seed=1),
    "generalized_case_bootstrap": lambda fit: fit.bootstrap(20, seed=1, kind="case"),
    "profile_intervals": lambda fit: fit.confint(method="profile"),
    "generalized_influence": lambda fit: fit.influence("h"),
}


@pytest.mark.parametrize("name", GENERALIZED)
def test_long_work_on_generalized_fits_stops_at_once(name, counts):
    with ctrl_c(name):
        GENERALIZED[name](counts)


def test_a_generalized_fit_stops_at_once(counts):
    """The core's classes are called without a word to the profiler: the key is pressed by the clock."""
    pressed = []

    def press(number, frame):
        pressed.append(time.monotonic())
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, press)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            [counts.update(zero_inflation="~ (1 | g)") for _ in range(20)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert time.monotonic() - pressed[0] < AT_ONCE


def crossed(rows):
    rng = np.random.default_rng(0)
    g, h = rng.integers(2000, size=rows), rng.integers(300, size=rows)
    y = rng.normal(size=2000)[g] + rng.normal(size=300)[h] + rng.normal(size=rows)
    return {"y": y, "x": rng.normal(size=rows), "g": g, "h": h}


@pytest.fixture(scope="module")
def crossed_fit():
    return hlmrs.lmer("y ~ x + (1 | g) + (1 | h)", crossed(60_000))


def append_rows(fit):
    data = crossed(2_000_000)
    return lambda: fit.append(data)


AFTERWARDS = {"kenward-roger": lambda fit: lambda: fit.tidy(ddf="kenward-roger"), "append": append_rows}


@pytest.mark.parametrize("prepare", AFTERWARDS.values(), ids=AFTERWARDS)
def test_nothing_is_computed_after_the_answer(prepare, crossed_fit):
    work = prepare(crossed_fit)
    with ctrl_c():
        work()
    time.sleep(0.5)
    before = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before < 0.1


def test_draws_after_an_interrupted_call_are_those_of_their_seed(fit):
    with ctrl_c():
        fit.simulate(80, seed=1)
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


def test_an_interrupted_merge_adds_all_rows_or_none():
    rng, n = np.random.default_rng(0), 300_000
    data = {"y": rng.normal(size=n), "g": np.arange(n)}
    sums, other = (hlmrs.SufficientStatistics("y ~ 1 + (1 | g)").update(data) for _ in range(2))
    whole = sums.copy().merge(other)
    with ctrl_c():
        sums.merge(other)
    assert sums.n_rows in (n, 2 * n)
    assert other.n_rows == n
    if sums.n_rows == n:
        sums.merge(other)
    (text, arrays), (whole_text, whole_arrays) = (one._sums.core.state() for one in (sums, whole))
    assert text == whole_text
    assert arrays.keys() == whole_arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, whole_arrays[name])


def test_work_that_merely_ends_is_no_answer():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), ctrl_c():
        hlmrs._core.available_memory()
