"""statsmodels: one grouping factor, with variance components of further ones inside it."""

from typing import Any

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM

from .frames import pandas_frame


def load(job: dict[str, Any]) -> Any:
    """Return a pandas frame, with one group of all rows for crossed factors."""
    return pandas_frame(job).assign(all_rows=1)


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit by `MixedLM.from_formula`, the outer factor as groups and the others as variance components."""
    effects = {group: effect for effect, group in job["terms"]}
    outer = next(iter(effects)) if len(effects) == 1 else next(iter(job["nesting"]), None)
    inner = {group: f"0 + C({group})" for group in effects if group != outer}
    model = MixedLM.from_formula(
        job["fixed"],
        data,
        groups=outer or "all_rows",
        re_formula=effects[outer] if outer else None,
        vc_formula=inner or None,
    )
    return model.fit(reml=job["reml"])


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return the criterion; the package does not count evaluations."""
    return {"criterion": -2 * float(np.asarray(fitted.llf))}
