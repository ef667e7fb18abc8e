"""A fit that no one holds is freed at once, with its data; memory has limits that are answered, not run into."""

import gc
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pandas as pd
import pytest

import hlmrs

USES = {
    "nothing": lambda fit: None,
    "summary": lambda fit: str(fit.summary()),
    "Kenward-Roger": lambda fit: fit.tidy(ddf="kenward-roger"),
    "robust": lambda fit: fit.tidy(vcov="CR2"),
    "profiles": lambda fit: fit.confint(method="profile"),
    "checks": lambda fit: fit.check(),
    "means": lambda fit: fit.emmeans("x"),
    "refit": lambda fit: fit.refit(fit.simulate(seed=1)[:, 0]),
    "append": lambda fit: fit.append({"y": [1.0, 2.0], "x": [1.0, 2.0], "g": ["0", "1"]}),
}


def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"y": rng.normal(size=60), "x": rng.normal(size=60), "g": (np.arange(60) % 6).astype(str)})


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_fit_that_is_deleted_is_freed_with_its_data(use):
    data = frame()
    gc.collect()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = hlmrs.lmer("y ~ x + (1 | g)", data)
            use(fit)
        held = weakref.ref(data), weakref.ref(fit._estimate)
        del data, fit
        assert [reference() for reference in held] == [None, None]
    finally:
        gc.enable()


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_threads_that_end_leave_nothing_behind():
    data = {name: column.to_numpy() for name, column in frame().items()}

    def in_threads(n):
        for _ in range(n):
            thread = threading.Thread(target=hlmrs.lmer, args=("y ~ x + (x | g)", data))
            thread.start()
            thread.join()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        in_threads(100)
        before = resident()
        in_threads(100)
    assert resident() - before < 100 * 4000


LIMITED = """
import resource, warnings, numpy as np, hlmrs
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
{data}
resource.setrlimit(resource.RLIMIT_AS, (2_500_000_000, 2_500_000_000))
try:
    {call}
except hlmrs.HlmrsError as error:
    print(type(error).__name__, error)
"""
WIDE = """
n = 60_000
data = {"y": rng.normal(size=n), "g": rng.integers(200, size=n).astype(str), "a": rng.integers(120, size=n).astype(str)}
"""
LONG = 'n = 1000\ndata = {"y": rng.normal(size=n), "g": np.arange(n) % 10}'
MANY_CELLS = """
n = 1_000_000
data = {"y": rng.normal(size=n), "g": np.arange(n) % 50, "a": (np.arange(n) // 7 % 300).astype(str)}
fit = hlmrs.lmer("y ~ a + (1 | g)", data)
"""
MODEL_MATRIX = "DataError memory does not hold the model matrix"
CALLS = {
    "a wide term": (WIDE, 'hlmrs.lmer("y ~ 1 + (0 + a | g)", data)', "DataError the fit needs about"),
    "many draws": (LONG, 'hlmrs.lmer("y ~ 1 + (1 | g)", data).simulate(10**6)', "DataError memory does not hold"),
    "too many draws": (LONG, 'hlmrs.lmer("y ~ 1 + (1 | g)", data).simulate(2**62)', "DataError memory does not hold"),
    "many draws of new rows": (
        LONG,
        'hlmrs.lmer("y ~ 1 + (1 | g)", data).simulate(10**6, newdata=data)',
        "DataError simulate(n=1,000,000) needs about",
    ),
    "a model matrix": (MANY_CELLS, 'fit.predict(data, interval="confidence")', MODEL_MATRIX),
    "rows that are kept": (MANY_CELLS, "fit.bootstrap(10)", "DataError memory does not hold the rows"),
    "many threads": (
        LONG.replace("1000", "12_000"),
        'hlmrs.lmer("y ~ 1 + (1 | g)", data, control=hlmrs.Control(n_threads=3000))',
        "NumericalError the operating system refused threads",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits of address space")
@pytest.mark.parametrize(("data", "call", "answer"), CALLS.values(), ids=CALLS)
def test_limits_of_the_process_are_answered_with_errors(data, call, answer):
    code = LIMITED.format(data=data, call=call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout[: len(answer)]) == (0, answer), done.stderr
