"""Models built level by level: each step is the fit and the test that its words say."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import hlmrs

HSB = "mAch ~ (meanses + sector) * cses + (cses | school)"


@pytest.fixture(scope="module")
def school() -> pl.DataFrame:
    return hlmrs.datasets.load("Hsb82", "polars")


@pytest.fixture(scope="module")
def building(school):
    return hlmrs.build(HSB, school, means="~ meanses")


FOUR = {
    "null model": "mAch ~ 1 + (1 | school)",
    "means as outcomes": "mAch ~ meanses + (1 | school)",
    "random coefficients": "mAch ~ cses + (cses | school)",
    "intercepts and slopes as outcomes": HSB,
}


def test_the_textbooks_four_models_are_fitted(building, school):
    assert list(building.fits) == list(FOUR)
    for name, formula in FOUR.items():
        own, other = building.fits[name], hlmrs.lmer(formula, school)
        assert own.coef_names == other.coef_names
        np.testing.assert_allclose(own.beta, other.beta, rtol=1e-6, atol=1e-6)
        assert own.criterion == pytest.approx(other.criterion, abs=1e-6)


def ratio(small: str, large: str, school: pl.DataFrame, *, reml: bool) -> float:
    one, other = (hlmrs.lmer(formula, school, reml=reml) for formula in (small, large))
    return one.criterion - other.criterion


def test_fixed_terms_are_tested_by_maximum_likelihood_and_variances_by_reml(building, school):
    means = ratio(FOUR["null model"], FOUR["means as outcomes"], school, reml=False)
    slope = ratio(FOUR["null model"], "mAch ~ cses + (1 | school)", school, reml=False)
    variance = ratio("mAch ~ cses + (1 | school)", FOUR["random coefficients"], school, reml=True)
    middle = "mAch ~ meanses + sector + cses + (cses | school)"
    intercepts = ratio(FOUR["random coefficients"], middle, school, reml=False)
    slopes = ratio(middle, HSB, school, reml=False)
    table = building.to_frame()
    assert table["model"].to_list() == ["m2", "m3", "m3", "m4", "m4"]
    assert table["against"].to_list() == ["m1", "m1", "m1", "m3", "m3"]
    assert table["estimator"].to_list() == ["ML", "ML", "REML", "ML", "ML"]
    np.testing.assert_allclose(table["chisq"], [means, slope, variance, intercepts, slopes], atol=1e-4)
    assert table["df"].to_list() == [1, 1, 2, 2, 2]
    mixture = (stats.chi2.sf(variance, 1) + stats.chi2.sf(variance, 2)) / 2
    assert table["p_value"][2] == pytest.approx(mixture, rel=1e-4)
    assert table["p_value"][4] == pytest.approx(stats.chi2.sf(slopes, 2), rel=1e-4)


def test_by_maximum_likelihood_variances_are_tested_by_it_too(school):
    table = hlmrs.build("mAch ~ cses + (cses | school)", school, reml=False).to_frame()
    assert table["estimator"].to_list() == ["ML", "ML"]
    variance = ratio("mAch ~ cses + (1 | school)", FOUR["random coefficients"], school, reml=False)
    assert table["chisq"][1] == pytest.approx(variance, abs=1e-4)


def test_reductions_are_of_the_variances_of_the_model_before(building, school):
    null, means, slopes, both = (
        {(row["group"], row["term1"]): row["variance"] for row in fit.varcorr().to_dicts() if row["term2"] is None}
        for fit in building.fits.values()
    )
    before = {"m1": null, "m3": slopes}
    after = {"m2": means, "m3": slopes, "m4": both}
    rows = building.reductions.to_dicts()
    assert len(rows) == 2 + 2 + 3
    for row in rows:
        key = row["group"], row["term"]
        one, other = before[row["against"]][key], after[row["model"]][key]
        assert row["reduction"] == pytest.approx((one - other) / one, rel=1e-9)
    # Raudenbush and Bryk: means of SES take up 69 percent of the variance between schools
    assert rows[0]["reduction"] == pytest.approx(0.69, abs=0.005)


def test_what_is_explained_at_a_level_is_of_the_decomposition(building):
    shares = building.explained.to_frame()
    for label, fit in zip(("m1", "m2", "m3", "m4"), building.fits.values(), strict=True):
        own = fit.variance.decomposition().to_frame().filter(source="fixed")
        assert shares.filter(model=label)["share"].to_list() == own["share_of_level"].to_list()


def test_the_table_has_all_models(building):
    assert building.table.grid.header == ["m1", "m2", "m3", "m4"]


def test_it_prints_in_80_columns_and_is_html(building):
    lines = str(building).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Building a model of mAch"
    assert any("0.5 chi2(1) + 0.5 chi2(2)" in line for line in lines)
    assert building._repr_html_().count("<table") == 7


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("mAch ~ meanses + (1 | school)", ["null model", "means as outcomes"]),
        ("mAch ~ cses + (1 | school)", ["null model", "predictors of rows"]),
        ("mAch ~ 1 + (cses | school)", ["null model", "random coefficients"]),
        (
            "mAch ~ cses + sector + (1 | school)",
            ["null model", "means as outcomes", "predictors of rows", "intercepts as outcomes"],
        ),
        ("mAch ~ cses + cses:sector + (cses | school)", ["null model", "random coefficients", "slopes as outcomes"]),
        (
            "mAch ~ within(ses, school) + between(ses, school) + (1 | school)",
            ["null model", "means as outcomes", "predictors of rows", "intercepts as outcomes"],
        ),
    ],
)
def test_a_step_of_which_the_formula_has_nothing_is_left_out(school, formula, names):
    building = hlmrs.build(formula, school)
    assert list(building.fits) == names
    whole = hlmrs.lmer(formula, school)
    assert list(building.fits.values())[-1].criterion == pytest.approx(whole.criterion, abs=1e-6)


@pytest.mark.parametrize(
    ("formula", "means", "added"),
    [
        (
            "mAch ~ meanses + sector + (1 | school)",
            "~ meanses",
            [("means as outcomes", "meanses"), ("intercepts as outcomes", "sector")],
        ),
        ("mAch ~ meanses:cses + (1 | school)", None, [("slopes as outcomes", "meanses:cses")]),
        (
            "mAch ~ meanses + sector:cses + (1 | school)",
            None,
            [("means as outcomes", "meanses"), ("slopes as outcomes", "sector:cses")],
        ),
        (
            "mAch ~ meanses + sector + meanses:cses + (1 | school)",
            "~ meanses",
            [
                ("means as outcomes", "meanses"),
                ("intercepts and slopes as outcomes", "sector"),
                ("intercepts and slopes as outcomes", "meanses:cses"),
            ],
        ),
    ],
)
def test_the_last_model_is_the_one_that_is_meant_without_predictors_of_rows_too(school, formula, means, added):
    building = hlmrs.build(formula, school, means=means)
    whole = hlmrs.lmer(formula, school)
    last = list(building.fits.values())[-1]
    assert sorted(last.coef_names) == sorted(whole.coef_names)
    assert last.criterion == pytest.approx(whole.criterion, abs=1e-6)
    names = dict(zip(("m1", "m2", "m3"), building.fits, strict=False))
    rows = building.comparison.to_dicts()
    assert [(names[row["model"]], row["added"]) for row in rows] == added
    without = hlmrs.lmer(building.fits[names[rows[-1]["against"]]].formula, school, reml=False)
    total = without.criterion - hlmrs.lmer(formula, school, reml=False).criterion
    of_step = [row["chisq"] for row in rows if row["model"] == rows[-1]["model"]]
    assert sum(of_step) == pytest.approx(total, abs=1e-4)


def test_three_levels_have_all_their_factors_in_every_step():
    data = hlmrs.datasets.load("classrooms", "polars")
    building = hlmrs.build("score ~ motivation + experience * sector + (1 | school/classroom)", data)
    assert [sorted(fit.n_groups) for fit in building.fits.values()] == [["school", "school:classroom"]] * 4
    assert building.to_frame()["added"].to_list() == [
        "experience + sector + experience:sector",
        "motivation",
        "experience + sector + experience:sector",
    ]
    assert len(building.explained) == 4 * 3


def test_all_models_have_the_rows_of_the_last(school):
    holes = school.with_columns(cses=pl.when(pl.int_range(pl.len()) < 100).then(None).otherwise(pl.col("cses")))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        building = hlmrs.build(HSB, holes)
    assert {fit.nobs for fit in building.fits.values()} == {7085}


def test_few_groups_are_said_once(school):
    first = school["school"].unique(maintain_order=True)[:8]
    few = school.filter(pl.col("school").is_in(first.implode()))
    building = hlmrs.build("mAch ~ meanses + cses + (1 | school)", few)
    text = " ".join(str(building).split())
    assert text.count("Few groups (8 of school): the variances between them are uncertain; test 'meanses'") == 1


def test_equations_of_levels_are_built_as_their_formula(school):
    model = hlmrs.levels(
        "mAch ~ cses", {"(Intercept)": "~ sector", "cses": "~ sector"}, groups="school", random=["(Intercept)", "cses"]
    )
    assert hlmrs.build(model, school).to_frame().equals(hlmrs.build(model.formula, school).to_frame())


def test_a_variance_of_zero_is_said():
    data = hlmrs.datasets.load("Dyestuff2", "polars").with_columns(x=pl.int_range(pl.len()) % 5)
    with pytest.warns(hlmrs.SingularFitWarning):
        building = hlmrs.build("Yield ~ x + (1 | Batch)", data)
    assert "m2: singular fit" in " ".join(str(building).split())


@pytest.mark.parametrize(
    ("formula", "means", "words"),
    [
        ("mAch ~ 1 + (1 | school)", None, "is the null model"),
        ("mAch ~ 0 + cses + (1 | school)", None, "begins with an intercept"),
        ("mAch ~ meanses + cses + (1 | school)", "~ cses", "'cses' is no term .* these are 'meanses'"),
        ("mAch ~ cses + (1 | school)", "~ cses", "'cses' is no term .* these are none"),
    ],
)
def test_what_cannot_be_built_is_refused(school, formula, means, words):
    with pytest.raises(hlmrs.OptionError, match=words):
        hlmrs.build(formula, school, means=means)


def test_other_kinds_of_models_are_named(school):
    with pytest.raises(TypeError, match="glmer"):
        hlmrs.build(HSB, school, family="binomial")
