"""Inference by hlmrs, from a fitted model."""

from typing import Any

import numpy as np

from .with_hlmrs import fit as fitted_model
from .with_hlmrs import load

__all__ = ["fit", "fresh", "load", "reached"]


def fresh(job: dict[str, Any], data: Any) -> Any:
    """Return a model with nothing inferred yet."""
    return fitted_model(job, data)


def fit(job: dict[str, Any], model: Any) -> Any:
    """Infer by the job's method."""
    if job["method"] == "profile":
        return model.confint(method="profile")
    if job["method"] == "bootstrap":
        return model, model.bootstrap(job["draws"], seed=1).draws
    return model.tidy(ddf=job["method"])


def reached(job: dict[str, Any], inferred: Any) -> dict[str, Any]:
    """Return of every fixed effect the degrees of freedom, the bounds, or the bootstrap's standard error."""
    if job["method"] == "profile":
        fixed = [k for k, term in enumerate(inferred["term"]) if not term.startswith(("sd_", "cor_", "sigma"))]
        return {"inferred": [inferred[bound][k] for k in fixed for bound in ("conf_low", "conf_high")]}
    if job["method"] == "bootstrap":
        model, draws = inferred
        return {"inferred": [float(np.std(draws[name].to_numpy(), ddof=1)) for name in model.tidy()["term"]]}
    return {"inferred": list(inferred["df"])}
