"""What the report states, as text and as HTML."""

import html
import re

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.display.numbers import decimals_of, write_column

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")


@pytest.fixture(scope="module")
def report():
    data = hlmrs.datasets.load("Hsb82", "polars").with_columns(
        w=pl.lit(1.0), ses=pl.when(pl.int_range(7185) < 12).then(None).otherwise(pl.col("ses"))
    )
    with pytest.warns(hlmrs.DroppedRowsWarning):
        return hlmrs.lmer("mAch ~ sector * cses + ses + (cses | school)", data, weights="w").summary()


@pytest.mark.parametrize(
    "stated",
    [
        "Linear mixed model, fitted by REML",
        "mAch ~ sector * cses + ses + (cses | school)",
        "7,173 of 7,185 (12 dropped for missing values; ses: 12)",
        "160 groups",
        "Weights",
        "REML criterion",
        "AIC",
        "BIC (rows)",
        "Parameters",
        "converged",
        "Reference levels: sector = Public",
        "sectorCatholic:cses",
        "Residual",
        "Satterthwaite's degrees of freedom",
    ],
)
def test_it_states(report, stated):
    flowing = re.sub(r"\s+", " ", str(report))
    assert stated in flowing
    assert html.escape(stated) in report._repr_html_()


def test_lines_are_not_too_long(report):
    assert max(map(len, str(report).splitlines())) <= 80


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("style", [None, "hlm", "lme4", "stata", "spss"])
def test_small_coefficients_leave_lines_their_length_and_no_number_out(style):
    data = hlmrs.datasets.load("Hsb82", "polars").with_columns(small=pl.col("ses") * 1000, square=pl.col("ses") ** 2)
    fit = hlmrs.lmer("mAch ~ sector * cses + small + (cses + square | school)", data)
    text = str(fit.summary(style=style) if style else fit.summary())
    assert max(map(len, text.splitlines())) <= 80
    plain = re.findall(r"^ +sectorCatholic:cses.*", text, re.M)
    interval = [re.findall(r"-?\d+\.\d{7}", line) for line in plain]
    assert sum(map(len, interval)) == (2 if style in ("hlm", "lme4") else 4)


def test_the_summary_of_estimating_equations_fits_the_line():
    data = hlmrs.datasets.load("Hsb82", "polars").with_columns(small=pl.col("ses") * 1000)
    fit = hlmrs.gee("mAch ~ sector * cses + small", data, groups="school", correlation="exchangeable")
    text = str(fit.summary(vcov="kauermann-carroll"))
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize(
    ("family", "stated"), [("gamma", "1/sqrt(shape) = "), ("lognormal", "sigma = "), ("tweedie", "phi = ")]
)
def test_dispersion_is_stated_on_the_scale_of_the_family(family, stated):
    fit = hlmrs.glmer("Reaction ~ Days + (1 | Subject)", SLEEP, family=family)
    said = next(line for line in fit.summary().sections[-1].content.lines if line.startswith("On the scale"))
    assert f"{stated}{fit.dispersion:.4g}" in said
    assert all(f"{name} = {value:.4g}" in said for name, value in fit.family_parameters.items())


def test_shares_of_the_variance_sum_to_one():
    fit = hlmrs.lmer("mAch ~ sector * cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
    random = str(fit.summary()).split("Random effects")[1].split("Fixed")[0]
    shares = [float(share) for share in re.findall(r"([\d.]+)%", random)]
    assert sum(shares) == pytest.approx(100, abs=0.2)


def test_a_weighted_fit_has_no_shares(report):
    assert "share" not in str(report).split("Random effects")[1].split("Fixed")[0]


def test_shares_do_not_depend_on_where_time_zero_lies():
    later = SLEEP.with_columns(pl.col("Days") - 20)
    shares = [
        re.findall(r"([\d.]+)%", str(hlmrs.lmer(formula, data).summary()).split("Random effects")[1].split("Fixed")[0])
        for formula, data in [
            ("Reaction ~ Days + (Days | Subject)", SLEEP),
            ("Reaction ~ Days + (Days | Subject)", later),
        ]
    ]
    assert shares[0] == shares[1]
    assert len(shares[0]) == 2, "one share for the grouping factor, one for the residual"


def test_shares_are_those_of_the_simulated_variance():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP)
    text = str(fit.summary()).split("Random effects")[1]
    residual = float(re.search(r"Residual.*?([\d.]+)%", text)[1]) / 100
    draws = fit.simulate(3000, seed=5) - fit.predict(random_effects=False)[:, None]
    assert residual == pytest.approx(fit.sigma**2 / draws.var(axis=1).mean(), abs=0.01)


def test_correlations_are_beside_their_terms():
    text = str(hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP).summary())
    assert re.search(r"Days\s+35\.07\S*\s+5\.922\S*\s+0\.066", text)
    assert "correlation" not in str(hlmrs.lmer("Reaction ~ Days + (Days || Subject)", SLEEP).summary())


def test_a_model_without_fixed_effects_has_no_table_of_them():
    fit = hlmrs.lmer("Reaction ~ 0 + (1 | Subject)", SLEEP)
    assert "Fixed effects" not in str(fit.summary())
    assert fit.coef_names == []
    assert fit.tidy().height == 0


def test_html_escapes_what_users_name():
    data = SLEEP.rename({"Days": "<b>x</b>"})
    shown = hlmrs.lmer("Reaction ~ `<b>x</b>` + (1 | Subject)", data)._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;x&lt;/b&gt;" in shown


def test_ml_and_the_options_of_the_table():
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, reml=False)
    text = str(fit.summary(ddf="residual", level=0.9))
    assert "maximum likelihood" in text
    assert "-2 log-likelihood" in text
    assert "178" in text
    assert "5%" in text
    assert "95%" in text
    assert "REML" not in text


def test_a_singular_fit_says_what_to_consider():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2"))
    assert "variance is estimated as zero" in str(fit.summary())
    assert repr(fit).endswith("converged, singular")


def test_arrays_are_named_as_such():
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, weights=np.ones(180), offset=np.zeros(180))
    assert str(fit.summary()).count("an array") == 2


def test_estimates_without_standard_errors_keep_their_digits():
    assert write_column([0.31234, -1.5678], decimals_of([float("nan")] * 2)) == ["0.3123", "-1.5678"]


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("structure", ["ar1", "homcs", "cs", "toep"])
def test_structured_terms_print_their_parameters(structure):
    data = hlmrs.datasets.load("Machines")
    fit = hlmrs.lmer(f"score ~ Machine + {structure}(0 + Machine | Worker)", data)
    table = next(section for section in fit.summary().sections if section.title == "Random effects").content
    cells = {column.name: list(column.cells) for column in table.columns}
    parameters = fit.tidy("ran_pars")
    sds = [value for value, name in zip(parameters["estimate"], parameters["term"], strict=True) if "sd(" in name]
    assert [float(cell) for cell in cells["sd"] if cell][:-1] == pytest.approx(sds, rel=2e-3)
    first = next(float(v) for v, name in zip(parameters["estimate"], parameters["term"], strict=True) if "cor(" in name)
    assert float(next(cell for cell in cells["correlation"] if cell)) == pytest.approx(first, abs=6e-4)
    assert len(cells["term"]) == len(parameters["term"])


def test_advice_on_few_groups_is_left_out_where_it_was_taken():
    data = hlmrs.datasets.load("cbpp")
    fit = hlmrs.gee("incidence ~ period", data, groups="herd", family="poisson")
    assert "use vcov='mancl-derouen'" in " ".join(str(fit.summary()).split())
    for vcov in ("mancl-derouen", "kauermann-carroll"):
        assert "robust standard errors are too small" not in " ".join(str(fit.summary(vcov=vcov)).split())
