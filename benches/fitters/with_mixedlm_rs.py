"""mixedlm-rs: one grouping factor."""

from typing import Any

import mixedlm_rs

from .frames import pandas_frame


def load(job: dict[str, Any]) -> Any:
    """Return a pandas frame."""
    return pandas_frame(job)


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit by its formula interface."""
    ((effects, group),) = job["terms"]
    return mixedlm_rs.mixedlm(job["fixed"], data, groups=group, re_formula=f"~{effects}").fit(reml=job["reml"])


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return the criterion and the evaluations."""
    return {"criterion": -2 * float(fitted.llf), "evaluations": fitted.diagnostics["n_objective_evaluations"]}
