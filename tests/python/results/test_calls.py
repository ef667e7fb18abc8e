"""What users of other packages type first gets the answer that helps, and close spellings what they mean."""

import copy
import inspect
import re

import numpy as np
import pytest

import hlmrs
from hlmrs.results.foreign import _PLACES, ONLY_OF_LINEAR_FITS

DATA = hlmrs.datasets.load("sleepstudy", "pandas")
FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer(FORMULA, DATA)


@pytest.mark.parametrize(
    ("keywords", "part"),
    [
        ({"groups": "Subject"}, r"\+ \(1 \| Subject\)"),
        ({"re_formula": "~Days"}, r"\+ \(x \| group\)"),
        ({"random": "~1 | Subject"}, r"\+ \(1 \| group\)"),
        ({"family": "binomial"}, "glmer"),
        ({"method": "ML"}, "reml=False"),
        ({"na_action": "na.omit"}, "missing='drop'"),
        ({"na.action": "na.omit"}, "missing='drop'"),
        ({"rmel": False}, "did you mean 'reml'"),
        ({"optimizer": "bobyqa"}, "control=hlmrs.Control"),
        ({"ddf": "kenward-roger"}, r"fit.summary\(ddf=...\)"),
        ({"vcov": "CR2"}, r"fit.tidy\(vcov=...\)"),
    ],
)
@pytest.mark.parametrize("function", [hlmrs.lmer, hlmrs.model])
def test_arguments_of_other_packages(function, keywords, part):
    with pytest.raises(TypeError, match=rf"{function.__name__}\(\) has no argument .*{part}"):
        function(FORMULA, DATA, **keywords)


@pytest.mark.parametrize("method", ["summary", "tidy", "text"])
def test_ratios_are_said_to_be_elsewhere(fit, method):
    with pytest.raises(TypeError, match=r"hlmrs.table\(fit, exponentiate=True\)"):
        getattr(fit, method)(exponentiate=True)


def test_a_response_of_two_words_is_one_of_glmer():
    data = {"y": ["yes", "no", "no"] * 8, "x": [float(k % 5) for k in range(24)], "g": ["a", "b", "c", "d"] * 6}
    with pytest.raises(hlmrs.DataError, match=r"'no', 'yes', .*family='binomial'\) models the probability of 'yes'"):
        hlmrs.lmer("y ~ x + (1 | g)", data)
    with pytest.warns(hlmrs.SingularFitWarning):
        assert hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial").nobs == 24
    with pytest.raises(hlmrs.DataError, match="needs numbers; cast"):
        hlmrs.lmer("y ~ x + (1 | g)", {**data, "y": ["low", "middle", "high"] * 8})


def test_reml_is_accepted_in_capitals(fit):
    want = hlmrs.lmer(FORMULA, DATA, reml=False).criterion
    assert hlmrs.lmer(FORMULA, DATA, REML=False).criterion == want
    assert fit.update(REML=False).criterion == want
    with pytest.raises(TypeError, match="both REML= and reml="):
        fit.update(REML=False, reml=True)


@pytest.mark.parametrize("function", [hlmrs.lmer, hlmrs.fit_many, hlmrs.LinearMixedFit.predict])
def test_signatures_name_the_types_of_arguments_as_they_are_written(function):
    shown = str(inspect.signature(function))
    assert "ArrayLike" in shown
    assert "_Buffer" not in shown
    assert "aliases" not in shown


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: hlmrs.lmer(DATA, FORMULA), TypeError, "the formula first"),
        (lambda: hlmrs.lmer(DATA, DATA), TypeError, "takes a formula"),
        (lambda: hlmrs.lmer(FORMULA, "sleep.csv"), hlmrs.DataError, "no such file"),
        (lambda: hlmrs.lmer(FORMULA, "sleep.xlsx"), hlmrs.DataError, "read it with pandas or Polars"),
        (lambda: hlmrs.lmer(FORMULA, DATA, reml="FALSE"), TypeError, "give True or False"),
        (lambda: hlmrs.SufficientStatistics(FORMULA, family="poisson"), TypeError, r"SufficientStatistics.*glmer"),
        (lambda: hlmrs.SufficientStatistics(FORMULA, contrast={}), TypeError, "did you mean 'contrasts'"),
        (lambda: hlmrs.fit_many(["Reaction"], "~ Days + (1 | Subject)", DATA, groups="g"), TypeError, "fit_many()"),
    ],
)
def test_first_calls(call, error, part):
    with pytest.raises(error, match=part):
        call()


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda f: f.anova(f), r"anova\(\) is of one model; models are compared by hlmrs.compare"),
        (lambda f: f.predict(re_formula=None), r"predict\(\) .*random_effects=False"),
        (lambda f: f.predict(allow_new_levels=True), r"predict\(\) .*new_levels='population'"),
        (lambda f: f.tidy(dfd="kr"), r"tidy\(\) .*did you mean 'ddf'"),
        (lambda f: f.summary(levle=0.9), r"summary\(\) .*did you mean 'level'"),
        (lambda f: f.confint(alpha=0.1), r"confint\(\) .*level="),
        (lambda f: f.check.homogeneity(grop="g"), r"homogeneity\(\) .*did you mean 'group'"),
        (lambda f: f.check.normality(3), r"normality\(\) takes no further value by place, such as 3"),
        (lambda f: f.variance.reliability(True), r"reliability\(\) takes no further value .*by_group="),
        (lambda f: f.emmeans(), r"^emmeans\(\) missing"),
        (lambda f: f.bootstrap(nsim=3), r"bootstrap\(\) .*n="),
        (lambda f: f.update(groups="g"), r"update\(\) .*\(1 \| g\)"),
    ],
)
def test_errors_name_the_method_that_was_called(fit, call, part):
    with pytest.raises(TypeError, match=part):
        call(fit)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda f: f.icc(nsim=3), r"icc\(\) .*n="),
        (lambda f: f.simulate(re_form=None), r"simulate\(\) .*new random effects$"),
        (lambda f: f.simulate(data=DATA), r"simulate\(\) .*newdata="),
        (lambda f: f.anova(refit=False), r"anova\(\) .*hlmrs.compare"),
        (lambda f: f.profile(parm="beta"), r"profile\(\) .*terms="),
        (lambda f: f.profile(which="beta"), r"profile\(\) .*terms="),
        (lambda f: f.confint(parm="Days"), r"confint\(\) .*rows of its column 'term'"),
        (lambda f: f.predict(se=True), r"predict\(\) .*interval='confidence'"),
        (lambda f: f.predict(use_rfx=False), r"predict\(\) .*random_effects=False"),
        (lambda f: f.bootstrap(n_jobs=2), r"bootstrap\(\) .*of lmer"),
    ],
)
def test_hints_are_true_of_the_function_called(fit, call, part):
    with pytest.raises(TypeError, match=part):
        call(fit)


@pytest.mark.parametrize(
    ("call", "untrue"),
    [
        (lambda f: f.tidy(groups="g"), "formula"),
        (lambda f: f.tidy(data=DATA), "newdata"),
        (lambda f: f.vcov(alpha=0.1), "level="),
        (lambda f: f.confint(parm="Days"), "terms="),
        (lambda f: f.bootstrap(method="case"), "reml"),
        (lambda f: f.simulate(se_fit=True), "interval="),
        (lambda f: f.tidy(n_jobs=2), "Control"),
        (lambda f: hlmrs.lmer(FORMULA, DATA, alpha=0.1), "level="),
    ],
)
def test_no_hint_names_what_a_function_does_not_have(fit, call, untrue):
    with pytest.raises(TypeError, match="has no argument") as raised:
        call(fit)
    assert untrue not in str(raised.value)


def test_a_wrong_call_within_a_method_stays_as_it_is(fit):
    def checked(values, more):
        return values + more

    with pytest.raises(TypeError, match=r"checked\(\) missing 1 required"):
        fit.bootstrap(2, statistic=checked, seed=1)
    with pytest.raises(TypeError, match=r"^emmeans\(\) missing"):
        fit.bootstrap(2, statistic=lambda f: f.emmeans(), seed=1)


def test_an_error_within_a_method_stays_a_method_stays_as_it_is(fit):
    with pytest.raises(TypeError, match="unsupported operand"):
        fit.bootstrap(2, statistic=lambda _: "a" - 1, seed=1)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("summary2", r"fit.summary\(\)"),
        ("cov_re", r"fit.varcorr\(\)"),
        ("df_resid", r"fit.glance\(\)"),
        ("logLik", "fit.loglik"),
        ("emtrends", r"fit.slopes\(\)"),
        ("isSingular", "fit.verdict.singular"),
        ("lrt", "hlmrs.compare"),
        ("coef_nams", "did you mean 'coef_names'"),
        ("check_normality", r"fit.check.normality\(\)"),
        ("check_foo", "attribute 'check_foo'(?!.*fit.check)"),
    ],
)
def test_attributes_of_other_packages(fit, name, part):
    with pytest.raises(AttributeError, match=part):
        getattr(fit, name)


def test_what_stands_for_an_attribute_is_there(fit):
    for name, place in _PLACES.items():
        member = fit
        for part in re.match(r"[\w.]+", place.format(name=name))[0].split("."):
            member = getattr(member, part)


@pytest.mark.parametrize(("name", "part"), [("mixedlm", "hlmrs.lmer"), ("anova", "hlmrs.compare"), ("lmmer", "'lmer'")])
def test_functions_of_other_packages(name, part):
    with pytest.raises(AttributeError, match=part):
        getattr(hlmrs, name)


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (lambda f: f.anova(ddf="KR"), lambda f: f.anova(ddf="kenward-roger")),
        (lambda f: f.anova(ddf="Kenward-Roger"), lambda f: f.anova(ddf="kenward-roger")),
        (lambda f: f.tidy(ddf="Satterthwaite"), lambda f: f.tidy()),
        (lambda f: f.anova(type="III"), lambda f: f.anova()),
        (lambda f: f.anova(type="2"), lambda f: f.anova(type=2)),
        (lambda f: f.anova(type=np.int64(1)), lambda f: f.anova(type=1)),
        (lambda f: f.tidy(vcov="cr2"), lambda f: f.tidy(vcov="CR2")),
        (lambda f: f.confint(method="Wald"), lambda f: f.confint()),
        (lambda f: f.emmeans("Days", weights="Equal"), lambda f: f.emmeans("Days")),
        (lambda f: f.predict(interval="Confidence"), lambda f: f.predict(interval="confidence")),
    ],
)
def test_close_spellings_are_what_they_mean(fit, call, same):
    one, other = (
        found.to_frame() if isinstance(found, hlmrs.ResultTable) else found for found in (call(fit), same(fit))
    )
    assert one.equals(other)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda f: f.anova(ddf="KRR"), "choose one of 'satterthwaite'"),
        (lambda f: f.anova(type="IV"), "choose 1, 2 or 3"),
        (lambda f: f.anova(type=True), "choose 1, 2 or 3"),
        (lambda f: f.confint(method="exact"), "choose one of 'wald'"),
        (lambda f: f.tidy(ddf=None), "choose one of"),
    ],
)
def test_what_means_nothing_is_refused(fit, call, part):
    with pytest.raises(hlmrs.OptionError, match=part):
        call(fit)


def test_numbers_of_numpy_are_counts(fit):
    assert len(fit.bootstrap(np.int64(3), seed=np.uint32(1))) == 3
    assert fit.simulate(np.int32(2), seed=np.int64(4)).shape == (180, 2)
    assert np.array_equal(fit.simulate(seed=np.int64(4)), fit.simulate(seed=4))
    control = hlmrs.Control(max_evaluations=np.int64(500), n_threads=np.int8(1), tolerance=np.float32(1e-6))
    assert hlmrs.lmer(FORMULA, DATA, reml=np.bool_(False), control=control).verdict.converged
    assert fit.confint(level=np.float32(0.9)).shape == (2, 3)
    assert fit.predict(random_effects=np.bool_(False)).shape == (180,)


@pytest.mark.parametrize(
    "call",
    [
        lambda f: f.simulate(2.5),
        lambda f: f.simulate(True),
        lambda f: f.simulate(seed=-1),
        lambda f: f.simulate(seed=1.5),
        lambda f: f.bootstrap(0),
        lambda f: f.bootstrap(2, seed="a"),
        lambda f: f.ranova(method="simulate", n=-1),
        lambda f: f.icc(interval="bootstrap", n=1.5),
        lambda f: f.confint(level="0.9"),
    ],
)
def test_other_numbers_are_refused(fit, call):
    with pytest.raises(hlmrs.OptionError, match="give a"):
        call(fit)


@pytest.fixture(scope="module")
def generalized():
    data = hlmrs.datasets.load("cbpp", "dict")
    return hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")


def test_what_generalized_fits_do_not_have_is_answered_by_what_there_is_instead(generalized):
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(hlmrs.LinearMixedFit) - public(hlmrs.GeneralizedMixedFit) == set(ONLY_OF_LINEAR_FITS)
    for name, instead in ONLY_OF_LINEAR_FITS.items():
        assert not hasattr(generalized, name)
        with pytest.raises(
            AttributeError, match=re.escape(f"no attribute {name!r}, which linear fits have; {instead}")
        ):
            getattr(generalized, name)


@pytest.mark.parametrize("name", ["check_normality", "leverage", "group_residuals", "reliability"])
def test_names_of_what_generalized_fits_do_not_have_do_not_lead_to_it(generalized, name):
    with pytest.raises(AttributeError) as refusal:
        getattr(generalized, name)
    assert "it is fit." not in str(refusal.value)


@pytest.mark.parametrize(
    ("keywords", "part"),
    [
        ({"rows": "stream"}, "no sums over them stay"),
        ({"ddf": "kenward-roger"}, "no degrees of freedom"),
        ({"nAGQ": 5}, "nagq="),
        ({"ziformula": "~ 1"}, "zero_inflation="),
        ({"groups": "herd"}, r"\+ \(1 \| herd\)"),
    ],
)
def test_arguments_of_linear_models_and_of_other_packages_for_generalized_ones(keywords, part):
    with pytest.raises(TypeError, match=rf"glmer\(\) has no argument .*{part}"):
        hlmrs.glmer("incidence ~ period + (1 | herd)", hlmrs.datasets.load("cbpp"), family="poisson", **keywords)


@pytest.mark.parametrize("kind", ["fit", "generalized"])
def test_a_copy_of_a_fit_is_the_fit(kind, request):
    one = request.getfixturevalue(kind)
    assert copy.copy(one) is one
    assert copy.deepcopy([one])[0] is one


def test_a_generalized_fit_names_its_family(generalized):
    assert " ".join(repr(generalized).split()) == (
        "GeneralizedMixedFit: cbind(incidence, size - incidence) ~ period + (1 | herd), binomial (logit), 56 rows, "
        "-2 log-likelihood 184.053, converged"
    )
