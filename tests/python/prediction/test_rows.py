"""Fitted values and residuals, and the data with them beside."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import library, relation, rows

SLEEP = hlmrs.datasets.load("sleepstudy", "polars").with_columns(
    w=pl.Series(np.resize([0.5, 1.0, 2.0], 180)),
    Days=pl.when(pl.int_range(180) == 7).then(None).otherwise(pl.col("Days")),
)
MODEL = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def fit():
    with pytest.warns(hlmrs.DroppedRowsWarning, match=r"1 of 180 rows have missing values.*Days: 1.*missing=\"error\""):
        return hlmrs.lmer(MODEL, SLEEP, weights="w")


def test_residuals_by_kind(fit):
    kept = SLEEP.drop_nulls()
    raw = kept["Reaction"].to_numpy() - fit.fitted
    root = np.sqrt(kept["w"].to_numpy())
    np.testing.assert_allclose(fit.resid(), raw)
    np.testing.assert_allclose(fit.resid("pearson"), raw * root)
    np.testing.assert_allclose(fit.resid(kind="standardized"), raw * root / fit.sigma)


def test_without_weights_pearson_residuals_are_raw():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
    np.testing.assert_array_equal(fit.resid(), fit.resid("pearson"))


def test_what_is_returned_can_be_changed_without_harm(fit):
    fit.fitted[:] = 0
    assert fit.fitted.min() > 0


AUGMENTED = {
    "polars": pl.DataFrame,
    "pandas": lambda d: d.to_pandas(),
    "pyarrow": lambda d: d.to_arrow(),
    "duckdb": lambda d: relation(d.to_arrow()),
    "dict": lambda d: {name: d[name].to_numpy() for name in d.columns},
}


@pytest.mark.parametrize("kind", AUGMENTED)
@pytest.mark.filterwarnings("ignore::hlmrs.DroppedRowsWarning")
def test_the_rows_of_the_data_stay_and_dropped_ones_are_missing(kind, fit):
    table = hlmrs.lmer(MODEL, AUGMENTED[kind](SLEEP), weights="w").augment()
    assert library(table) == kind
    got = rows(table)
    assert len(got) == 180
    assert list(got[0]) == ["Reaction", "Days", "Subject", "w", ".fitted", ".resid", ".fixed"]
    assert [k for k, row in enumerate(got) if row[".fitted"] is None] == [7]
    assert got[7][".resid"] is got[7][".fixed"] is None
    np.testing.assert_allclose([row[".fitted"] for row in got if row[".fitted"]], fit.fitted, rtol=1e-9)
    np.testing.assert_allclose([row[".resid"] for row in got if row[".resid"]], fit.resid(), rtol=1e-6, atol=1e-6)
    assert got[3][".fixed"] == pytest.approx(fit.beta @ [1, 3])


def test_data_that_were_changed_since_are_not_augmented():
    frame = hlmrs.datasets.load("sleepstudy", "pandas")
    fit = hlmrs.lmer(MODEL, frame)
    frame.loc[0, "Reaction"] = 0.0
    with pytest.raises(hlmrs.DataError, match="fit it again"):
        fit.augment()


def test_a_query_that_changes_its_order_is_not_augmented():
    shuffled = relation(SLEEP.to_arrow()).order("random()")
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer(MODEL, shuffled)
    with pytest.raises(hlmrs.DataError, match="ORDER BY"):
        fit.augment()


@pytest.mark.parametrize("fit", [hlmrs.lmer, lambda f, d: hlmrs.glmer(f, d, family="gaussian")], ids=["lmer", "glmer"])
def test_a_model_of_an_intercept_predicts_every_row(fit) -> None:
    """It uses no column of the new data."""
    data = hlmrs.datasets.load("sleepstudy", "polars")
    model = fit("Reaction ~ 1 + (1 | Subject)", data)
    for new in ({"z": [1, 2, 3]}, pl.DataFrame({"z": ["a", "b", "c"]}), pl.DataFrame({"z": [1, 2, 3]}).lazy()):
        found = model.predict(new, random_effects=False)
        assert len(found.collect() if isinstance(found, pl.LazyFrame) else found) == 3
