"""A family as the core reads it, and the means that its link gives."""

import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import family_means
from ..families import Family

Vector = NDArray[np.float64]


@cache
def core_family(family: Family, **more: Any) -> str:
    """Return a family as the core reads it."""
    return json.dumps({"name": family.name, "link": family.core_link, "zero": "none", "n_categories": 0} | more)


def link_means(family: Family, eta: Vector) -> tuple[Vector, Vector]:
    """Return the means of linear predictors by a family's link, and their slopes."""
    of_probability = family.link in ("logit", "probit", "cloglog", "cauchit")
    spec = core_family(Family("binomial" if of_probability else "inverse_gaussian", family.link))
    flat = np.ascontiguousarray(eta, dtype=np.float64).ravel()
    predictors = [flat] if of_probability else [flat, np.zeros_like(flat)]
    mean, slopes = family_means(spec, predictors, True)
    return mean.reshape(np.shape(eta)), slopes[:, 0].reshape(np.shape(eta))
