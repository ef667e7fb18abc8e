"""The package marginaleffects gives on an adapted fit the numbers that the fit itself gives."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from kinds_of_models import rows_of_groups

me = pytest.importorskip("marginaleffects")


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer("y ~ x * f + w + (x | g)", rows_of_groups())


def test_predictions_are_those_of_the_fixed_part(fit):
    table = me.predictions(fit.marginal.to_marginaleffects())
    own = fit.predict(random_effects=False, interval="confidence", ddf="normal")
    for theirs, column in (("estimate", "prediction"), ("std_error", "std_error"), ("conf_low", "conf_low")):
        np.testing.assert_allclose(table[theirs].to_numpy(), own[column].to_numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("vcov", "own"),
    [("model", {"ddf": "normal"}), ("kenward-roger", {"ddf": "kenward-roger"}), ("CR2", {"vcov": "CR2"})],
)
def test_average_slopes_are_those_of_slopes_by_every_covariance(fit, vcov, own):
    theirs = me.avg_slopes(fit.marginal.to_marginaleffects(vcov=vcov), variables="x", by="f").sort("f")
    table = fit.slopes("x", by="f", **own).sort("f")
    np.testing.assert_allclose(theirs["estimate"].to_numpy(), table["estimate"].to_numpy(), rtol=1e-6)
    # their errors come from differences of the coefficients, one-sided and short
    np.testing.assert_allclose(theirs["std_error"].to_numpy(), table["std_error"].to_numpy(), rtol=1e-3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(int(pl.__version__.split(".")[0]) >= 2, reason="marginaleffects 0.6 uses what Polars 2 has removed")
def test_comparisons_of_a_factor_are_contrasts_of_marginal_means(fit):
    table = me.avg_comparisons(fit.marginal.to_marginaleffects(), variables="f")
    own = fit.contrasts("f", method="reference", ddf="normal")
    np.testing.assert_allclose(table["estimate"].to_numpy(), own["estimate"].to_numpy(), rtol=1e-5)
    np.testing.assert_allclose(table["std_error"].to_numpy(), own["std_error"].to_numpy(), rtol=1e-4)


def test_transforms_offsets_and_grouping_factors_are_understood():
    data = rows_of_groups().with_columns(z=pl.col("x").abs() + 1)
    model = hlmrs.lmer("y ~ log(z) + offset(w) + (1 | g)", data).marginal.to_marginaleffects()
    by_group = me.predictions(model, by="g")
    want = data.with_columns(p=model.model.rows.offset() * 0 + model.model.linear_predictor([False]))
    want = want.group_by("g").agg(pl.col("p").mean()).sort("g")["p"].to_numpy()
    np.testing.assert_allclose(by_group.sort(pl.col("g").cast(pl.String))["estimate"].to_numpy(), want, rtol=1e-9)


def test_factors_of_numbers_keep_their_numbers():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    fit = hlmrs.lmer("Reaction ~ factor(Days) + (1 | Subject)", data)
    table = me.predictions(fit.marginal.to_marginaleffects(), by="Days").sort("Days")
    own = fit.emmeans("Days", ddf="normal")
    np.testing.assert_allclose(table["estimate"].to_numpy(), own["estimate"].to_numpy(), rtol=1e-9)
    np.testing.assert_allclose(table["std_error"].to_numpy(), own["std_error"].to_numpy(), rtol=1e-4)
