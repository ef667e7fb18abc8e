"""Every method side by side, and intervals of predictions that count the estimation of the variances."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))


def test_every_row_is_what_its_method_gives_alone(sleep):
    table = {r["method"]: r for r in rows(sleep.compare_methods("Days", n=200, seed=3))}
    for ddf in ("satterthwaite", "kenward-roger", "containment", "between-within", "residual", "normal"):
        want = rows(sleep.tidy(ddf=ddf))[1]
        assert all(table[ddf][key] == pytest.approx(want[key], rel=1e-12) for key in want if key != "term"), ddf
    robust = rows(sleep.tidy(vcov="CR2"))[1]
    assert table["CR2"]["std_error"] == pytest.approx(robust["std_error"])
    profile = rows(sleep.confint(method="profile"))[1]
    assert (table["profile"]["conf_low"], table["profile"]["conf_high"]) == (profile["conf_low"], profile["conf_high"])
    boot = rows(sleep.confint(method="boot", n=200, seed=3))[1]
    assert (table["bootstrap"]["conf_low"], table["bootstrap"]["conf_high"]) == (boot["conf_low"], boot["conf_high"])
    assert all(row["assumes"] for row in table.values())


def test_a_method_that_cannot_be_had_says_why():
    data = hlmrs.datasets.load("Penicillin", "polars")
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data, reml=False)
    table = {r["method"]: r for r in rows(fit.compare_methods("(Intercept)", n=20, seed=1))}
    assert table["kenward-roger"]["assumes"].startswith("not available: ")
    assert "reml=True" in table["kenward-roger"]["assumes"]
    assert "nested" in table["between-within"]["assumes"]
    assert table["satterthwaite"]["df"] > 1
    with pytest.raises(hlmrs.OptionError, match=r"'\(Intercept\)'"):
        fit.compare_methods("plate")


def test_intervals_of_predictions_count_the_estimation_of_theta():
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(6), [3, 5, 2, 6, 4, 3])
    x = rng.normal(size=len(g))
    y = 1 + x + 0.8 * rng.normal(size=6)[g] + rng.normal(size=len(g))
    data = pl.DataFrame({"y": y, "x": x, "g": g.astype(str)})
    fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    big_x, z = np.column_stack([np.ones(len(g)), x]), (g[:, None] == np.arange(6)).astype(float)

    def solved(theta: float) -> tuple[float, np.ndarray]:
        """The profiled REML criterion, and the fitted values, by dense algebra."""
        v = np.linalg.inv(np.eye(len(g)) + theta**2 * z @ z.T)
        info = big_x.T @ v @ big_x
        beta = np.linalg.solve(info, big_x.T @ v @ y)
        r = y - big_x @ beta
        criterion = -np.linalg.slogdet(v)[1] + np.linalg.slogdet(info)[1] + (len(g) - 2) * np.log(r @ v @ r)
        return criterion, big_x @ beta + theta**2 * z @ z.T @ v @ r

    theta, h = fit.theta[0], 1e-3
    (low, a), (mid, _), (high, b) = (solved(theta + s * h) for s in (-1, 0, 1))
    added = ((b - a) / (2 * h)) ** 2 * 2 / ((high - 2 * mid + low) / h**2)
    with_theta, without = (
        fit.predict(interval="confidence", variances=v)["std_error"].to_numpy() ** 2 for v in ("estimated", "known")
    )
    np.testing.assert_allclose(with_theta - without, added, rtol=1e-3, atol=1e-9)
    new = pl.DataFrame({"x": [0.0], "g": ["new"]})
    table = fit.predict(new, new_levels="population", interval="prediction")
    assert table["std_error"][0] > np.hypot(fit.sigma, rows(fit.varcorr())[0]["sd"])
    with pytest.raises(hlmrs.OptionError, match="'estimated', 'known'"):
        fit.predict(interval="confidence", variances="some")
