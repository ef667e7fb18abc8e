"""Categories become the predictions of a mixed model, and no response is in its own encoding."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline

import hlmrs
from hlmrs.sklearn import MixedEffectsEncoder

rng = np.random.default_rng(0)
CITY = np.array([f"c{k}" for k in rng.integers(0, 60, 400)])
Y = rng.normal(size=60)[np.char.lstrip(CITY, "c").astype(int)] + rng.normal(size=400)
X = pd.DataFrame({"city": CITY, "kind": rng.choice(["a", "b", "c"], 400)})
Y += np.unique(X["kind"], return_inverse=True)[1]


def test_an_encoding_is_the_prediction_of_the_mixed_model():
    encoded = MixedEffectsEncoder().fit(X, Y).transform(X)
    for k, name in enumerate(X):
        fit = hlmrs.lmer(f"y ~ 1 + (1 | {name})", {"y": Y, name: X[name]})
        np.testing.assert_allclose(encoded[:, k], fit.fitted, rtol=1e-6)


def test_balanced_categories_are_shrunken_as_the_formula_of_james_and_stein_says():
    data = hlmrs.datasets.load("Dyestuff", "pandas")
    encoder = MixedEffectsEncoder().fit(data[["Batch"]], data["Yield"])
    means = data.groupby("Batch", observed=True)["Yield"].mean()
    within = data["Yield"] - data.groupby("Batch", observed=True)["Yield"].transform("mean")
    residual, between = (within**2).sum() / 24, 5 * means.var()
    expected = means.mean() + (1 - residual / between) * (means - means.mean())
    found = [encoder.encodings_[0][batch] for batch in means.index]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rows_of_a_fit_are_encoded_by_the_other_folds():
    encoder = MixedEffectsEncoder(cv=4, random_state=3)
    found = encoder.fit_transform(X, Y)
    for train, test in KFold(4, shuffle=True, random_state=3).split(X):
        other = MixedEffectsEncoder().fit(X.iloc[train], Y[train])
        np.testing.assert_array_equal(found[test], other.transform(X.iloc[test]))
    np.testing.assert_array_equal(encoder.transform(X), MixedEffectsEncoder().fit(X, Y).transform(X))


def test_no_response_is_in_the_encoding_of_its_own_fold():
    encoder = MixedEffectsEncoder(cv=5, random_state=3)
    _, test = next(KFold(5, shuffle=True, random_state=3).split(X))
    changed = Y.copy()
    changed[test] = 1000 * rng.normal(size=len(test))
    before, after = encoder.fit_transform(X, Y), encoder.fit_transform(X, changed)
    np.testing.assert_array_equal(before[test], after[test])
    assert np.all(np.any(np.delete(before, test, axis=0) != np.delete(after, test, axis=0), axis=1))


def test_categories_without_an_effect_do_not_look_as_if_they_had_one():
    many = pd.DataFrame({"id": np.array([f"i{k}" for k in rng.integers(0, 1500, 3000)])})
    noise = rng.normal(size=3000)
    means = pd.Series(noise).groupby(many["id"]).transform("mean")
    assert np.corrcoef(means, noise)[0, 1] > 0.5
    assert abs(np.corrcoef(MixedEffectsEncoder(random_state=0).fit_transform(many, noise)[:, 0], noise)[0, 1]) < 0.1


def test_in_a_pipeline_training_rows_are_out_of_fold():
    pipeline = make_pipeline(MixedEffectsEncoder(random_state=0), Ridge())
    pipeline.fit(X, Y)
    direct = Ridge().fit(MixedEffectsEncoder(random_state=0).fit_transform(X, Y), Y)
    np.testing.assert_allclose(pipeline[-1].coef_, direct.coef_)
    assert cross_val_score(pipeline, X, Y, cv=KFold(4)).mean() > 0.2


def test_missing_values_are_a_category_and_new_ones_the_mean():
    holes = X.assign(city=[None if k < 40 else city for k, city in enumerate(CITY)])
    named = X.assign(city=["missing" if k < 40 else city for k, city in enumerate(CITY)])
    encoder = MixedEffectsEncoder().fit(holes, Y)
    np.testing.assert_array_equal(encoder.transform(holes), MixedEffectsEncoder().fit(named, Y).transform(named))
    new = encoder.transform(pd.DataFrame({"city": ["never", np.nan], "kind": ["a", "a"]}))[:, 0]
    assert new.tolist() == [encoder.target_mean_[0], encoder.encodings_[0][None]]


def test_every_kind_of_frame_gives_the_same_and_output_is_set():
    frames = [X, X.astype("category"), X.astype("string"), pl.from_dict(X.to_dict("list")), X.to_numpy(dtype=object)]
    found = [MixedEffectsEncoder(random_state=1).fit_transform(frame, Y) for frame in frames]
    assert all(np.array_equal(one, found[0]) for one in found)
    table = MixedEffectsEncoder(random_state=1).set_output(transform="pandas").fit_transform(X, Y)
    assert list(table.columns) == ["city", "kind"]
    assert MixedEffectsEncoder(random_state=1).fit(X, Y).get_feature_names_out().tolist() == ["city", "kind"]


def test_of_two_classes_the_second_is_one():
    word = np.where(Y > 0, "yes", "no")
    by_word = MixedEffectsEncoder().fit(X, word).transform(X)
    np.testing.assert_array_equal(by_word, MixedEffectsEncoder().fit(X, (Y > 0).astype(int)).transform(X))
    with pytest.raises(hlmrs.DataError, match="3 classes"):
        MixedEffectsEncoder().fit(X, X["kind"])


@pytest.mark.parametrize("column", [np.full(400, "a"), np.arange(400).astype(str)])
def test_where_there_is_nothing_to_learn_all_become_the_mean(column):
    encoded = MixedEffectsEncoder().fit(column[:, None].astype(object), Y).transform(column[:, None].astype(object))
    np.testing.assert_allclose(encoded, Y.mean())
    assert MixedEffectsEncoder().fit(X, np.ones(400)).transform(X).tolist() == np.ones((400, 2)).tolist()


def test_where_responses_do_not_differ_within_categories_nothing_is_shrunken():
    number = np.char.lstrip(CITY, "c").astype(float)
    np.testing.assert_allclose(MixedEffectsEncoder().fit(X[["city"]], number).transform(X[["city"]])[:, 0], number)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (ShuffleSplit(5, random_state=0), r"every row must be in one test fold.* row \d+ is in \d"),
        (RepeatedKFold(n_splits=2, n_repeats=2, random_state=0), "row 0 is in 2"),
        (np.int64(1), r"give 2 folds or more, and at most one for each of the 400 rows"),
        ("five", "cv='five': give a number of folds, a splitter"),
    ],
)
def test_folds_that_do_not_encode_every_row_once_are_refused(cv, message):
    with pytest.raises(hlmrs.OptionError, match=message):
        MixedEffectsEncoder(cv=cv).fit_transform(X, Y)


def test_numbers_of_folds_are_of_any_type():
    found = MixedEffectsEncoder(cv=np.int64(4), random_state=3).fit_transform(X, Y)
    np.testing.assert_array_equal(found, MixedEffectsEncoder(cv=4, random_state=3).fit_transform(X, Y))
