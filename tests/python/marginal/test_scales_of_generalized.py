"""Means and contrasts of generalized models on the scale of the response: what predict gives, ratios, differences."""

import inspect
import warnings
from functools import cache

import numpy as np
import pytest
from scipy import stats

import hlmrs
from golden import rows

CBPP = hlmrs.datasets.load("cbpp", "dict")
R = np.random.default_rng(5)
N = 300
G = np.repeat(np.arange(30), 10)
F = np.array(["a", "b", "c - d"])[R.integers(0, 3, N)]
MEAN = np.exp(0.8 + 0.5 * (F == "b") - 0.4 * (F == "c - d") + 0.3 * R.normal(size=30)[G])
DATA = {"f": F, "g": [f"g{k}" for k in G], "n": R.poisson(MEAN) * 1.0, "p": R.gamma(3.0, MEAN / 3.0)}
DATA["z"] = np.where(R.random(N) < 0.25, 0.0, DATA["n"])
DATA["t"] = np.maximum(DATA["n"], 1.0)


@cache
def fit(response, family, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(f"{response} ~ f + (1 | g)", DATA, family=family, **more)


@cache
def cbpp(link="logit"):
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return hlmrs.glmer(formula, CBPP, family="binomial", link=link)


def test_ratios_of_odds_and_of_means_are_exponentials_of_differences_with_their_tests():
    for one, specs, column in ((cbpp(), "period", "ratio"), (fit("n", "poisson"), "f", "ratio")):
        link, response = rows(one.contrasts(specs)), rows(one.contrasts(specs, type="response"))
        assert len(link) == len(response) > 2
        for a, b in zip(link, response, strict=True):
            assert b[column] == pytest.approx(np.exp(a["estimate"]))
            assert b["std_error"] == pytest.approx(np.exp(a["estimate"]) * a["std_error"])
            assert b["conf_low"] == pytest.approx(np.exp(a["conf_low"]))
            assert b["conf_high"] == pytest.approx(np.exp(a["conf_high"]))
            assert (a["statistic"], a["p_value"]) == (b["statistic"], b["p_value"])
            assert "estimate" not in b


@pytest.mark.parametrize(
    ("one", "specs", "mean"),
    [
        (lambda: cbpp("probit"), "period", stats.norm.cdf),
        (lambda: fit("p", "gamma", link="inverse"), "f", lambda eta: 1 / eta),
        (lambda: fit("t", "truncated_poisson"), "f", lambda eta: np.exp(eta) / -np.expm1(-np.exp(eta))),
    ],
)
def test_other_links_have_differences_of_means_by_the_delta_method(one, specs, mean):
    one = one()
    means = rows(one.emmeans(specs, type="response"))
    found = rows(one.contrasts(specs, type="response", method={"last": [1.0] + [0.0] * (len(means) - 2) + [-1.0]}))[0]
    assert found["estimate"] == pytest.approx(means[0]["estimate"] - means[-1]["estimate"])
    # the gradient by differences, of the means by their definition at both levels
    levels = [means[0][specs], means[-1][specs]]
    x = np.zeros((2, len(one.beta)))
    x[:, 0] = 1.0
    x[1, -1] = 1.0
    eta = x @ one.beta
    new = {specs: levels, "g": ["g0", "g0"], "herd": ["1", "1"]}
    np.testing.assert_allclose(one.predict(new, random_effects=False, type="link"), eta)
    np.testing.assert_allclose(
        one.predict(new, random_effects=False), [means[0]["estimate"], means[-1]["estimate"]], rtol=1e-9
    )
    h = 1e-6

    def difference(beta):
        first, last = mean(x @ beta)
        return first - last

    slope = np.array(
        [(difference(one.beta + h * e) - difference(one.beta - h * e)) / (2 * h) for e in np.eye(len(one.beta))]
    )
    assert found["std_error"] == pytest.approx(np.sqrt(slope @ one.vcov() @ slope), rel=1e-5)
    assert found["statistic"] == pytest.approx(found["estimate"] / found["std_error"])
    assert found["conf_high"] - found["estimate"] == pytest.approx(1.959964 * found["std_error"], rel=1e-5)


@pytest.mark.parametrize(
    ("response", "family", "more"),
    [
        ("n", "poisson", {}),
        ("n", "nbinom2", {"dispersion": "~ f"}),
        ("t", "truncated_poisson", {}),
        ("t", "truncated_nbinom2", {}),
        ("p", "lognormal", {}),
        ("p", "gamma", {"link": "log"}),
    ],
)
def test_means_are_what_predict_gives_for_the_same_type(response, family, more):
    one = fit(response, family, **more)
    for kind in ("link", "response", "conditional"):
        table = rows(one.emmeans("f", type=kind))
        new = {"f": [row["f"] for row in table], "g": ["g0"] * 3}
        want = one.predict(new, random_effects=False, type=kind)
        np.testing.assert_allclose([row["estimate"] for row in table], want, rtol=1e-9, err_msg=kind)


def test_means_of_lognormal_responses_have_ratios():
    one = fit("p", "lognormal")
    means = {row["f"]: row["estimate"] for row in rows(one.emmeans("f", type="response"))}
    ratios = {row["contrast"]: row["ratio"] for row in rows(one.contrasts("f", type="response"))}
    assert ratios["a / b"] == pytest.approx(means["a"] / means["b"])


def test_means_with_a_zero_part_say_which_they_are():
    one = fit("z", "poisson", zero_inflation="~ 1")
    for kind in ("response", "conditional"):
        table = rows(one.emmeans("f", type=kind))
        new = {"f": [row["f"] for row in table], "g": ["g0"] * 3}
        want = one.predict(new, random_effects=False, type=kind)
        np.testing.assert_allclose([row["estimate"] for row in table], want, rtol=1e-9)
        ratio = rows(one.contrasts("f", type=kind))[0]["ratio"]
        assert ratio == pytest.approx(want[0] / want[1])


def test_what_is_of_generalized_models_is_refused_of_linear_ones():
    linear = hlmrs.lmer("p ~ f + (1 | g)", DATA)
    with pytest.raises(hlmrs.OptionError, match="of generalized models"):
        linear.emmeans("f", type="conditional")


def test_means_of_ordered_models_are_linear_predictors_that_thresholds_are_compared_with():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        ordered = hlmrs.glmer("k ~ f + (1 | g)", DATA | {"k": np.minimum(DATA["n"], 3.0)}, family="cumulative")
    table = rows(ordered.emmeans("f"))
    np.testing.assert_allclose([row["estimate"] for row in table], [0.0, *ordered.beta], atol=1e-12)
    new = {"f": [row["f"] for row in table], "g": ["g0"] * 3}
    np.testing.assert_allclose(
        [row["estimate"] for row in table], ordered.predict(new, random_effects=False, type="link"), atol=1e-12
    )
    np.testing.assert_allclose([row["std_error"] for row in table][1:], np.sqrt(np.diag(ordered.vcov())))
    ratio = rows(ordered.contrasts("f", type="response"))[0]
    assert ratio["ratio"] == pytest.approx(np.exp(-ordered.beta[0]))


def test_names_of_ratios_are_made_of_levels_and_those_of_users_stay_as_they_are():
    one = fit("n", "poisson")

    def names(**more):
        return [row["contrast"] for row in rows(one.contrasts("f", type="response", **more))]

    assert names() == ["a / b", "a / (c - d)", "b / (c - d)"]
    assert names(method="helmert") == ["b / a", "(c - d) / geometric mean(a, b)"]
    assert names(method={"b - a, as I call it": [-1.0, 1.0, 0.0]}) == ["b - a, as I call it"]
    assert [row["contrast"] for row in rows(one.contrasts("f"))] == ["a - b", "a - (c - d)", "b - (c - d)"]


def test_signatures_of_generalized_fits_show_their_degrees_of_freedom():
    for name in ("tidy", "summary", "emmeans", "contrasts", "slopes", "anova", "test", "confint", "to_dict", "drop1"):
        assert inspect.signature(getattr(hlmrs.GeneralizedMixedFit, name)).parameters["ddf"].default == "normal"
        assert inspect.signature(getattr(hlmrs.LinearMixedFit, name)).parameters["ddf"].default == "satterthwaite"
    one = cbpp()
    assert rows(one.tidy(ddf="normal")) == rows(one.tidy())
    with pytest.raises(TypeError, match="did you mean"):
        one.tidy(exponentiat=True)
