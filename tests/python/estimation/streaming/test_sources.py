"""Rows that need not fit in memory: every source gives the fit of its rows."""

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import hlmrs
from hlmrs import resources
from hlmrs.frame import kind as frame_kind


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    n = 5000
    group, day = np.sort(rng.integers(0, 40, n)), rng.integers(0, 7, n)
    x = rng.normal(size=n)
    names = np.array(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    y = x * (1 + 0.5 * rng.normal(size=40)[group]) + rng.normal(size=40)[group] + (day == 2) + rng.normal(size=n)
    # sorted by day within halves: no batch has all days
    return pl.DataFrame({"y": y, "x": x, "g": group, "day": names[day]}).sort("day")


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    for k in range(5):
        data[k * 1000 : (k + 1) * 1000].write_parquet(folder / f"part-{k}.parquet", row_group_size=300)
    return folder


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    for module in ("polars_frame", "arrow", "duckdb_relation"):
        monkeypatch.setattr(f"hlmrs.frame.{module}.BATCH_ROWS", 700)
    assert frame_kind.BATCH_ROWS > 700


FORMULA = "y ~ x + day + (1 + x || g)"


def test_sources_that_can_be_read_again(data, folder):
    whole = hlmrs.lmer(FORMULA, data)
    sources = {
        "lazy": data.lazy(),
        "scan": pl.scan_parquet(folder / "*.parquet"),
        "folder": str(folder),
        "path": folder,
        "pattern": f"{folder}/part-*.parquet",
        "dataset": ds.dataset(folder),
        "duckdb": duckdb.sql(f"select * from '{folder}/*.parquet'"),
        "frame": data,
    }
    for name, source in sources.items():
        fit = hlmrs.lmer(FORMULA, source, rows="stream")
        assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9), name
        assert fit.coef_names == whole.coef_names
        np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6)
        with pytest.raises(hlmrs.FitStateError):
            _ = fit.fitted
        np.testing.assert_allclose(fit.predict(data), whole.predict(data), atol=1e-5)


def test_a_reader_is_read_once(data):
    table = data.to_arrow()
    whole = hlmrs.lmer("y ~ x + (1 | g)", data)
    fit = hlmrs.lmer(
        "y ~ x + (1 | g)", pa.RecordBatchReader.from_batches(table.schema, table.to_batches(500)), rows="stream"
    )
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(500))
    with pytest.raises(hlmrs.DataError, match="level"):
        hlmrs.lmer(FORMULA, reader, rows="stream")


def test_what_does_not_fit_in_memory_streams_by_itself(data, folder, monkeypatch):
    kept = hlmrs.lmer(FORMULA, str(folder))
    assert kept.fitted.shape == (5000,)
    monkeypatch.setattr("hlmrs.estimation.streaming.choice.available", lambda: 200_000)
    streamed = hlmrs.lmer(FORMULA, str(folder))
    with pytest.raises(hlmrs.FitStateError):
        _ = streamed.fitted
    assert hlmrs.lmer(FORMULA, str(folder), rows="keep").fitted.shape == (5000,)
    monkeypatch.setattr(resources, "available", lambda: 1000)
    monkeypatch.setattr(resources, "_LARGE", 0)
    for rows in ("keep", "stream"):
        with pytest.raises(hlmrs.DataError, match="memory"):
            hlmrs.lmer(FORMULA, str(folder), rows=rows)


def test_levels_of_incomplete_rows_are_not_levels(data):
    holed = data.with_columns(pl.when(pl.col("day") == "sun").then(None).otherwise("x").alias("x"))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        whole = hlmrs.lmer(FORMULA, holed)
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer(FORMULA, holed.lazy(), rows="stream")
    assert fit.coef_names == whole.coef_names
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)


def test_scaling_is_learned_from_all_complete_rows(data):
    holed = data.with_columns(pl.when(pl.col("g") == 3).then(None).otherwise("y").alias("y"))
    formula = "y ~ scale(x) * center(exp(x)) + scale(x, scale = FALSE):day + I(scale(log(abs(x)))^2) + (scale(x) || g)"
    with pytest.warns(hlmrs.HlmrsWarning):
        whole = hlmrs.lmer(formula, holed)
    with pytest.warns(hlmrs.HlmrsWarning):
        fit = hlmrs.lmer(formula, holed.lazy(), rows="stream")
    assert fit.coef_names == whole.coef_names
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)
    np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6, atol=1e-9)
    mine, theirs = (f.predict(data, new_levels="population") for f in (fit, whole))
    np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_refusals(data, tmp_path):
    with pytest.raises(hlmrs.OptionError, match="'auto', 'keep', 'stream'"):
        hlmrs.lmer(FORMULA, data, rows="yes")
    with pytest.raises(hlmrs.DataError, match="no Parquet files"):
        hlmrs.lmer(FORMULA, str(tmp_path / "nothing"))
    with pytest.raises(hlmrs.OptionError, match="arrays"):
        hlmrs.lmer(FORMULA, data, weights=np.ones(5000), rows="stream")
    with pytest.raises(hlmrs.DesignError, match="constant"):
        hlmrs.lmer("y ~ scale(x) + (1 | g)", data.lazy().with_columns(x=pl.lit(1.0)), rows="stream")
    with pytest.raises(TypeError, match="needs data"):
        hlmrs.lmer(FORMULA)
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        hlmrs.lmer("y ~ x + (1 | g)", data.lazy().with_columns(z=pl.col("nowhere")), rows="stream")


def test_memory_is_found_and_spoken():
    assert resources.available() > 1 << 20
    assert [resources.format_bytes(v) for v in (12, 3.2e6, 4e9)] == ["12 bytes", "3.2 MB", "4 GB"]
