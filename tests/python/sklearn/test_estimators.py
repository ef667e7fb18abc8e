"""The estimators are the models of lmer() and glmer(), with groups however scikit-learn hands them over."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import hlmrs
from hlmrs.sklearn import MixedEffectsClassifier, MixedEffectsRegressor

SCHOOL = hlmrs.datasets.load("Hsb82", "pandas")
X, Y, GROUPS = SCHOOL[["cses", "meanses"]], SCHOOL["mAch"], SCHOOL["school"]
LMER = hlmrs.lmer("mAch ~ cses + meanses + (1 + cses | school)", SCHOOL)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def model(**options):
    return MixedEffectsRegressor(**({"random": "1 + cses"} | options))


@pytest.mark.parametrize(
    "fitted",
    [
        lambda: model().fit(X, Y, groups=GROUPS),
        lambda: model().fit(X, Y, groups=GROUPS.astype(str).to_numpy()),
        lambda: model().fit(X, Y, groups=pl.Series("school", GROUPS.astype(str).to_list())),
        lambda: model(random={"school": "1 + cses"}).fit(X, Y, groups=SCHOOL[["school"]]),
        lambda: model(group_columns="school").fit(SCHOOL[["cses", "meanses", "school"]], Y),
        lambda: model(random="1 + x0", group_columns=[2]).fit(
            np.column_stack([X.to_numpy(), GROUPS.astype(int)]), Y.to_numpy()
        ),
        lambda: MixedEffectsRegressor("mAch ~ cses + meanses + (cses | school)").fit(SCHOOL.drop(columns="mAch"), Y),
        lambda: MixedEffectsRegressor("~ cses + meanses + (cses | school)").fit(X, Y, groups=GROUPS),
        lambda: MixedEffectsRegressor("x0 + x1 + (x0 | groups)").fit(X.to_numpy(), Y, groups=list(GROUPS)),
        lambda: MixedEffectsRegressor("cses + meanses + (cses | school)").fit(
            pl.DataFrame(SCHOOL.astype({"school": str}).to_dict("list")), Y.to_numpy()
        ),
    ],
)
def test_every_way_to_give_groups_is_the_same_model(fitted):
    fit = fitted().fit_
    assert fit.criterion == pytest.approx(LMER.criterion, rel=1e-9)
    np.testing.assert_allclose(fit.beta, LMER.beta, rtol=1e-6)


def test_tables_come_in_the_library_of_the_features():
    assert isinstance(model().fit(X, Y, groups=GROUPS).fit_.tidy(), pd.DataFrame)
    by_name = MixedEffectsRegressor().fit(pl.DataFrame(X.to_dict("list")), Y.to_numpy(), groups=GROUPS.to_list())
    assert isinstance(by_name.fit_.tidy(), pl.DataFrame)
    women = hlmrs.datasets.load("Contraception", "pandas")
    odds = MixedEffectsClassifier().fit(women[["age"]], women["use"], groups=women["district"]).fit_
    assert isinstance(odds.tidy(), pd.DataFrame)


def test_maximum_likelihood_and_weights_are_passed_on():
    weights = np.random.default_rng(1).uniform(0.5, 2, len(Y))
    weights[:200] = 0
    ours = model(reml=False).fit(X, Y, groups=GROUPS, sample_weight=weights).fit_
    theirs = hlmrs.lmer(
        "mAch ~ cses + meanses + (cses | school)", SCHOOL[200:].assign(w=weights[200:]), weights="w", reml=False
    )
    assert ours.criterion == pytest.approx(theirs.criterion, rel=1e-9)


def test_predictions_are_of_the_groups_or_of_the_population():
    fitted = model().fit(X, Y, groups=GROUPS)
    np.testing.assert_allclose(fitted.predict(X, groups=GROUPS), LMER.fitted, rtol=1e-6)
    population = LMER.predict(SCHOOL, random_effects=False)
    np.testing.assert_allclose(fitted.predict(X), population, rtol=1e-6)
    mixed = fitted.predict(X[:2], groups=[GROUPS[0], "no such school"])
    np.testing.assert_allclose(mixed, [LMER.fitted[0], population[1]], rtol=1e-6)


def test_without_features_the_population_is_its_mean():
    fitted = MixedEffectsRegressor("1 + (1 | school)").fit(X, Y, groups=GROUPS)
    np.testing.assert_allclose(fitted.predict(X), fitted.fit_.beta[0])


def test_rows_are_matched_by_place_and_not_by_index():
    shuffled = X.set_axis(np.random.default_rng(0).permutation(len(X)))
    fitted = model().fit(shuffled, Y, groups=GROUPS)
    assert fitted.fit_.criterion == pytest.approx(LMER.criterion, rel=1e-9)
    np.testing.assert_allclose(fitted.predict(shuffled, groups=GROUPS), LMER.fitted, rtol=1e-6)


def test_several_factors_are_crossed():
    data = hlmrs.datasets.load("Penicillin", "pandas")
    factors, y = data[["plate", "sample"]], data["diameter"]
    whole = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    for fitted in (
        MixedEffectsRegressor("1 + (1 | plate) + (1 | sample)").fit(factors, y),
        MixedEffectsRegressor("1 + (1 | plate) + (1 | sample)").fit(np.ones((len(y), 1)), y, groups=factors),
        MixedEffectsRegressor(group_columns=["plate", "sample"]).fit(factors, y),
    ):
        assert fitted.fit_.criterion == pytest.approx(whole.criterion, rel=1e-9)
        np.testing.assert_allclose(fitted.predict(*with_groups(fitted, factors)), whole.fitted, rtol=1e-6)


def with_groups(fitted, factors):
    return (np.ones((len(factors), 1)), factors) if fitted.given_groups_ else (factors,)


def test_without_groups_it_is_least_squares_with_a_notice():
    with pytest.warns(hlmrs.FormulaWarning, match="least squares"):
        fitted = MixedEffectsRegressor().fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), LinearRegression().fit(X, Y).predict(X))
    with pytest.raises(hlmrs.OptionError, match="fitted to none"):
        fitted.predict(X, groups=GROUPS)


def test_groups_that_mean_nothing_are_refused_by_name():
    with pytest.raises(hlmrs.OptionError, match="'school' is a column of X too"):
        model().fit(SCHOOL[["cses", "school"]], Y, groups=GROUPS)
    with pytest.raises(hlmrs.OptionError, match="no column 'schol'; did you mean 'school'"):
        model(group_columns="schol").fit(SCHOOL[["cses", "school"]], Y)
    with pytest.raises(hlmrs.OptionError, match="random: 'class' is no grouping factor"):
        model(random={"class": "1"}).fit(X, Y, groups=GROUPS)
    with pytest.raises(hlmrs.OptionError, match="'mAch' is a column of X too"):
        MixedEffectsRegressor("mAch ~ cses + (1 | school)").fit(SCHOOL, Y)
    with pytest.raises(hlmrs.OptionError, match="TransformedTargetRegressor"):
        MixedEffectsRegressor("log(mAch) ~ cses + (1 | school)").fit(SCHOOL, Y)
    with pytest.raises(hlmrs.OptionError, match="'class', but the model was fitted to 'school'"):
        model().fit(X, Y, groups=GROUPS).predict(X, groups=GROUPS.rename("class"))
    with pytest.raises(hlmrs.OptionError, match="has 3 rows"):
        model().fit(X, Y, groups=GROUPS[:3])
    with pytest.raises(hlmrs.OptionError, match="rows scikit-learn can select"):
        model().fit(X, Y, groups={"school": GROUPS})


def test_formulas_that_are_none_and_names_that_are_lost_are_refused(routing):
    with pytest.raises(hlmrs.OptionError, match="formula=1: give a text"):
        MixedEffectsRegressor(1).fit(X, Y, groups=GROUPS)
    pipeline = make_pipeline(StandardScaler(), model().set_fit_request(groups=True))
    with pytest.raises(hlmrs.FormulaError, match=r"no column 'cses': X is an array.*set_output\(transform="):
        pipeline.fit(X, Y, groups=GROUPS)


def test_any_name_of_a_column_is_a_feature_or_a_group():
    odd = X.rename(columns={"cses": "a`b", "meanses": "c\\d"})
    fitted = MixedEffectsRegressor(random="1 + `a\\`b`").fit(odd, Y, groups=GROUPS.rename("the `school`"))
    assert fitted.fit_.criterion == pytest.approx(LMER.criterion, rel=1e-9)


def test_groups_by_place_are_of_any_type_of_number():
    columns = SCHOOL[["cses", "meanses", "school"]]
    fitted = model(group_columns=np.int64(-1)).fit(columns, Y)
    assert fitted.groups_ == ["school"]


def test_missing_values_are_refused_in_a_fit_and_have_no_prediction():
    holes = X.assign(cses=X["cses"].where(X.index != 1))
    with pytest.raises(hlmrs.DataError, match="cses"):
        model().fit(holes, Y, groups=GROUPS)
    predicted = model().fit(X, Y, groups=GROUPS).predict(holes, groups=GROUPS)
    assert np.flatnonzero(np.isnan(predicted)).tolist() == [1]


def test_groups_are_routed_through_a_pipeline(routing):
    estimator = MixedEffectsRegressor(random="1 + cses").set_fit_request(groups=True).set_predict_request(groups=True)
    scaler = StandardScaler(with_std=False).set_output(transform="pandas")
    pipeline = make_pipeline(scaler, estimator).fit(X, Y, groups=GROUPS)
    assert pipeline[-1].fit_.beta[1:] == pytest.approx(LMER.beta[1:], rel=1e-5)
    np.testing.assert_allclose(pipeline.predict(X, groups=GROUPS), LMER.fitted, rtol=1e-5)


def test_grouped_cross_validation_sees_new_groups_only(routing):
    estimator = model().set_fit_request(groups=True).set_score_request(groups=True)
    folds = GroupKFold(4)
    found = cross_validate(estimator, X, Y, cv=folds, params={"groups": GROUPS}, return_estimator=True)
    for (train, test), fitted, score in zip(
        folds.split(X, Y, GROUPS), found["estimator"], found["test_score"], strict=True
    ):
        alone = hlmrs.lmer("mAch ~ cses + meanses + (cses | school)", SCHOOL.iloc[train])
        assert fitted.fit_.criterion == pytest.approx(alone.criterion, rel=1e-9)
        expected = alone.predict(SCHOOL.iloc[test], random_effects=False)
        residual = Y.iloc[test] - expected
        assert score == pytest.approx(1 - (residual**2).sum() / ((Y.iloc[test] - Y.iloc[test].mean()) ** 2).sum())


def test_a_search_chooses_among_random_parts(routing):
    estimator = model().set_fit_request(groups=True).set_score_request(groups=True)
    search = GridSearchCV(estimator, {"random": ["1", "1 + cses"], "reml": [True, False]}, cv=3)
    search.fit(X, Y, groups=GROUPS)
    assert set(search.best_params_) == {"random", "reml"}
    assert search.best_estimator_.fit_.n_groups == {"school": 160}


def test_features_of_text_become_factors_or_are_encoded_before():
    features = SCHOOL[["cses", "sector"]]
    ours = MixedEffectsRegressor().fit(features, Y, groups=GROUPS)
    encoder = make_column_transformer(
        (OneHotEncoder(drop="first", sparse_output=False), ["sector"]), remainder="passthrough"
    )
    coded = encoder.set_output(transform="pandas").fit_transform(features)
    theirs = MixedEffectsRegressor().fit(coded, Y, groups=GROUPS)
    assert ours.fit_.criterion == pytest.approx(theirs.fit_.criterion, rel=1e-9)


def test_estimators_are_cloned_and_pickled():
    fitted = model().fit(X, Y, groups=GROUPS)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X, groups=GROUPS), fitted.predict(X, groups=GROUPS))
    assert clone(fitted).get_params() == fitted.get_params()


WOMEN = hlmrs.datasets.load("Contraception", "pandas")


def test_the_classifier_is_the_binomial_model():
    features = WOMEN[["age", "urban"]]
    fitted = MixedEffectsClassifier().fit(features, WOMEN["use"], groups=WOMEN["district"])
    theirs = hlmrs.glmer("use ~ age + urban + (1 | district)", WOMEN, family="binomial")
    assert fitted.fit_.loglik == pytest.approx(theirs.loglik, rel=1e-9)
    probabilities = fitted.predict_proba(features, groups=WOMEN["district"])
    np.testing.assert_allclose(probabilities[:, 1], theirs.predict(), rtol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    predicted = fitted.predict(features, groups=WOMEN["district"])
    assert set(predicted) == {"N", "Y"}
    assert fitted.score(features, WOMEN["use"], groups=WOMEN["district"]) == (predicted == WOMEN["use"]).mean()
    unseen = fitted.predict_proba(features, groups=np.full(len(features), "none"))
    np.testing.assert_allclose(unseen, fitted.predict_proba(features))


def test_a_row_with_a_missing_value_has_no_class():
    fitted = MixedEffectsClassifier().fit(WOMEN[["age"]], WOMEN["use"], groups=WOMEN["district"])
    holes = WOMEN[["age"]].assign(age=WOMEN["age"].where(WOMEN.index != 2))
    assert np.flatnonzero(np.isnan(fitted.predict_proba(holes)[:, 1])).tolist() == [2]
    with pytest.raises(hlmrs.DataError, match="row 2 of X has a missing value"):
        fitted.predict(holes)


def test_the_classifier_passes_link_and_points_of_quadrature_on():
    features = WOMEN[["age"]]
    fitted = MixedEffectsClassifier(link="probit", nagq=5).fit(features, WOMEN["use"], groups=WOMEN["district"])
    theirs = hlmrs.glmer("use ~ age + (1 | district)", WOMEN, link="probit", nagq=5)
    assert fitted.fit_.loglik == pytest.approx(theirs.loglik, rel=1e-9)


def test_without_groups_the_classifier_is_logistic_regression_with_a_notice():
    with pytest.warns(hlmrs.FormulaWarning, match="logistic regression"):
        fitted = MixedEffectsClassifier().fit(WOMEN[["age"]], WOMEN["use"])
    expected = LogisticRegression(C=np.inf, max_iter=1000).fit(WOMEN[["age"]], WOMEN["use"])
    np.testing.assert_allclose(fitted.predict_proba(WOMEN[["age"]]), expected.predict_proba(WOMEN[["age"]]))


def test_a_classifier_takes_two_classes():
    with pytest.raises(hlmrs.DataError, match="one class, 'N'"):
        MixedEffectsClassifier().fit(WOMEN[["age"]], np.full(len(WOMEN), "N"), groups=WOMEN["district"])
    with pytest.raises(hlmrs.DataError, match="has 4 classes"):
        MixedEffectsClassifier().fit(WOMEN[["age"]], WOMEN["livch"], groups=WOMEN["district"])


def test_a_frame_needs_a_response_of_its_length():
    with pytest.raises(ValueError, match="y"):
        model().fit(X, None)
    with pytest.raises(ValueError, match="inconsistent"):
        model().fit(X, Y[:5], groups=GROUPS)
    with pytest.raises(ValueError, match="feature names"):
        model().fit(X, Y, groups=GROUPS).predict(pd.DataFrame({"other": [1.0], "meanses": [0.0]}))
