"""Rows and groups left out of generalized fits, against fits to the other rows."""

from importlib import import_module

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import library, rows
from hlmrs import storage
from hlmrs.diagnostics.generalized_influence import squared_distances
from hlmrs.estimation.generalized_state import from_bytes, to_bytes

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def array(frame, names):
    return np.array([[row[name] for name in names] for row in rows(frame)])


@pytest.mark.parametrize("name", ["cbind", "dispersion", "zero part", "ordered", "two levels"])
def test_refits_are_fits_to_the_other_rows(name):
    formula, options = MODELS[name]
    fit, data = fit_of(name), data_of()
    found = fit.influence("g", method="refit")
    assert found.levels == list(dict.fromkeys(row["level"] for row in rows(fit.ranef())))
    assert set(found.levels) == set(data["g"])
    table, names = rows(found.to_frame()), fit.coef_names
    dfbetas, dfbeta = array(found.dfbetas(), names), array(found.dfbeta(), names)
    for level in ("g0", "g9"):
        k = found.levels.index(level)
        again = quietly(lambda: hlmrs.glmer(formula, data.filter(pl.col("g") != level), **options))  # noqa: B023
        se = np.sqrt(np.diag(again.vcov()))
        np.testing.assert_allclose(dfbeta[k], fit.beta - again.beta, atol=2e-3 * se.min())
        move = fit.beta - again.beta
        np.testing.assert_allclose(dfbetas[k], move / se, atol=0.02)
        cook = move @ np.linalg.solve(fit.vcov(), move) / len(move)
        assert table[k]["cooks_distance"] == pytest.approx(cook, rel=0.02, abs=1e-4)
        mdffits = move @ np.linalg.solve(again.vcov(), move) / len(move)
        assert table[k]["mdffits"] == pytest.approx(mdffits, rel=0.03, abs=1e-4)
        ratio = np.linalg.det(again.vcov()) / np.linalg.det(fit.vcov())
        assert table[k]["covratio"] == pytest.approx(ratio, rel=0.03)
        assert table[k]["n_rows"] == data.filter(pl.col("g") == level).height
    assert {row["method"] for row in table} == {"refit"}
    assert min(row["displacement"] for row in table) > -1e-6


@pytest.mark.parametrize("name", ["cbind", "ordered", "crossed"])
def test_one_step_is_close_to_refits_and_says_where_it_was_not_enough(name):
    fit = fit_of(name)
    step, refit = fit.influence("g"), fit.influence("g", method="refit")
    assert set(step.method) <= {"one-step", "refit"}
    assert step.method.count("one-step") > 5
    names = fit.coef_names
    own, want = array(step.dfbetas(), names), array(refit.dfbetas(), names)
    assert np.abs(own - want).max() < 0.1 + 0.2 * np.abs(want).max()
    assert np.corrcoef(own.ravel(), want.ravel())[0, 1] > 0.99
    assert np.argmax(step.cooks_distance) == np.argmax(refit.cooks_distance)


def test_rows_columns_and_sets_are_left_out():
    fit, data = fit_of("cbind", "pandas"), data_of()
    by_row = fit.influence()
    assert len(by_row) == fit.nobs
    table = by_row.to_frame()
    assert library(table) == "pandas"
    # one row hardly moves what 120 tell
    assert 0 < np.abs(table["dffits"]).max() < 1.5
    assert len(fit.influence("f")) == 3
    one = fit.influence({"first": [0, 1, 2], "last": [117, 118, 119]}, method="refit")
    rest = hlmrs.glmer(MODELS["cbind"][0], data.slice(3), family="binomial")
    np.testing.assert_allclose(array(one.dfbeta(), fit.coef_names)[0], fit.beta - rest.beta, atol=1e-4)
    changes = rows(one.variance_changes())[0]
    sd, without = (rows(own.varcorr())[0]["sd"] for own in (fit, rest))
    assert changes["sd((Intercept) | g)"] == pytest.approx((without / sd) ** 2 - 1, abs=1e-3)


def test_measures_do_not_depend_on_threads():
    fit = fit_of("zero part")
    one = fit.update(control=hlmrs.Control(n_threads=1)).influence("g")
    three = fit.update(control=hlmrs.Control(n_threads=3)).influence("g")
    np.testing.assert_array_equal(one.cooks_distance, three.cooks_distance)
    np.testing.assert_array_equal(one.displacement, three.displacement)


def test_what_has_no_estimate_without_rows_is_missing_and_said():
    data = data_of().with_columns(u=pl.when(pl.col("g") == "g3").then(pl.col("x")).otherwise(0.0))
    fit = quietly(lambda: hlmrs.glmer("count ~ u + (1 | g)", data, family="poisson"))
    with pytest.warns(hlmrs.InferenceWarning, match="without g3 not all"):
        found = fit.influence("g", method="refit")
    k = found.levels.index("g3")
    assert found.method[k] == ""
    assert np.isnan(found.cooks_distance[k])
    assert np.isfinite(np.delete(found.cooks_distance, k)).all()
    with pytest.raises(hlmrs.OptionError, match="relative to the residual's"):
        fit.influence("g", method="fixed-theta")


@pytest.mark.parametrize("name", ["cbind", "zero part", "ordered", "dispersion"])
def test_terms_dropped_one_by_one_by_both_tests(name):
    fit = fit_of(name)
    wald, ratio = rows(fit.drop1()), rows(fit.drop1(method="lr"))
    terms = [row["term"] for row in ratio]
    assert terms == [row["term"] for row in wald]
    for row, by_wald in zip(ratio, wald, strict=True):
        small = quietly(lambda: fit.update(f"~ . - {row['term']}"))  # noqa: B023
        assert row["chisq"] == pytest.approx(small.criterion - fit.criterion, abs=1e-5)
        assert row["df"] == by_wald["num_df"] == fit.n_params - small.n_params
        assert row["aic"] == pytest.approx(small.aic, abs=1e-5)
        if name != "dispersion":  # whose random slope takes the effect over
            assert row["chisq"] == pytest.approx(by_wald["statistic"] * row["df"], rel=0.5, abs=1.0)
    with pytest.raises(hlmrs.OptionError, match="vcov"):
        fit.drop1(method="lr", vcov="CR0")


def test_tests_of_type_three_of_ordered_responses_need_no_intercept():
    fit = hlmrs.glmer("grade ~ x * f + (1 | g)", data_of(), family="cumulative")
    table = {row["term"]: row for row in rows(fit.anova(type=3))}
    coded = fit.update(contrasts={"f": "sum"})
    places = [k for k, name in enumerate(coded.coef_names) if name in ("f1", "f2")]
    beta, v = coded.beta[places], coded.vcov()[np.ix_(places, places)]
    assert table["f"]["statistic"] == pytest.approx(beta @ np.linalg.solve(v, beta) / 2, rel=1e-3)
    k = coded.coef_names.index("x")
    assert table["x"]["statistic"] == pytest.approx(coded.beta[k] ** 2 / coded.vcov()[k, k], rel=1e-3)
    assert [row["num_df"] for row in rows(coded.anova(type=3))] == [1, 2, 2]
    np.testing.assert_allclose(
        [row["statistic"] for row in rows(coded.anova(type=3))], [row["statistic"] for row in table.values()], rtol=1e-3
    )


def test_a_fit_without_covariance_has_no_steps_but_refits():
    known = fit_of("cbind")
    header, arrays = storage.from_bytes(to_bytes(known._estimate), "x")
    unknown = {**arrays, "core.covariance": np.full_like(arrays["core.covariance"], np.nan)}
    fit = hlmrs.GeneralizedMixedFit(from_bytes(storage.to_bytes(header, unknown)))
    assert np.isnan(fit.vcov()).all()
    rows_left_out = {"first": [0, 1, 2]}
    found, want = fit.influence(rows_left_out), known.influence(rows_left_out, method="refit")
    assert list(found.method) == ["refit"]
    assert list(known.influence(rows_left_out).method) == ["one-step"]
    np.testing.assert_allclose(array(found.dfbeta(), fit.coef_names), array(want.dfbeta(), fit.coef_names), atol=1e-6)
    np.testing.assert_allclose(found.displacement, want.displacement, atol=1e-6)
    assert np.isnan(found.cooks_distance).all()
    np.testing.assert_allclose(found.mdffits, want.mdffits, rtol=1e-5)


def test_distances_by_a_covariance_that_is_none_are_missing():
    moves = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 0.0]])
    covariances = np.array([np.zeros((2, 2)), np.full((2, 2), np.nan), np.diag([9.0, 1.0])])
    np.testing.assert_array_equal(squared_distances(moves, covariances), [np.nan, np.nan, 1.0])


GROUP_INFLUENCE = import_module("hlmrs.diagnostics.group_influence")


def many_groups(n_groups: int) -> pl.DataFrame:
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(n_groups), 6)
    x = rng.normal(size=len(group))
    mean = np.exp(0.5 + 0.3 * x + 0.4 * rng.normal(size=n_groups)[group])
    return pl.DataFrame({"y": rng.poisson(mean), "x": x, "g": [f"g{k:03}" for k in group]})


def test_scores_of_many_groups_are_what_leaving_them_out_does_to_first_order(monkeypatch):
    fit = hlmrs.glmer("y ~ x + (1 | g)", many_groups(120), family="poisson")
    one_step = fit.plot.influence.data(method="one-step")
    assert fit.plot.influence.data().equals(one_step)
    monkeypatch.setattr(GROUP_INFLUENCE, "MOST_LEFT_OUT", 100)
    by_scores = fit.plot.influence.data()
    assert by_scores["n_rows"].to_list() == [6] * 120
    assert by_scores["cooks_distance"].is_sorted(descending=True)
    both = by_scores.join(one_step, on="level", suffix="_left_out")
    assert both.height == 120
    for name in ("(Intercept)", "x"):
        scores, left_out = both[name].to_numpy(), both[f"{name}_left_out"].to_numpy()
        # what is left out is of the order of a group's share of the information, 1 / 120 on average
        np.testing.assert_allclose(scores, left_out, atol=0.08 * np.abs(left_out).max())
        assert np.corrcoef(scores, left_out)[0, 1] > 0.999
    assert "to first order" in fit.plot.influence._pictures(None, None)[0].note
    assert "to first order" not in fit.plot.influence._pictures(None, "one-step")[0].note


def test_groups_that_others_cross_are_left_out_one_by_one(monkeypatch):
    data = many_groups(12).with_columns(h=pl.format("h{}", pl.int_range(pl.len()) % 7))
    fit = hlmrs.glmer("y ~ x + (1 | g) + (1 | h)", data, family="poisson")
    want = fit.plot.influence.data("g", method="one-step")
    monkeypatch.setattr(GROUP_INFLUENCE, "MOST_LEFT_OUT", 5)
    np.testing.assert_array_equal(fit.plot.influence.data("g")["x"], want["x"])
