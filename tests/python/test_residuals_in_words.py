"""What summaries, texts, equations, tables and reports say of models whose residuals have a covariance of their own."""

import html
import re
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.errors import DesignError

GROWTH = hlmrs.datasets.load("Orthodont", "polars")
N_SUBJECTS = GROWTH["Subject"].n_unique()


@pytest.fixture(scope="module")
def fits() -> dict[str, hlmrs.LinearMixedFit]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {
            "gls": hlmrs.gls("distance ~ age * Sex", GROWTH, residual="ar1(age | Subject)", dispersion="~ Sex"),
            "alone": hlmrs.gls("distance ~ age * Sex", GROWTH),
            "lmer": hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH, residual="ar1(age | Subject)"),
            "mmrm": hlmrs.mmrm("distance ~ factor(age) * Sex", GROWTH, visit="age", subject="Subject"),
        }


def parameters(fit) -> dict[str, float]:
    table = fit.residual_parameters()
    return dict(zip(table["parameter"].to_list(), table["estimate"].to_list(), strict=True))


def words(text: object) -> str:
    return " ".join(str(text).split())


def test_groups_of_the_residuals_are_counted(fits):
    rows = GROWTH.filter((pl.col("Subject") != "M01") | (pl.col("age") > 8))
    fit = hlmrs.gls("distance ~ age", rows, residual="car1(age | Subject)")
    assert f"Subject: {N_SUBJECTS} groups of 3 to 4 rows, of the residuals" in words(fit.summary())
    assert f"in {N_SUBJECTS} groups of Subject" in words(fit.text())
    assert f"Units of Subject {N_SUBJECTS}" in words(hlmrs.table(fit))
    assert words(fits["lmer"].summary()).count("groups of 4 rows") == 1, "those of random effects are told of once"
    assert "Groups" not in str(fits["alone"].summary())


def test_groups_of_the_residuals_are_those_of_the_rows_used():
    rows = GROWTH.with_columns(pl.when(pl.col("Subject") == "M01").then(None).otherwise(pl.col("age")).alias("age"))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.gls("distance ~ Sex", rows, residual="cs(1 | Subject)", dispersion="~ age")
    assert f"Subject: {N_SUBJECTS - 1} groups of 4 rows" in words(fit.summary())


def test_a_saved_fit_counts_them_too(fits, tmp_path):
    fits["gls"].save(tmp_path / "fit.hlmrs", keep_rows=True)
    assert str(hlmrs.load(tmp_path / "fit.hlmrs").summary()) == str(fits["gls"].summary())


def test_texts_name_structure_and_parameters(fits):
    rho = parameters(fits["gls"])["rho"]
    text = words(fits["gls"].text())
    assert "Residuals within Subject had autoregressive correlations (ar1(age | Subject))" in text
    assert f"rho = {rho:.3f}".replace("0.", ".") in text
    assert "SexFemale of the dispersion (log)" in text
    text = words(fits["mmrm"].text())
    assert "an unstructured covariance (us(age | Subject))" in text
    for visit in (8, 10, 12, 14):
        assert f"sd({visit}) = {parameters(fits['mmrm'])[f'sd({visit})']:.2f}" in text


def test_equations_state_the_covariance_of_the_residuals(fits):
    of = str(fits["gls"].equations(estimates=True))
    table = fits["gls"].tidy(component="dispersion")
    coefficients = dict(zip(table["term"].to_list(), table["estimate"].to_list(), strict=True))
    assert f"log(σi) = {coefficients['(Intercept)']:.3f} - {-coefficients['SexFemale']:.4f}*(SexFemale_i)" in of
    assert f"rho = {parameters(fits['gls'])['rho']:.4f}" in of
    assert "ar1(age | Subject)" in of
    assert "e ~ N(0, R)" in str(fits["mmrm"].equations()), "residuals are not independent"
    for form in ("to_latex", "to_mathml"):
        assert "rho" in getattr(fits["gls"].equations(estimates=True), form)()


def test_tables_have_all_parameters_of_the_residuals(fits):
    own = parameters(fits["mmrm"])
    text = str(hlmrs.table(fits["mmrm"]))
    for name, value in own.items():
        line = next(line for line in text.splitlines() if line.strip().startswith(name))
        assert float(line.split()[-1]) == pytest.approx(value, rel=5e-3)
    squared = next(
        line for line in str(hlmrs.table(fits["mmrm"], variances=True)).splitlines() if "variance(8)" in line
    )
    assert float(squared.split()[-1]) == pytest.approx(own["sd(8)"] ** 2, rel=5e-3)


def test_shares_are_blank_without_random_effects(fits):
    lines = str(hlmrs.table(fits["alone"], fits["lmer"])).splitlines()
    (marginal,) = (line.split() for line in lines if line.strip().startswith("R² marginal"))
    assert len(marginal) == 3, "one number, of the model with random effects"
    assert "R²" not in str(fits["alone"].text())
    assert "intraclass" not in str(fits["mmrm"].text())


def test_correlated_residuals_leave_no_one_correlation_within_groups(fits):
    icc = fits["lmer"].icc(interval="bootstrap", n=3, seed=1)
    assert np.isnan([icc.adjusted, icc.unadjusted, icc.by_group["Subject"], *icc.intervals["Subject"]]).all()
    assert "Residuals within 'Subject' are correlated by ar1(age | Subject), which no share" in words(icc)
    effects = fits["lmer"].variance.design_effect()
    assert effects["icc"][0] is effects["design_effect"][0] is None
    assert "correlated by ar1(age | Subject)" in words(effects)
    assert not any(line.strip().startswith("ICC") for line in str(hlmrs.table(fits["lmer"])).splitlines())
    assert "intraclass" not in words(fits["lmer"].text())
    assert np.isfinite(fits["lmer"].r2().conditional)


def test_groups_above_the_correlated_ones_and_across_them_keep_their_shares():
    rng = np.random.default_rng(1)
    school, child, item = np.repeat(np.arange(12), 20), np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60)
    y = rng.normal(size=12)[school] + rng.normal(size=60)[child] + rng.normal(size=4)[item] + rng.normal(size=240)
    data = {"y": y, "t": item.astype(float), "school": school.astype(str), "child": child.astype(str)}
    data["item"] = item.astype(str)
    formula = "y ~ 1 + (1 | school) + (1 | item)"
    fit = hlmrs.lmer(formula, data, residual="ar1(t | child)")
    parts = dict(zip(fit.varcorr()["group"], fit.varcorr()["variance"], strict=True))
    for name, share in fit.icc().by_group.items():
        assert share == pytest.approx(parts[name] / sum(parts.values()))
    effects = dict(zip(fit.variance.design_effect()["group"], fit.variance.design_effect()["icc"], strict=True))
    assert np.isnan(effects["school"]), "of a school there are rows of the same child"
    assert effects["item"] == pytest.approx(fit.icc().by_group["item"])


@pytest.fixture(scope="module")
def pages(fits) -> dict[str, str]:
    return {name: re.sub(r"<[^>]+>|\s+", " ", fits[name].report().html) for name in ("gls", "lmer", "mmrm")}


def test_reports_say_what_the_model_has(pages):
    for name in ("gls", "mmrm"):
        assert "Multilevel" not in pages[name]
        assert "Random coefficients" not in pages[name]
        assert "Which coefficients are random" not in pages[name]
        assert "27 units" in pages[name], "the groups of the residuals"
        assert "all levels" not in pages[name]
    assert "Multilevel model of distance" in pages["lmer"]
    assert "(Intercept) varies between units of Subject" in pages["lmer"]
    for page in pages.values():
        assert "nan varies" not in page
        assert "fit.confint(method=&#x27;profile&#x27;) has profile intervals" in page
        assert "takes long" not in page
        assert re.search(r"Influence of 27 sets of rows, by Subject", page)
        assert "grouping factors  cross" not in page
        assert "keeps the covariance of the residuals" in page
        assert "correlation that is left" not in page
        assert re.search(r"Intraclass correlation: \d", page) is None
        assert "nan" not in page.split()
        assert re.search(r"Sensitivity to single groups and to the standard errors\s+part 9", page)


def test_a_page_without_any_groups_leaves_sensitivity_to_the_author(fits):
    page = re.sub(r"<[^>]+>|\s+", " ", fits["alone"].report().html)
    assert re.search(r"Sensitivity to single groups and to the standard errors\s+for the author", page)


def test_missing_names_of_frames_name_no_random_coefficient():
    data = GROWTH.to_pandas()
    page = hlmrs.lmer("distance ~ age + (1 | Subject)", data).report().html
    assert "nan varies" not in page
    assert page.count("varies between units of") == 1


def test_variances_of_the_null_model_are_shown_beside_labels_too(fits):
    null = re.search(r'id="part-5">(.*?)</section>', fits["lmer"].report().html, re.S)
    assert null is not None
    for title in ("Random effects", "Residuals"):
        assert title in null[1]


def test_checks_say_what_is_not_checked(fits):
    for name in ("alone", "mmrm"):
        text = words(fits[name].check())
        assert "Not checked Normality and outliers" in text
        assert ("whose rows follow each other" in text) == (name == "alone")
        assert "full rank" not in text
        assert "no random effects" in fits[name].check.singularity().finding
    assert "full rank" in words(fits["lmer"].check())
    plain = hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH)
    assert "Not checked" not in words(plain.check())


@pytest.mark.parametrize("ddf", ["containment", "between-within"])
def test_methods_that_count_groups_refuse_correlated_residuals(fits, ddf):
    for name in ("gls", "lmer", "mmrm"):
        with pytest.raises(DesignError, match="knows nothing of correlated residuals"):
            fits[name].tidy(ddf=ddf)
    assert np.isfinite(fits["alone"].tidy(ddf=ddf)["df"].to_numpy()).all(), "independent rows can be counted"
    table = fits["mmrm"].compare_methods("SexFemale", n=2, seed=1).to_dicts()
    (row,) = (row for row in table if row["method"] == ddf)
    assert "not available" in row["assumes"]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda fit: fit.check.leverage(), "leverage"),
        (lambda fit: fit.resid(kind="studentized"), "leverage"),
    ],
)
def test_what_is_not_there_is_said_without_arguments_of_other_functions(fits, call, what):
    with pytest.raises(DesignError, match=f"{what}: not there for a model without random effects, or") as raised:
        call(fits["mmrm"])
    assert "residual=" not in str(raised.value)


@pytest.mark.parametrize(
    "options", [{}, {"reml": False}, {"ddf": "satterthwaite", "by": "Sex"}, {"ddf_information": "expected"}]
)
def test_the_call_of_a_fit_of_visits_makes_it_again(options):
    fit = hlmrs.mmrm("distance ~ age", GROWTH, covariance="ar1", visit="age", subject="Subject", **options)
    code = re.search(r"hlmrs\.mmrm\([^<]*?\)\n(?=fit\.report)", html.unescape(fit.report().html))
    assert code is not None
    again = eval(code[0], {"hlmrs": hlmrs, "data": GROWTH})
    assert again.tidy().equals(fit.tidy())
    assert again.criterion == fit.criterion
    assert "covariance='ar1(age | Subject" in code[0]


def test_fits_of_visits_are_called_what_they_are(fits):
    assert str(fits["mmrm"].summary()).startswith("Mixed model for repeated measures, fitted by REML")
    assert "A mixed model for repeated measures of distance" in words(fits["mmrm"].text())
    assert str(fits["gls"].summary()).startswith("Generalized least squares")


def test_texts_name_reference_levels(fits):
    assert "Reference levels were Sex = Male, factor(age) = 8." in words(fits["mmrm"].text())
    assert "Reference level was Sex = Male." in words(fits["gls"].text())
    assert "Reference" not in words(fits["lmer"].text())


def test_texts_and_checks_name_what_is_singular():
    rng = np.random.default_rng(1)
    data = {"y": rng.normal(size=60), "x": rng.normal(size=60), "g": np.repeat(np.arange(12), 5)}
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("y ~ x + (x | g)", data)
    assert "a combination of the effects of (1 + x | g) has no variance" in words(fit.text())
    assert "covariance of (1 + x | g) does not have full rank" in fit.check.singularity().finding


def test_parameters_that_are_no_correlations_are_not_called_so(fits):
    moving = hlmrs.gls("distance ~ age", GROWTH, residual="arma(age | Subject, p=1, q=1)")
    far = hlmrs.gls("distance ~ age", GROWTH, residual="exp(age | Subject)")
    for fit, name in ((moving, "ma1"), (far, "range")):
        text = words(fit.text())
        assert "Parameters of the correlations of the residuals" in text
        assert f"{name} = " in text
    assert "Correlations of the residuals: rho" in words(fits["lmer"].text())


def test_tables_of_random_effects_have_a_residual_variance_where_there_is_one(fits):
    def table(fit) -> str:
        return str(fit.summary()).partition("Random effects")[2].partition("Fixed effects")[0]

    by_visit = hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH, residual="ar1h(age | Subject)")
    by_sex = hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH, dispersion="~ Sex")
    for fit in (by_visit, by_sex):
        assert "Subject" in table(fit)
        assert "Residual" not in table(fit)
    assert "Residual" in table(fits["lmer"])


def test_standard_deviations_that_are_not_those_of_all_rows_are_labelled(fits):
    last = {name: fit.varcorr()["term1"].to_list()[-1] for name, fit in fits.items()}
    assert last == {"gls": "dispersion at zero", "alone": None, "lmer": None, "mmrm": "at 8"}
    both = hlmrs.gls("distance ~ age", GROWTH, residual="us(age | Subject)", dispersion="~ Sex")
    assert both.varcorr()["term1"].to_list() == ["at 8, dispersion at zero"]
    assert both.varcorr()["sd"][0] == both.sigma


def test_summaries_say_where_the_table_of_the_dispersion_is(fits):
    assert 'standard deviation (tidy(component="dispersion"))' in words(fits["gls"].summary())
    assert max(map(len, str(fits["gls"].summary()).splitlines())) <= 80


def test_covariances_of_levels_are_tabulated_with_their_names():
    fit = hlmrs.gls("distance ~ age * Sex", GROWTH, residual="us(age | Subject, by=Sex)")
    table = fit.residual_covariance()
    assert table.columns[:2] == ["Sex", "age"]
    assert table["Sex"].to_list() == ["Male"] * 4 + ["Female"] * 4
    for level in ("Male", "Female"):
        assert table.filter(pl.col("Sex") == level).drop("Sex").equals(fit.residual_covariance(level=level))
