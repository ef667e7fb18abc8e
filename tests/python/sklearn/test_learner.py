"""A learner in the fixed part: with a linear one the fit is the mixed model, and folds do not tell on each other."""

import lightgbm
import numpy as np
import pytest
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hlmrs
from hlmrs.sklearn import MixedEffectsRegressor

SCHOOL = hlmrs.datasets.load("Hsb82", "pandas")[:2000]
X, Y = SCHOOL[["cses", "meanses"]], SCHOOL["mAch"].to_numpy()
GROUPS = SCHOOL["school"].astype(str)


def alternated(**options):
    return MixedEffectsRegressor(**({"learner": LinearRegression(), "reml": False, "tol": 1e-13} | options))


def assert_is_the_mixed_model(fitted, whole, data, groups):
    coefficients = [fitted.learner_.intercept_ + fitted.fit_.beta[0], *fitted.learner_.coef_]
    assert fitted.fit_.criterion == pytest.approx(whole.criterion, rel=1e-9)
    np.testing.assert_allclose(coefficients, whole.beta, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fitted.fit_.varcorr()["sd"], np.asarray(whole.varcorr()["sd"]), rtol=1e-4)
    np.testing.assert_allclose(fitted.predict(data, groups=groups), whole.fitted, rtol=1e-4)


def test_with_a_linear_learner_it_is_maximum_likelihood():
    whole = hlmrs.lmer("mAch ~ cses + meanses + (1 | school)", SCHOOL, reml=False)
    fitted = alternated(cv=None, max_rounds=1000).fit(X, Y, groups=GROUPS)
    assert_is_the_mixed_model(fitted, whole, X, GROUPS)
    assert np.all(np.diff(fitted.criteria_) < 1e-7)


def test_so_it_is_with_slopes_and_weights():
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(Y))
    whole = hlmrs.lmer("mAch ~ cses + meanses + (1 + cses | school)", SCHOOL, weights=weights, reml=False)
    fitted = alternated(cv=None, max_rounds=2000, random="1 + cses").fit(X, Y, groups=GROUPS, sample_weight=weights)
    assert_is_the_mixed_model(fitted, whole, X, GROUPS)


@pytest.mark.parametrize(
    "learner",
    [
        make_pipeline(StandardScaler(), LinearRegression()),
        make_pipeline("passthrough", make_pipeline(StandardScaler(), LinearRegression())),
        TransformedTargetRegressor(make_pipeline(StandardScaler(), LinearRegression())),
        GridSearchCV(make_pipeline(StandardScaler(), LinearRegression()), {"standardscaler__with_std": [True]}, cv=2),
        VotingRegressor([("one", LinearRegression())]),
    ],
    ids=["pipeline", "nested", "transformed", "search", "voting"],
)
def test_weights_reach_the_regressor_within_a_learner(learner):
    """Features that are only scaled change nothing of least squares, weighted or not."""
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(Y))
    plain, within = (
        alternated(learner=one, max_rounds=3, tol=1).fit(X, Y, groups=GROUPS, sample_weight=weights)
        for one in (LinearRegression(), learner)
    )
    np.testing.assert_allclose(within.predict(X), plain.predict(X), rtol=1e-10)
    unweighted = alternated(learner=learner, max_rounds=3, tol=1).fit(X, Y, groups=GROUPS)
    assert np.abs(within.predict(X) - unweighted.predict(X)).max() > 1e-3


def test_weights_are_routed_where_scikit_learn_routes_them():
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(Y))
    plain = alternated(max_rounds=3, tol=1).fit(X, Y, groups=GROUPS, sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        learner = make_pipeline(scaler, LinearRegression().set_fit_request(sample_weight=True))
        routed = alternated(learner=learner, max_rounds=3, tol=1).fit(X, Y, groups=GROUPS, sample_weight=weights)
    np.testing.assert_allclose(routed.predict(X), plain.predict(X), rtol=1e-10)


def test_a_pipeline_whose_last_step_takes_no_weights_is_refused():
    with pytest.raises(hlmrs.OptionError, match="the learner KNeighborsRegressor takes no weights"):
        alternated(learner=make_pipeline(StandardScaler(), KNeighborsRegressor())).fit(
            X, Y, groups=GROUPS, sample_weight=np.ones(len(Y))
        )


def test_so_it_is_with_crossed_groups_which_are_columns():
    data = hlmrs.datasets.load("Penicillin", "pandas").astype({"plate": str, "sample": str})
    data["dose"] = np.random.default_rng(3).normal(size=len(data))
    data["diameter"] += 0.7 * data["dose"]
    whole = hlmrs.lmer("diameter ~ dose + (1 | plate) + (1 | sample)", data, reml=False)
    fitted = alternated(cv=None, max_rounds=1000, group_columns=["plate", "sample"])
    features = data[["plate", "dose", "sample"]]
    assert_is_the_mixed_model(fitted.fit(features, data["diameter"]), whole, features, None)


def test_out_of_fold_it_is_the_fixed_point_of_dense_algebra():
    fitted = alternated(cv=4, max_rounds=500).fit(X, Y, groups=GROUPS)
    design = np.column_stack([np.ones(len(X)), X])
    of_others = np.zeros((len(X), len(X)))
    for train, test in GroupKFold(4).split(X, Y, GROUPS):
        of_others[np.ix_(test, train)] = design[test] @ np.linalg.pinv(design[train])
    indicators = (GROUPS.to_numpy()[:, None] == np.unique(GROUPS)).astype(float)
    variance = float(fitted.fit_.varcorr()["variance"][0])
    covariance = variance * indicators @ indicators.T + fitted.fit_.sigma**2 * np.eye(len(X))
    # random = G'(rest - mean), rest = y - H(y - random), mean by generalized least squares
    solved = np.linalg.solve(covariance, np.eye(len(X)))
    mean = np.ones((len(X), 1)) @ (solved.sum(axis=0) / solved.sum())[None]
    shrink = variance * indicators @ indicators.T @ solved @ (np.eye(len(X)) - mean)
    random = np.linalg.solve(np.eye(len(X)) - shrink @ of_others, shrink @ (Y - of_others @ Y))
    np.testing.assert_allclose(fitted.out_of_fold_, of_others @ (Y - random), rtol=1e-5)
    learner = LinearRegression().fit(X, Y - random)
    np.testing.assert_allclose(fitted.learner_.coef_, learner.coef_, rtol=1e-5)


def test_no_response_reaches_the_prediction_of_its_own_fold():
    forest = RandomForestRegressor(5, random_state=0)
    changed = Y.copy()
    folds = list(GroupKFold(5).split(X, Y, GROUPS))
    changed[folds[0][1]] += 100 * np.random.default_rng(5).normal(size=len(folds[0][1]))
    before, after = (
        alternated(learner=forest, max_rounds=1).fit(X, y, groups=GROUPS).out_of_fold_ for y in (Y, changed)
    )
    np.testing.assert_array_equal(before[folds[0][1]], after[folds[0][1]])
    assert np.abs(before - after)[folds[0][0]].max() > 1


def test_folds_keep_groups_together_unless_a_splitter_is_given():
    noise = np.random.default_rng(6).normal(size=(len(Y), 1))
    of_group = np.column_stack([noise, GROUPS.astype(int)])  # a forest can learn the groups from it
    forest = RandomForestRegressor(10, random_state=0, min_samples_leaf=5)
    whole = hlmrs.lmer("mAch ~ 1 + (1 | school)", SCHOOL).varcorr()["sd"][0]
    by_groups = MixedEffectsRegressor(learner=forest, max_rounds=1).fit(of_group, Y, groups=GROUPS)
    by_rows = MixedEffectsRegressor(learner=forest, max_rounds=1, cv=KFold(5, shuffle=True, random_state=0))
    by_rows.fit(of_group, Y, groups=GROUPS)
    assert by_groups.fit_.varcorr()["sd"][0] > 0.9 * whole
    assert by_rows.fit_.varcorr()["sd"][0] < 0.5 * whole


def test_new_groups_and_no_groups_get_the_learner_and_the_mean_of_the_rest():
    forest = RandomForestRegressor(5, random_state=0, min_samples_leaf=20)
    fitted = MixedEffectsRegressor(learner=forest, max_rounds=3, tol=10).fit(X, Y, groups=GROUPS)
    population = fitted.learner_.predict(X) + fitted.fit_.beta[0]
    np.testing.assert_allclose(fitted.predict(X), population)
    np.testing.assert_allclose(fitted.predict(X, groups=np.full(len(X), "new")), population)


def test_parameters_of_the_learner_are_searched():
    search = GridSearchCV(
        MixedEffectsRegressor(
            learner=RandomForestRegressor(5, random_state=0), group_columns="school", max_rounds=2, tol=10
        ),
        {"learner__min_samples_leaf": [1, 50]},
        cv=GroupKFold(2),
    )
    search.fit(SCHOOL[["cses", "meanses", "school"]], Y, groups=GROUPS)
    assert search.best_params_ == {"learner__min_samples_leaf": 50}


def test_without_groups_it_is_the_learner_with_a_notice():
    with pytest.warns(hlmrs.FormulaWarning, match="without groups"):
        fitted = MixedEffectsRegressor(learner=LinearRegression()).fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), LinearRegression().fit(X, Y).predict(X))


def test_what_cannot_be_is_refused_and_what_has_not_settled_is_said():
    with pytest.raises(hlmrs.OptionError, match="formula beside learner"):
        alternated(formula="~ cses + (1 | school)").fit(X, Y, groups=GROUPS)
    with pytest.raises(hlmrs.OptionError, match="every row must be in one test fold"):
        alternated(cv=[(np.arange(100, 2000), np.arange(100))]).fit(X, Y, groups=GROUPS)
    with pytest.warns(hlmrs.ConvergenceWarning, match="in round 3, the last"):
        alternated(max_rounds=3).fit(X, Y, groups=GROUPS)
    with pytest.raises(hlmrs.OptionError, match="max_rounds=0"):
        alternated(max_rounds=0).fit(X, Y, groups=GROUPS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learner": LinearRegression}, r"learner=LinearRegression: give a regressor and not its class"),
        ({"learner": 3}, "learner=3: give a regressor with fit, predict and get_params"),
        ({"learner": KNeighborsRegressor()}, "the learner KNeighborsRegressor takes no weights"),
        ({"tol": "a"}, "tol='a': give a positive number"),
        ({"tol": np.nan}, "tol=nan: give a positive number"),
        ({"group_columns": ["cses", "meanses"]}, "no feature is left for it, as all columns of X are groups, 'cses'"),
        ({"cv": 1}, "cv=1: give 2 folds or more"),
        ({"cv": "five"}, "cv='five': give a number of folds, a splitter"),
        ({"cv": True}, "cv=True: give a number of folds, a splitter"),
        ({"cv": ShuffleSplit(5, random_state=0)}, r"every row must be in one test fold.* row \d+ is in \d"),
        ({"cv": [(np.arange(2000), np.arange(2000))]}, "row 0 is learned in the fold that tests it"),
    ],
)
def test_what_a_learner_cannot_be_given_is_refused_by_name(options, message):
    with pytest.raises(hlmrs.OptionError, match=message):
        alternated(**options).fit(X, Y, groups=GROUPS, sample_weight=np.ones(len(Y)))


def test_folds_of_one_group_are_refused():
    with pytest.raises(hlmrs.OptionError, match="folds keep groups together, and there is one group"):
        alternated().fit(X, Y, groups=np.full(len(Y), "a"))


def test_a_number_of_any_type_keeps_groups_together():
    of_numpy = alternated(cv=np.int64(4), max_rounds=1).fit(X, Y, groups=GROUPS)
    np.testing.assert_array_equal(
        of_numpy.out_of_fold_, alternated(cv=4, max_rounds=1).fit(X, Y, groups=GROUPS).out_of_fold_
    )


def test_names_that_an_array_has_lost_are_refused():
    with pytest.raises(hlmrs.FormulaError, match=r"no column 'cses': X is an array.*set_output\(transform="):
        alternated(random="1 + cses").fit(X.to_numpy(), Y, groups=GROUPS)


def test_boosted_trees_of_lightgbm_are_a_learner():
    booster = lightgbm.LGBMRegressor(n_estimators=20, random_state=1, verbose=-1, n_jobs=1)
    fitted = MixedEffectsRegressor(learner=booster, max_rounds=3, tol=10).fit(
        X, Y, groups=GROUPS, sample_weight=np.ones(len(Y))
    )
    expected = fitted.learner_.predict(X) + fitted.fit_.beta[0]
    np.testing.assert_allclose(fitted.predict(X), expected)
    assert fitted.score(X, Y, groups=GROUPS) > fitted.score(X, Y)
