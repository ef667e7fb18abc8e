"""mixedlm."""

from typing import Any

import mixedlm

from .frames import pandas_frame, responses


def load(job: dict[str, Any]) -> Any:
    """Return a pandas frame; its Polars support fails on categories."""
    return pandas_frame(job)


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit by `mixedlm.lmer`; many responses by `refit`."""
    if job["responses"]:
        names = responses(job)
        model = mixedlm.lmer(f"{names[0]} {job['formula']}", data, REML=job["reml"])
        return [model] + [model.refit(data[name].to_numpy()) for name in names[1:]]
    return mixedlm.lmer(job["formula"], data, REML=job["reml"])


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return the criterion and the evaluations."""
    if job["responses"]:
        return {"criterion": sum(float(model.deviance) for model in fitted[: job["compared"]])}
    return {"criterion": float(fitted.deviance), "evaluations": int(fitted.function_evals)}
