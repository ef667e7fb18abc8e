"""A fit as prose: the numbers of the fit in sentences."""

import math

import pytest

import hlmrs
from generalized_models import MODELS, data_of, quietly
from generalized_models import fit_of as generalized_fit_of
from kinds_of_models import KINDS, fit_of

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def text_of(report):
    return " ".join(str(report).split())


def test_a_linear_model():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    text = text_of(fit.text(ddf="kenward-roger"))
    assert "A linear mixed model of Reaction was fitted (Reaction ~ Days + (Days | Subject))" in text
    assert "to 180 rows in 18 groups of Subject. Estimation was by restricted maximum likelihood." in text
    assert "Kenward and Roger's degrees of freedom" in text
    assert "Days: b = 10.47, SE = 1.55, t(17) = 6.77, p < .001, 95% CI [7.21, 13.73]." in text
    assert "24.7 ((Intercept) by Subject), 5.92 (Days by Subject), 25.6 (residual)" in text
    assert "accounted for .279 of the variance (marginal R²)" in text
    assert "(Intercept): b" not in text


def test_chosen_coefficients_alone():
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
    text = text_of(fit.text("MachineB"))
    assert "MachineB: b" in text
    assert "MachineC: b" not in text
    with pytest.raises(hlmrs.OptionError, match="'MachineD' is not a coefficient"):
        fit.text("MachineD")


def test_a_generalized_and_a_marginal_model():
    data = hlmrs.datasets.load("Contraception")
    fit = hlmrs.glmer("use ~ urban + (1 | district)", data, family="binomial")
    text = text_of(fit.text())
    assert "(binomial, logit link)" in text
    assert "Laplace's approximation" in text
    assert "odds ratio" in text
    assert ", z = " in text
    marginal = text_of(hlmrs.gee("use ~ urban", data, groups="district", family="binomial").text())
    assert "independence working correlations" in marginal
    assert "Standard errors are robust" in marginal


@pytest.mark.parametrize("kind", [*KINDS, *MODELS])
def test_every_kind_of_model_has_prose(kind):
    fit = fit_of(kind) if kind in KINDS else generalized_fit_of(kind)
    text = text_of(fit.text())
    assert "nan" not in text
    assert f"{fit.nobs:,} row" in text


def test_every_part_of_a_model_is_named_with_its_coefficients():
    fit = generalized_fit_of("zero part")
    text = text_of(fit.text())
    assert "the probability of a zero from another source had a model of its own (~ f, logit link)" in text
    zero = fit.tidy(component="zero_inflation").row(1, named=True)
    assert f"fb of the zero part: b = {zero['estimate']:.2f}"[:-1] in text
    assert f"odds ratio of a zero {math.exp(zero['estimate']):.2f}" in text
    assert f"ratio of the means beside the zero part {math.exp(fit.beta[1]):.2f}" in text
    assert "(Intercept) of the dispersion (log): " in text
    assert "of the zero part" not in text_of(fit.text("x")).split("Results")[1]
    dispersion = text_of(generalized_fit_of("dispersion").text())
    assert "The logarithm of the dispersion had a model of its own (~ x)." in dispersion
    assert "x of the dispersion (log): b = " in dispersion
    assert "low|mid of the thresholds: " in text_of(generalized_fit_of("ordered").text())


def test_truncated_counts_have_no_ratio_of_means():
    options = {"family": "truncated_poisson", "zero_inflation": "~ 1", "offset": "shift", "weights": "w"}
    text = text_of(quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", data_of(), **options)).text())
    assert "It was a hurdle model: whether a response is zero had a model of its own (~ 1, logit link)." in text
    assert "Rows were weighted by w. The offset was shift." in text
    assert "ratio of the means of the untruncated law" in text
    assert "(Intercept) of the zero part: b = " in text


def test_formulas_of_thresholds_and_scales_are_named():
    options = {"family": "cumulative", "scale": "~ x", "thresholds": "symmetric"}
    text = text_of(quietly(lambda: hlmrs.glmer("grade ~ f + (1 | g)", data_of(), **options)).text())
    assert "The logarithm of the scale had a model of its own (~ x). Thresholds were symmetric." in text
    assert "x of the scale (log): b = " in text
