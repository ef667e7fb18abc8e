"""Correlations and standard deviations of residuals in pictures are those of the definitions."""

import warnings

import numpy as np
import pytest

import hlmrs
from golden import rows
from hlmrs.errors import OptionError
from repeated_measures_data import measured

GROWTH = hlmrs.datasets.load("Orthodont", "polars")


@pytest.fixture(scope="module")
def fit():
    return hlmrs.gls("distance ~ age * Sex", GROWTH, residual="ar1(age | Subject)")


def test_the_table_of_lags_has_correlations_pairs_and_the_model(fit):
    table = rows(fit.plot.residual_correlation.data())
    assert list(table[0]) == ["lag", "pairs", "correlation", "std_error", "conf_low", "conf_high", "fitted"]
    assert [row["lag"] for row in table] == [2, 4, 6]
    assert [row["pairs"] for row in table] == [81, 54, 27]
    rho = fit.residual_parameters()["estimate"][0]
    assert [row["fitted"] for row in table] == pytest.approx([rho**2, rho**4, rho**6])
    r = np.asarray(fit.resid()).reshape(27, 4)
    for row, k in zip(table, (1, 2, 3), strict=True):
        a, b = r[:, k:], r[:, :-k]
        assert row["correlation"] == pytest.approx(np.sum(a * b) / np.sum((a**2 + b**2) / 2))
        assert row["conf_low"] < row["correlation"] < row["conf_high"]


def test_uneven_times_have_a_variogram():
    fit = hlmrs.gls("y ~ t + z", measured(1, "car1"), residual="car1(t | g)")
    table = rows(fit.plot.residual_correlation.data())
    assert list(table[0])[:3] == ["distance", "pairs", "semivariance"]
    rho = fit.residual_parameters()["estimate"][0]
    assert [row["fitted"] for row in table] == pytest.approx([1 - rho ** row["distance"] for row in table], abs=0.02)
    picture = fit.plot.residual_correlation._picture(None, None, 0.95)
    assert picture.title == "y: variogram of residuals, within g"
    u = np.asarray(fit.resid()) / fit.sigma
    data = measured(1, "car1")
    pairs = [(i, j) for g in range(60) for i in range(6 * g, 6 * g + 6) for j in range(i + 1, 6 * g + 6)]
    i, j = np.array(pairs).T
    first = np.argsort(np.abs(data["t"][i] - data["t"][j]))[: table[0]["pairs"]]
    half, square = (u[i] - u[j])[first] ** 2 / 2, (u[i] ** 2 + u[j] ** 2)[first] / 2
    assert table[0]["semivariance"] == pytest.approx(half.sum() / square.sum())


def test_deviations_by_visit_are_root_mean_squares(fit):
    table = rows(fit.plot.residual_sd.data())
    assert [row["level"] for row in table] == ["8", "10", "12", "14"]
    r = np.asarray(fit.resid()).reshape(27, 4)
    assert [row["residual_sd"] for row in table] == pytest.approx(np.sqrt(np.mean(r**2, axis=0)))
    assert {row["rows"] for row in table} == {27}
    assert [row["fitted"] for row in table] == pytest.approx([fit.sigma] * 4)


def test_deviations_are_by_any_column_or_in_bins(fit):
    by_sex = rows(fit.plot.residual_sd.data("Sex"))
    assert {row["level"] for row in by_sex} == {"Male", "Female"}
    in_bins = rows(fit.plot.residual_sd.data("fitted"))
    assert sum(row["rows"] for row in in_bins) == 108
    with pytest.raises(OptionError, match=r"by='sex': .*did you mean 'Sex'"):
        fit.plot.residual_sd("sex")
    many = {"y": np.random.default_rng(1).normal(size=120), "k": [f"k{i}" for i in np.arange(120) // 2]}
    with pytest.raises(OptionError, match="60 levels, and the picture 40 at most"):
        hlmrs.gls("y ~ 1", many).plot.residual_sd("k")


@pytest.mark.parametrize("structure", ["", "ar1(t | g)"])
def test_deviations_beside_random_effects_are_those_of_the_errors(structure):
    ratios = []
    for seed in range(25):
        data = measured(seed, "ar1" if structure else "iid", groups=60, size=6, intercepts=1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
            fit = hlmrs.lmer("y ~ t + z + (t | g)", data, residual=structure or None)
        ratios.append([row["residual_sd"] / row["fitted"] for row in rows(fit.plot.residual_sd.data("t"))])
    error = np.std(ratios, axis=0) / 5
    # residuals of fitted values are smaller at the ends of the time, where they have more leverage
    assert (np.abs(np.mean(ratios, axis=0) - 1) < 3 * error + 0.02).all()


def test_what_cannot_be_drawn_is_said():
    alone = hlmrs.gls("distance ~ age * Sex", GROWTH)
    with pytest.raises(OptionError, match="name the column of whom the rows are"):
        alone.plot.residual_correlation()
    assert rows(alone.plot.residual_correlation.data("Subject", order="age"))[0]["fitted"] == 0
    with pytest.raises(OptionError, match="level"):
        alone.plot.residual_correlation("Subject", level=2)
    each = {"y": np.random.default_rng(1).normal(size=20), "k": [f"k{i}" for i in range(20)]}
    with pytest.raises(OptionError, match="no group of k has two rows"):
        hlmrs.gls("y ~ 1", each).plot.residual_correlation("k")
