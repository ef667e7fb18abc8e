"""The report: one file, all parts, nothing from outside, what cannot be there says why."""

import re
import warnings
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs
from generalized_models import fit_of as generalized_fit_of

matplotlib.use("Agg")

TITLES = (
    "Question and model",
    "Design",
    "Data",
    "Estimation",
    "Null model",
    "Models",
    "Final model",
    "Effects",
    "Assumptions",
    "Precision",
    "Limits",
    "Methods, table and code",
)
_VOID = {"meta", "img", "br", "hr", "link", "input"}


class Reader(HTMLParser):
    """Collects elements, and checks that they are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def fit() -> Any:
    data = hlmrs.datasets.load("Orthodont", "polars")
    return hlmrs.lmer("distance ~ age * Sex + (age | Subject)", data)


@pytest.fixture(scope="module")
def page(fit: Any) -> str:
    small = hlmrs.lmer("distance ~ age + (1 | Subject)", hlmrs.datasets.load("Orthodont", "polars"))
    return str(fit.report(models=[small]).html)


@pytest.fixture(scope="module")
def generalized() -> str:
    data = hlmrs.datasets.load("cbpp", "polars")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    return str(fit.report().html)


def text_of(html: str, part: int) -> str:
    found = re.search(rf'<section id="part-{part}">(.*?)</section>', html, re.S)
    assert found is not None
    return " ".join(Reader(found[1]).words)


def test_all_parts_are_there_in_their_order(page: str) -> None:
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == [*(f"{k}. {title}" for k, title in enumerate(TITLES, start=1)), "Checklist"]


def test_it_is_one_file_under_a_megabyte_that_asks_for_nothing(page: str) -> None:
    reader = Reader(page)
    assert len(page.encode()) < 1_000_000
    assert reader.of("script") == reader.of("link") == []
    assert all((image["src"] or "").startswith("data:image/") for image in reader.of("img"))
    assert all((link["href"] or "").startswith("#") for link in reader.of("a"))
    assert "url(" not in page
    assert "@import" not in page


def test_every_link_has_its_place_and_every_picture_its_words(page: str) -> None:
    reader = Reader(page)
    places = {attributes["id"] for _, attributes in reader.elements if "id" in attributes}
    assert {(link["href"] or "")[1:] for link in reader.of("a")} <= places
    assert len(reader.of("img")) >= 4
    assert all(len(image["alt"] or "") > 20 for image in reader.of("img"))


def test_headings_leave_no_level_out(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(page).elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_missing_of_a_linear_fit(page: str) -> None:
    assert "not available here" not in page


def test_numbers_are_those_of_the_fit(fit: Any, page: str) -> None:
    final = text_of(page, 7)
    for value in fit.beta:
        assert f"{value:.3f}"[:-1] in final
    assert f"R² is {fit.r2().marginal:.3f} by the fixed part and {fit.r2().conditional:.3f}" in final
    null = hlmrs.lmer("distance ~ 1 + (1 | Subject)", hlmrs.datasets.load("Orthodont", "polars"))
    assert f"Intraclass correlation: {null.icc().adjusted:.3f}" in text_of(page, 5)


def test_models_are_compared_from_the_null_model_on(page: str) -> None:
    models = text_of(page, 6)
    for right in ("1 + (1 | Subject)", "age + (1 | Subject)", "age * Sex + (age | Subject)"):
        assert f"distance ~ {right}" in models


def test_the_smallest_effects_are_those_of_bloom(fit: Any, page: str) -> None:
    """(t_{0.975} + t_{0.8}) SE with the coefficient's degrees of freedom."""
    tidy = fit.tidy()
    df, error = tidy["df"].to_numpy(), tidy["std_error"].to_numpy()
    smallest = (stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * error
    found = [float(number) for number in re.findall(r"\d+\.\d+", text_of(page, 10))]
    for value in smallest:
        assert any(abs(number - value) < 0.006 * value for number in found)


def test_few_groups_are_among_the_limits() -> None:
    data = hlmrs.datasets.load("Machines", "polars")
    html = hlmrs.lmer("score ~ Machine + (1 | Worker)", data).report().html
    assert "Worker has 6 units" in text_of(html, 11)


def test_what_is_advised_on_few_groups_is_of_the_kind_of_model(generalized: str) -> None:
    words = text_of(generalized, 11)
    assert "herd has 15 units: its variance is known roughly" in words
    assert "intervals by the bootstrap are better" in words
    assert "Kenward" not in words
    twelve = hlmrs.datasets.load("Orthodont", "polars").filter(pl.col("Sex") == "Female")
    linear = hlmrs.lmer("distance ~ age + (1 | Subject)", twelve).report().html
    assert "use Kenward and Roger's tests" in text_of(linear, 11)


def test_what_takes_long_in_models_of_several_parts_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for slow in ("influence", "confint"):
        monkeypatch.setattr(hlmrs.GeneralizedMixedFit, slow, lambda *_, **__: pytest.fail("it was computed"))
    html = generalized_fit_of("zero part").report().html
    assert "with a part of its own for the zero part: fit.confint(method='profile')" in text_of(html, 7)
    assert "a part of its own for the zero part it takes long" in text_of(html, 9)


def test_a_line_says_how_far_the_report_is(fit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[int] = []
    monkeypatch.setattr("hlmrs.page.page.Progress.reach", lambda _, done: reached.append(done))
    fit.report()
    assert reached[-1] == len(TITLES)


def test_a_folder_that_is_not_there_is_refused_before_the_work(
    fit: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hlmrs.page.page_of", lambda *_: pytest.fail("the page was made"))
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none"):
        fit.report(tmp_path / "none" / "report.html")


def test_names_are_escaped() -> None:
    data = hlmrs.datasets.load("Machines", "polars").with_columns(pl.col("Machine").cast(pl.String) + "<em>")
    html = hlmrs.lmer("score ~ Machine + (1 | Worker)", data).report(title="a <title>").html
    assert "<em>" not in html
    assert "&lt;em&gt;" in html
    assert "a &lt;title&gt;" in html


def test_a_generalized_fit_has_the_same_parts(generalized: str) -> None:
    html = generalized
    reader = Reader(html)
    assert len([tag for tag, _ in reader.elements if tag == "section"]) == 13
    assert "family='binomial'" in " ".join(reader.words)
    assert "not available here" not in html


def test_a_fit_without_rows_says_what_it_cannot_show(tmp_path: Any) -> None:
    path = tmp_path / "fit.hlmrs"
    hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars")).save(path)
    html = hlmrs.load(path).report().html
    assert "not available here" in html
    assert "score ~ Machine + (1 | Worker)" in html


def test_no_figure_stays_open(fit: Any) -> None:
    before = plt.get_fignums()
    fit.report()
    assert plt.get_fignums() == before


def test_it_is_written(fit: Any, tmp_path: Any) -> None:
    path = tmp_path / "report.html"
    page = fit.report(path, title="Growth of the jaw")
    assert path.read_text(encoding="utf-8") == page.html
    assert "<title>Growth of the jaw</title>" in page.html
    assert repr(page).startswith("Growth of the jaw: a page of ")


def test_robust_standard_errors_stand_beside_those_of_the_model(fit: Any, page: str) -> None:
    ratio = np.asarray(fit.tidy(vcov="CR2")["std_error"]) / np.asarray(fit.tidy()["std_error"])
    words = text_of(page, 9)
    assert all(f"{value:.3f}"[:-1] in words for value in ratio)


def test_models_of_the_same_formula_are_all_compared():
    data = hlmrs.datasets.load("cbpp", "polars").with_columns(pl.col("incidence").alias("y"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fits = [hlmrs.glmer("y ~ period + (1 | herd)", data, family=family) for family in ("poisson", "nbinom2")]
    words = text_of(fits[1].report(models=fits[:1]).html, 6)
    assert words.count("y ~ period + (1 | herd)") == 4
    for fit in fits:
        assert f"{fit.aic:.2f}" in words


def test_missing_values_are_asked_for_where_rows_were_dropped() -> None:
    data = hlmrs.datasets.load("Machines", "polars")
    assert "No row was dropped" in text_of(hlmrs.lmer("score ~ Machine + (1 | Worker)", data).report().html, 3)
    holes = data.with_columns(score=pl.when(pl.int_range(pl.len()) > 0).then("score"))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", holes)
    assert "say why values are missing" in text_of(fit.report().html, 3)
