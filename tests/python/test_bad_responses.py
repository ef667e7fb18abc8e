"""Responses and options that cannot be are refused by name, with the rows and the fix, before anything is fitted."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs


def toy(**columns: Any) -> dict[str, Any]:
    n = 30
    base = {"y": (np.arange(n) % 3 == 0).astype(float), "x": np.arange(n) % 5.0, "g": [f"g{k % 6}" for k in range(n)]}
    return base | columns


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        ("poisson", [-1.0], "is negative in 1 of 30 rows used .*: 0"),
        ("poisson", [0.5], "is no whole number"),
        ("gamma", [0.0], "is not positive"),
        ("beta", [1.0], "between 0 and 1"),
        ("truncated_poisson", [0.0], "zero_inflation= makes a hurdle model"),
    ],
)
def test_responses_outside_the_support_are_named_with_their_rows(family, y, message):
    inside = {"poisson": 2.0, "gamma": 1.5, "beta": 0.4, "truncated_poisson": 3.0}[family]
    values = np.full(30, inside) + (0.01 * np.arange(30) if family in ("gamma", "beta") else np.arange(30) % 3)
    values[0] = y[0]
    with pytest.raises(hlmrs.DataError, match=message):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=values), family=family, link="log" if family == "gamma" else None)


def test_counts_and_proportions_that_cannot_be_are_refused():
    with pytest.raises(hlmrs.DataError, match="negative counts in 1 rows"):
        hlmrs.glmer("cbind(y, n - y) ~ x + (1 | g)", toy(n=np.r_[0.0, np.ones(29)]), family="binomial")
    with pytest.raises(hlmrs.DataError, match="proportions"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=np.linspace(0, 1, 30)), family="binomial")
    with pytest.raises(hlmrs.DataError, match="3 levels"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=["a", "b", "c"] * 10), family="binomial")
    with pytest.raises(hlmrs.DataError, match="family 'binomial', not of 'poisson'"):
        hlmrs.glmer("cbind(y, x) ~ 1 + (1 | g)", toy(), family="poisson")
    kinds = pl.Series(["a", "b", "d"] * 10, dtype=pl.Enum(["a", "b", "c", "d"]))
    with pytest.raises(hlmrs.DataError, match="no row has the category 'c'"):
        hlmrs.glmer("k ~ x + (1 | g)", pl.DataFrame(toy()).with_columns(k=kinds), family="cumulative")


def test_separation_is_refused_by_name_and_rows():
    data = toy(f=["a" if k < 12 else "b" for k in range(30)])
    data["y"] = np.array([1.0 if k < 12 else float(k % 2) for k in range(30)])
    with pytest.raises(
        hlmrs.DesignError, match=r"coefficients of '\(Intercept\)', 'fb' have no finite estimate"
    ) as refusal:
        hlmrs.glmer("y ~ f + (1 | g)", data, family="binomial")
    assert "12 of 30 rows" in str(refusal.value)


def test_options_that_there_are_not_are_refused():
    data = toy()
    with pytest.raises(hlmrs.OptionError, match="did you mean 'poisson'"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="poison")
    with pytest.raises(hlmrs.OptionError, match="family 'poisson' has 'log'"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="poisson", link="logit")
    with pytest.raises(hlmrs.DesignError, match="has no dispersion"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", dispersion="~ x")
    with pytest.raises(hlmrs.DesignError, match="has no zeros of another source"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", zero_inflation="~ 1")
    for text, what in (("x ~ 1", "'x' stands on its left side"), ("x", "it has no '~'"), ("~ x ~ 1", "~")):
        with pytest.raises(hlmrs.FormulaError, match=what):
            hlmrs.glmer("y ~ x + (1 | g)", data, family="poisson", zero_inflation=text)
    with pytest.raises(hlmrs.FormulaError, match="dispersion= is a right side alone"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="nbinom2", dispersion="y ~ x")
    with pytest.raises(hlmrs.OptionError, match="from 1"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", nagq=-1)
    crossed = toy(h=[f"h{k // 10}" for k in range(30)])
    with pytest.raises(hlmrs.DesignError, match="the model has 2 grouping factors"):
        hlmrs.glmer("y ~ x + (1 | g) + (1 | h)", crossed, family="binomial", nagq=5)


@pytest.mark.parametrize(
    ("family", "y", "what"),
    [("binomial", 0.0, "0"), ("binomial", 1.0, "1"), ("poisson", 0.0, "0"), ("gamma", 2.0, "2")],
)
def test_responses_without_variation_are_refused_by_name(family, y, what):
    with pytest.raises(hlmrs.DesignError, match=f"the response 'y' is {what} in every row used"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=np.full(30, y)), family=family)


def test_the_same_number_of_successes_among_different_trials_is_a_response():
    data = toy(y=np.ones(30), n=2.0 + np.arange(30) % 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = hlmrs.glmer("cbind(y, n - y) ~ 1 + (1 | g)", data, family="binomial")
    share = 30 / data["n"].sum()
    np.testing.assert_allclose(fit.beta[0], np.log(share / (1 - share)), atol=1e-4)


def test_rows_without_a_response_are_counted_under_its_name():
    y = (np.arange(30) % 3).astype(float)
    y[:4] = np.nan
    with pytest.warns(hlmrs.DroppedRowsWarning, match=r"4 of 30 rows .*\(y: 4\)"):
        fit = hlmrs.glmer("y ~ x + (1 | g)", toy(y=y), family="poisson")
    assert fit.nobs == 26


@pytest.mark.parametrize(
    ("family", "value", "message"),
    [
        ("lognormal", 0.0, "is not positive and finite"),
        ("inverse_gaussian", -1.0, "is not positive and finite"),
        ("gamma", np.inf, "is not positive and finite"),
        ("tweedie", -1.0, "is negative or not finite"),
        ("gaussian", np.inf, "is not finite"),
        ("nbinom2", -1.0, "is negative"),
        ("nbinom1", 0.5, "is no whole number"),
        ("genpois", np.inf, "is no whole number"),
        ("beta", 0.0, r"both excluded \(family 'ordbeta' has them\)"),
        ("ordbeta", 1.2, "is not from 0 to 1"),
        ("truncated_nbinom2", 0.0, "is zero, which a truncated count cannot be"),
    ],
)
def test_every_family_names_the_first_rows_outside_its_support_and_how_many(family, value, message):
    y = 0.2 + 0.02 * np.arange(30) if "beta" in family else 1.0 + np.arange(30) % 3
    y[[4, 9]] = value
    with pytest.raises(hlmrs.DataError, match=rf'"y" .*{message}.* in 2 of 30 rows used \(counted from 0: 4, 9\)'):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=y), family=family)


@pytest.mark.parametrize("family", ["binomial", "betabinomial"])
def test_more_successes_than_trials_and_parts_of_trials_are_refused(family):
    data = toy(n=np.where(np.isin(np.arange(30), [3, 6]), 0.0, 2.0))
    with pytest.raises(hlmrs.DataError, match=r"negative counts in 2 rows, first in row 3 \(counted from 0\)"):
        hlmrs.glmer("cbind(y, n - y) ~ x + (1 | g)", data, family=family)
    data = toy(y=np.where(np.arange(30) == 2, 1.5, 1.0))
    with pytest.raises(hlmrs.DataError, match=r"counts 1.5 successes in row 2 .* and so in 1 rows"):
        hlmrs.glmer("cbind(y, x) ~ 1 + (1 | g)", data, family=family)


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_weights_and_offsets_that_are_no_numbers_of_their_kind_are_refused_with_their_row(value):
    weights = np.where(np.arange(30) == 5, value, 1.0)
    for given in ({"weights": "w"}, {"weights": weights}):
        with pytest.raises(hlmrs.DataError, match=r"weights.* are (-1|inf) in row 5"):
            hlmrs.glmer("y ~ x + (1 | g)", toy(w=weights), family="poisson", **given)
    if np.isinf(value):
        for formula, given in (
            ("y ~ x + (1 | g)", {"offset": "w"}),
            ("y ~ x + (1 | g)", {"offset": weights}),
            ("y ~ x + offset(w) + (1 | g)", {}),
        ):
            with pytest.raises(hlmrs.DataError, match=r"('w'|offset).* is infinite at row 5"):
                hlmrs.glmer(formula, toy(w=weights), family="poisson", **given)


def test_responses_without_a_value_or_with_one_level_are_refused():
    with pytest.raises(hlmrs.DataError, match="'y' has no value in any of the 30 rows"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=np.full(30, np.nan)), family="poisson")
    with pytest.raises(hlmrs.DataError, match="'y' has 1 levels, and family 'binomial' needs two"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=["a"] * 30), family="binomial")
    one = pl.DataFrame(toy()).with_columns(k=pl.Series(["a"] * 30, dtype=pl.Enum(["a"])))
    with pytest.raises(hlmrs.DataError, match="'k' has one category; an ordered response needs two or more"):
        hlmrs.glmer("k ~ x + (1 | g)", one, family="cumulative")


def test_unknown_levels_of_an_ordered_response_are_refused():
    kinds = np.random.default_rng(1).choice(["a", "b", "c"], 30)
    data = pl.DataFrame(toy()).with_columns(k=pl.Series(kinds, dtype=pl.Enum(["a", "b", "c"])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = hlmrs.glmer("k ~ x + (1 | g)", data, family="cumulative")
    for unknown in (0, 4):
        y = np.where(np.arange(30) == 7, unknown, 1 + np.arange(30) % 3)
        with pytest.raises(hlmrs.DataError, match=rf"{unknown} at row 7 .* in 1 rows; give a category from 1 to 3"):
            fit.refit(y)
    with pytest.raises(hlmrs.DataError, match=r"is text, whose levels .* have no order"):
        fit.update(data=data.with_columns(pl.col("k").cast(pl.String)))


def test_separation_by_a_combination_of_columns_is_found():
    rng = np.random.default_rng(1)
    a, b, g = rng.normal(size=200), rng.normal(size=200), [f"g{k}" for k in np.arange(200) % 20]
    data = {"a": a, "b": b, "g": g, "y": (a + b > 0) * 1.0}
    with pytest.raises(hlmrs.DesignError, match=r"'a', 'b' have no finite estimate.* 200 of 200 rows"):
        hlmrs.glmer("y ~ a + b + (1 | g)", data, family="binomial")
    # alone neither column separates
    for column in ("a", "b"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
            assert hlmrs.glmer(f"y ~ {column} + (1 | g)", data, family="binomial").verdict.converged
