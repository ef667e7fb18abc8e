"""The examples of docs/ run as they are written, on data made for them, and give the fit of all rows."""

import re
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import hlmrs

DOCS = Path(__file__).parents[2] / "docs"
FORMULA = "y ~ x + arm + (1 + x | school)"


def rows(n=1200, seed=3):
    rng = np.random.default_rng(seed)
    group, x = rng.integers(0, 30, n), rng.normal(size=n)
    y = x + rng.normal(size=30)[group] + 0.5 * rng.normal(size=30)[group] * x + rng.normal(size=n)
    names = [f"g{k}" for k in group]
    arm = rng.choice(["a", "b"], n)
    return pl.DataFrame({"y": y, "x": x, "arm": arm, "shop": names, "school": names, "hospital": names})


def blocks(name):
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.S)


def run(text, names):
    exec(compile(text, "docs", "exec"), names)
    return names


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the rows as files in sales/."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales").mkdir()
    for k in range(3):
        rows()[k * 400 : (k + 1) * 400].write_parquet(tmp_path / f"sales/{k}.parquet")
    return tmp_path


def same(fit, whole):
    assert fit.criterion == pytest.approx(whole.criterion, rel=1e-9)
    np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6)


def test_every_document_with_examples_is_tried():
    with_examples = {path.name for path in DOCS.glob("*.md") if blocks(path.name)}
    assert with_examples == {
        "larger-than-memory.md",
        "distributed.md",
        "diagnostics.md",
        "inference.md",
        "generalized.md",
    }


def test_larger_than_memory(folder):
    data = rows()
    sources, by_batches, grown = blocks("larger-than-memory.md")
    names = {"hlmrs": hlmrs, "pl": pl, "duckdb": duckdb}
    run(sources, names)
    same(names["fit"], hlmrs.lmer("y ~ x + (1 + x | shop)", data))
    hlmrs.SufficientStatistics("y ~ x + arm + (1 | shop)", levels={"arm": ["a", "b"]}).update(data[800:]).save(
        "february.stats"
    )
    names = run(by_batches, names | {"batches": [data[:500], data[500:800].to_arrow()]})
    same(names["fit"], hlmrs.lmer("y ~ x + arm + (1 | shop)", data))
    new = rows(60, seed=4)
    run(grown, names | {"rows": new, "request": new.head(5)})
    same(names["fit"].append(new), hlmrs.lmer("y ~ x + arm + (1 | shop)", pl.concat([data, new])))


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("page", ["diagnostics.md", "inference.md"])
def test_examples_of_a_page_run_in_their_order(page, folder, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    for block in blocks(page):
        run(block, names)
    assert all(path.stat().st_size > 0 for path in folder.glob("*.png"))


@pytest.mark.filterwarnings("ignore")  # those of Dask's own shutdown
def test_dask(folder):
    distributed = pytest.importorskip("dask.distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        text = blocks("distributed.md")[0].replace("tcp://scheduler:8786", cluster.scheduler_address)
        names = run(text.replace("/shared/data", str(folder / "sales")), {})
        names["client"].close()
    same(names["fit"], hlmrs.lmer(FORMULA, rows()))


class SparkRows:
    """Rows that are collected."""

    def __init__(self, found):
        self.found = found

    def collect(self):
        return self.found


class SparkFrame:
    """What the recipe calls of Spark's frames, over partitions in memory."""

    def __init__(self, partitions):
        self.partitions = partitions

    def select(self, names):
        return SparkFrame([part.select(names) for part in self.partitions])

    def distinct(self):
        return SparkFrame([pl.concat(self.partitions).unique()])

    def limit(self, n):
        return SparkFrame([pl.concat(self.partitions).head(n)])

    def collect(self):
        return pl.concat(self.partitions).rows()

    def toPandas(self):
        return pl.concat(self.partitions).to_pandas()

    def mapInArrow(self, function, schema):
        assert schema == "stats binary"
        batches = (iter(part.to_arrow().to_batches(130)) for part in self.partitions)
        return SparkRows([row for part in batches for out in function(part) for row in out.to_pylist()])


def test_spark():
    data = rows()
    frame = SparkFrame([data[:100], data[100:700], data[700:]])
    names = run(blocks("distributed.md")[1], {"frame": frame})
    assert names["stats"].n_rows == data.height  # the rows of the template are not counted
    same(names["fit"], hlmrs.lmer(FORMULA, data))


def test_sites(folder):
    data = rows().with_columns(arm=pl.col("arm").replace({"a": "control", "b": "treated"}))
    at_site, at_centre = blocks("distributed.md")[2].split("# at the centre")
    for site, own in (("site-1", data[:300]), ("site-2", data[300:900]), ("site-7", data[900:])):
        run(at_site.replace("site-7", site), {"hlmrs": hlmrs, "own_rows": own})
    names = run(at_centre, {"hlmrs": hlmrs, "other_files": ["site-2.stats", "site-7.stats"]})
    same(names["fit"], hlmrs.lmer("y ~ x + arm + (1 | hospital)", data))


def test_generalized():
    names = {}
    for text in blocks("generalized.md"):
        run(text, names)
    assert 0.0 < names["gap"] < 0.2
    assert names["each"].shape == (480, 3)
    assert list(names["thresholds"]["term"]) == ["no|perhaps", "perhaps|yes"]
    assert names["zeros"].shape == (400,)
    assert names["probabilities"].shape == (4, 6)
