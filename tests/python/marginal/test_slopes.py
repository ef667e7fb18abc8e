"""Slopes are derivatives: closed forms, and differences of predictions of a fine step."""

import numpy as np
import pytest

import hlmrs

R = np.random.default_rng(1)
G = np.repeat(np.arange(40), 10)
DATA = {
    "x": np.exp(R.normal(size=400) * 1.5),
    "z": R.uniform(0.5, 2, 400),
    "f": R.choice(["a", "b", "c"], 400),
    "g": G,
}
DATA["y"] = np.log(DATA["x"]) + DATA["z"] + R.normal(size=40)[G] + R.normal(size=400)


@pytest.mark.parametrize("place", [0.01, 2.5, 40.0])
@pytest.mark.parametrize(
    ("term", "derivative"),
    [
        ("log(x)", lambda v: 1 / v),
        ("log2(x)", lambda v: 1 / v / np.log(2)),
        ("log10(x)", lambda v: 1 / v / np.log(10)),
        ("log1p(x)", lambda v: 1 / (1 + v)),
        ("log(x, base = 3)", lambda v: 1 / v / np.log(3)),
        ("sqrt(x)", lambda v: 0.5 / np.sqrt(v)),
        ("I(1/x)", lambda v: -1 / v**2),
        ("I(x^3)", lambda v: 3 * v**2),
        ("I(x^0.7)", lambda v: 0.7 * v**-0.3),
        ("exp(-x)", lambda v: -np.exp(-v)),
        ("I(abs(x - 1))", lambda v: np.sign(v - 1)),
        ("sin(x)", np.cos),
        ("cos(x)", lambda v: -np.sin(v)),
        ("tan(x)", lambda v: 1 / np.cos(v) ** 2),
        ("pmin(x, 3)", lambda v: float(v < 3)),
        ("pmax(3, x)", lambda v: float(v > 3)),
        ("I(x * (x > 1))", lambda v: float(v > 1)),
    ],
)
def test_slopes_of_transforms_are_exact(term, derivative, place):
    fit = hlmrs.lmer(f"y ~ {term} + (1 | g)", DATA)
    (slope,) = fit.slopes("x", at={"x": place})["estimate"]
    assert slope == pytest.approx(fit.beta[1] * derivative(place), rel=1e-10)


@pytest.mark.parametrize(
    "right",
    [
        "bs(x, df = 5)",
        "ns(x, df = 4) * z",
        "bs(log(x), df = 4) : f",
        "poly(x, 3)",
        "poly(log(x), 2) * f",
        "scale(x) * center(z)",
        "I(x * z) + I(x / z) + I(z / x)",
        "I(x^z) + I(z^x)",
        "sqrt(x) : log(x) : f",
        "log(x) * z + offset(log(x) * z)",
    ],
)
def test_slopes_are_limits_of_differences_of_predictions(right):
    fit = hlmrs.lmer(f"y ~ {right} + (1 | g)", DATA)
    places = (
        {"x": 1.9} | ({"z": 1.3} if "z" in right else {}) | ({"f": "b"} if ": f" in right or "* f" in right else {})
    )

    def predicted(x):
        return fit.predict({"f": ["b"], "z": [1.3], "x": [x]}, random_effects=False)[0]

    h = 1e-3
    limit = (8 * (predicted(1.9 + h) - predicted(1.9 - h)) - predicted(1.9 + 2 * h) + predicted(1.9 - 2 * h)) / (12 * h)
    (slope,) = fit.slopes("x", at=places)["estimate"]
    assert slope == pytest.approx(limit, rel=1e-7, abs=1e-9)


def test_a_slope_that_is_infinite_is_refused():
    fit = hlmrs.lmer("y ~ sqrt(x) + (1 | g)", DATA)
    with pytest.raises(hlmrs.OptionError, match="infinite at 0"):
        fit.slopes("x", at={"x": 0})


def test_several_places_of_the_variable_have_a_slope_each():
    fit = hlmrs.lmer("y ~ I(x^2) + f + (1 | g)", DATA)
    table = fit.slopes("x", at={"x": [-10, 0, 10]})
    np.testing.assert_array_equal(table["x"], [-10, 0, 10])
    np.testing.assert_allclose(table["estimate"], 2 * fit.beta[1] * np.array([-10, 0, 10]), atol=1e-14)
    one = fit.slopes("x", at={"x": 10})
    assert one["std_error"][0] == pytest.approx(table["std_error"][2])
    difference = fit.slopes("x", at={"x": [0, 10]}, contrast="pairwise")
    assert abs(difference["estimate"][0]) == pytest.approx(abs(20 * fit.beta[1]))


def test_several_places_of_a_moderator_have_a_slope_each_within_by():
    fit = hlmrs.lmer("y ~ x * z * f + (1 | g)", DATA)
    table = fit.slopes("x", by="f", at={"z": [0.5, 2.0]})
    want = fit.slopes("x", by=["f", "z"], at={"z": [0.5, 2.0]})
    assert list(table["z"]) == [0.5, 2.0] * 3
    np.testing.assert_allclose(table["estimate"], want["estimate"], rtol=1e-12)


def test_slopes_of_a_generalized_fit_at_several_places():
    data = DATA | {"n": np.round(np.abs(DATA["y"]))}
    fit = hlmrs.glmer("n ~ z + I(z^2) + (1 | g)", data, family="poisson")
    table = fit.slopes("z", at={"z": [0.0, 1.0]})
    np.testing.assert_allclose(table["estimate"], [fit.beta[1], fit.beta[1] + 2 * fit.beta[2]], rtol=1e-12)
