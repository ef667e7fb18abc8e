"""The null model is of the rows of the fit, whatever they lack."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.estimation import null_model


@pytest.fixture
def data() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(12), 10)
    x, effect = rng.normal(size=120), rng.normal(size=12)[g]
    count = rng.poisson(np.exp(0.5 + 0.4 * x + 0.5 * effect))
    rows = pl.DataFrame({"g": [f"g{k}" for k in g], "x": x, "y": effect + x + rng.normal(size=120), "count": count})
    return rows.with_columns(x=pl.when(pl.int_range(pl.len()) % 7 > 0).then("x"))


def test_of_a_linear_fit(data: pl.DataFrame) -> None:
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    null = null_model(fit._estimate)
    assert null.core.criterion == pytest.approx(hlmrs.lmer("y ~ 1 + (1 | g)", data.drop_nulls()).criterion, rel=1e-9)
    assert null.request.spec.formula == "y ~ 1 + (1 | g)"


def test_of_a_generalized_fit(data: pl.DataFrame) -> None:
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.glmer("count ~ x + (1 | g)", data, family="poisson")
    complete = data.drop_nulls()
    null = hlmrs.glmer("count ~ 1 + (1 | g)", complete, family="poisson")
    assert null_model(fit._estimate).core.criterion == pytest.approx(null.criterion, rel=1e-9)
    whole = hlmrs.glmer("count ~ x + (1 | g)", complete, family="poisson")
    assert fit.r2().marginal == pytest.approx(whole.r2().marginal, rel=1e-6)
