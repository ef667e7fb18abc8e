"""Whether an installed hlmrs works: NumPy alone, no compiler, no other library; ends with 0 if all is right.

Run it with the interpreter whose hlmrs is meant, from any folder: ``python tests/smoke/smoke.py``.
"""

import math
import sys
import tempfile
from pathlib import Path

import numpy as np

import hlmrs
from hlmrs.cli import main

SLEEP = "Reaction ~ Days + (Days | Subject)"
CRITERION, FIXED = 1743.62827195849, (251.405104848485, 10.4672859595959)
"""lme4's, as in tests/golden/cases/lmm_sleep_slope_reml.json."""
CBPP = 184.052563729534
"""-2 times the log-likelihood in tests/golden/generalized.json."""


def close(what: str, got: float, want: float, tolerance: float) -> None:
    if not math.isclose(got, want, rel_tol=tolerance):
        raise SystemExit(f"{what}: {got!r} instead of {want!r}")
    print(f"{what}: {got:.6f}, as it should be")


def linear() -> hlmrs.LinearMixedFit:
    data = {name: np.asarray(values) for name, values in hlmrs.datasets.load("sleepstudy", "dict").items()}
    fit = hlmrs.lmer(SLEEP, data)
    close("linear model", fit.criterion, CRITERION, 1e-9)
    for got, want in zip(fit.beta, FIXED, strict=True):
        close("fixed effect", got, want, 1e-6)
    if not fit.verdict.converged:
        raise SystemExit("the linear model did not converge")
    print(fit.summary())
    return fit


def generalized() -> None:
    data = hlmrs.datasets.load("cbpp", "dict")
    fit = hlmrs.glmer("incidence / size ~ period + (1 | herd)", data, family="binomial", weights="size")
    close("generalized model", fit.criterion, CBPP, 1e-8)
    print(fit.summary())


def saved_and_loaded(fit: hlmrs.LinearMixedFit) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sleep.fit"
        fit.save(path)
        again = hlmrs.load(path)
    new = {"Days": [0.0, 9.0], "Subject": ["308", "nobody"]}
    same = np.array_equal(*(one.predict(new, new_levels="population") for one in (fit, again)))
    if again.criterion != fit.criterion or not same:
        raise SystemExit("the fit that was saved is not the fit that was loaded")
    print("saved and loaded: the same")


def alone() -> None:
    loaded = [name for name in ("polars", "pandas", "pyarrow", "scipy") if name in sys.modules]
    if loaded:
        raise SystemExit(f"hlmrs loaded {', '.join(loaded)}")


if __name__ == "__main__":
    saved_and_loaded(linear())
    generalized()
    alone()
    if main(["doctor"]) != 0:
        raise SystemExit("the doctor found a fault")
