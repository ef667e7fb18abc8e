"""Posteriors of many responses are those of each by itself."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError

PRIORS = {"sd": hlmrs.HalfNormal(60)}


@pytest.fixture(scope="module")
def data():
    own = hlmrs.datasets.load("sleepstudy", "pandas")
    own["speed"] = 1000 / own["Reaction"]
    own.loc[[3, 17], "speed"] = np.nan
    own["none"] = 1.0
    return own


def test_each_is_that_of_the_response_alone(data):
    table = hlmrs.fit_many(["Reaction", "speed"], "~ Days + (1 | Subject)", data, posterior=True, draws=800, seed=3)
    for k, (name, own) in enumerate(table.groupby("response", sort=False)):
        alone = hlmrs.bayes(f"{name} ~ Days + (1 | Subject)", data.dropna(subset=[name]), draws=800, seed=3 + k)
        assert own["estimate"].to_numpy() == pytest.approx(alone.draws.mean().to_numpy(), rel=1e-12)
        assert own["std_error"].to_numpy() == pytest.approx(alone.draws.std().to_numpy(), rel=1e-12)
        assert own["conf_high"].to_numpy() == pytest.approx(alone.draws.quantile(0.975).to_numpy(), rel=1e-12)
        assert own["n_obs"].iloc[0] == (180 if name == "Reaction" else 178)
        assert own["status"].tolist() == ["trusted"] * 4
        assert own["effect"].tolist() == ["fixed", "fixed", "sd", "sd"]


def test_a_response_that_fails_has_its_reason(data):
    table = hlmrs.fit_many(
        ["none", "Reaction"], "~ Days + (1 | Subject)", data, posterior=True, draws=100, priors=PRIORS
    )
    assert table["status"].tolist()[0] == "failed"
    assert table["reason"].iloc[0]
    assert (table["response"] == "Reaction").sum() == 4


def test_groups_of_rows_have_posteriors_of_their_own(data):
    data = data.assign(half=np.where(data["Subject"].astype(int) < 340, "a", "b"))
    table = hlmrs.fit_many("Reaction", "~ Days + (1 | Subject)", data, posterior=True, draws=200, by="half")
    assert table["half"].tolist() == ["a"] * 4 + ["b"] * 4
    assert np.isfinite(table["estimate"]).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"draws": 10}, "draws=10 is of posteriors"),
        ({"priors": PRIORS}, "is of posteriors"),
        ({"posterior": True, "family": "poisson"}, "linear models with independent residuals"),
        ({"posterior": True, "residual": "ar1(Days | Subject)"}, "linear models with independent residuals"),
    ],
)
def test_options_that_do_not_go_together_are_refused(data, options, match):
    with pytest.raises(OptionError, match=match):
        hlmrs.fit_many(["Reaction"], "~ Days + (1 | Subject)", data, **options)


def test_priors_that_suit_no_response_are_errors(data):
    with pytest.raises(OptionError, match="nonsense"):
        hlmrs.fit_many(
            ["Reaction"], "~ Days + (1 | Subject)", data, posterior=True, priors={"nonsense": hlmrs.Normal(0, 1)}
        )


def test_columns_that_depend_on_others_have_no_rows(data):
    data = data.assign(twice=2 * data["Days"])
    table = hlmrs.fit_many(["Reaction"], "~ Days + twice + (1 | Subject)", data, posterior=True, draws=100)
    assert table["term"].tolist()[:2] == ["(Intercept)", "Days"]
    assert len(table) == 4


def test_structures_are_refused(data):
    table = hlmrs.fit_many(["Reaction"], "~ Days + cs(1 + Days | Subject)", data, posterior=True, draws=100)
    assert table["status"].tolist() == ["failed"]
    assert "without a structure" in table["reason"].iloc[0]
