"""Sources as they come: empty and odd batches, types that change between files; right answers, or errors by name."""

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hlmrs
from crossed import crossed
from hlmrs.frame import open_frame
from hlmrs.frame.kind import batch_rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

DATA = crossed(900)
FORMULA = "y ~ x + f + (1 + z | subject)"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    for module in ("polars_frame", "arrow", "duckdb_relation"):
        monkeypatch.setattr(f"hlmrs.frame.{module}.BATCH_ROWS", 100)


def written(folder, *parts):
    """Write frames as files, in their order."""
    for k, part in enumerate(parts):
        if isinstance(part, pa.Table):
            pq.write_table(part, folder / f"{k}.parquet")
        else:
            part.write_parquet(folder / f"{k}.parquet")
    return str(folder)


def parts(n=3):
    size = DATA.height // n
    return [DATA[k * size : (k + 1) * size] for k in range(n)]


def check(source, formula=FORMULA, data=DATA, **options):
    """Streamed and kept fits are those of the rows in memory."""
    whole = hlmrs.lmer(formula, data, **options)
    for rows in ("stream", "keep"):
        fit = hlmrs.lmer(formula, source, rows=rows, **options)
        assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9), rows
        assert fit.coef_names == whole.coef_names
        assert fit.ranef()["level"].to_list() == whole.ranef()["level"].to_list()
        np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6, atol=1e-6)
    return whole


def test_files_without_rows(tmp_path):
    first, second, third = parts()
    check(written(tmp_path, DATA.head(0), first, DATA.head(0), second, third, DATA.head(0)))


def test_batches_without_a_complete_row(tmp_path):
    first, second, third = parts()
    none = first.with_columns(y=pl.lit(None, dtype=pl.Float64))
    data = pl.concat([none, first, second, none, third])
    source = written(tmp_path, none, first, second, none, third)
    whole = check(source, data=data)
    assert hlmrs.lmer(FORMULA, source, rows="stream").nobs == whole.nobs == 900
    stats = hlmrs.SufficientStatistics("y ~ x + (1 | subject)").update(none).update(DATA)
    assert (stats.n_rows, stats.n_rows_input) == (900, 1200)
    other = hlmrs.SufficientStatistics("y ~ x + (1 | subject)").update(none)
    assert hlmrs.SufficientStatistics("y ~ x + (1 | subject)").update(DATA).merge(other).n_rows_input == 1200
    assert other.merge(stats).n_rows_input == 1500


def test_columns_without_a_type_where_all_are_missing(tmp_path):
    first, second, third = parts()
    untyped = first.with_columns(f=pl.lit(None), subject=pl.lit(None), x=pl.lit(None))
    typed = first.with_columns(
        f=pl.lit(None, dtype=pl.String), subject=pl.lit(None, dtype=pl.String), x=pl.lit(None, dtype=pl.Float64)
    )
    check(written(tmp_path, untyped, second, third), data=pl.concat([typed, second, third]))


@pytest.mark.parametrize("column", ["y", "x", "subject"])
def test_columns_without_any_value_nor_type_leave_no_row(column, tmp_path):
    frame = DATA.with_columns(pl.lit(None).alias(column))
    lazy, folder = frame.lazy(), written(tmp_path, frame)
    for source, rows in ((frame, "auto"), (lazy, "keep"), (lazy, "stream"), (folder, "keep"), (folder, "stream")):
        with pytest.raises(hlmrs.DataError, match=r"[Nn]o row is left"):
            hlmrs.lmer(FORMULA, source, rows=rows)


def test_large_files_are_read_in_slices_and_small_ones_together(tmp_path):
    source = written(tmp_path, DATA[:650], *(DATA[k : k + 30] for k in range(650, 890, 30)), DATA[890:])
    check(source)
    frame = open_frame(source)
    sizes = [columns.n_rows for columns in frame.batches(["y", "subject"])]
    assert sizes == [100] * 6 + [50] + [90, 90, 70]
    assert frame.count() == sum(sizes) == 900
    assert frame.place(650).endswith("1.parquet'")


def test_wide_batches_have_fewer_rows():
    assert batch_rows(1 << 20, 4) == 1 << 20
    assert batch_rows(1 << 20, 32) == 1 << 19
    assert batch_rows(1 << 20, 10_000) == 1 << 18


def test_columns_in_another_order_and_others_beside_them(tmp_path):
    first, second, third = parts()
    check(written(tmp_path, first, second.select(sorted(second.columns)), third.with_columns(more=pl.lit(1))))


def test_types_that_change_from_file_to_file(tmp_path):
    first, second, third = parts()
    enum = pl.Enum(sorted(DATA["f"].unique()))
    second = second.with_columns(
        pl.col("f").cast(enum), pl.col("subject").cast(pl.Categorical), pl.col("x").cast(pl.Float32)
    )
    third = third.with_columns(pl.col("f").cast(pl.Categorical), pl.col("z").cast(pl.Float32))
    data = pl.concat(
        [
            part.with_columns(pl.col("f", "subject").cast(pl.String), pl.col("x", "z").cast(pl.Float64))
            for part in (first, second, third)
        ]
    )
    check(written(tmp_path, first, second, third), data=data)
    other = tmp_path / "integers"
    other.mkdir()
    whole_numbers = [
        p.with_columns(item=pl.col("item").cast(kind))
        for p, kind in zip(parts(), (pl.Int8, pl.UInt32, pl.Float64), strict=True)
    ]
    check(written(other, *whole_numbers), "y ~ x + (1 | item)")


def arrow(column, kind):
    """The data with a column of some Arrow type."""
    table = DATA.to_arrow()
    place = table.schema.get_field_index(column)
    return table.set_column(
        place, column, table[column].cast(kind) if isinstance(kind, pa.DataType) else kind(table[column])
    )


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("subject", pa.string()),
        ("subject", pa.large_string()),
        ("subject", pa.string_view()),
        ("f", lambda c: c.cast(pa.string()).dictionary_encode()),
        ("subject", lambda c: c.cast(pa.large_string()).dictionary_encode()),
        ("item", pa.decimal128(22, 2)),
        ("item", pa.float32()),
        ("item", pa.uint64()),
        ("x", pa.decimal128(30, 12)),
        ("x", lambda c: pa.chunked_array([*c.chunks, pa.array([], c.type)])),
        ("item", lambda c: c.cast(pa.int32()).dictionary_encode()),
    ],
)
def test_arrow_types(column, kind):
    table = arrow(column, kind)
    formula = "y ~ x + f + (1 | subject) + (1 | item)"
    whole = hlmrs.lmer(formula, DATA)
    batches = table.to_batches(130)
    sources = {
        "table": table,
        "reader": pa.RecordBatchReader.from_batches(table.schema, batches),
        "again": pa.RecordBatchReader.from_batches(table.schema, batches),
    }
    for name, source in sources.items():
        options = {} if name == "reader" else {"rows": "stream" if name == "table" else "keep"}
        fit = hlmrs.lmer(formula, source, **options)
        assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9), name
        # a dictionary keeps its order
        assert sorted(fit.ranef()["level"].to_pylist()) == sorted(whole.ranef()["level"])


def test_dictionaries_that_differ_from_batch_to_batch():
    whole = hlmrs.lmer("y ~ x + (1 | subject)", DATA)
    batches = []
    for part in parts():
        table = part.select("y", "x").to_arrow()
        batches += table.append_column(
            "subject", part["subject"].to_arrow().cast(pa.string()).dictionary_encode()
        ).to_batches()
    source = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    assert hlmrs.lmer("y ~ x + (1 | subject)", source, rows="stream").criterion == pytest.approx(
        whole.criterion, rel=1e-9
    )


def test_instants_are_the_same_group_in_every_zone(tmp_path):
    start = dt.datetime(2024, 3, 31, 0, 30)
    hours = pl.Series([start + dt.timedelta(hours=k) for k in range(5)]).dt.replace_time_zone("UTC")
    data = DATA.with_columns(hour=hours[(pl.Series(DATA["item"]) % 5).to_list()])
    moved = [
        part.with_columns(hour=pl.col("hour").dt.convert_time_zone(zone))
        for part, zone in zip(
            [data[:300], data[300:600], data[600:]], ("UTC", "Europe/Zurich", "America/New_York"), strict=True
        )
    ]
    fit = check(written(tmp_path, *moved), "y ~ x + (1 | hour)", data)
    assert fit.ranef()["level"][0] == "2024-03-31T00:30:00Z"


def test_decimals_are_numbers_and_groups(tmp_path):
    data = DATA.with_columns(price=pl.Series([Decimal(k) / 4 for k in range(900)], dtype=pl.Decimal(12, 2)))
    data = data.with_columns(shelf=(pl.col("item") % 7).cast(pl.Decimal(6, 1)))
    check(written(tmp_path, data[:400], data[400:]), "y ~ price + (1 | shelf)", data)


def test_hive_folders_are_columns(tmp_path):
    for school, part in DATA.partition_by("school", as_dict=True).items():
        (tmp_path / f"school={school[0]}").mkdir()
        part.drop("school").write_parquet(tmp_path / f"school={school[0]}" / "rows.parquet")
    check(str(tmp_path), "y ~ x + (1 | school / subject)", DATA.sort("school", maintain_order=True))


def test_a_path_is_predicted_lazily(tmp_path):
    fit = hlmrs.lmer(FORMULA, DATA)
    scored = fit.predict(written(tmp_path, *parts()))
    assert isinstance(scored, pl.LazyFrame)
    np.testing.assert_allclose(scored.collect()["prediction"].to_numpy(), fit.predict(DATA), rtol=1e-12)


class TestErrors:
    """Each names the file, and the row in it."""

    def refused(self, source, message, formula=FORMULA, **options):
        with pytest.raises(hlmrs.HlmrsError, match=message):
            hlmrs.lmer(formula, source, rows="stream", **options)

    def test_rows_are_counted_from_the_first_of_all(self):
        at = pl.int_range(900)
        bad = DATA.with_columns(x=pl.when(at == 777).then(float("inf")).otherwise("x"))
        self.refused(bad.lazy(), "column 'x' is infinite at row 777")
        bad = DATA.with_columns(x=pl.when(at == 777).then(-1.0).otherwise("x"))
        self.refused(bad.lazy(), "not a number at row 777", "y ~ log(x) + (1 | subject)")
        bad = DATA.with_columns(w=pl.when(at == 777).then(0.0).otherwise("w"))
        self.refused(bad.lazy(), "weight 'w' is 0 at row 777", weights="w")
        bad = DATA.with_columns(x=pl.when(at >= 777).then(None).otherwise("x"))
        self.refused(bad.lazy(), r"\(777, 778, 779, 780, 781, ...\)", missing="error")
        stats = hlmrs.SufficientStatistics(FORMULA, levels={"f": ["hi", "lo", "mid"]})
        with pytest.raises(hlmrs.DataError, match="'new' at row 777"):
            stats.update(DATA.with_columns(f=pl.when(at == 777).then(pl.lit("new")).otherwise("f")).lazy())

    def test_the_file_and_its_row(self, tmp_path):
        first, second, third = parts()
        bad = third.with_columns(x=pl.when(pl.int_range(300) == 123).then(float("inf")).otherwise("x"))
        self.refused(written(tmp_path, first, second, bad), r"infinite at row 123 of '.*2\.parquet'")

    def test_a_type_that_cannot_be_read(self, tmp_path):
        first, second, third = parts()
        source = written(tmp_path, first, second.with_columns(x=pl.lit("a")), third)
        self.refused(source, r"column 'x' is text.* begins at row 0 of '.*1\.parquet'")
        with pytest.raises(hlmrs.DataError, match="column 'x' is text"):
            hlmrs.lmer(FORMULA, source, rows="keep")

    def test_a_column_that_a_file_lacks(self, tmp_path):
        first, second, third = parts()
        source = written(tmp_path, first, second.drop("z"), third)
        for rows in ("stream", "keep"):
            with pytest.raises(hlmrs.DataError, match=r"1\.parquet' has no column 'z', which '.*0\.parquet' has"):
                hlmrs.lmer(FORMULA, source, rows=rows)

    def test_a_file_that_is_none(self, tmp_path):
        source = written(tmp_path, *parts())
        (tmp_path / "1.parquet").write_text("not Parquet")
        for rows in ("stream", "keep"):
            with pytest.raises(hlmrs.DataError, match=r"1\.parquet' cannot be read as Parquet"):
                hlmrs.lmer(FORMULA, source, rows=rows)

    def test_nothing_to_read(self, tmp_path):
        self.refused(str(tmp_path), "there are no Parquet files")
        self.refused(written(tmp_path, DATA.head(0)), "the data have no rows")
        self.refused(DATA.head(0).lazy(), "the data have no rows")
        self.refused(DATA.with_columns(y=pl.lit(None, dtype=pl.Float64)).lazy(), "no row is left.* 900 rows")

    def test_types_that_name_no_group(self, tmp_path):
        lists = DATA.with_columns(subject=pl.concat_list("item"))
        self.refused(
            written(tmp_path, lists), r"'subject' is of type LargeList.* '.*0\.parquet'", "y ~ x + (1 | subject)"
        )


def test_more_levels_than_rows_of_a_batch_and_long_integers():
    big = 2**62
    data = DATA.with_columns(id=pl.int_range(900) // 2 + big)
    for source in (data.lazy(), data.to_arrow()):
        fit = hlmrs.lmer("y ~ x + (1 | id)", source, rows="stream")
        assert str(fit.ranef()["level"][0]) == str(big)
        assert fit.n_groups == {"id": 450}
