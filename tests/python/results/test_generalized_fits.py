"""Predictions for new rows and refits of generalized fits take values by row as those of linear fits do."""

import warnings

import numpy as np
import pandas as pd
import pytest

import hlmrs

FORMULA = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
CBPP = hlmrs.datasets.load("cbpp", "pandas").set_index(np.arange(100, 156))
R = np.random.default_rng(3)
COUNTS = pd.DataFrame({"x": R.normal(size=90), "t": R.uniform(0.5, 4, 90), "g": [f"g{k % 9}" for k in range(90)]})
COUNTS["y"] = R.poisson(COUNTS["t"] * np.exp(0.5 * COUNTS["x"]))


def quietly(call, *args, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return call(*args, **more)


@pytest.fixture(scope="module")
def fit():
    return hlmrs.glmer(FORMULA, CBPP, family="binomial")


@pytest.fixture(scope="module")
def exposed():
    return quietly(hlmrs.glmer, "y ~ x + (1 | g)", COUNTS, family="poisson", offset=np.log(COUNTS["t"].to_numpy()))


def test_a_series_is_matched_by_its_index_in_refits(fit):
    y = pd.Series(fit.simulate(1, seed=2)[:, 0], index=CBPP.index)
    want = fit.refit(y.to_numpy())
    assert want.criterion != pytest.approx(fit.criterion, abs=1e-3)
    assert fit.refit(y.sample(frac=1.0, random_state=1)).criterion == want.criterion


def test_a_response_for_all_rows_of_the_data_is_taken_in_those_used():
    data = COUNTS.assign(x=COUNTS["x"].where(COUNTS.index % 5 != 2))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = quietly(hlmrs.glmer, "y ~ x + (1 | g)", data, family="poisson")
    whole = COUNTS["y"].to_numpy()[::-1].copy()
    again = quietly(fit.refit, whole)
    assert again.criterion == quietly(fit.refit, whole[COUNTS.index % 5 != 2]).criterion


@pytest.mark.parametrize(
    ("value", "message"),
    [(0.5, "y is 0.5 at row 3"), (-1.0, "y is -1 at row 3"), (1000.0, "y is 1000 at row 3"), (np.nan, "nan at row 3")],
)
def test_a_refit_takes_numbers_of_successes(fit, value, message):
    y = fit.simulate(1, seed=2)[:, 0]
    y[3] = value
    with pytest.raises(hlmrs.DataError, match=message):
        fit.refit(y)
    with pytest.raises(hlmrs.DataError, match="a number of successes"):
        fit.refit(CBPP["incidence"] / CBPP["size"])


@pytest.mark.parametrize(
    ("family", "bad", "what"), [("binomial", 0.5, "'yes' or 0 for 'no'"), ("cumulative", 0.0, "1 to 2")]
)
def test_a_refit_of_levels_takes_their_numbers(family, bad, what):
    data = COUNTS.assign(y=pd.Categorical(np.where(COUNTS["y"] > 1, "yes", "no"), ["no", "yes"], ordered=True))
    fit = quietly(hlmrs.glmer, "y ~ x + (1 | g)", data, family=family)
    y = data["y"].cat.codes.to_numpy() + (1.0 if family == "cumulative" else 0.0)
    assert quietly(fit.refit, y).criterion == pytest.approx(fit.criterion, abs=1e-8)
    y[4] = bad
    with pytest.raises(hlmrs.DataError, match=what):
        fit.refit(y)


def test_an_offset_beside_new_rows_is_matched_by_its_index(exposed):
    offset = np.log(COUNTS["t"])
    np.testing.assert_allclose(exposed.predict(COUNTS, offset=offset), exposed.fitted, rtol=1e-10)
    np.testing.assert_allclose(exposed.predict(COUNTS, offset=offset[::-1]), exposed.fitted, rtol=1e-10)
    with pytest.raises(hlmrs.OptionError, match="offset= is for new data"):
        exposed.predict(offset=offset)


def test_new_rows_need_the_offset_that_an_array_was(exposed):
    for marginal in (False, True):
        with pytest.raises(hlmrs.OptionError, match=r"offset that is an array.* give that of the new rows as offset="):
            exposed.predict(COUNTS.head(3), marginal=marginal)
    named = quietly(hlmrs.glmer, "y ~ x + (1 | g)", COUNTS.assign(o=np.log(COUNTS["t"])), family="poisson", offset="o")
    np.testing.assert_allclose(named.beta, exposed.beta, atol=1e-9)
    with pytest.raises(hlmrs.HlmrsError, match="'o'"):
        named.predict(COUNTS.head(3))
    none = exposed.predict(COUNTS.head(3), offset=np.zeros(3))
    np.testing.assert_allclose(none * COUNTS["t"][:3], exposed.fitted[:3], rtol=1e-10)


def test_means_of_a_fit_with_an_offset_say_which_offset_they_have(exposed):
    with pytest.warns(hlmrs.InferenceWarning, match=r"offset= that is an array.* offset of zero"):
        table = exposed.emmeans("x", at={"x": [0.0]}, type="response")
    assert float(table["estimate"].iloc[0]) == pytest.approx(np.exp(exposed.beta[0]))
