"""The examples of docs/ run as they are written, on data made for them, and give the fit of all rows."""

import re

import duckdb
import matplotlib.pyplot
import numpy as np
import polars as pl
import pytest

import hlmrs
from documents import DOCS, assert_numbers, blocks, names_of, run
from test_course import EXAMPLES, NUMBERS_OF_THE_COURSE

FORMULA = "y ~ x + arm + (1 + x | school)"


def rows(n=1200, seed=3):
    rng = np.random.default_rng(seed)
    group, x = rng.integers(0, 30, n), rng.normal(size=n)
    y = x + rng.normal(size=30)[group] + 0.5 * rng.normal(size=30)[group] * x + rng.normal(size=n)
    names = [f"g{k}" for k in group]
    arm = rng.choice(["a", "b"], n)
    return pl.DataFrame({"y": y, "x": x, "arm": arm, "shop": names, "school": names, "hospital": names})


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
        "reporting.md",
        "building.md",
        "textbook.md",  # by test_textbook.py
        "pictures.md",
        "power.md",
        "report.md",
        *NUMBERS,
        *NUMBERS_OF_THE_COURSE,
        *EXAMPLES,
    }


def test_building():
    names: dict = {}
    for text in blocks("building.md"):
        run(text, names)
    assert names["last"].criterion == pytest.approx(46503.66, abs=0.01)
    assert names["frame"].columns[:3] == ["model", "against", "added"]
    assert "cses" in names["latex"]


def test_larger_than_memory(folder):
    data = rows()
    sources, ratings, by_batches, grown = blocks("larger-than-memory.md")
    names = {"hlmrs": hlmrs, "pl": pl, "duckdb": duckdb}
    run(sources, names)
    same(names["fit"], hlmrs.lmer("y ~ x + (1 + x | shop)", data))
    crossed = run(ratings, names)
    same(crossed["streamed"], hlmrs.lmer("y ~ service + (1 | s) + (1 | d)", crossed["evaluations"]))
    hlmrs.SufficientStatistics("y ~ x + arm + (1 | shop)", levels={"arm": ["a", "b"]}).update(data[800:]).save(
        "february.stats"
    )
    names = run(by_batches, names | {"batches": [data[:500], data[500:800].to_arrow()]})
    same(names["fit"], hlmrs.lmer("y ~ x + arm + (1 | shop)", data))
    new = rows(60, seed=4)
    run(grown, names | {"rows": new, "request": new.head(5)})
    same(names["fit"].append(new), hlmrs.lmer("y ~ x + arm + (1 | shop)", pl.concat([data, new])))


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize(
    "page", ["diagnostics.md", "inference.md", "pictures.md", "power.md", "report.md", "reporting.md"]
)
def test_examples_of_a_page_run_in_their_order(page, folder, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    for block in blocks(page):
        run(block, names)
        matplotlib.pyplot.close("all")
    assert all(path.stat().st_size > 0 for path in folder.glob("*.png"))


@pytest.mark.filterwarnings("ignore")  # those of Dask's own shutdown
def test_dask(folder):
    distributed = pytest.importorskip("dask.distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        text = blocks("distributed.md")[0].replace("Client(processes=False)", f"Client({cluster.scheduler_address!r})")
        names = run(text.replace("data/*", f"{folder}/sales/*"), {})
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
    assert names["probabilities"].to_frame().shape == (4, 6)


def number(table, term, column="estimate"):
    return dict(zip(table["term"], table[column], strict=True))[term]


NUMBERS = {
    "meta-analysis.md": lambda n: [(n["tau2"], 0.3132), (n["mean"], -0.7145)],
    "repeated-measures.md": lambda n: [
        (n["ratio"], 1.8),
        (n["gain"], 110),
        (n["less"], 20),
        (n["boys"], 3.0),
        (n["girls"], 1.75),
        (n["tomorrow"], 0.78),
        (n["effect"]["estimate"][3], -1.63),
    ],
    "data.md": lambda n: [
        (n["shares"]["score"], 0.25),
        (n["found"].to_frame()["icc_school"][1], 0.11),
        (n["phases"].beta[1:], [5.4, 11.4]),
    ],
    "centring.md": lambda n: [
        (number(n["both"].tidy(), "within(ses, school)"), 2.19),
        (number(n["both"].tidy(), "between(ses, school)"), 5.87),
        (number(n["context"].tidy(), "between(ses, school)"), 3.68),
    ],
    "binary-outcomes.md": lambda n: [
        (number(n["ratios"], "urbanY"), 2.01),
        (number(n["ratios"], "urbanY", "conf_low"), 1.58),
        (number(n["ratios"], "urbanY", "conf_high"), 2.55),
        (n["by_place"]["estimate"], [0.41, 0.58]),
        (n["by_children"]["ratio"], [2.26, 2.50, 2.50]),
        (n["typical"], [0.445, 0.617]),
        (n["averaged"], [0.448, 0.611]),
        (n["sd"], 0.475),
        (np.exp([-n["sd"], n["sd"]]), [0.62, 1.61]),
        (n["spread"].adjusted, 0.06),
        (n["statistic"], 1.24),
        (n["better"], 7.4),
    ],
    "counts-and-zeros.md": lambda n: [
        (n["dispersion"], 3.0),
        (n["gain"], 350),
        (n["seen"], 0.43),
        (n["of_poisson"], [0.23, 0.33]),
        (n["of_negative"], [0.36, 0.46]),
        (sorted(n["table"]["aic"]), [1330, 1335, 1342]),
        (number(n["rates"], "minedTRUE"), 0.33),
        (number(n["rates"], "minedTRUE", "conf_low"), 0.19),
        (number(n["rates"], "minedTRUE", "conf_high"), 0.55),
        (n["absent"]["estimate"], [-2.70, 2.79]),
        (n["mean_count"], [3.50, 0.58]),
        (n["where_present"], [3.74, 1.22]),
        (n["empty"], [0.06, 0.52]),
    ],
    "ordered-outcomes.md": lambda n: [
        (n["thresholds"]["estimate"], [-1.03, 0.69]),
        (list(n["fit"].fixef().values()), [-0.86, -1.76, -0.59]),
        (number(n["ratios"], "btypeshout"), 0.17),
        ([number(n["ratios"], "btypeshout", f"conf_{end}") for end in ("low", "high")], [0.15, 0.20]),
        (n["typical"], [[0.26, 0.40, 0.33], [0.79, 0.16, 0.05]]),
        (n["population"], [[0.31, 0.32, 0.37], [0.74, 0.18, 0.08]]),
        (n["scold"], [-1.00, -0.77]),
        (n["own"]["estimate"][2:], [0.95, 0.74, 1.85, 1.57]),
        (n["gain"], 8.8),
        (n["equal"], 0.0016),
        (n["worse"], 17),
    ],
    "laplace.md": lambda n: [
        (n["error"], 0.18),
        ([n["rough"].fixef()["x"], n["rough"].varcorr()["sd"][0]], [0.79, 1.10]),
        (n["moved"], 0.62),
        (n["slope"], 0.88),
        (n["exact"].varcorr()["sd"][0], 1.48),
        (n["missing"], 3.5),
        (n["corrected"]["x"], 0.88),
        (n["corrected"]["sd((Intercept) | pair)"], 1.47),
        (n["rough"].approximation.error, 2.8),
    ],
    "gee.md": lambda n: [
        (n["population"].fixef()["armnew:visit"], -0.44),
        (number(n["population"].tidy(exponentiate=True), "armnew:visit"), 0.64),
        (n["patients"].fixef()["armnew:visit"], -0.66),
        (number(n["patients"].tidy(exponentiate=True), "armnew:visit"), 0.52),
        (np.sqrt(1 + 0.346 * n["patients"].varcorr()["variance"][0]), 1.4),
        (n["shares"], [0.66, 0.27]),
        (n["averaged"], [0.66, 0.26]),
        (n["of_a_typical_patient"], [0.73, 0.18]),
        (n["population"].correlation_parameters, [0.31]),
        (number(n["small"].tidy(), "armnew:visit", "std_error"), 0.182),
        (number(n["small"].tidy(vcov="kauermann-carroll"), "armnew:visit", "std_error"), 0.193),
        (number(n["small"].tidy(vcov="mancl-derouen"), "armnew:visit", "std_error"), 0.204),
    ],
}
"""What the text of a page says of its examples: a number, to the digits that are written."""


@pytest.mark.parametrize("page", NUMBERS)
def test_numbers_in_the_text_of_a_page_are_those_of_its_examples(page):
    assert_numbers(page, NUMBERS[page](names_of(page)))


def test_words_in_the_text_of_a_page_are_those_of_its_examples():
    names = {page: names_of(page) for page in NUMBERS}
    assert names["binary-outcomes.md"]["fit"].success == "Y"
    assert names["binary-outcomes.md"]["reason"].startswith("the coefficient of 'neverTRUE' has no finite estimate")
    assert list(names["ordered-outcomes.md"]["likeliest"]) == ["perhaps", "no"]
    assert names["ordered-outcomes.md"]["p_value"] < 1e-30
    assert names["gee.md"]["table"]["correlation"][0] == "exchangeable"
    assert max(map(abs, names["laplace.md"]["shift"].values())) < 0.01


def test_what_the_page_for_users_of_other_packages_names_is_there():
    text = (DOCS / "coming-from.md").read_text(encoding="utf-8")
    here = [line.split(" | ")[-1] if line.startswith("| ") else line for line in text.splitlines()]
    fit = hlmrs.lmer("y ~ x + (1 | school)", rows())
    named = {tuple(path.split(".")) for path in re.findall(r"\bfit\.([\w.]+)", "\n".join(here))}
    assert len(named) > 25
    for path in named:
        found = fit
        for name in path:
            found = getattr(found, name)
    functions = set(re.findall(r"\bhlmrs\.(\w+)", text))
    assert functions <= set(hlmrs.__all__)
    assert len(functions) > 6
