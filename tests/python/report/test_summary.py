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
    assert max(map(len, str(report).splitlines())) <= 110


def test_shares_of_the_variance_sum_to_one(report):
    shares = [
        float(share) for share in re.findall(r"([\d.]+)%", str(report).split("Random effects")[1].split("Fixed")[0])
    ]
    assert sum(shares) == pytest.approx(100, abs=0.2)


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
