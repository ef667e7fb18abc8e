"""Marginal models changed, sent elsewhere, saved, beside their data, and without each of their groups."""

import pickle

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from responses_in_groups import DATA

CASES = {
    "exchangeable": ("event ~ x * arm", {"family": "binomial", "correlation": "exchangeable"}),
    "unstructured": ("normal ~ x + arm", {"correlation": "unstructured", "time": "t"}),
    "ar1": ("count ~ poly(x, 2)", {"family": "nbinom2", "correlation": "ar1", "time": "t", "offset": "o"}),
}


def fit_of(name, frame=DATA):
    formula, options = CASES[name]
    return hlmrs.gee(formula, frame, groups="g", **options)


def facts(fit):
    """Everything that a saved fit can say, without its rows."""
    new = DATA.head(5)
    return [
        fit.beta,
        *(fit.vcov(kind) for kind in ("robust", "naive", "kauermann-carroll", "mancl-derouen")),
        fit.correlation_parameters,
        fit.correlation_matrix,
        np.array([fit.scale, fit.size, fit.qic, fit.n_groups, fit.nobs]),
        fit.tidy()["p_value"].to_numpy(),
        fit.predict(new),
        fit.predict(new, interval="confidence")["conf_low"].to_numpy(),
    ]


@pytest.mark.parametrize("name", list(CASES))
def test_a_fit_sent_to_another_process_is_the_same_with_its_rows(name):
    fit = fit_of(name)
    again = pickle.loads(pickle.dumps(fit))
    for own, other in zip(facts(fit), facts(again), strict=True):
        np.testing.assert_array_equal(own, other)
    np.testing.assert_array_equal(again.fitted, fit.fitted)
    np.testing.assert_array_equal(again.resid("pearson"), fit.resid("pearson"))
    assert str(again.summary()) == str(fit.summary())
    assert again.influence().equals(fit.influence())
    with pytest.raises(hlmrs.FitStateError):
        again.augment()


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize("keep", [False, True])
def test_a_saved_fit_says_what_it_said(name, keep, tmp_path):
    fit = fit_of(name)
    fit.save(tmp_path / "fit", keep_rows=keep)
    again = hlmrs.load(tmp_path / "fit")
    assert isinstance(again, hlmrs.MarginalFit)
    assert repr(again) == repr(fit)
    for own, other in zip(facts(fit), facts(again), strict=True):
        np.testing.assert_array_equal(own, other)
    assert str(again.verdict) == str(fit.verdict)
    assert str(again.summary()) == str(fit.summary())
    if keep:
        np.testing.assert_array_equal(again.fitted, fit.fitted)
        np.testing.assert_array_equal(again.resid(), fit.resid())
    else:
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            _ = again.fitted
    for gone in (again.influence, again.augment, again.update):
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            gone()
    again.save(tmp_path / "twice", keep_rows=keep)
    np.testing.assert_array_equal(hlmrs.load(tmp_path / "twice").vcov(), fit.vcov())


def test_a_file_whose_numbers_contradict_each_other_is_refused(tmp_path):
    from hlmrs import storage

    fit_of("ar1").save(tmp_path / "fit")
    header, arrays = storage.read(tmp_path / "fit")
    for change in (
        lambda h, a: (h, a | {"fit.coefficients": a["fit.coefficients"][:1]}),
        lambda h, a: (h | {"equations": h["equations"] | {"asked": h["equations"]["asked"] | {"scale": -1.0}}}, a),
        lambda h, a: (h | {"equations": h["equations"] | {"family": {"name": "binomial", "link": "log"}}}, a),
        lambda h, a: (h, {name: own for name, own in a.items() if name != "fit.covariance.robust"}),
    ):
        storage.write(tmp_path / "bad", *change(header, arrays))
        with pytest.raises(hlmrs.DataError, match="save the fit again"):
            hlmrs.load(tmp_path / "bad")


def test_updates_are_fits_of_the_changed_model():
    fit = fit_of("exchangeable")
    smaller = fit.update("~ . - x:arm", correlation="independence")
    other = hlmrs.gee("event ~ x + arm", DATA, groups="g", family="binomial")
    np.testing.assert_array_equal(smaller.beta, other.beta)
    np.testing.assert_array_equal(smaller.vcov(), other.vcov())
    assert fit.update(link="probit").family == hlmrs.Family("binomial", "probit")
    counts = fit_of("ar1")
    same = counts.update()
    np.testing.assert_array_equal(same.beta, counts.beta)
    assert same.formula.strip() == counts.formula.strip()
    half = DATA.filter(pl.col("g") < "g030")
    np.testing.assert_array_equal(counts.update(data=half).beta, fit_of("ar1", half).beta)
    poisson = counts.update(family="poisson", offset=None)
    np.testing.assert_array_equal(
        poisson.beta,
        hlmrs.gee("count ~ poly(x, 2)", DATA, groups="g", family="poisson", correlation="ar1", time="t").beta,
    )
    with pytest.raises(TypeError, match="did you mean 'correlation'"):
        fit.update(correlations="ar1")


def test_means_stand_beside_the_data():
    holes = DATA.with_columns(x=pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise("x"))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = fit_of("exchangeable", holes)
    table = fit.augment(kind="pearson")
    used = table.filter(pl.col("x").is_not_null())
    np.testing.assert_array_equal(used[".fitted"], fit.fitted)
    np.testing.assert_array_equal(used[".resid"], fit.resid("pearson"))
    np.testing.assert_allclose(used[".link"], fit.predict(type="link"))
    assert table.filter(pl.col("x").is_null())[".fitted"].is_null().all()
    new = fit.augment(DATA.head(3))
    np.testing.assert_allclose(new[".fitted"], fit.predict(DATA.head(3)))
    assert new.columns == [*DATA.columns, ".fitted", ".link"]


def test_lazy_frames_are_fitted_and_predicted_for():
    fit, eager = fit_of("exchangeable", DATA.lazy()), fit_of("exchangeable")
    np.testing.assert_array_equal(fit.beta, eager.beta)
    query = fit.predict(DATA.lazy())
    assert isinstance(query, pl.LazyFrame)
    np.testing.assert_allclose(query.collect()["prediction"], eager.predict(DATA))
    table = fit.predict(DATA.lazy().head(9), interval="confidence").collect()
    want = eager.predict(DATA.head(9), interval="confidence")
    for column in want.columns:
        np.testing.assert_allclose(table[column], want[column])
    assert fit.augment().collect()[".fitted"].to_list() == eager.augment()[".fitted"].to_list()


def test_the_step_without_a_group_is_exact_for_least_squares():
    fit = hlmrs.gee("normal ~ x + arm", DATA, groups="g")
    table = rows(fit.influence())
    assert [row["level"] for row in table] == sorted(DATA["g"].unique())
    naive = fit.vcov("naive")
    for row in table[::9]:
        rest = hlmrs.gee("normal ~ x + arm", DATA.filter(pl.col("g") != row["level"]), groups="g")
        move = fit.beta - rest.beta
        np.testing.assert_allclose([row[name] for name in fit.coef_names], move, rtol=1e-8, atol=1e-12)
        assert row["cooks_distance"] == pytest.approx(move @ np.linalg.solve(naive, move) / len(move), rel=1e-8)
        assert row["n_rows"] == (DATA["g"] == row["level"]).sum()


def test_the_step_without_a_group_is_near_the_refit_for_other_models():
    fit = fit_of("exchangeable")
    table = rows(fit.influence())
    steps, refits = [], []
    for row in table[::5]:
        rest = fit.update(data=DATA.filter(pl.col("g") != row["level"]))
        steps.append([row[name] for name in fit.coef_names])
        refits.append(fit.beta - rest.beta)
    # the refit moves the working correlation as well
    assert np.corrcoef(np.ravel(steps), np.ravel(refits))[0, 1] > 0.98
    moves = np.array([[row[name] for name in fit.coef_names] for row in table])
    # the sandwich of Mancl and DeRouen is made of these steps
    np.testing.assert_allclose(moves.T @ moves, fit.vcov("mancl-derouen"), rtol=1e-10)
