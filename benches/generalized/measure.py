"""Fits one workload with one package in a process of its own, and prints its times: `measure.py PACKAGE JOB.json`."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def with_hlmrs(job: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], float]]:
    """Fit from a Polars frame; the log-likelihood."""
    import polars as pl

    import hlmrs

    frame = pl.read_ipc(job["file"])
    return lambda: hlmrs.glmer(job["formula"], frame, family=job["family"]), lambda fit: fit.loglik


def with_glmm(job: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], float]]:
    """Fit from a pandas frame, Wald standard errors from the Hessian as hlmrs has them."""
    import glmm
    import pandas as pd

    frame = pd.read_feather(job["file"])
    formula = job["formula"]
    options = {"anova_test": "Wald"}
    return lambda: glmm.fit(frame, formula, job["family"], **options), lambda fit: float(fit.loglik)


def with_gpboost(job: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], float]]:
    """Fit random intercepts with indicator columns made by pandas, without standard errors (its default)."""
    import gpboost
    import pandas as pd

    frame = pd.read_feather(job["file"])
    fixed, groups = job["fixed"], job["groups"]

    def fit() -> Any:
        x = pd.get_dummies(frame[fixed], drop_first=True, dtype=float)
        x.insert(0, "one", 1.0)
        model = gpboost.GPModel(group_data=frame[groups].to_numpy(), likelihood="bernoulli_logit")
        return model.fit(y=frame["y"].to_numpy(), X=x.to_numpy())

    return fit, lambda model: -float(model.get_current_neg_log_likelihood())


PACKAGES = {"hlmrs": with_hlmrs, "glmm": with_glmm, "gpboost": with_gpboost}


def main() -> None:
    """Time whole calls until there are enough of them, after one that warms up."""
    package, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    fit, loglik = PACKAGES[package](job)
    clock = time.process_time if job["clock"] == "processor" else time.perf_counter
    start = time.perf_counter()
    fitted = fit()
    first = time.perf_counter() - start
    times = []
    for _ in range(int(np.clip(job["seconds"] / max(first, 1e-4), 1, 200))):
        start = clock()
        fitted = fit()
        times.append(clock() - start)
    print(json.dumps({"times": times, "loglik": loglik(fitted)}))


if __name__ == "__main__":
    main()
