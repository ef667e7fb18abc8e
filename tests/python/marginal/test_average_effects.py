"""Average marginal effects: slopes of the mean response, averaged over the rows of the fit."""

import numpy as np
import polars as pl
import pytest

import hlmrs

FORMULA = "use ~ age + I(age^2) + urban + livch + (1 | district)"


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return hlmrs.datasets.load("Contraception", "polars")


@pytest.fixture(scope="module")
def fit(data):
    return hlmrs.glmer(FORMULA, data, family="binomial")


def _by_hand(fit, age: np.ndarray, used: np.ndarray) -> tuple[float, float]:
    """The average and its standard error, with a Jacobian by differences."""
    x, names = fit._estimate.rows.model_matrix()[used], fit.coef_names
    linear, square = names.index("age"), names.index("I(age^2)")

    def average(beta: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-x @ beta))
        return float(np.mean(p * (1 - p) * (beta[linear] + 2 * age[used] * beta[square])))

    steps = 1e-5 * np.eye(len(fit.beta))
    slope = np.array([(average(fit.beta + step) - average(fit.beta - step)) / 2e-5 for step in steps])
    return average(fit.beta), float(np.sqrt(slope @ fit.vcov() @ slope))


def test_the_average_and_its_error_are_those_of_the_definition(fit, data):
    age = data["age"].to_numpy()
    table = fit.slopes("age", type="response").to_dicts()[0]
    value, error = _by_hand(fit, age, np.full(len(age), True))
    assert table["estimate"] == pytest.approx(value, rel=1e-8)
    assert table["std_error"] == pytest.approx(error, rel=1e-6)
    for row in fit.slopes("age", by="urban", type="response").to_dicts():
        value, error = _by_hand(fit, age, data["urban"].cast(pl.String).to_numpy() == row["urban"])
        assert row["estimate"] == pytest.approx(value, rel=1e-7)
        assert row["std_error"] == pytest.approx(error, rel=1e-6)


def test_counts_with_an_offset_and_equations_too():
    rng = np.random.default_rng(2)
    x, g = rng.normal(size=400), np.repeat(np.arange(40), 10)
    exposure = rng.uniform(0.5, 2, size=400)
    y = rng.poisson(exposure * np.exp(0.2 + 0.5 * x + rng.normal(0, 0.4, 40)[g]))
    frame = pl.DataFrame({"y": y, "x": x, "g": g, "h": np.log(exposure)})
    fit = hlmrs.glmer("y ~ x + offset(h) + (1 | g)", frame, family="poisson")
    # with a log link the slope of the mean is that of the predictor times the mean
    mean = fit.predict(random_effects=False).mean()
    assert fit.slopes("x", type="response")["estimate"][0] == pytest.approx(fit.beta[1] * mean, rel=1e-8)
    gee = hlmrs.gee("y ~ x + offset(h)", frame, groups="g", family="poisson")
    assert gee.slopes("x", type="response")["estimate"][0] == pytest.approx(gee.beta[1] * gee.fitted.mean(), rel=1e-8)


def test_of_a_linear_model_they_are_its_slopes():
    data = hlmrs.datasets.load("Orthodont", "polars")
    fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", data)
    average, plain = (fit.slopes("age", by="Sex", type=kind) for kind in ("response", "link"))
    for column in ("estimate", "std_error"):
        assert dict(zip(average["Sex"], average[column], strict=True)) == pytest.approx(
            dict(zip(plain["Sex"], plain[column], strict=True)), rel=1e-8
        )


def test_what_belongs_to_a_grid_is_refused(fit):
    for given in ({"at": {"age": 0}}, {"weights": "cells"}, {"contrast": "pairwise"}):
        with pytest.raises(hlmrs.OptionError, match="on a grid"):
            fit.slopes("age", type="response", **given)
    with pytest.raises(hlmrs.OptionError, match="same level of a factor"):
        fit.slopes("age", by="age", type="response")
    with pytest.raises(hlmrs.OptionError, match="is a factor and has no slope"):
        fit.slopes("livch", type="response")
