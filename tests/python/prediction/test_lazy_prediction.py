"""A lazy prediction is a query that gives what predict gives, row by row, error by error."""

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

DATA = crossed(600).with_columns(flag=pl.col("z") > 0, year=(pl.col("item") % 3).cast(pl.Float64) + 2000)
# other rows, in no order, some of them of groups that the fit has not seen
NEW = (
    crossed(400, seed=2)
    .with_columns(flag=pl.col("z") > 0, year=(pl.col("item") % 3).cast(pl.Float64) + 2000)
    .sample(fraction=1.0, shuffle=True, seed=1)
)
FORMULAS = [
    "y ~ x + f * z + offset(2 * off) + (1 + z | subject)",
    "y ~ scale(x) + (1 | school / subject)",
    "y ~ poly(z, 2) + flag + (1 | subject) + (0 + z | item) + (1 | subject:item)",
    "y ~ bs(x, df = 5) * f + ns(z, df = 3) + (1 | item)",
    "y ~ cr(log(x), df = 4) + (0 + f | school) + (scale(z) || item)",
    "y ~ between(z, school) + within(z, school) + factor(year) + (within(z, school) | school)",
    "y ~ bs(z, knots = c(-1, 0, 0, 1), degree = 1) + (poly(z, 2) | item)",
    "y ~ x + (1 | flag:item)",
]


@pytest.fixture(params=FORMULAS, scope="module")
def fit(request):
    return hlmrs.lmer(request.param, DATA.filter(pl.col("item") < 20))


def is_query(lazy):
    return "JOIN" in (plan := lazy.explain()) and "MAP_BATCHES" not in plan.upper().replace(" ", "_")


@pytest.mark.parametrize("new_levels", ["population", "missing"])
@pytest.mark.parametrize("random_effects", [True, False])
def test_the_query_gives_the_numbers_of_predict(fit, new_levels, random_effects):
    options = {"new_levels": new_levels, "random_effects": random_effects}
    rows = NEW.with_row_index("row").with_columns(
        x=pl.when(pl.col("row") % 17 == 0).then(None).otherwise("x"),
        z=pl.when(pl.col("row") % 19 == 0).then(float("nan")).otherwise("z"),
        item=pl.when(pl.col("row") % 23 == 0).then(None).otherwise("item"),
        subject=pl.when(pl.col("row") % 29 == 0).then(pl.lit("nobody")).otherwise("subject"),
    )
    expected = fit.predict(rows, **options)
    lazy = fit.predict(rows.lazy(), **options)
    # the mean of a new group needs all its rows
    assert not random_effects or is_query(lazy) == ("between" not in fit.formula)
    for engine in ("in-memory", "streaming"):
        scored = lazy.collect(engine=engine)
        assert scored.columns == [*rows.columns, "prediction"]
        assert scored.drop("prediction").equals(rows)
        np.testing.assert_allclose(scored["prediction"].to_numpy(), expected, rtol=1e-12, atol=1e-12)


def test_polars_reads_what_is_needed_and_filters_at_the_source(tmp_path):
    DATA.write_parquet(tmp_path / "rows.parquet", row_group_size=50)
    fit = hlmrs.lmer("y ~ x + (1 + z | subject)", DATA)
    lazy = fit.predict(pl.scan_parquet(tmp_path / "rows.parquet"))
    assert "PROJECT 3/" in lazy.select("prediction").explain()
    kept = lazy.filter(pl.col("x") > 50)
    assert 'SELECTION: col("x") > 50' in kept.explain().replace("[(", "").replace(")]", "").replace("(50.0)", "50")
    want = fit.predict(DATA.filter(pl.col("x") > 50))
    np.testing.assert_allclose(kept.collect()["prediction"].to_numpy(), want, rtol=1e-12)
    lazy.sink_parquet(tmp_path / "scored.parquet", engine="streaming")
    written = pl.read_parquet(tmp_path / "scored.parquet")
    assert written.drop("prediction").equals(DATA)
    np.testing.assert_allclose(written["prediction"].to_numpy(), fit.predict(DATA), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "formula"),
    [
        ({"subject": pl.lit("nobody")}, "y ~ x + (1 | subject)"),
        ({"f": pl.lit("new")}, "y ~ x + f + (1 | subject)"),
        ({"f": pl.lit("new")}, "y ~ x + (0 + f | subject)"),
        ({"x": pl.lit(float("inf"))}, "y ~ x + (1 | subject)"),
        ({"x": pl.lit(-1.0)}, "y ~ log(x) + (1 | subject)"),
        ({"x": pl.lit(-1.0)}, "y ~ poly(sqrt(x), 2) + (1 | subject)"),
        ({"off": pl.lit(float("-inf"))}, "y ~ x + offset(off) + (1 | subject)"),
        ({"school": pl.lit(99)}, "y ~ between(z, school) + (1 | subject)"),
    ],
)
def test_the_query_fails_as_predict_does(change, formula):
    fit = hlmrs.lmer(formula, DATA)
    rows = DATA.head(5).with_columns(
        **{name: pl.when(pl.int_range(5) == 0).then(v).otherwise(name) for name, v in change.items()}
    )
    with pytest.raises(hlmrs.DataError) as eager:
        fit.predict(rows)
    with pytest.raises(hlmrs.DataError) as lazy:
        fit.predict(rows.lazy()).collect()
    assert str(lazy.value).startswith(str(eager.value).replace(" at row 0", ""))


def test_columns_and_types_are_checked_before_anything_runs():
    fit = hlmrs.lmer("y ~ x + (1 | subject)", DATA)
    with pytest.raises(hlmrs.DataError, match="no column 'x'"):
        fit.predict(DATA.drop("x").lazy())
    with pytest.raises(hlmrs.DataError, match="needs numbers"):
        fit.predict(DATA.with_columns(x=pl.lit("a")).lazy())
    with pytest.raises(hlmrs.OptionError, match="no 'shop'"):
        fit.predict(DATA.lazy(), random_effects="shop")


NUMBERS = [3.0, 1.0, 2.5, 1e20, 0.1] * 20
DAYS = [dt.datetime(2024, 1, 1 + k, 1, 2, 3, 450000) for k in (0, 1, 2, 3, 4)] * 20
KEYS = {
    "floats": pl.Series(NUMBERS),
    "singles": pl.Series(NUMBERS, dtype=pl.Float32),
    "small integers": pl.Series([1, 2, 3, 4, 5] * 20, dtype=pl.Int8),
    "large integers": pl.Series([2**63 + k for k in range(5)] * 20, dtype=pl.UInt64),
    "decimals": pl.Series([Decimal("1.50"), Decimal("2.00"), Decimal("10.00"), Decimal("0.25"), Decimal("-3.10")] * 20),
    "dates": pl.Series([d.date() for d in DAYS]),
    "times": pl.Series(DAYS),
    "times in a zone": pl.Series(DAYS).dt.replace_time_zone("America/New_York"),
    "nanoseconds": pl.Series(DAYS).cast(pl.Datetime("ns")),
    "categories": pl.Series(["a", "b", "c", "1", "TRUE"] * 20, dtype=pl.Categorical),
    "text": pl.Series(["10", "2", "x", "", "ä"] * 20),
    "text like numbers": pl.Series(["1", "1.0", "2", "3", "x"] * 20),
    "durations": pl.Series([dt.timedelta(seconds=k) for k in range(5)] * 20),
    "hours": pl.Series([dt.time(k) for k in range(5)] * 20),
}


@pytest.mark.parametrize("name", KEYS)
def test_groups_of_every_type_are_found(name):
    rng = np.random.default_rng(4)
    group = KEYS[name].alias("g")
    data = pl.DataFrame({"y": rng.normal(size=100) + np.arange(100) % 5, "g": group})
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", data)
    lazy = fit.predict(data.lazy())
    assert is_query(lazy) == (name not in ("text like numbers", "durations", "hours"))
    np.testing.assert_allclose(lazy.collect()["prediction"].to_numpy(), fit.predict(data), rtol=1e-12)
    holed = data.with_columns(g=pl.when(pl.int_range(100) < 3).then(None).otherwise("g"))
    np.testing.assert_allclose(fit.predict(holed.lazy()).collect()["prediction"].to_numpy(), fit.predict(holed))


def test_levels_are_found_in_columns_of_another_type():
    data = DATA.with_columns(text=pl.col("item").cast(pl.String), spelt=pl.col("item").cast(pl.Float64).cast(pl.String))
    fit = hlmrs.lmer("y ~ x + (1 | item)", DATA)
    for other in (
        pl.col("text"),
        pl.col("spelt"),
        pl.col("item").cast(pl.Float32),
        pl.col("item").cast(pl.Decimal(10, 2)),
    ):
        rows = data.with_columns(item=other)
        np.testing.assert_allclose(fit.predict(rows), fit.predict(DATA), rtol=1e-12)
        np.testing.assert_allclose(
            fit.predict(rows.lazy()).collect()["prediction"].to_numpy(), fit.predict(DATA), rtol=1e-12
        )


def test_other_predictions_stay_batches():
    fit = hlmrs.lmer("y ~ x + (1 | item)", DATA)
    lazy = fit.predict(DATA.lazy(), interval="prediction")
    assert not is_query(lazy)
    assert lazy.collect()["std_error"].to_list() == pytest.approx(
        fit.predict(DATA, interval="prediction")["std_error"].to_list()
    )
    offset = np.arange(600.0)
    assert fit.predict(DATA.lazy(), offset=offset).collect()["prediction"].to_list() == pytest.approx(
        fit.predict(DATA, offset=offset)
    )


def test_weights_by_row_meet_their_rows_in_a_query():
    rows = pl.concat([DATA] * 5)
    fit = hlmrs.lmer("y ~ x + (1 | item)", DATA)
    weights = np.linspace(0.5, 2.0, len(rows))
    lazy = fit.predict(rows.lazy(), interval="prediction", weights=weights)
    assert lazy.collect(engine="streaming")["std_error"].to_list() == pytest.approx(
        fit.predict(rows, interval="prediction", weights=weights)["std_error"].to_list()
    )
