"""Predictions and their intervals, against dense algebra in the test."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from hlmrs.inference import DDF_METHODS, two_sided_quantile

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")
Z95 = 1.959963984540054


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP)


def dense(fit, n_subjects=18):
    """Var((beta, b) - estimates), from the mixed model equations with all matrices written out."""
    days = SLEEP["Days"].to_numpy()
    codes = SLEEP["Subject"].to_physical().to_numpy()
    x = np.column_stack([np.ones(180), days])
    z = np.zeros((180, 2 * n_subjects))
    z[np.arange(180), 2 * codes] = 1
    z[np.arange(180), 2 * codes + 1] = days
    sigma = np.array([[v["variance"] for v in fit.varcorr().to_dicts()][k] for k in (0, 2, 2, 1)]).reshape(2, 2)
    w = np.hstack([x, z])
    information = w.T @ w / fit.sigma**2
    information[2:, 2:] += np.kron(np.eye(n_subjects), np.linalg.inv(sigma))
    return np.linalg.inv(information), sigma


def row_of(day, code):
    row = np.zeros(2 + 36)
    row[:2] = 1, day
    row[2 + 2 * code : 4 + 2 * code] = 1, day
    return row


NEW = pl.DataFrame({"Days": [0.0, 4.5, 12.0], "Subject": ["308", "372", "309"]})


def test_confidence_intervals_count_beta_and_b_jointly(fit):
    joint, _ = dense(fit)
    table = fit.predict(NEW, interval="confidence", variances="known")
    for row, (day, code) in zip(table.to_dicts(), [(0.0, 0), (4.5, 17), (12.0, 1)], strict=True):
        variance = row_of(day, code) @ joint @ row_of(day, code)
        assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-8)
        assert row["conf_high"] - row["prediction"] == pytest.approx(Z95 * np.sqrt(variance), rel=1e-8)
    np.testing.assert_array_equal(table["prediction"].to_numpy(), fit.predict(NEW))


def test_prediction_intervals_add_the_residual_variance(fit):
    confidence = fit.predict(NEW, interval="confidence", variances="known")["std_error"].to_numpy()
    prediction = fit.predict(NEW, interval="prediction", variances="known")["std_error"].to_numpy()
    np.testing.assert_allclose(prediction**2, confidence**2 + fit.sigma**2)


def test_a_new_group_has_the_variance_between_groups(fit):
    new = pl.DataFrame({"Days": [4.0], "Subject": ["nobody"]})
    _, sigma = dense(fit)
    x = np.array([1.0, 4.0])
    row = fit.predict(new, interval="confidence", variances="known", new_levels="population").to_dicts()[0]
    assert row["prediction"] == pytest.approx(x @ fit.beta)
    assert row["std_error"] ** 2 == pytest.approx(x @ fit.vcov() @ x + x @ sigma @ x, rel=1e-8)


def test_the_population_has_the_uncertainty_of_beta_alone_but_its_observations_come_from_new_groups(fit):
    _, sigma = dense(fit)
    x = np.array([1.0, 4.5])
    mean = fit.predict(NEW, random_effects=False, interval="confidence", variances="known").to_dicts()[1]
    single = fit.predict(NEW, random_effects=False, interval="prediction").to_dicts()[1]
    assert mean["std_error"] ** 2 == pytest.approx(x @ fit.vcov() @ x, rel=1e-8)
    assert single["std_error"] ** 2 == pytest.approx(x @ fit.vcov() @ x + x @ sigma @ x + fit.sigma**2, rel=1e-8)


def test_predictions_for_the_rows_of_the_fit_are_the_fitted_values(fit):
    np.testing.assert_array_equal(fit.predict(), fit.fitted)
    np.testing.assert_allclose(fit.predict(SLEEP), fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(interval="confidence")["prediction"].to_numpy(), fit.fitted, rtol=1e-12)


def test_random_effects_add_up():
    data = hlmrs.datasets.load("Penicillin", "polars")
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    none, plate, sample = (fit.predict(random_effects=which) for which in (False, ["plate"], "(1 | sample)"))
    np.testing.assert_allclose(plate + sample - none, fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(data, random_effects=["plate"]), plate, rtol=1e-12)
    with pytest.raises(hlmrs.OptionError, match=r"no 'plat', but 'plate', '\(1 \| plate\)'"):
        fit.predict(random_effects=["plat"])


def test_left_out_terms_need_no_columns(fit):
    np.testing.assert_allclose(fit.predict({"Days": [1.0, 2.0]}, random_effects=False), fit.beta @ [[1, 1], [1, 2]])
    with pytest.raises(hlmrs.DataError, match="'Subject'"):
        fit.predict({"Days": [1.0]})


def test_new_levels_can_be_missing(fit):
    new = pl.DataFrame({"Days": [1.0, 1.0], "Subject": ["308", "nobody"]})
    known, unknown = fit.predict(new, new_levels="missing")
    assert np.isfinite(known)
    assert np.isnan(unknown)


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, dict])
def test_rows_with_missing_values_stay_in_place(fit, make):
    got = fit.predict(make({"Days": [1.0, np.nan, 3.0, 4.0], "Subject": ["308", "308", None, "309"]}))
    assert np.isnan(got).tolist() == [False, True, True, False]
    table = fit.predict(make({"Days": [1.0, np.nan], "Subject": ["308", "308"]}), interval="prediction")
    assert np.isnan(np.asarray(table["std_error"], dtype=float)).tolist() == [False, True]


def test_a_lazy_frame_comes_back_lazy(fit):
    lazy = SLEEP.lazy().filter(pl.col("Days") > 5)
    predicted = fit.predict(lazy)
    assert isinstance(predicted, pl.LazyFrame)
    want = fit.predict(SLEEP.filter(pl.col("Days") > 5))
    assert predicted.collect()["prediction"].to_list() == pytest.approx(want)
    assert predicted.filter(pl.col("prediction") > 300).select("prediction").collect().height == np.sum(want > 300)
    assert predicted.head(2).collect().height == 2
    assert fit.predict(lazy, interval="confidence").collect().columns[-4:] == [
        "prediction",
        "std_error",
        "conf_low",
        "conf_high",
    ]


def test_a_fit_to_a_lazy_frame_is_the_same(fit):
    lazy = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP.lazy())
    assert lazy.criterion == fit.criterion
    assert isinstance(lazy.tidy(), pl.DataFrame)
    assert isinstance(lazy.augment(), pl.LazyFrame)
    np.testing.assert_allclose(lazy.augment().collect()[".fitted"].to_numpy(), fit.fitted)


def test_offsets_in_the_formula_apply_to_new_data_and_arguments_do_not():
    data = SLEEP.with_columns(off=pl.Series(np.linspace(-5, 5, 180)))
    argument = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data, offset="off")
    formula = hlmrs.lmer("Reaction ~ Days + offset(off) + (1 | Subject)", data)
    array = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data, offset=data["off"].to_numpy())
    np.testing.assert_allclose(argument.fitted, formula.fitted)
    np.testing.assert_allclose(array.fitted, formula.fitted)
    np.testing.assert_allclose(formula.predict(data), formula.fitted)
    without = argument.predict(data)
    np.testing.assert_allclose(without + data["off"].to_numpy(), argument.fitted)
    np.testing.assert_allclose(argument.predict(data, offset=data["off"].to_numpy()), argument.fitted)
    intervals = argument.predict(interval="confidence")["prediction"].to_numpy()
    np.testing.assert_allclose(intervals, argument.fitted)
    with pytest.raises(hlmrs.DataError, match=r"offset has 2 values.*180 rows"):
        argument.predict(data, offset=[1.0, 2.0])


def test_transforms_are_remembered():
    fit = hlmrs.lmer("Reaction ~ poly(Days, 2) + (scale(Days) | Subject)", SLEEP)
    np.testing.assert_allclose(fit.predict(SLEEP[90:95]), fit.fitted[90:95], rtol=1e-9)


@pytest.mark.parametrize("spline", ["bs(Days, df = 4)", "ns(Days, df = 3)", "cr(log(Days + 1), df = 3)"])
def test_splines_are_remembered(spline, tmp_path):
    fit = hlmrs.lmer(f"Reaction ~ {spline} + (1 | Subject)", SLEEP)
    np.testing.assert_allclose(fit.predict(SLEEP[40:47]), fit.fitted[40:47], rtol=1e-9)
    fit.save(tmp_path / "f")
    np.testing.assert_allclose(hlmrs.load(tmp_path / "f").predict(SLEEP[40:47]), fit.fitted[40:47], rtol=1e-9)


def test_contrasts_are_remembered():
    cake = hlmrs.datasets.load("cake", "polars")
    plain = hlmrs.lmer("angle ~ recipe + temp + (1 | recipe:replicate)", cake)
    named = {"AvB": [0.5, -0.5, 0.0], "ABvC": [0.25, 0.25, -0.5]}
    for coding in ("sum", "helmert", "poly", named, np.array(list(named.values())).T):
        fit = hlmrs.lmer("angle ~ recipe + temp + (1 | recipe:replicate)", cake, contrasts={"recipe": coding})
        np.testing.assert_allclose(fit.predict(cake[::-1]), plain.predict(cake[::-1]), rtol=1e-7)
        if coding is named:
            assert fit.coef_names[1:3] == ["recipeAvB", "recipeABvC"]


@pytest.mark.parametrize("ddf", DDF_METHODS)
def test_intervals_of_the_fixed_part_are_those_of_marginal_means(ddf):
    data = hlmrs.datasets.load("Orthodont", "polars")
    fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", data)
    means = fit.emmeans(["age", "Sex"], at={"age": [9.0, 11.0]}, ddf=ddf).to_frame()
    got = fit.predict(means.select("age", "Sex"), random_effects=False, interval="confidence", ddf=ddf)
    for column in ("std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(got[column].to_numpy(), means[column].to_numpy(), rtol=1e-9)


def test_a_new_row_of_a_balanced_one_way_design_has_the_degrees_of_freedom_of_its_mean_squares():
    # the variance of a new group's row is (k + 1) / (k n) MSA + (1 - 1 / n) MSE: Satterthwaite (1946)
    data = hlmrs.datasets.load("Dyestuff", "polars")
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data)
    y, k, n = data["Yield"].to_numpy().reshape(6, 5), 6, 5
    between = n * y.mean(axis=1).var(ddof=1)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / (k * (n - 1))
    parts = np.array([(k + 1) / (k * n) * between, (1 - 1 / n) * within])
    df = parts.sum() ** 2 / (parts**2 / np.array([k - 1, k * (n - 1)])).sum()
    row = fit.predict(pl.DataFrame({"Batch": ["new"]}), interval="prediction", new_levels="population", level=0.9)
    margin = two_sided_quantile(0.9, df) * np.sqrt(parts.sum())
    assert row["conf_high"][0] - row["prediction"][0] == pytest.approx(margin, rel=1e-6)
    known = fit.predict(
        pl.DataFrame({"Batch": ["new"]}), interval="prediction", new_levels="population", variances="known"
    )
    margin = two_sided_quantile(0.95, np.inf) * np.sqrt(parts.sum())
    assert known["conf_high"][0] - known["prediction"][0] == pytest.approx(margin, rel=1e-6)


def test_degrees_of_freedom_of_the_fixed_part_are_refused_for_rows(fit):
    with pytest.raises(hlmrs.OptionError, match=r"random_effects=False.*'satterthwaite', 'residual', 'normal'"):
        fit.predict(interval="prediction", ddf="kenward-roger")
    wide, narrow = (fit.predict(SLEEP.head(3), interval="prediction", ddf=ddf) for ddf in ("satterthwaite", "normal"))
    assert (wide["conf_high"] > narrow["conf_high"]).all()


def test_tables_of_rows_keep_the_index_of_a_pandas_frame(fit):
    rows = SLEEP.to_pandas().set_index(np.arange(180, 0, -1))
    new = rows.iloc[[5, 3, 8]]
    assert fit.predict(new, interval="confidence").index.equals(new.index)
    rows.iloc[4, rows.columns.get_loc("Days")] = np.nan
    with pytest.warns(hlmrs.DroppedRowsWarning):
        own = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", rows)
    used = rows.index.delete(4)
    assert own.predict(interval="prediction").index.equals(used)
    assert own.check.leverage().index.equals(used)
    assert own.predict(SLEEP.head(2), interval="confidence").columns[0] == "prediction"  # a Polars frame


def test_where_no_level_is_predicted_nothing_is_known_of_the_prediction(fit):
    new = {"Days": [1.0, 1.0], "Subject": ["308", "new"]}
    for interval in ("confidence", "prediction"):
        table = fit.predict(new, new_levels="missing", interval=interval)
        for name in ("prediction", "std_error", "conf_low", "conf_high"):
            assert np.isnan(table[name]).tolist() == [False, True]
