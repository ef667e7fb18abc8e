"""One model for each group of rows: as fits of these rows by themselves."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def stores(n=6, seed=1):
    rng = np.random.default_rng(seed)
    size = 60
    store, g = np.repeat(np.arange(n), size), np.tile(np.repeat(np.arange(12), 5), n)
    x = rng.normal(size=n * size)
    arm = np.tile(["a", "b", "c"], n * size // 3)
    y = x * store + rng.normal(size=(n, 12))[store, g] + rng.normal(size=n * size)
    count = rng.poisson(np.exp(0.5 + 0.2 * x))
    weight = rng.uniform(0.5, 2, n * size)
    data = {"store": store, "g": [f"{s}.{k}" for s, k in zip(store, g, strict=True)], "x": x, "arm": arm, "y": y}
    return pl.DataFrame(data | {"count": count, "w": weight})


@pytest.mark.parametrize("kind", ["polars", "pandas", "dict"])
def test_every_group_has_the_fit_of_its_rows(kind):
    data = stores()
    given = {"polars": data, "pandas": data.to_pandas(), "dict": {c.name: c.to_numpy() for c in data}}[kind]
    table = hlmrs.fit_many(["y"], "~ x + arm + (1 | g)", given, by="store")
    found = rows(table)
    for store in range(6):
        own = [row for row in found if row["store"] == store]
        fit = hlmrs.lmer("y ~ x + arm + (1 | g)", data.filter(pl.col("store") == store))
        assert [row["term"] for row in own[:4]] == fit.coef_names
        np.testing.assert_allclose([row["estimate"] for row in own[:4]], fit.beta, rtol=1e-6)
        np.testing.assert_allclose([row["df"] for row in own[:4]], fit.tidy()["df"], rtol=1e-4)
        assert own[0]["n_obs"] == 60


def test_weights_given_as_an_array_are_those_of_the_rows():
    data = stores()
    named = hlmrs.fit_many(["y"], "~ x + (1 | g)", data, by="store", weights="w")
    given = hlmrs.fit_many(["y"], "~ x + (1 | g)", data, by="store", weights=data["w"].to_numpy())
    np.testing.assert_allclose(named["estimate"], given["estimate"], rtol=1e-9)


def test_several_responses_and_generalized_models():
    data = stores()
    both = hlmrs.fit_many(["y", "x"], "~ arm + (1 | g)", data, by="store")
    assert both["response"].unique(maintain_order=True).to_list() == ["y", "x"]
    counts = hlmrs.fit_many(["count"], "~ x + (1 | g)", data, by="store", family="poisson").filter(
        pl.col("term") == "x"
    )
    fits = [
        hlmrs.glmer("count ~ x + (1 | g)", own, family="poisson")
        for _, own in data.group_by("store", maintain_order=True)
    ]
    np.testing.assert_allclose(counts["estimate"], [fit.beta[1] for fit in fits], rtol=1e-4)


def test_a_group_that_cannot_be_fitted_has_its_reason():
    data = stores()
    data = data.with_columns(y=pl.when(pl.col("store") == 2).then(None).otherwise(pl.col("y")))
    one = data.with_columns(g=pl.when(pl.col("store") == 3).then(pl.lit("only")).otherwise(pl.col("g")))
    table = hlmrs.fit_many(["y"], "~ x + (1 | g)", one, by="store")
    failed = {row["store"]: row["reason"] for row in rows(table) if row["status"] == "failed"}
    assert set(failed) == {2, 3}
    assert all(failed.values())
    assert table.filter(pl.col("store") == 4)["status"][0] == "optimum"


def test_rows_without_a_group_have_no_model_and_a_wrong_name_is_refused():
    data = stores().with_columns(store=pl.when(pl.col("store") == 5).then(None).otherwise(pl.col("store")))
    table = hlmrs.fit_many(["y"], "~ x + (1 | g)", data, by="store")
    assert table["store"].unique().sort().to_list() == [0, 1, 2, 3, 4]
    with pytest.raises(hlmrs.OptionError, match="did you mean 'store'"):
        hlmrs.fit_many(["y"], "~ x + (1 | g)", data, by="stores")
