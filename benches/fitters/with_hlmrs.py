"""hlmrs."""

from typing import Any

import hlmrs
from hlmrs._core import Model

from .frames import polars_frame, responses


def load(job: dict[str, Any]) -> Any:
    """Return a Polars frame."""
    return polars_frame(job, lazy=job["on_disk"])


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit by `hlmrs.lmer`, from a given start where the job evaluates another package's estimates."""
    if job["responses"]:
        return hlmrs.fit_many(responses(job), job["formula"], data, reml=job["reml"])
    if job.get("theta"):
        control = hlmrs.Control(start=job["theta"], max_evaluations=1)
        return hlmrs.lmer(job["formula"], data, reml=job["reml"], control=control)
    return hlmrs.lmer(job["formula"], data, reml=job["reml"])


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return the criterion, the evaluations, and the operations that one of them takes."""
    if job["responses"]:
        criteria = fitted.unique("response", maintain_order=True)["criterion"]
        return {"criterion": sum(criteria[: job["compared"]])}
    estimate = fitted._estimate
    model = estimate.core.model
    # the fit may end with an exact model; what was planned is the model of its rows
    planned = model if estimate.rows_if_kept is None else Model(estimate.rows, job["reml"])
    return {
        "criterion": fitted.criterion,
        "evaluations": fitted.verdict.evaluations,
        "verdict": fitted.verdict.status,
        "flops": model.flops,
        "predicted_bytes": planned.n_bytes,
    }
