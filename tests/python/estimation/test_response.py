"""What the response of a generalized model is read as: which level is success, which order categories have, counts."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs

N = 120
R = np.random.default_rng(11)
X = R.normal(size=N)
G = [f"g{k % 12}" for k in range(N)]
HIT = R.random(N) < 1 / (1 + np.exp(-X))
KINDS = {
    "dict": lambda table: {name: list(values) for name, values in table.items()},
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars categories": lambda table: pl.DataFrame(table).with_columns(pl.col("y").cast(pl.Categorical)),
}


def binomial(data, formula="y ~ x + (1 | g)", **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(formula, data, family="binomial", **more)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("failure", "success"), [("no", "yes"), ("2", "10"), ("alive", "dead")])
def test_levels_of_text_are_in_natural_order_whichever_comes_first_in_the_rows(kind, failure, success):
    want = binomial({"y": HIT, "x": X, "g": G})
    first = np.argsort(HIT, kind="stable")
    for order in (first, first[::-1]):
        table = {"y": np.where(HIT, success, failure)[order], "x": X[order], "g": np.array(G)[order]}
        fit = binomial(KINDS[kind](table))
        assert fit.success == success
        np.testing.assert_allclose(fit.beta, want.beta, atol=1e-6)
    assert f"y: {success} is success, {failure} failure" in str(fit.summary())


def test_a_declared_order_says_which_level_is_success_and_levels_of_no_row_do_not_count():
    kind = pl.Enum(["never", "yes", "no"])
    fit = binomial(pl.DataFrame({"y": np.where(HIT, "yes", "no"), "x": X, "g": G}).with_columns(pl.col("y").cast(kind)))
    assert fit.success == "no"
    np.testing.assert_allclose(fit.beta, -binomial({"y": HIT, "x": X, "g": G}).beta, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_ordered_categories_need_a_declared_order(kind):
    data = KINDS[kind]({"y": np.array(["low", "mid", "high"])[np.arange(N) % 3], "x": X, "g": G})
    with pytest.raises(hlmrs.DataError, match=r"'low', 'mid'.* have no order; declare it .*pandas.*polars.Enum"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="cumulative")


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_the_summary_has_the_order_of_categories(kind):
    order, y = ["low", "mid", "high"], np.array(["low", "mid", "high"])[np.arange(N) // 3 % 3]
    if kind == "pandas":
        data = pd.DataFrame({"y": pd.Categorical(y, categories=order, ordered=True), "x": X, "g": G})
    else:
        data = pl.DataFrame({"y": y, "x": X, "g": G}).with_columns(pl.col("y").cast(pl.Enum(order)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="cumulative")
    assert "y: low < mid < high" in str(fit.summary())


@pytest.mark.parametrize(("successes", "failures"), [(0.5, 1.0), (1.0, 2.25)])
def test_counts_of_a_pair_are_whole_numbers(successes, failures):
    data = {"a": np.where(np.arange(N) == 7, successes, HIT * 1.0), "b": np.full(N, 2.0), "g": G}
    data["b"][7] = failures
    with pytest.raises(hlmrs.DataError, match=r"in row 7 .* is no whole number, and so in 1 rows; a proportion"):
        binomial(data, "cbind(a, b) ~ 1 + (1 | g)")


def test_counts_that_are_whole_but_for_rounding_are_whole():
    data = {"a": HIT * 3.0, "size": np.full(N, 5.0), "g": G}
    data["share"] = data["a"] / data["size"]
    exact = binomial(data, "cbind(a, size - a) ~ 1 + (1 | g)")
    rounded = binomial(data, "cbind(share * size, size - share * size) ~ 1 + (1 | g)")
    assert rounded.criterion == pytest.approx(exact.criterion, abs=1e-9)
