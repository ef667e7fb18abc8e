"""Harmonics, conditions, piecewise growth and indicators in formulas: the model of the column made by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from hlmrs.formula import parse

R = np.random.default_rng(1)
X = np.tile(np.arange(9.0), 10)
F = np.tile(["a", "b", "c"], 30)
G = np.repeat(np.arange(10), 9)
DATA = pd.DataFrame({"y": R.normal(size=10)[G] + (X > 3) + R.normal(size=90), "x": X, "f": F, "g": G})

BY_HAND = {
    "sin(2 * pi * x)": np.sin(2 * np.pi * X),
    "cos(pi * x/4)": np.cos(np.pi * X / 4),
    "tan(x)": np.tan(X),
    "I(x > 3)": X > 3,
    "I(x >= 3)": X >= 3,
    "I(x < 3)": X < 3,
    "I(x <= 3)": X <= 3,
    "I(x == 3)": X == 3,
    "I(x != 3)": X != 3,
    "I((x > 3) * (x - 3))": np.where(X > 3, X - 3, 0),
    "I(2 < x)": X > 2,
    "I(x + 1 > 2 * 2)": X > 3,
    "exp(-(x > 3))": np.where(X > 3, np.exp(-1), 1),
    "pmax(x - 5, 0)": np.maximum(X - 5, 0),
    "pmin(x, 5)": np.minimum(X, 5),
    "pmax(2, pmin(x, 5))": np.clip(X, 2, 5),
    "log(pmax(x, 1))": np.log(np.maximum(X, 1)),
    'dummy(f, "b")': F == "b",
    'dummy(factor(x), "3")': X == 3,
    'I(f == "b")': F == "b",
    'I("b" == f)': F == "b",
    'I(f != "b")': F != "b",
    'I((f == "b") * x)': (F == "b") * X,
}


@pytest.fixture(params=BY_HAND, ids=str)
def pair(request):
    """A fit of a formula, and that of the column made by hand."""
    column = np.asarray(BY_HAND[request.param], dtype=float)
    formula = f"y ~ {request.param} + (1 | g)"
    return hlmrs.lmer(formula, DATA), hlmrs.lmer("y ~ made + (1 | g)", DATA.assign(made=column)), request.param


def test_the_model_is_that_of_the_column(pair):
    got, want, text = pair
    assert got.coef_names[1] == text
    np.testing.assert_allclose(got.beta, want.beta, rtol=1e-9, atol=1e-12)
    assert got.criterion == pytest.approx(want.criterion, rel=1e-10)


def test_new_rows_are_computed_in_both_ways(pair):
    got, want, _ = pair
    new = pl.DataFrame(DATA)
    np.testing.assert_allclose(got.predict(new), want.fitted, rtol=1e-9)
    lazy = got.predict(new.lazy()).collect()["prediction"].to_numpy()
    np.testing.assert_allclose(lazy, want.fitted, rtol=1e-9)
    fixed = new.select(got.to_polars_expr().alias("v"))["v"].to_numpy()
    np.testing.assert_allclose(fixed, want.predict(random_effects=False), rtol=1e-9)


def test_a_missing_value_is_missing_in_a_condition(pair):
    got, _, _ = pair
    gap = {"x": [np.nan, 1.0], "f": [None, "b"], "g": [0, 0]}
    assert np.isnan(got.predict(gap)).tolist() == [True, False]
    frame = pl.DataFrame(gap, nan_to_null=True).lazy()
    assert got.predict(frame).collect()["prediction"].is_null().to_list() == [True, False]


def test_streamed_rows_give_the_same_model():
    formula = 'y ~ sin(pi * x/4) + I(x > 3) + dummy(f, "b") + pmax(x - 5, 0) + (1 | g)'
    assert hlmrs.lmer(formula, DATA, rows="stream").beta == pytest.approx(hlmrs.lmer(formula, DATA).beta, rel=1e-8)


def test_seasons_of_ovary():
    data = hlmrs.datasets.load("Ovary", "pandas")
    made = data.assign(s=np.sin(2 * np.pi * data.Time), c=np.cos(2 * np.pi * data.Time))
    want = hlmrs.lmer("follicles ~ s + c + (1 | Mare)", made)
    got = hlmrs.lmer("follicles ~ sin(2 * pi * Time) + cos(2 * pi * Time) + (1 | Mare)", data)
    assert got.beta == pytest.approx(want.beta, rel=1e-8)


def test_indicators_of_random_terms():
    want = hlmrs.lmer("y ~ x + (1 | g) + (0 + b | g)", DATA.assign(b=(F == "b").astype(float)))
    for formula in ('y ~ x + (1 | g) + (0 + dummy(f, "b") | g)', 'y ~ x + (1 | g) + (0 + I(f == "b") | g)'):
        assert hlmrs.lmer(formula, DATA).criterion == pytest.approx(want.criterion, abs=1e-6)


def test_indicators_of_several_levels_are_one_for_each():
    made = DATA.assign(b=(F == "b").astype(float), c=(F == "c").astype(float))
    want = hlmrs.lmer("y ~ x * (b + c) + (1 | g) + (0 + b + c | g)", made)
    got = hlmrs.lmer('y ~ x * dummy(f, c("b", "c")) + (1 | g) + (0 + dummy(f, c("b", "c")) | g)', DATA)
    assert got.criterion == pytest.approx(want.criterion, abs=1e-6)
    assert got.fixef() == pytest.approx(dict(zip(got.coef_names, want.beta, strict=True)), rel=1e-5)
    assert got.coef_names[2:4] == ['dummy(f, "b")', 'dummy(f, "c")']
    again = hlmrs.lmer(str(parse(got.formula)), DATA)
    assert again.criterion == got.criterion
    with pytest.raises(hlmrs.DataError, match="no level 'z'"):
        hlmrs.lmer('y ~ dummy(f, c("b", "z")) + (1 | g)', DATA)


@pytest.mark.parametrize(
    ("right", "part"),
    [
        ("dummy(f, c())", r"levels in c\(\)"),
        ('dummy(f, c("b", c))', "level in quotes"),
        ("x > 3", r"write I\(x > 3\)"),
        ("I(1 < x < 3)", "comparisons do not chain"),
        ("I(x > 3 & x < 5)", "their product holds where both do"),
        ("I(!x)", "the opposite of"),
        ("I(x > 3 | x < 1)", "pmax"),
        ("I(pi)", "is a constant"),
        ("dummy(f)", "level is missing"),
        ("dummy(f, b)", "level in quotes"),
        ("pmax(x)", "y is missing"),
        ('I(f > "b")', "columns are named without quotes"),
    ],
)
def test_what_has_no_meaning_is_refused(right, part):
    with pytest.raises(hlmrs.FormulaError, match=part):
        parse(f"y ~ {right} + (1 | g)")


def test_a_level_that_is_not_there_is_refused():
    with pytest.raises(hlmrs.DataError, match=r"column 'f' has no level 'z' .*'a', 'b', 'c'"):
        hlmrs.lmer('y ~ dummy(f, "z") + (1 | g)', DATA)


def test_pi_is_a_column_where_there_is_one():
    data = DATA.rename(columns={"x": "pi"})
    want = hlmrs.lmer("y ~ x + (1 | g)", DATA).criterion
    assert hlmrs.lmer("y ~ pi + (1 | g)", data).criterion == want
    assert hlmrs.lmer("y ~ I(`pi` + 0) + (1 | g)", data).criterion == pytest.approx(want, rel=1e-12)
    with pytest.raises(hlmrs.FormulaError, match="write `pi` for it"):
        hlmrs.lmer("y ~ I(2 * pi * g) + (1 | g)", data)


@pytest.mark.parametrize("right", ["x**2", "x^2", "x * x", "x:x", "(x)^3", "f + log1p(x)^2"])
def test_the_power_of_a_term_warns_that_it_is_the_term(right):
    with pytest.warns(hlmrs.FormulaWarning, match=r"is '.*' in a formula"):
        hlmrs.lmer(f"y ~ {right} + (1 | g)", DATA)
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", DATA)
    with pytest.warns(hlmrs.FormulaWarning):
        fit.update(f"~ . + {right}")


@pytest.mark.parametrize("right", ["I(x^2)", "(x + f)^2", "x * f", "poly(x, 2)", "x^1", "log1p(x^2)"])
def test_other_powers_do_not_warn(right):
    assert hlmrs.lmer(f"y ~ {right} + (1 | g)", DATA).nobs == 90


ORDER = "ar1(0 + {0} | g)", "toep(0 + {0} | g)", "ar1({0} | g)", "ar1(1 + {0} | g)"


@pytest.mark.parametrize("term", [*(form.format("x") for form in ORDER), "cs(0 + x | g)", "homcs(1 | g)", "ar1(1 | g)"])
def test_structures_without_levels_to_correlate_are_refused(term):
    with pytest.raises(hlmrs.DesignError, match=r"write \w+\(0 \+ factor\("):
        hlmrs.lmer(f"y ~ 1 + {term}", DATA)


@pytest.mark.parametrize("term", ["ar1(f | g)", "toep(1 + f | g)"])
def test_an_intercept_is_no_place_in_an_order(term):
    with pytest.raises(hlmrs.DesignError, match=r"write \w+\(0 \+ f \| g\)"):
        hlmrs.lmer(f"y ~ 1 + {term}", DATA)


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize(
    "term", ["ar1(0 + f | g)", "ar1(0 + f:x | g)", "cs(1 + x | g)", "diag(0 + x | g)", "us(1 | g)"]
)
def test_other_structures_are_fitted(term):
    assert hlmrs.lmer(f"y ~ 1 + {term}", DATA).nobs == 90


def test_means_and_slopes_of_functions():
    """A factor that is only compared with a level is an axis of the grid with all its levels."""
    fit = hlmrs.lmer('y ~ x + dummy(f, "b") + (1 | g)', DATA)
    got = fit.emmeans("f")
    b = fit.fixef()
    assert list(got["f"]) == ["a", "b", "c"]
    base = b["(Intercept)"] + b["x"] * X.mean()
    assert got["estimate"].to_list() == pytest.approx([base, base + b['dummy(f, "b")'], base])
    assert fit.slopes("x")["estimate"].iloc[0] == pytest.approx(b["x"])


def test_a_dot_stands_for_no_column_that_has_another_part():
    data = DATA.assign(w=1.0 + DATA["x"], o=DATA["x"] / 7)
    fit = hlmrs.lmer("y ~ . + (1 | g)", data, weights="w", offset="o")
    assert fit.coef_names == ["(Intercept)", "x", "fb", "fc"]
    assert hlmrs.lmer("log(y + 9) ~ . - w - o + (1 | g)", data).coef_names == ["(Intercept)", "x", "fb", "fc"]
