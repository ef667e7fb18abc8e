"""On a Dask cluster the fit is that of the rows in one place."""

import polars as pl
import pyarrow as pa
import pytest

import hlmrs
from crossed import crossed

dd = pytest.importorskip("dask.dataframe")
from dask.distributed import Client, LocalCluster  # noqa: E402

from hlmrs import distributed  # noqa: E402

DATA = crossed()
FORMULA = "y ~ x + f + (1 + z | subject) + (1 | item)"

pytestmark = pytest.mark.filterwarnings("ignore")  # those of Dask's own shutdown


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_partitions_of_a_dask_frame(client):
    frame = dd.from_pandas(DATA.to_pandas(), npartitions=11)
    fit = distributed.lmer(FORMULA, frame)
    whole = hlmrs.lmer(FORMULA, DATA)
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)
    assert fit.coef_names == whole.coef_names
    assert type(fit.tidy()).__module__.startswith("pandas")


def test_a_folder_of_parquet_files(client, tmp_path):
    rows = DATA.sort("f")  # no file has all levels
    for k in range(5):
        rows[k * 600 : (k + 1) * 600].write_parquet(tmp_path / f"{k}.parquet")
    stats = distributed.summed(FORMULA, tmp_path, weights="w")
    assert stats.n_rows == 3000
    whole = hlmrs.lmer(FORMULA, DATA, weights="w", reml=False)
    assert hlmrs.lmer(stats, reml=False).criterion == pytest.approx(whole.criterion, rel=1e-9)
    with pytest.raises(hlmrs.DataError, match="no Parquet files"):
        distributed.summed(FORMULA, tmp_path / "none")


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ poly(scale(x), 2) + within(z, school) + f + (1 | subject)",
        "y ~ bs(x, df = 5) + ns(z, df = 3) + between(x, subject) + (1 | item)",
    ],
)
def test_workers_learn_what_transforms_need(client, formula, tmp_path):
    rows = DATA.sort("f")
    for k in range(5):
        rows[k * 600 : (k + 1) * 600].write_parquet(tmp_path / f"{k}.parquet")
    fit, whole = distributed.lmer(formula, tmp_path), hlmrs.lmer(formula, DATA)
    assert fit.coef_names == whole.coef_names
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)


def test_errors_of_workers_name_the_file(client, tmp_path):
    for k in range(2):
        DATA.with_columns(x=pl.lit(-1.0 if k else 1.0)).write_parquet(tmp_path / f"{k}.parquet")
    with pytest.raises(hlmrs.DataError, match=r"not a number at row 0 of '.*1\.parquet'"):
        distributed.summed("y ~ log(x) + (1 | subject)", tmp_path)


def test_sites_share_statistics_and_no_rows():
    """The federated recipe of docs/distributed.md."""
    sites = [DATA.filter(pl.col("school") % 3 == k) for k in range(3)]
    letters = [
        hlmrs.SufficientStatistics("y ~ x + f + (1 | school)", levels={"f": ["hi", "lo", "mid"]})
        .update(rows)
        .to_bytes()
        for rows in sites
    ]
    everyone = hlmrs.SufficientStatistics.from_bytes(letters[0])
    for letter in letters[1:]:
        everyone.merge(hlmrs.SufficientStatistics.from_bytes(letter))
    whole = hlmrs.lmer("y ~ x + f + (1 | school)", DATA)
    assert hlmrs.lmer(everyone).criterion == pytest.approx(whole.criterion, rel=1e-9)


def test_the_spark_recipe_of_the_documents():
    """What mapInArrow calls, called here: batches of a partition in, one record batch out."""
    levels = {"f": sorted(DATA["f"].unique().to_list())}
    template = hlmrs.SufficientStatistics(FORMULA, DATA.head(100).to_pandas(), levels=levels).to_bytes()

    def sums(batches):
        stats = hlmrs.SufficientStatistics.from_bytes(template)
        for batch in batches:
            stats.update(batch)
        yield pa.RecordBatch.from_pydict({"stats": [stats.to_bytes()]})

    partitions = [DATA[k * 1000 : (k + 1) * 1000].to_arrow().to_batches(300) for k in range(3)]
    collected = [row for part in partitions for batch in sums(part) for row in batch.to_pylist()]
    stats = hlmrs.SufficientStatistics.from_bytes(template)
    for row in collected:
        stats.merge(hlmrs.SufficientStatistics.from_bytes(row["stats"]))
    assert stats.n_rows == 3000
    assert hlmrs.lmer(stats).criterion == pytest.approx(hlmrs.lmer(FORMULA, DATA).criterion, rel=1e-9)
