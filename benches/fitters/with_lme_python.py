"""lme-python."""

import re
from typing import Any

import lme_python

from .frames import polars_frame, responses

_PRODUCT = re.compile(r"(\w+) \* (\w+)(?=[^()]*\|)")  # it reads no products inside a random term


def load(job: dict[str, Any]) -> Any:
    """Return a Polars frame whose levels are text, as the package has it; products in random terms are columns."""
    import polars as pl

    frame = polars_frame(job)
    texts = [c for c, kind in frame.schema.items() if c in job["levels"] or kind in (pl.Categorical, pl.Enum)]
    products = {a + b: pl.col(a) * pl.col(b) for a, b in _PRODUCT.findall(job["formula"])}
    return frame.with_columns(pl.col(texts).cast(pl.String), **products)


def fit(job: dict[str, Any], data: Any) -> Any:
    """Fit by `lme_python.lmer`; many responses by `prepare_lmer`."""
    if job["responses"]:
        names = responses(job)
        prepared = lme_python.prepare_lmer(f"{names[0]} {job['formula']}", data)
        return [lme_python.fit_prepared(prepared, job["reml"], y=data[name].to_list()) for name in names]
    formula = _PRODUCT.sub(r"\1 + \2 + \1\2", job["formula"])
    return lme_python.lmer(formula, data, job["reml"])


def reached(job: dict[str, Any], fitted: Any) -> dict[str, Any]:
    """Return the criterion and the iterations."""
    if job["responses"]:
        return {"criterion": sum(-2 * model.log_likelihood for model in fitted[: job["compared"]])}
    return {"criterion": -2 * fitted.log_likelihood, "evaluations": fitted.iterations}
