"""Ordered responses: structured thresholds, effects on every threshold, and on the scale."""

import re
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs

# bitterness of wine from two bottles of four treatments, by judge (Randall 1989, in R's package ordinal)
RATINGS = ["23344455", "12132354", "23325544", "32323253", "23433333", "32322454", "11222323", "22233334", "12323244"]
CATEGORIES = ["1", "2", "3", "4", "5"]
NODES = 25


def wine() -> pl.DataFrame:
    """Return the data, a row a rating."""
    return pl.DataFrame(
        {
            "rating": pl.Series([rating for judge in RATINGS for rating in judge], dtype=pl.Enum(CATEGORIES)),
            "temp": (["cold"] * 4 + ["warm"] * 4) * 9,
            "contact": ["no", "no", "yes", "yes"] * 18,
            "bottle": [f"b{k}" for k in range(8)] * 9,
            "judge": [f"j{k // 8}" for k in range(72)],
        }
    )


def by_integration(fit: Any, thresholds: np.ndarray, eta: np.ndarray, log_scale: np.ndarray) -> float:
    """Return the log-likelihood with a random intercept by judge, by trapezoids over it."""
    y = np.array([int(r) - 1 for judge in RATINGS for r in judge])
    sd = float(fit.varcorr()["sd"][0])
    u = np.linspace(-9, 9, 1801)
    padded = np.column_stack([np.full(72, -np.inf), thresholds, np.full(72, np.inf)])
    upper, lower = padded[np.arange(72), y + 1], padded[np.arange(72), y]
    scale = np.exp(log_scale)[:, None]
    with np.errstate(over="ignore"):
        below, above = (1 / (1 + np.exp(-(a[:, None] - eta[:, None] - sd * u) / scale)) for a in (lower, upper))
    likelihood = np.prod((above - below).reshape(9, 8, -1), axis=1) * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.log(likelihood.sum(axis=1) * (u[1] - u[0])).sum())


@pytest.mark.filterwarnings("ignore::hlmrs.SingularFitWarning")
def test_effects_on_every_threshold_are_those_of_r():
    # summary(clm(rating ~ temp, nominal = ~contact, data = wine)) of R's ordinal as published; bottles have no variance
    fit = hlmrs.glmer("rating ~ temp + (1 | bottle)", wine(), family="cumulative", nominal="~ contact")
    assert fit.varcorr()["sd"][0] == pytest.approx(0, abs=1e-6)
    assert fit.loglik == pytest.approx(-86.20855, abs=5e-6)
    table = fit.tidy(component="thresholds")
    assert table["term"].to_list() == [f"{k}|{k + 1}.{x}" for x in ("(Intercept)", "contactyes") for k in range(1, 5)]
    np.testing.assert_allclose(
        table["estimate"], [-1.3230, 1.2464, 3.5500, 4.6602, -1.6151, -1.5116, -1.6748, -1.0506], atol=6e-5
    )
    errors = [0.5623, 0.4748, 0.6560, 0.8604, 1.1618, 0.5906, 0.6488, 0.8965]
    np.testing.assert_allclose(table["std_error"], errors, rtol=2e-3)
    np.testing.assert_allclose(fit.beta, [2.519], atol=6e-4)


@pytest.mark.parametrize(
    ("kind", "names", "slopes"),
    [
        ("symmetric", ["central.1", "central.2", "spacing.1"], [[1, 0, -1], [1, 0, 0], [0, 1, 0], [0, 1, 1]]),
        ("equidistant", ["threshold.1", "spacing"], [[1, 0], [1, 1], [1, 2], [1, 3]]),
    ],
)
def test_structured_thresholds_are_linear_in_their_parameters_and_have_the_integral_as_likelihood(kind, names, slopes):
    model = "rating ~ temp + contact + (1 | judge)"
    fit = hlmrs.glmer(model, wine(), family="cumulative", thresholds=kind, nagq=NODES)
    free = hlmrs.glmer(model, wine(), family="cumulative", nagq=NODES)
    table = fit.tidy(component="thresholds")
    assert table["term"].to_list() == names
    assert free.n_params - fit.n_params == 4 - len(names)
    assert fit.loglik < free.loglik
    warm, contact = ((wine()[c] == level).to_numpy() for c, level in (("temp", "warm"), ("contact", "yes")))
    eta = fit.beta[0] * warm + fit.beta[1] * contact
    own = np.array(slopes) @ table["estimate"].to_numpy()

    def at(thresholds: Any) -> float:
        return by_integration(fit, np.tile(thresholds, (72, 1)), eta, np.zeros(72))

    assert fit.loglik == pytest.approx(at(own), abs=1e-7)
    for direction in np.array(slopes).T:
        assert at(own + 0.01 * direction) < fit.loglik > at(own - 0.01 * direction)


def test_a_scale_and_effects_on_thresholds_have_the_integral_as_likelihood():
    fit = hlmrs.glmer(
        "rating ~ temp + (1 | judge)", wine(), family="cumulative", nominal="~ contact", scale="~ temp", nagq=NODES
    )
    assert fit.tidy(component="scale")["term"].to_list() == ["tempwarm"]
    warm, contact = ((wine()[c] == level).to_numpy() for c, level in (("temp", "warm"), ("contact", "yes")))
    own = fit.tidy(component="thresholds")["estimate"].to_numpy()
    thresholds = own[:4] + contact[:, None] * own[4:]
    scale = float(fit.tidy(component="scale")["estimate"][0])

    def at(scale: float) -> float:
        return by_integration(fit, thresholds, fit.beta[0] * warm, scale * warm)

    assert fit.loglik == pytest.approx(at(scale), abs=1e-7)
    assert at(scale + 0.02) < fit.loglik > at(scale - 0.02)


def test_predictions_simulations_and_saved_fits_know_thresholds_and_scale(tmp_path):
    fit = hlmrs.glmer(
        "rating ~ temp + (1 | judge)",
        wine(),
        family="cumulative",
        thresholds="equidistant",
        nominal="~ contact",
        scale="~ temp",
    )
    each = fit.predict(type="prob").to_numpy()
    np.testing.assert_allclose(each, fit.predict(wine(), type="prob").to_numpy(), rtol=1e-12)
    np.testing.assert_allclose(each.sum(axis=1), 1)
    np.testing.assert_allclose(fit.fitted, each @ np.arange(1, 6))
    y = np.array([int(r) for judge in RATINGS for r in judge])
    logliks = np.log(each[np.arange(72), y - 1])
    assert logliks.sum() > fit.loglik  # given the random effects
    draws = fit.simulate(400, seed=1)
    np.testing.assert_allclose(
        np.mean(draws), (fit.predict(type="prob", marginal=True).to_numpy() @ np.arange(1, 6)).mean(), atol=0.1
    )
    assert np.isfinite(fit.resid("quantile", seed=1)).all()
    population = fit.predict(wine(), type="prob", random_effects=False)
    written = wine().select(fit.to_polars_expr(type="prob", category="3"))
    np.testing.assert_allclose(written.to_series(), population["3"], rtol=1e-12)
    fit.save(tmp_path / "fit.hlmrs")
    again = hlmrs.load(tmp_path / "fit.hlmrs")
    np.testing.assert_allclose(again.predict(wine(), type="prob").to_numpy(), each, rtol=1e-12)
    assert again.tidy(component="scale").equals(fit.tidy(component="scale"))
    more = fit.update(thresholds="flexible", nominal=None)
    assert more.n_params == 7
    assert "spacing.contactyes" in str(fit.summary())
    assert "(Intercept) depends" not in str(more.summary())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nominal": "~ temp"}, "'tempwarm' is in the formula and in nominal="),
        ({"nominal": "~ (1 | judge)"}, "neither random effects nor an offset"),
        ({"scale": "~ 1"}, "name what the scale depends on"),
        ({"scale": "~ 0 + temp"}, "its intercept is that of the thresholds"),
        ({"family": "poisson", "scale": "~ temp"}, "is of no ordered response"),
        ({"family": "poisson", "thresholds": "symmetric"}, "is of no ordered response"),
        ({"thresholds": "equal"}, "thresholds='equal'"),
    ],
)
def test_what_thresholds_and_scales_cannot_be_is_refused(options, words):
    with pytest.raises(hlmrs.errors.HlmrsError, match=re.escape(words)):
        hlmrs.glmer("rating ~ temp + (1 | judge)", wine(), **{"family": "cumulative", **options})
