"""GPBoost: grouped random intercepts by maximum likelihood, its own approximations on."""

from typing import Any

import gpboost
import numpy as np
from patsy import dmatrices

from .frames import pandas_frame


def load(job: dict[str, Any]) -> Any:
    """Return a pandas frame."""
    return pandas_frame(job)


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit a `GPModel` with defaults; the model matrix is made by patsy, as it has no formulas."""
    y, x = dmatrices(job["fixed"], data)
    groups = [
        data[group.split(":")].astype(str).agg("-".join, axis=1) if ":" in group else data[group]
        for _, group in job["terms"]
    ]
    model = gpboost.GPModel(group_data=np.column_stack(groups), likelihood="gaussian")
    return model.fit(y=np.asarray(y).ravel(), X=np.asarray(x))


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return its own (approximate) criterion, and its relative standard deviations for an exact one."""
    error, *variances = np.asarray(fitted.get_cov_pars(format_pandas=False)).ravel()[: 1 + len(job["terms"])]
    return {
        "own_criterion": 2 * float(fitted.get_current_neg_log_likelihood()),
        "evaluations": int(fitted._get_num_optim_iter()),
        "theta": [float(np.sqrt(variance / error)) for variance in variances],
    }
