"""The fixed part as a Polars expression gives what predict gives."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed(400).with_columns(flag=pl.col("z") > 0, year=(pl.col("item") % 3).cast(pl.Float64) + 2000)
FORMULAS = [
    "y ~ x + log(x) + sqrt(x) + I((x - 50)^2 / 2) + (1 | item)",
    "y ~ f * z + offset(2 * off) + (1 | item)",
    "y ~ poly(z, 3) + poly(x, 2, raw = TRUE) + scale(z) + f:flag + (1 | item)",
    "y ~ 0 + f:z + flag * factor(year) * f + (1 | item)",
    "y ~ center(z, school) * f + center(x) + (1 | item)",
    "y ~ within(z, school) + between(z, school) + log(x, base = 2) + (1 | item)",
    "y ~ C(f, sum) + log10(x) + exp(z / 10) + abs(z) + I((-z)^2) + (1 | item)",
    "y ~ bs(z, df = 4) * f + ns(log(x), df = 3) + (1 | item)",
]


@pytest.mark.filterwarnings("ignore::hlmrs.RankDeficiencyWarning", "ignore::hlmrs.SingularFitWarning")
@pytest.mark.parametrize("formula", FORMULAS)
def test_expression_is_the_prediction_without_random_effects(formula):
    fit = hlmrs.lmer(formula, DATA)
    new = crossed(100, seed=2).with_columns(flag=pl.col("z") > 0, year=(pl.col("item") % 3).cast(pl.Float64) + 2000)
    scored = new.lazy().with_columns(expected=fit.to_polars_expr()).collect()
    np.testing.assert_allclose(scored["expected"].to_numpy(), fit.predict(new, random_effects=False), rtol=1e-10)


def test_missing_values_and_new_levels():
    fit = hlmrs.lmer("y ~ f * z + (1 | item)", DATA)
    rows = DATA.head(3).with_columns(z=pl.Series([None, 1.0, 2.0]), f=pl.Series(["hi", None, "lo"]))
    assert rows.select(fit.to_polars_expr()).to_series().is_null().to_list() == [True, True, False]
    with pytest.raises(pl.exceptions.InvalidOperationError):
        DATA.with_columns(f=pl.lit("new")).select(fit.to_polars_expr())


def test_a_spline_of_what_is_learned_from_rows_is_refused():
    with pytest.raises(hlmrs.DesignError, match=r"bs\(scale\(z\), df = 4\): scale\(\) inside of a spline"):
        hlmrs.lmer("y ~ bs(scale(z), df = 4) + (1 | item)", DATA)


def test_lazy_predictions_stream():
    fit = hlmrs.lmer("y ~ f * z + (1 | item)", DATA)
    lazy = fit.predict(DATA.lazy())
    streamed = lazy.collect(engine="streaming")["prediction"].to_numpy()
    np.testing.assert_allclose(streamed, fit.predict(DATA))
