"""What the adapter hands to marginaleffects, without that package: X of new rows, offsets, covariances, kinds."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.frame import build
from hlmrs.marginal.adapter import FixedPart
from kinds_of_models import rows_of_groups

ROWS = rows_of_groups().with_columns(
    z=pl.col("x").abs() + 1, flag=(pl.col("w") > 0).cast(pl.Int64), n=pl.col("x").round()
)
FORMULA = "y ~ log(z) * f + flag + n + x2 + x + offset(0.5 * w) + (1 | g)"


@pytest.fixture(scope="module")
def fit():
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        return hlmrs.lmer(FORMULA, ROWS)


@pytest.fixture(scope="module")
def part(fit):
    return FixedPart(fit._estimate, "model", None)


def test_the_data_are_the_response_the_variables_and_the_groups(part):
    data = build("polars", part.data())
    assert data.columns[0] == "y"
    assert set(data.columns) == {"y", "z", "f", "flag", "n", "x2", "x", "w", "g"}
    for name in ("y", "z", "flag", "n", "x", "w"):
        np.testing.assert_allclose(data[name].to_numpy(), ROWS[name].to_numpy())
    for name in ("f", "g"):
        assert data[name].cast(pl.String).to_list() == ROWS[name].to_list()


def test_kinds_are_told_by_the_values(part):
    kinds = part.types()
    assert kinds == {"y": "numeric", "z": "numeric", "f": "character", "flag": "binary", "n": "integer",
                     "x2": "numeric", "x": "numeric", "w": "numeric", "g": "character"}  # fmt: skip


def test_the_matrix_has_the_estimated_columns_and_the_offset_and_predicts_what_the_fit_predicts(fit, part):
    new = rows_of_groups(seed=8).with_columns(z=pl.col("x").abs() + 1, flag=pl.lit(1), n=pl.lit(2.0))
    matrix = part.matrix(new)
    kept = [k for k, name in enumerate(fit.coef_names) if np.isfinite(fit.beta[k])]
    assert matrix.shape == (new.height, len(kept) + 1)
    np.testing.assert_allclose(matrix[:, -1], 0.5 * new["w"].to_numpy())
    np.testing.assert_allclose(matrix[:, kept.index(fit.coef_names.index("log(z)"))], np.log(new["z"].to_numpy()))
    own = fit.predict(new, random_effects=False)
    np.testing.assert_allclose(part.predict(np.asarray(fit.beta)[kept], matrix), np.asarray(own), rtol=1e-12)


def test_the_covariance_is_the_one_that_is_asked_for_or_was_chosen_first(fit, part):
    assert part.covariance(False) is None
    assert part.covariance(None) is None
    kept = np.isfinite(fit.beta)
    model = fit.vcov()[np.ix_(kept, kept)]
    np.testing.assert_allclose(part.covariance(True), model)
    np.testing.assert_allclose(part.covariance("CR2"), fit.vcov("CR2")[np.ix_(kept, kept)])
    robust = FixedPart(fit._estimate, "CR1", ["g"])
    np.testing.assert_allclose(robust.covariance(True), fit.vcov("CR1", cluster=["g"])[np.ix_(kept, kept)])
    np.testing.assert_allclose(robust.covariance("model"), model)


def test_what_would_be_refused_later_is_refused_at_once(fit):
    with pytest.raises(hlmrs.OptionError, match="CR9"):
        FixedPart(fit._estimate, "CR9", None)


def test_a_factor_of_numbers_has_its_numbers_as_texts():
    sleep = hlmrs.datasets.load("sleepstudy", "polars")
    fit = hlmrs.lmer("Reaction ~ factor(Days) + (1 | Subject)", sleep)
    part = FixedPart(fit._estimate, "model", None)
    assert part.types()["Days"] == "character"
    np.testing.assert_array_equal(part.matrix(sleep)[:, :-1], fit._estimate.rows.model_matrix())
