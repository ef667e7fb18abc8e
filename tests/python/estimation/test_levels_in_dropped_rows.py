"""Rows that a fit drops are as if they had never been there, whatever levels and groups they hold."""

import numpy as np
import polars as pl
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def gapped():
    """Rows in which x is missing wherever f is "c", and in all of the last group."""
    rng, n = np.random.default_rng(1), 300
    g = np.repeat(np.arange(20), 15)
    f, x = rng.choice(["a", "b", "c"], n), rng.normal(size=n)
    mean = 0.5 * x + 0.4 * rng.normal(size=20)[g]
    data = pl.DataFrame(
        {
            "y": mean + rng.normal(size=n),
            "count": rng.poisson(np.exp(mean)) * (rng.uniform(size=n) > 0.3),
            "x": x,
            "f": f,
            "g": [f"g{k}" for k in g],
        }
    )
    gaps = (pl.col("f") == "c") | (pl.col("g") == "g19")
    return data.with_columns(x=pl.when(gaps).then(None).otherwise("x"))


FITTED = {
    "linear": lambda d: hlmrs.lmer("y ~ x + f + (x | g)", d),
    "generalized": lambda d: hlmrs.glmer("count ~ x + f + (1 | g)", d, family="poisson"),
    "zero part": lambda d: hlmrs.glmer("count ~ x + (1 | g)", d, family="poisson", zero_inflation="~ f"),
    "constant zero part": lambda d: hlmrs.glmer("count ~ x + f + (1 | g)", d, family="poisson", zero_inflation="~ 1"),
    "marginal": lambda d: hlmrs.gee("count ~ x + f", d, groups="g", family="poisson", correlation="exchangeable"),
}
NEW = {"x": [0.5, -1.0], "f": ["a", "b"], "g": ["g1", "g2"]}
WITH_EFFECTS = {
    "without effects": lambda fit: fit.predict(random_effects=False),
    "simulated": lambda fit: fit.simulate(2, seed=1),
    "new responses": lambda fit: fit.predict(interval="prediction", **seeded(fit))["conf_high"],
}
TOLD = {
    "fitted": lambda fit: fit.fitted,
    "new rows": lambda fit: fit.predict(NEW),
    "means": lambda fit: fit.emmeans("x", at={"x": [0, 1]})["estimate"],
    "slopes": lambda fit: fit.slopes("x", type="response")["std_error"],
    **WITH_EFFECTS,
}
OF_LINEAR = {
    "intervals": lambda fit: fit.predict(interval="confidence")["std_error"],
    "containment": lambda fit: fit.tidy(ddf="containment")["df"],
}
OF_GENERALIZED = {
    "population": lambda fit: fit.predict(marginal=True),
    "intervals": lambda fit: fit.predict(interval="confidence", random_effects=False)["std_error"],
}
OWN = {"linear": OF_LINEAR, "marginal": {}}
CASES = [
    (kind, name, tell)
    for kind in FITTED
    for name, tell in {**TOLD, **OWN.get(kind, OF_GENERALIZED)}.items()
    if kind != "marginal" or name not in WITH_EFFECTS
]


def seeded(fit):
    return {} if isinstance(fit, hlmrs.LinearMixedFit) else {"seed": 1, "n": 50}


@pytest.fixture(scope="module")
def fits():
    data = gapped()
    return {kind: (fitted(data), fitted(data.drop_nulls())) for kind, fitted in FITTED.items()}


@pytest.mark.parametrize(("kind", "name", "tell"), CASES, ids=[f"{kind}: {name}" for kind, name, _ in CASES])
def test_what_a_fit_tells_is_that_of_the_fit_to_complete_rows(fits, kind, name, tell):
    fit, complete = fits[kind]
    assert fit.nobs == complete.nobs < 300
    got, want = (np.asarray(tell(one), dtype=float) for one in (fit, complete))
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", FITTED)
def test_rows_that_are_dropped_have_no_fitted_values(fits, kind):
    table = fits[kind][0].augment()
    dropped = gapped()["x"].is_null()
    assert table.height == 300
    assert (table[".fitted"].is_null() == dropped).all()


def test_fits_with_a_level_in_dropped_rows_are_compared():
    data = gapped()
    small, large = (hlmrs.lmer(f"y ~ {fixed} + (1 | g)", data) for fixed in ("x", "x + f"))
    complete = [hlmrs.lmer(f"y ~ {fixed} + (1 | g)", data.drop_nulls()) for fixed in ("x", "x + f")]
    got, want = (hlmrs.compare(*pair)["chisq"][1] for pair in ((small, large), complete))
    assert got == pytest.approx(want, rel=1e-8)
