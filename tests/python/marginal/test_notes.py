"""What tables of means and contrasts say of themselves."""

from functools import cache

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import quietly

ORTHODONT = hlmrs.datasets.load("Orthodont", "polars")
CONTRACEPTION = hlmrs.datasets.load("Contraception", "polars")


@cache
def contraception():
    return hlmrs.glmer("use ~ age + urban + livch + (1 | district)", CONTRACEPTION, family="binomial")


def test_variables_of_groups_are_one_in_an_interaction():
    fit = hlmrs.lmer("distance ~ within(age, Subject) * Sex + (1 | Subject)", ORTHODONT)
    words = "There is an interaction with within(age, Subject): the {} may differ between its values."
    assert words.format("means") in fit.emmeans("Sex").notes
    assert words.format("contrasts") in fit.contrasts("Sex").notes
    assert words.format("contrasts") in fit.marginal.pairs("Sex").notes


def test_the_groups_of_a_centred_variable_are_no_moderator():
    fit = hlmrs.lmer("distance ~ center(age, Subject) * Sex + (1 | Subject)", ORTHODONT)
    assert fit.emmeans("Sex").notes[-1] == (
        "There is an interaction with age: the means may differ between its values."
    )


def test_what_is_held_and_what_is_averaged_is_said():
    fit = contraception()
    mean = CONTRACEPTION["age"].mean()
    assert f"Held at age = {mean:.3g} (mean). Averaged over livch with equal weights." in fit.emmeans("urban").notes
    placed = fit.contrasts("urban", at={"age": 2}, weights="proportional").notes
    assert "Held at age = 2. Averaged over livch with proportional weights." in placed


@pytest.mark.parametrize(
    ("kind", "means", "contrasts"),
    [
        ("link", "linear predictors (logit)", "differences of linear predictors (logit)"),
        ("response", "probabilities, at random effects of zero", "ratios of odds"),
    ],
)
def test_the_scale_of_generalized_models_is_named(kind, means, contrasts):
    fit = contraception()
    assert fit.emmeans("urban", type=kind).notes[0] == f"Scale (type='{kind}'): {means}."
    assert fit.contrasts("urban", type=kind).notes[0] == f"Scale (type='{kind}'): {contrasts}."


def test_ratios_of_counts_are_of_means_and_probit_models_have_differences():
    rng = np.random.default_rng(1)
    f, g = np.tile(["a", "b"], 60), np.repeat(np.arange(12), 10)
    data = pl.DataFrame({"n": rng.poisson(np.where(f == "a", 2.0, 3.0)), "f": f, "g": g})
    counts = quietly(lambda: hlmrs.glmer("n ~ f + (1 | g)", data, family="poisson"))
    assert counts.contrasts("f", type="response").notes == ("Scale (type='response'): ratios of means.",)
    shares = hlmrs.gee("use ~ urban", CONTRACEPTION, groups="district", family="binomial", link="probit")
    assert shares.contrasts("urban", type="response").notes == (
        "Scale (type='response'): differences of probabilities.",
    )


def test_transformed_responses_are_named_and_plain_ones_are_not():
    plain = hlmrs.lmer("distance ~ Sex + (1 | Subject)", ORTHODONT)
    assert plain.emmeans("Sex").notes == plain.contrasts("Sex").notes == ()
    fit = hlmrs.lmer("log(distance) ~ Sex + (1 | Subject)", ORTHODONT)
    assert fit.emmeans("Sex").notes == ("Scale (type='link'): means of log(distance).",)
    turned = fit.contrasts("Sex", type="response").notes
    assert turned == ("Scale (type='response'): ratios of the response, turned back from log(distance).",)


def test_means_beside_a_zero_part_are_told_from_whole_ones():
    rng = np.random.default_rng(3)
    f, g = np.tile(["a", "b"], 100), np.repeat(np.arange(20), 10)
    data = pl.DataFrame({"n": rng.poisson(3.0, 200) * (rng.random(200) > 0.3), "f": f, "g": g})
    fit = quietly(lambda: hlmrs.glmer("n ~ f + (1 | g)", data, family="poisson", zero_inflation="~ 1"))
    assert fit.contrasts("f", type="response").notes == ("Scale (type='response'): ratios of means.",)
    without = "means without the zero part"
    assert fit.contrasts("f", type="conditional").notes == (f"Scale (type='conditional'): ratios of {without}.",)
    assert fit.emmeans("f", type="conditional").notes == (f"Scale (type='conditional'): {without}.",)
    plain = quietly(lambda: hlmrs.glmer("n ~ f + (1 | g)", data, family="poisson"))
    assert "without" not in plain.emmeans("f", type="conditional").notes[0]


def test_slopes_say_what_they_are_of_where_variables_stand_and_what_is_averaged():
    plain = hlmrs.lmer("distance ~ age + Sex + (1 | Subject)", ORTHODONT)
    assert list(plain.slopes("age").notes) == []
    crossed = plain.update("~ . + age:Sex")
    averaged = "Averaged over Sex with equal weights."
    differs = "There is an interaction with Sex: the slopes may differ between its values."
    assert list(crossed.slopes("age").notes) == [averaged, differs]
    assert list(crossed.slopes("age", by="Sex").notes) == []
    assert list(crossed.slopes("age", at={"Sex": "Male"}).notes) == ["Held at Sex = Male.", differs]
    curved = plain.update("~ . + I(age^2)")
    assert list(curved.slopes("age").notes) == ["Held at age = 11 (mean)."]
    assert list(curved.slopes("age", at={"age": [8, 14]}).notes) == []
    adjusted = crossed.slopes("age", by="Sex", contrast="pairwise", adjust="holm")
    assert list(adjusted.notes) == ["p values and intervals are adjusted for several tests: holm."]


def test_average_marginal_effects_say_what_they_are_averages_of():
    notes = contraception().slopes("age", by="urban", type="response").notes
    assert list(notes) == [
        "Scale (type='response'): slopes of probabilities, at random effects of zero.",
        "Averaged over the rows of the fit with each combination of levels of urban.",
    ]
    assert list(contraception().slopes("age").notes) == ["Scale (type='link'): slopes of linear predictors (logit)."]
