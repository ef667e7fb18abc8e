"""Summaries in the styles of other packages: their numbers, from their printed outputs where there are such."""

import re

import numpy as np
import pytest

import hlmrs
from golden import rows
from kinds_of_models import KINDS, fit_of

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


@pytest.fixture(scope="module")
def null():
    return hlmrs.lmer("mAch ~ 1 + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))


def table_of(report, title):
    """A section's table, by columns."""
    section = next(section for section in report.sections if section.title.startswith(title))
    return [(column.name, list(column.cells)) for column in section.content.columns]


def test_standard_errors_of_variances_are_those_of_sas(null):
    """SAS PROC MIXED, High School and Beyond: tau 8.6097 (1.0778), sigma² 39.1487 (0.6607); Singer (1998), UCLA."""
    errors = [row["std_error"] for row in rows(null.varcorr(se=True))]
    assert errors[0] == pytest.approx(1.0778, rel=2e-3)  # SAS stopped at a tau that is smaller by 0.05 %
    assert errors[1] == pytest.approx(0.6607, abs=1e-4)


@pytest.mark.parametrize(
    ("formula", "name", "expected"),
    [
        # HLM 6, UCLA's pages of Singer and Willett (2003), Table 4.1 model A and Table 5.2 model A
        ("alcohol_use ~ 1 + (1 | id)", "alcohol_use_1", {"id": 0.11911, "Residual": 0.06203}),
        ("reading_score ~ I(age_group - 6.5) + (I(age_group - 6.5) | id)", "reading_scores", {"Residual": 4.05393}),
    ],
)
def test_standard_errors_of_variances_are_those_of_hlm(formula, name, expected):
    data = hlmrs.datasets.load(name, "polars")
    fit = hlmrs.lmer(formula, data, reml=False)
    found = {row["group"]: row["std_error"] for row in rows(fit.varcorr(se=True)) if row["term2"] is None}
    for group, error in expected.items():
        assert found[group] == pytest.approx(error, rel=2e-3)


def test_standard_errors_of_a_balanced_one_way_layout_are_in_closed_form():
    """By maximum likelihood of balanced groups: Searle, Casella and McCulloch (1992), section 3.7."""
    data = hlmrs.datasets.load("Dyestuff", "polars")
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data, reml=False)
    a, n = 6, 5
    tau, sigma2 = (row["variance"] for row in rows(fit.varcorr()))
    within, whole = 2 * sigma2**2 / (a * (n - 1)), 2 * (sigma2 + n * tau) ** 2 / a
    errors = [row["std_error"] for row in rows(fit.varcorr(se=True))]
    np.testing.assert_allclose(errors, [np.sqrt((whole + within) / n**2), np.sqrt(within)], rtol=1e-5)


def test_intervals_of_standard_deviations_follow_from_those_of_logarithms(null):
    first, second = rows(null.tidy("ran_pars", conf_int="wald"))
    tau = rows(null.varcorr(se=True))[0]
    assert first["std_error"] == pytest.approx(tau["std_error"] / (2 * tau["sd"]))
    assert first["conf_low"] == pytest.approx(
        first["estimate"] * np.exp(-1.959964 * first["std_error"] / first["estimate"])
    )
    assert (first["term"], second["term"]) == ("sd((Intercept) | school)", "sigma")


@pytest.mark.parametrize("how", ["profile", "boot"])
def test_other_intervals_of_random_parameters_are_those_of_confint(how):
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    table = {row["term"]: row for row in rows(fit.tidy("ran_pars", conf_int=how))}
    assert table["sigma"]["conf_low"] < fit.sigma < table["sigma"]["conf_high"]
    if how == "profile":
        own = {row["term"]: row for row in rows(fit.confint(method="profile"))}
        assert all(table[name]["conf_low"] == own[name]["conf_low"] for name in table)


def test_names_of_parameters_are_the_same_everywhere():
    data = hlmrs.datasets.load("Machines", "polars")
    for formula in ("score ~ Machine + (Machine | Worker)", "score ~ Machine + cs(0 + Machine | Worker)"):
        fit = hlmrs.lmer(formula, data)
        own = [row["term"] for row in rows(fit.tidy("ran_pars"))]
        assert own == [row["term"] for row in rows(fit.confint(method="profile"))][len(fit.coef_names) :]


def test_a_variance_of_zero_has_no_standard_error():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars"))
    batch, residual = rows(fit.varcorr(se=True))
    assert batch["std_error"] is None or np.isnan(batch["std_error"])
    assert residual["std_error"] > 0


def test_intervals_of_random_effects_are_normal():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    for row in rows(fit.ranef(conf_int=True, level=0.9)):
        assert row["conf_high"] - row["estimate"] == pytest.approx(1.644854 * row["std_error"], rel=1e-6)
    assert "conf_low" in fit.tidy("ran_vals", conf_int="wald").columns


def test_conventions_of_information_criteria(null):
    """SAS and SPSS: AIC 47120.8, BIC 47126.9 of the null model (Singer 1998); Stata and lme4 count all parameters."""
    sas = rows(null.information_criteria(n="groups", count="variances"))[0]
    assert (round(sas["aic"], 1), round(sas["bic"], 1)) == (47120.8, 47126.9)
    own = rows(null.information_criteria())[0]
    assert (own["aic"], own["bic"], own["n_params"], own["n"]) == (null.aic, null.bic, 3, 7185)
    with pytest.raises(hlmrs.OptionError, match="fits by REML"):
        hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), reml=False).information_criteria(
            count="variances"
        )


def test_chi_squares_of_hlm():
    """Scientific Software International's output of intercepts and slopes as outcomes has a chi-square of 605 for the
    intercept; the other is from dense least squares in every group."""
    data = hlmrs.datasets.load("Hsb82", "polars")
    fit = hlmrs.lmer("mAch ~ sector * cses + meanses * cses + (cses | school)", data)
    table = dict(table_of(fit.summary(style="hlm"), "Final estimation of variance"))
    assert table["chi-square"][0].split(".")[0] == "605"
    assert table["d.f."] == ["157", "157", ""]
    fixed = fit.predict(random_effects=False)
    statistic = np.zeros(2)
    for school in data["school"].unique():
        own = (data["school"] == school).to_numpy()
        z = np.column_stack([np.ones(own.sum()), data["cses"].to_numpy()[own]])
        inverse = np.linalg.inv(z.T @ z)
        effect = inverse @ z.T @ (data["mAch"].to_numpy() - fixed)[own]
        statistic += effect**2 / (fit.sigma**2 * np.diag(inverse))
    np.testing.assert_allclose([float(cell) for cell in table["chi-square"][:2]], statistic, atol=1e-4)


def test_hlm_orders_coefficients_by_level_equation():
    fit = hlmrs.lmer("mAch ~ cses * (meanses + sector) + (cses | school)", hlmrs.datasets.load("Hsb82"))
    table = dict(table_of(fit.summary(style="hlm"), "Final estimation of fixed"))
    assert table["term"] == ["(Intercept)", "meanses", "sectorCatholic", "cses", "cses:meanses", "cses:sectorCatholic"]
    assert table[""] == ["γ00", "γ01", "γ02", "γ10", "γ11", "γ12"]
    assert table["for"] == ["Intercept", "", "", "cses", "", ""]


def test_stata_tests_by_the_normal_distribution_unless_asked(null):
    fit = hlmrs.lmer("mAch ~ cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
    text = str(fit.summary(style="stata"))
    # methodsconsultants.com, "Estimating HLM Models Using Stata: Part 3": Wald chi2 292.40, log restricted-likelihood
    assert "Wald chi2(1)" in text
    assert "292.40" in text
    assert "-23357.11" in text
    assert "P>|z|" in text
    assert "P>|t|" in str(fit.summary(style="stata", ddf="satterthwaite"))


@pytest.mark.parametrize("style", ["hlm", "lme4", "stata", "spss"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_linear_model_has_a_summary_in_every_style(kind, style):
    fit = fit_of(kind)
    report = fit.summary(style=style)
    text = str(report)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"\bnan\b", text)
    for name in fit.coef_names:
        assert name in text or name == "(Intercept)"
    assert "<table" in report._repr_html_()


def test_styles_are_of_linear_models():
    fit = hlmrs.glmer("use ~ age + (1 | district)", hlmrs.datasets.load("Contraception"), family="binomial")
    with pytest.raises(hlmrs.OptionError, match="for linear models"):
        fit.summary(style="lme4")
    with pytest.raises(hlmrs.OptionError, match="linear models"):
        fit.varcorr(se=True)
