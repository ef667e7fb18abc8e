"""Generalized fits changed, and their rows beside the data."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import library, rows

KINDS = [*[(name, "polars") for name in MODELS], ("cbind", "pandas"), ("ordered", "pandas"), ("zero part", "dict")]


def same_fit(one, other):
    assert one.formula == other.formula
    assert one.criterion == pytest.approx(other.criterion, abs=1e-7)
    np.testing.assert_allclose(one.beta, other.beta, rtol=1e-5, atol=1e-7)


def fresh(name, formula, **more):
    return quietly(lambda: hlmrs.glmer(formula, data_of(), **(MODELS[name][1] | more)))


@pytest.mark.parametrize("name", MODELS)
def test_an_update_that_changes_nothing_is_the_same_fit(name):
    fit = fit_of(name)
    again = quietly(fit.update)
    assert (again.criterion, again.family, again.n_params) == (fit.criterion, fit.family, fit.n_params)
    np.testing.assert_array_equal(again.beta, fit.beta)
    assert quietly(lambda: fit.update(data=data_of("pandas"))).criterion == fit.criterion


def test_formulas_and_options_change():
    fit = fit_of("zero part")
    same_fit(fit.update("~ . - x"), fresh("zero part", "count ~ 1 + (1 | g)"))
    same_fit(fit.update(zero_inflation="~ 1"), fresh("zero part", "count ~ x + (1 | g)", zero_inflation="~ 1"))
    same_fit(fit.update(zero_inflation=None), fresh("zero part", "count ~ x + (1 | g)", zero_inflation=None))
    same_fit(fit.update(dispersion="~ x"), fresh("zero part", "count ~ x + (1 | g)", dispersion="~ x"))
    assert fit.update(family="poisson").family == hlmrs.Family("poisson", "log")
    gamma = fit_of("dispersion")
    assert quietly(lambda: gamma.update(family="lognormal")).family.link == "identity"
    assert quietly(lambda: gamma.update(link="sqrt")).family == hlmrs.Family("gamma", "sqrt")
    cbind = fit_of("cbind")
    same_fit(cbind.update(nagq=7), fresh("cbind", MODELS["cbind"][0], nagq=7))
    same_fit(cbind.update("win ~ ."), fresh("cbind", "win ~ x + f + (1 | g)"))


def test_offsets_weights_and_contrasts_stay_until_others_are_given():
    fit = fit_of("crossed")
    same_fit(fit.update("~ . - (1 | h)"), fresh("crossed", "count ~ x + (1 | g)"))
    same_fit(fit.update(offset=None), fresh("crossed", MODELS["crossed"][0], offset=None))
    same_fit(fit.update(offset="w"), fresh("crossed", MODELS["crossed"][0], offset="w"))
    weighted = fit_of("weights")
    same_fit(weighted.update("~ x + (1 | g)"), fresh("weights", "time ~ x + (1 | g)"))
    w = data_of()["w"].to_numpy()
    array = quietly(lambda: hlmrs.glmer("time ~ x + (1 | g)", data_of(), family="lognormal", weights=w, offset=0.1 * w))
    same_fit(array.update("~ . + f"), fresh("weights", "time ~ x + f + (1 | g)", offset=0.1 * w))
    with pytest.raises(hlmrs.DataError, match="array for the rows of the old data"):
        array.update(data=data_of())
    coded = fresh("cbind", MODELS["cbind"][0], contrasts={"f": "sum"})
    assert coded.update("~ . - x").coef_names == ["(Intercept)", "f1", "f2"]
    assert coded.update("~ . - x", contrasts=None).coef_names == ["(Intercept)", "fb", "fc"]
    assert coded.update("~ . - f").coef_names == ["(Intercept)", "x"]
    with pytest.raises(TypeError, match="did you mean 'offset'"):
        fit.update(offst="w")
    assert fit.update(reml=True).reml
    with pytest.raises(hlmrs.DesignError, match="has no dispersion"):
        fit_of("cbind").update(dispersion="~ x")


def test_a_loaded_fit_is_updated_with_data(tmp_path):
    for name in ("crossed", "zero part", "ordered"):
        fit_of(name).save(tmp_path / "fit")
        loaded = hlmrs.load(tmp_path / "fit")
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            loaded.update("~ . - x")
        assert quietly(lambda: loaded.update(data=data_of())).criterion == fit_of(name).criterion  # noqa: B023


@pytest.mark.parametrize(("name", "frame"), KINDS)
def test_rows_are_beside_the_data(name, frame):
    fit, data = fit_of(name, frame), data_of(frame)
    table = fit.augment(seed=1)
    assert library(table) == frame
    found = rows(table)
    assert list(found[0])[-4:] == [".fitted", ".resid", ".fixed", ".link"]
    np.testing.assert_array_equal([row[".fitted"] for row in found], fit.fitted)
    np.testing.assert_allclose([row[".link"] for row in found], fit.predict(type="link"))
    np.testing.assert_allclose([row[".fixed"] for row in found], fit.predict(random_effects=False))
    kind = "quantile" if name == "ordered" else "response"
    np.testing.assert_array_equal([row[".resid"] for row in found], fit.resid(kind, seed=1))
    if kind == "response":
        pearson = [row[".resid"] for row in rows(fit.augment(kind="pearson"))]
        np.testing.assert_array_equal(pearson, fit.resid("pearson"))
    new = rows(fit.augment(data))
    assert list(new[0])[-3:] == [".fitted", ".fixed", ".link"]
    np.testing.assert_allclose([row[".fitted"] for row in new], fit.fitted, rtol=1e-12)


def test_rows_that_were_not_used_have_nothing_beside_them():
    data = data_of().with_columns(x=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise("x"))
    fit = quietly(lambda: hlmrs.glmer(MODELS["cbind"][0], data, family="binomial"))
    table = fit.augment()
    assert table.filter(pl.col(".fitted").is_null() | pl.col(".fitted").is_nan()).height == 1
    assert table[".fitted"].null_count() + table[".link"].is_nan().sum() >= 1
    np.testing.assert_array_equal(np.delete(table[".fitted"].to_numpy(), 4), fit.fitted)
    new = fit.augment(data.with_columns(g=pl.lit("new")))
    np.testing.assert_array_equal(new[".fitted"].to_numpy(), new[".fixed"].to_numpy())


def test_data_that_changed_since_the_fit_are_refused():
    query = data_of().lazy()
    fit = hlmrs.glmer(MODELS["cbind"][0], query, family="binomial")
    assert fit.augment().collect()[".fitted"].to_numpy() == pytest.approx(fit.fitted)
    values = {name: column.copy() for name, column in data_of("dict").items()}
    fit = hlmrs.glmer(MODELS["cbind"][0], values, family="binomial")
    values["won"][0] += 1
    with pytest.raises(hlmrs.DataError, match="not in the same order"):
        fit.augment()
    with pytest.raises(hlmrs.OptionError, match="new data have no residuals"):
        fit.augment(data_of(), kind="pearson")
