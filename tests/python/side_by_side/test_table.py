"""Models side by side: the numbers are those of the fits, in every language, whatever the kinds."""

import re
import xml.etree.ElementTree as ElementTree

import docx
import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS
from generalized_models import fit_of as generalized_fit_of
from kinds_of_models import KINDS, fit_of

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


@pytest.fixture(scope="module")
def sleep():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    return hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data), hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)


@pytest.fixture(scope="module")
def mixed(sleep):
    contraception = hlmrs.datasets.load("Contraception", "polars")
    marginal = hlmrs.gee("use ~ age + urban", contraception, groups="district", family="binomial")
    cbpp = hlmrs.datasets.load("cbpp", "polars")
    binomial = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return sleep[1], hlmrs.glmer(binomial, cbpp, family="binomial"), marginal


def cell(table, label, model):
    """The lines of a cell."""
    rows = [row for section in table.grid.sections for row in section.rows if row.label == label]
    return list(rows[0].cells[model])


def test_cells_are_the_numbers_of_the_fits(sleep):
    table = hlmrs.table(
        *sleep, show=["std_error", "interval", "p_value", "statistic", "df"], options=hlmrs.TestOptions()
    )
    days = sleep[1].tidy().row(1, named=True)
    low, high = days["conf_low"], days["conf_high"]
    assert cell(table, "Days", 1)[:5] == ["10.47", "(1.55)", f"[{low:.2f}, {high:.2f}]", "p <0.0001", "t = 6.77"]
    assert cell(table, "Days", 1)[5].startswith("df = 17")
    assert cell(table, "Subject: Days", 0) == [""]
    assert cell(table, "Subject: correlation (Intercept), Days", 1) == ["0.066"]
    assert cell(table, "Residual", 1) == [f"{sleep[1].sigma:.1f}"]
    assert cell(table, "ICC", 0) == [f"{sleep[0].icc().adjusted:.3f}"]
    assert cell(table, "R² conditional", 1) == [f"{sleep[1].r2().conditional:.3f}"]
    assert cell(table, "BIC (rows, REML)", 1) == [f"{sleep[1].bic:.2f}"]
    assert cell(table, "Units of Subject", 1) == ["18"]


def test_how_models_are_tested_is_said_by_keywords_too(sleep):
    options = {"show": ["interval", "df"]}
    by_keywords = hlmrs.table(*sleep, **options, ddf="normal", level=0.9)
    assert str(by_keywords) == str(hlmrs.table(*sleep, **options, options=hlmrs.TestOptions(ddf="normal", level=0.9)))
    days = sleep[1].tidy(ddf="normal", level=0.9).row(1, named=True)
    assert cell(by_keywords, "Days", 1)[1] == f"[{days['conf_low']:.2f}, {days['conf_high']:.2f}]"
    with pytest.raises(TypeError, match=r"table\(\) .*ddf"):
        hlmrs.table(*sleep, dff="normal")


def test_variances_stars_labels_and_names(sleep):
    table = hlmrs.table(*sleep, variances=True, stars=True, labels={"Days": "Day"}, names=["A", "B"], digits=2)
    assert cell(table, "Day", 1)[0] == "10.5***"
    assert cell(table, "Residual", 0) == [f"{sleep[0].sigma ** 2:.0f}"]
    assert table.grid.header == ["A", "B"]
    assert any("*** p < 0.001" in note for note in table.grid.notes)


def test_options_choose_the_tests(sleep):
    robust = hlmrs.table(sleep[1], options=hlmrs.TestOptions(vcov="CR2"))
    assert cell(robust, "Days", 0)[1] == f"({sleep[1].tidy(vcov='CR2')['std_error'][1]:.2f})"
    assert any("CR2" in note for note in robust.grid.notes)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_text_stays_within_its_width(mixed, width):
    text = hlmrs.table(*mixed).to_text(width)
    panels, notes = text.rsplit("\n\n", 1)
    assert max(map(len, text.splitlines())) <= max(width, 62)
    assert all(name in panels for name in ("m1", "m2", "m3"))
    assert "m3: use ~ age + urban" in notes


def test_every_estimate_is_in_every_language(mixed, tmp_path):
    table = hlmrs.table(*mixed)
    table.to_docx(tmp_path / "a.docx", "Three models")
    document = docx.Document(tmp_path / "a.docx")
    word = " ".join(c.text for row in document.tables[0].rows for c in row.cells)
    for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex().replace("$-$", "-"), word):
        assert all(
            number in text for number in ("251.41", "10.47", "-0.992", "24.7", "1743.63", f"{mixed[2].beta[2]:.3f}")
        )
    assert document.paragraphs[0].text == "Three models"


def test_markup_is_well_formed(mixed):
    table = hlmrs.table(*mixed, names=["a & b", "<i>", "c|d_e"])
    html = table.to_html().replace("<br>", "<br/>")
    assert len(ElementTree.fromstring(html).findall(".//th[@scope='col']")) == 3
    pipes = [len(re.findall(r"(?<!\\)\|", line)) for line in table.to_markdown().splitlines() if line.startswith("|")]
    assert set(pipes) == {5}
    rows = [line for line in table.to_latex("t").splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}
    assert r"a \& b" in table.to_latex("t")


def test_terms_of_all_models_keep_their_order():
    data = hlmrs.datasets.load("Hsb82")
    formulas = ["mAch ~ cses + (1 | school)", "mAch ~ meanses + cses + sector + (1 | school)"]
    table = hlmrs.table(*(hlmrs.lmer(formula, data) for formula in formulas))
    assert [row.label for row in table.grid.sections[0].rows] == ["(Intercept)", "meanses", "cses", "sectorCatholic"]


def test_ratios_are_exponentials(mixed):
    table = hlmrs.table(*mixed[1:], exponentiate=True, show="interval")
    expected = np.exp(mixed[1].beta[1])
    assert float(cell(table, "period2", 0)[0]) == pytest.approx(expected, abs=5e-4)
    with pytest.raises(hlmrs.OptionError, match="no ratios"):
        hlmrs.table(mixed[0], exponentiate=True)


def test_the_frame_is_that_of_tidy(mixed):
    frame = hlmrs.table(*mixed).to_frame()
    own = frame.filter(pl.col("model") == "m1").drop("model", "component")
    assert own.select(mixed[0].tidy().columns).equals(mixed[0].tidy())


def test_what_there_is_not_is_refused(sleep):
    with pytest.raises(hlmrs.OptionError, match="needs a fit"):
        hlmrs.table()
    with pytest.raises(hlmrs.OptionError, match="give 2 different names"):
        hlmrs.table(*sleep, names=["one"])
    with pytest.raises(hlmrs.OptionError, match="show='sd'"):
        hlmrs.table(*sleep, show="sd")


@pytest.mark.parametrize("kind", [*KINDS, *MODELS])
def test_every_kind_of_model_has_a_column(kind):
    fit = fit_of(kind) if kind in KINDS else generalized_fit_of(kind)
    table = hlmrs.table(fit)
    assert f"{fit.nobs:,}" in str(table)
    assert "nan" not in str(table)


def test_what_is_no_fit_is_told_what_to_write(sleep):
    with pytest.raises(TypeError, match=r"no list: write hlmrs.table\(\*fits\)"):
        hlmrs.table(list(sleep))
    with pytest.raises(TypeError, match=r"no dict: write hlmrs.table\(\*fits.values\(\), names=list\(fits\)\)"):
        hlmrs.table({"one": sleep[0]})
    with pytest.raises(TypeError, match=r"takes fits, and no str$"):
        hlmrs.table(sleep[0], "Days")


def test_different_numbers_of_rows_are_said(sleep, mixed):
    said = "different numbers of rows"
    fewer = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy", "polars").head(120))
    assert said in " ".join(hlmrs.table(sleep[0], fewer).to_text().split())
    assert said not in " ".join(hlmrs.table(*sleep).to_text().split())
    assert said not in " ".join(hlmrs.table(*mixed).to_text().split())


def test_criteria_by_reml_are_labelled_and_not_compared_over_fixed_parts(sleep):
    data = hlmrs.datasets.load("sleepstudy", "polars")
    null = hlmrs.lmer("Reaction ~ 1 + (1 | Subject)", data)
    likely = hlmrs.lmer("Reaction ~ 1 + (1 | Subject)", data, reml=False)
    table = hlmrs.table(null, sleep[0], likely)
    assert cell(table, "AIC (REML)", 0) == [f"{null.aic:.2f}"]
    assert cell(table, "AIC (REML)", 2) == [""]
    assert cell(table, "AIC", 2) == [f"{likely.aic:.2f}"]
    assert any("cannot be compared" in note for note in table.grid.notes)
    for alike in (sleep, (likely, sleep[0])):
        assert not any("cannot be compared" in note for note in hlmrs.table(*alike).grid.notes)
