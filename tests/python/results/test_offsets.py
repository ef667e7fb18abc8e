"""An offset in the formula is subtracted, by definition: in every model that is made from a model."""

import warnings

import numpy as np
import pytest

import hlmrs

R = np.random.default_rng(5)
G = np.repeat(np.arange(12), 8)
DATA = {"x": R.normal(size=96), "o": 3 * R.normal(size=96), "g": G}
DATA["y"] = R.normal(size=12)[G] + DATA["x"] + DATA["o"] + R.normal(size=96)
DATA["d"] = DATA["y"] - DATA["o"]


@pytest.fixture(scope="module")
def pair():
    return (
        hlmrs.lmer("y ~ x + offset(o) + (1 | g)", DATA),
        hlmrs.lmer("d ~ x + (1 | g)", DATA),
    )


CALLS = {
    "tidy": lambda m: m.tidy()["estimate"],
    "drop1": lambda m: m.drop1()["statistic"],
    "anova": lambda m: m.anova(type=2)["statistic"],
    "ranova": lambda m: m.ranova()["statistic"],
    "ranova by simulation": lambda m: m.ranova(method="simulate", n=50, seed=1)["p_value"],
    "reduction": lambda m: m.variance.reduction()["reduction"],
    "profile": lambda m: m.confint(method="profile")["conf_low"],
    "parametric": lambda m: m.bootstrap(10, seed=1).values,
    "residual": lambda m: m.bootstrap(10, kind="residual", seed=1).values,
    "case": lambda m: m.bootstrap(10, kind="case", seed=1).values,
    "statistic": lambda m: m.bootstrap(5, seed=1, statistic=lambda f: f.beta).values,
    "icc": lambda m: m.icc(interval="bootstrap", n=10, seed=1).intervals["unadjusted"],
    "influence": lambda m: m.influence("g", method="refit").estimates()["x"],
    "update": lambda m: m.update("~ . - x").beta,
    "ML": lambda m: m.update(reml=False).beta,
    "CR2": lambda m: m.vcov("CR2"),
    "group regressions": lambda m: m.check.group_residuals()["estimate"],
    "decomposition": lambda m: m.variance.decomposition()["variance"],
    "append": lambda m: m.append({name: column[:40] for name, column in DATA.items()}).beta,
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_made_from_a_model_keeps_its_offset(pair, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        got, want = (np.asarray(CALLS[name](fit), dtype=float) for fit in pair)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-7)


def test_many_responses_subtract_it():
    got, want = hlmrs.fit_many(["y"], "~ x + offset(o) + (1 | g)", DATA), hlmrs.fit_many(["d"], "~ x + (1 | g)", DATA)
    np.testing.assert_allclose(got["estimate"], want["estimate"], rtol=1e-8)


def test_simulated_and_refitted_responses_have_it(pair):
    draws = [fit.simulate(2, seed=3) for fit in pair]
    np.testing.assert_allclose(draws[0] - DATA["o"][:, None], draws[1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(pair[0].refit(draws[0][:, 0]).beta, pair[1].refit(draws[1][:, 0]).beta, rtol=1e-5)
