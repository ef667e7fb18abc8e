"""What has no variance has no test: it is NaN, with the reason, and no p-value of zero."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.inference import wald


def two_clusters() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    n = 60
    x, z = rng.normal(size=(2, n))
    return pl.DataFrame(
        {
            "g": [f"g{k % 12}" for k in range(n)],
            "c": [f"c{k % 12 % 2}" for k in range(n)],
            "x": x,
            "z": z,
            "y": 1 + 0.5 * x + rng.normal(size=12)[np.arange(n) % 12] + rng.normal(size=n),
        }
    )


DATA = two_clusters()


@pytest.mark.parametrize("vcov", ["CR0", "CR1", "CR1S"])
def test_two_clusters_cannot_test_two_hypotheses_at_once(vcov: str) -> None:
    fit = hlmrs.lmer("y ~ x + z + (1 | g)", DATA)
    covariance = fit.vcov(vcov, cluster="c")
    assert np.linalg.matrix_rank(covariance, tol=1e-9 * np.abs(covariance).max()) == 1
    with pytest.warns(hlmrs.InferenceWarning, match="no test of 'x = 0, z = 0': .* has no variance"):
        (row,) = fit.test("x = 0, z = 0", vcov=vcov, cluster="c").to_dicts()
    assert (row["num_df"], row["statistic"], row["p_value"]) == (2, None, None)


def test_as_many_groups_as_coefficients_leave_no_joint_test_of_all_but_one() -> None:
    fit = hlmrs.gee("y ~ x + z", DATA, groups="c")
    with pytest.warns(hlmrs.InferenceWarning, match="no variance"):
        (row,) = fit.test("(Intercept) = 0, x = 0, z = 0").to_dicts()
    assert row["p_value"] is None


def test_one_hypothesis_and_many_clusters_are_tested_as_before() -> None:
    fit = hlmrs.lmer("y ~ x + z + (1 | g)", DATA)
    (row,) = fit.test("x = 0, z = 0", vcov="CR0", ddf="normal", cluster="g").to_dicts()
    matrix, beta = fit.vcov("CR0", cluster="g")[1:, 1:], fit.beta[1:]
    assert row["statistic"] == pytest.approx(beta @ np.linalg.solve(matrix, beta) / 2, rel=1e-10)


def test_what_has_no_standard_error_has_no_p_value() -> None:
    found = wald(np.array([1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.0]), np.full(3, np.inf), 0.95)
    assert np.isnan([found.p_value[:2], found.statistic[:2]]).all()
    assert found.conf_low[0] == found.conf_high[0] == 1.0
    assert found.p_value[2] == pytest.approx(0.0455, abs=1e-4)
