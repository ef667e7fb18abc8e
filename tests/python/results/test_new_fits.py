"""Refits, updates and simulated responses."""

import numpy as np
import polars as pl
import pytest

import hlmrs

SLEEP = hlmrs.datasets.load("sleepstudy", "polars").with_columns(
    w=pl.Series(np.resize([0.5, 1.0, 2.0], 180)), off=pl.Series(np.resize([-5.0, 5.0], 180))
)
MODEL = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer(MODEL, SLEEP)


@pytest.fixture(scope="module")
def rich():
    holes = SLEEP.with_columns(Days=pl.when(pl.int_range(180) % 17 == 3).then(None).otherwise(pl.col("Days")))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        return hlmrs.lmer(MODEL, holes, weights="w", offset="off")


def test_a_refit_is_a_fit_to_the_new_response(fit):
    y = SLEEP["Reaction"].to_numpy() ** 0.5
    again = fit.refit(y)
    fresh = hlmrs.lmer("y ~ Days + (Days | Subject)", SLEEP.with_columns(y=y))
    assert again.criterion == pytest.approx(fresh.criterion, abs=1e-6)
    np.testing.assert_allclose(again.beta, fresh.beta, rtol=1e-5)
    np.testing.assert_allclose(again.fitted, fresh.fitted, rtol=1e-4)
    np.testing.assert_allclose(again.resid(), y - again.fitted)
    assert fit.criterion == pytest.approx(1743.628272, abs=1e-5)


def test_a_refit_to_the_same_response_changes_nothing(rich):
    again = rich.refit(rich.fitted + rich.resid())
    assert again.criterion == pytest.approx(rich.criterion, abs=1e-7)
    np.testing.assert_allclose(again.theta, rich.theta, atol=1e-4)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.ones(179), "y has 179 values; the fit used 180"),
        (np.append(np.arange(179.0), np.nan), "nan at row 179"),
        (np.ones((180, 2)), "dimensions"),
    ],
)
def test_a_wrong_response_is_refused(fit, y, says):
    with pytest.raises(hlmrs.DataError, match=says):
        fit.refit(y)


def test_a_seed_gives_the_same_responses_again(fit):
    one, two = fit.simulate(3, seed=42), fit.simulate(3, seed=42)
    assert one.shape == (180, 3)
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, fit.simulate(3, seed=43))
    assert not np.array_equal(fit.simulate(), fit.simulate())
    with pytest.raises(hlmrs.OptionError, match="n=0"):
        fit.simulate(0)


def test_simulated_responses_have_the_moments_of_the_model(rich):
    draws = rich.simulate(4000, seed=1)
    fixed = rich.predict(random_effects=False)
    standard_error = draws.std(axis=1) / np.sqrt(4000)
    assert np.max(np.abs(draws.mean(axis=1) - fixed) / standard_error) < 4.5
    first = rich.augment().filter(pl.col(".fitted").is_not_null())
    day, weight = first["Days"].to_numpy(), first["w"].to_numpy()
    variance = {(row["term1"], row["term2"]): row["variance"] for row in rich.varcorr().to_dicts()}
    want = (
        variance["(Intercept)", None]
        + 2 * day * variance["(Intercept)", "Days"]
        + day**2 * variance["Days", None]
        + rich.sigma**2 / weight
    )
    assert np.max(np.abs(draws.var(axis=1) / want - 1)) < 5 * np.sqrt(2 / 4000)


def test_update_changes_the_formula_as_in_r(fit):
    smaller = fit.update("~ . - (Days | Subject) + (1 | Subject)")
    assert smaller.formula == "Reaction ~ Days + (1 | Subject)"
    assert smaller.criterion == pytest.approx(hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP).criterion)
    assert fit.update("log(.) ~ .").formula.startswith("log(Reaction) ~ Days")


def test_update_keeps_and_changes_options(rich):
    with pytest.warns(hlmrs.DroppedRowsWarning):
        same = rich.update()
    assert same.criterion == pytest.approx(rich.criterion)
    with pytest.warns(hlmrs.DroppedRowsWarning):
        assert not rich.update(reml=False).reml
    full = rich.update(data=SLEEP, weights=None, offset=None)
    assert full.criterion == pytest.approx(1743.628272, abs=1e-5)
    with pytest.raises(TypeError, match=r"'weight'.*'weights'"):
        rich.update(weight=None)


def test_update_keeps_arrays_and_the_contrasts_that_still_apply():
    cake = hlmrs.datasets.load("cake", "polars")
    weights = np.linspace(1, 2, 270)
    fit = hlmrs.lmer(
        "angle ~ recipe + temp + (1 | replicate)", cake, weights=weights, contrasts={"recipe": np.eye(3)[:, 1:]}
    )
    again = fit.update("~ . - temp")
    assert again.coef_names == ["(Intercept)", "recipe1", "recipe2"]
    assert again.criterion != hlmrs.lmer("angle ~ recipe + (1 | replicate)", cake).criterion
    assert fit.update("~ . - recipe").coef_names == ["(Intercept)", "temp"]


def test_a_warning_points_at_the_line_that_asked():
    data = hlmrs.datasets.load("Dyestuff2", "polars")
    with pytest.warns(hlmrs.SingularFitWarning) as caught:
        again = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data)
    assert caught[0].filename == __file__
    with pytest.warns(hlmrs.SingularFitWarning) as caught:
        again.update()
    assert caught[0].filename == __file__
    with pytest.warns(hlmrs.SingularFitWarning) as caught:
        again.refit(data["Yield"].to_numpy())
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "formula", ["y ~ 0 + x + (1 | g)", "y ~ 0 + x + (0 + x | g)", "y ~ x + (x | g)", "y ~ 1 + (1 | g)"]
)
@pytest.mark.parametrize("origin", [0.0, 1e9])
def test_a_refit_is_the_fit_to_the_new_response_with_and_without_an_intercept(formula, origin):
    rng = np.random.default_rng(2)
    g = np.arange(120) % 12
    x = rng.normal(size=120)
    old, new = (2 * x + rng.normal(size=12)[g] + rng.normal(size=12)[g] * x + rng.normal(size=120) for _ in range(2))
    if "0 + x" not in formula:
        new = new + origin
    elif origin:
        new = new * 1e6
    fit = hlmrs.lmer(formula, {"y": old, "x": x, "g": g})
    again, right = fit.refit(new), hlmrs.lmer(formula, {"y": new, "x": x, "g": g})
    assert again.criterion == pytest.approx(right.criterion, rel=1e-9)
    np.testing.assert_allclose(again.beta, right.beta, rtol=1e-6)
    np.testing.assert_allclose(again.theta, right.theta, rtol=1e-3, atol=1e-4)
    assert again.sigma == pytest.approx(right.sigma, rel=1e-5)
