"""Fits one model with one package in a process of its own, and prints its times: ``measure.py PACKAGE JOB.json``."""

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

_WARM = 20
"""Calls before the first that is timed, at most: as many as are timed."""

Job = dict[str, Any]
Timed = tuple[Callable[[], Any], Callable[[Any], float]]


def _pandas(job: Job) -> Any:
    import pandas as pd

    return pd.read_feather(job["file"])


def _hlmrs(job: Job, frame: Any) -> Timed:
    import hlmrs

    if job["family"]:
        return lambda: hlmrs.glmer(job["formula"], frame, family=job["family"]), lambda fit: fit.loglik
    return lambda: hlmrs.lmer(job["formula"], frame), lambda fit: fit.loglik


def from_pandas(job: Job) -> Timed:
    """Fit a pandas frame with hlmrs."""
    return _hlmrs(job, _pandas(job))


def from_polars(job: Job) -> Timed:
    """Fit a Polars frame with hlmrs."""
    import polars as pl

    return _hlmrs(job, pl.read_ipc(job["file"]))


def with_glmm(job: Job) -> Timed:
    """Fit a pandas frame with glmm, as it is called by default: with degrees of freedom."""
    import glmm

    frame, family = _pandas(job), job["family"] or "gaussian"
    return lambda: glmm.fit(frame, job["formula"], family), lambda fit: float(fit.loglik)


def with_glmm_alone(job: Job) -> Timed:
    """Do the same without degrees of freedom and tables of tests, which hlmrs makes when they are asked for."""
    import glmm

    frame, family = _pandas(job), job["family"] or "gaussian"
    options = {"satterthwaite": False, "anova_test": "Wald"}
    return lambda: glmm.fit(frame, job["formula"], family, **options), lambda fit: float(fit.loglik)


def with_lme_python(job: Job) -> Timed:
    """Fit a Polars frame of text and numbers with lme-python."""
    import lme_python
    import polars as pl

    frame = pl.read_ipc(job["file"])
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    return lambda: lme_python.lmer(job["formula"], frame, True), lambda fit: float(fit.log_likelihood)


def with_mixedlm(job: Job) -> Timed:
    """Fit a pandas frame with mixedlm."""
    import mixedlm

    frame = _pandas(job)
    return lambda: mixedlm.lmer(job["formula"], frame), lambda fit: -0.5 * float(fit.deviance)


PACKAGES = {
    "hlmrs, pandas": from_pandas,
    "hlmrs, Polars": from_polars,
    "glmm": with_glmm,
    "glmm alone": with_glmm_alone,
    "lme-python": with_lme_python,
    "mixedlm": with_mixedlm,
}


def main() -> None:
    """Time warm calls."""
    warnings.simplefilter("ignore")
    package, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    fit, loglik = PACKAGES[package](job)
    clock = time.process_time if job["clock"] == "processor" else time.perf_counter
    for _ in range(min(_WARM, job["calls"])):
        fitted = fit()
    times = []
    for _ in range(job["calls"]):
        start = clock()
        fitted = fit()
        times.append(clock() - start)
    print(json.dumps({"times": times, "loglik": loglik(fitted)}))


if __name__ == "__main__":
    main()
