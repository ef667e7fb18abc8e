"""Models side by side: what is nested, and what a likelihood ratio refers to."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs.hypotheses import comparison


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.datasets.load("sleepstudy", "polars")


def ladder(data, *random, response="Reaction", fixed="Days", **options):
    return [hlmrs.lmer(f"{response} ~ {fixed} + {part}", data, **options) for part in random]


def test_models_are_listed_from_small_to_large_by_maximum_likelihood(sleep):
    fits = ladder(sleep, "(Days | Subject)", "(1 | Subject)")
    table = rows(hlmrs.compare(*fits))
    assert [row["n_params"] for row in table] == [4, 6]
    by_ml = ladder(sleep, "(1 | Subject)", "(Days | Subject)", reml=False)
    for row, fit in zip(table, by_ml, strict=True):
        assert row["loglik"] == pytest.approx(fit.loglik, abs=1e-6)
        assert row["aic"] == pytest.approx(fit.aic, abs=1e-6)
        assert row["bic"] == pytest.approx(fit.bic, abs=1e-6)
        k = row["n_params"]
        assert row["aicc"] == pytest.approx(fit.aic + 2 * k * (k + 1) / (180 - k - 1), abs=1e-6)
    assert table[1]["chisq"] == pytest.approx(2 * (by_ml[1].loglik - by_ml[0].loglik), abs=1e-6)
    assert sum(row["weight"] for row in table) == pytest.approx(1)
    assert fits[0].reml


@pytest.mark.parametrize(
    ("small", "large", "law"),
    [
        ("(1 | Subject)", "(Days | Subject)", "0.5 chi2(1) + 0.5 chi2(2)"),
        ("(1 | Subject)", "(Days || Subject)", "0.5 chi2(0) + 0.5 chi2(1)"),
        ("(Days || Subject)", "(Days | Subject)", "chi2(1)"),
        ("(0 + Days | Subject)", "(Days | Subject)", "0.5 chi2(1) + 0.5 chi2(2)"),
        ("(0 + Days | Subject)", "(1 | Subject)", None),
        ("(1 | Subject)", "diag(Days | Subject)", "0.5 chi2(0) + 0.5 chi2(1)"),
        ("(0 + Days | Subject)", "diag(Days | Subject)", "0.5 chi2(0) + 0.5 chi2(1)"),
        ("diag(Days | Subject)", "(Days | Subject)", "chi2(1)"),
        ("diag(Days | Subject)", "diag(Days + I(Days^2) | Subject)", "0.5 chi2(0) + 0.5 chi2(1)"),
        ("(Days | Subject)", "diag(Days + I(Days^2) | Subject)", None),
        ("(0 + I(Days^2) | Subject)", "diag(Days | Subject)", None),
    ],
)
def test_a_new_variance_is_on_its_boundary(sleep, small, large, law):
    last = rows(hlmrs.compare(*ladder(sleep, small, large)))[1]
    found = last["null_distribution"]
    assert found == law if law else found.startswith("not nested: no random term")
    assert (last["p_value"] is None) == (law is None)


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
def test_a_new_variance_beside_correlations_that_were_zero_is_conservative(sleep):
    row = rows(hlmrs.compare(*ladder(sleep, "(Days || Subject)", "(Days + I(Days^2) | Subject)")))[1]
    assert row["df"] == 4
    assert row["null_distribution"] == "chi2(4), conservative: a variance is on its boundary"


def test_the_mixture_is_half_of_each_tail(sleep):
    row = rows(hlmrs.compare(*ladder(sleep, "(1 | Subject)", "(Days || Subject)")))[1]
    from hlmrs.inference import chi_square_tail

    assert row["p_value"] == pytest.approx(chi_square_tail(row["chisq"], 1) / 2)


def test_two_new_variances_are_conservative_and_say_so():
    data = hlmrs.datasets.load("Machines", "polars")
    fits = ladder(data, "(1 | Worker)", "(Machine | Worker)", response="score", fixed="Machine")
    row = rows(hlmrs.compare(*fits))[1]
    assert row["df"] == 5
    assert row["null_distribution"].startswith("chi2(5), conservative")


def test_structures_are_nested_by_what_they_can_be():
    data = hlmrs.datasets.load("Machines", "polars")
    terms = [f"{name}(0 + Machine | Worker)" for name in ("homcs", "cs", "us")]
    table = rows(hlmrs.compare(*ladder(data, *terms, response="score", fixed="Machine")))
    assert [row["null_distribution"] for row in table] == [None, "chi2(2)", "chi2(2)"]
    odd = ladder(data, "diag(0 + Machine | Worker)", "homcs(0 + Machine | Worker)", response="score", fixed="Machine")
    assert rows(hlmrs.compare(*odd))[1]["null_distribution"].startswith("not nested: no random term")


def test_another_coding_of_the_same_columns_is_nested(sleep):
    data = sleep.with_columns(late=(pl.col("Days") > 4))
    small = hlmrs.lmer("Reaction ~ late + (1 | Subject)", data)
    large = hlmrs.lmer("Reaction ~ 0 + factor(Days) + (1 | Subject)", data)
    row = rows(hlmrs.compare(small, large))[1]
    assert (row["df"], row["null_distribution"]) == (8, "chi2(8)")


def test_reml_is_for_the_same_fixed_part(sleep):
    fits = ladder(sleep, "(1 | Subject)", "(Days | Subject)")
    table = rows(hlmrs.compare(*fits, reml=True))
    assert table[0]["loglik"] == pytest.approx(fits[0].loglik)
    assert {row["estimator"] for row in table} == {"REML"}
    other = hlmrs.lmer("Reaction ~ 1 + (1 | Subject)", sleep)
    with pytest.raises(hlmrs.OptionError, match="same fixed part"):
        hlmrs.compare(fits[0], other, reml=True)


def test_other_rows_responses_and_weights_are_refused(sleep):
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep)
    fewer = hlmrs.lmer("Reaction ~ 1 + (1 | Subject)", sleep[:170])
    with pytest.raises(hlmrs.DataError, match="180 rows"):
        hlmrs.compare(fit, fewer)
    with pytest.raises(hlmrs.DataError, match="different responses"):
        hlmrs.compare(fit, hlmrs.lmer("log(Reaction) ~ 1 + (1 | Subject)", sleep))
    weighted = hlmrs.lmer("Reaction ~ 1 + (1 | Subject)", sleep, weights=np.linspace(1, 2, 180))
    with pytest.raises(hlmrs.DataError, match="different weights"):
        hlmrs.compare(fit, weighted)
    with pytest.raises(hlmrs.OptionError, match="two fits"):
        hlmrs.compare(fit)
    with pytest.raises(TypeError, match="not str"):
        hlmrs.compare(fit, "fit")


def test_models_have_the_same_names_by_the_order_of_arguments_wherever_they_are_beside_each_other(sleep):
    fits = ladder(sleep, "(Days | Subject)", "(1 | Subject)")
    by_name = {row["model"]: row["formula"] for row in rows(hlmrs.compare(*fits))}
    assert by_name == {"m1": fits[0].formula, "m2": fits[1].formula}
    assert hlmrs.table(*fits).grid.header == ["m1", "m2"]
    assert set(fits[0].plot.coefs.data(fits[1])["model"]) == {"m1", "m2"}


def test_models_are_named_as_asked(sleep):
    fits = ladder(sleep, "(Days | Subject)", "(1 | Subject)")
    table = hlmrs.compare(*fits, names=["slopes", "intercepts"])
    assert list(table["model"]) == ["intercepts", "slopes"]
    assert list(table["formula"]) == [fits[1].formula, fits[0].formula]
    for wrong in (["one"], ["same", "same"], "one"):
        with pytest.raises(hlmrs.OptionError, match="2 different names"):
            hlmrs.compare(*fits, names=wrong)


@pytest.mark.parametrize("frame", ["pandas", "pyarrow"])
def test_the_table_is_of_the_callers_kind(frame):
    data = hlmrs.datasets.load("Penicillin", frame)
    fits = ladder(data, "(1 | plate)", "(1 | plate) + (1 | sample)", response="diameter", fixed="1")
    assert rows(hlmrs.compare(*fits))[1]["df"] == 1


def test_a_ratio_that_rounding_makes_negative_is_zero_and_a_larger_one_is_told(sleep):
    small, large = (fit._estimate for fit in ladder(sleep, "(1 | Subject)", "(Days | Subject)", reml=False))

    def compared(estimate, criterion):
        own = {name: getattr(estimate.core, name) for name in ("n_params", "beta", "theta", "verdict")}
        return comparison.Compared(estimate, SimpleNamespace(criterion=criterion, **own))

    assert comparison._ratio(compared(small, 1000.0), compared(large, 1000.0 + 1e-4))[:3] == (0.0, 2.0, 1.0)
    assert comparison._ratio(compared(small, 1000.0), compared(large, 1001.0))[0] == -1.0
    assert comparison._ratio(compared(small, 1001.0), compared(large, 1000.0))[0] == 1.0


def with_gaps(seed=8):
    """Rows of which some miss x, and others z."""
    rng, n = np.random.default_rng(seed), 240
    g = np.repeat(np.arange(24), 10)
    x, z, f = rng.normal(size=n), rng.normal(size=n), rng.choice(["a", "b", "c"], n)
    y = x + rng.normal(size=24)[g] + rng.normal(size=n)
    w = rng.uniform(0.5, 2.0, n)
    data = pl.DataFrame({"y": y, "x": x, "z": z, "f": f, "g": g, "w": w, "hit": (y > 0).astype(int)})
    data = data.with_columns(f=pl.when((pl.col("f") == "c") & (pl.int_range(n) > 60)).then(pl.lit("a")).otherwise("f"))
    gaps_of_x = (pl.int_range(n) % 7 == 1) | (pl.col("f") == "c")
    return data.with_columns(
        x=pl.when(gaps_of_x).then(None).otherwise("x"), z=pl.when(pl.int_range(n) % 5 == 2).then(None).otherwise("z")
    )


GAPPED = {
    "linear": lambda d, f: hlmrs.lmer(f"y ~ {f} + (1 | g)", d, weights="w"),
    "array of weights": lambda d, f: hlmrs.lmer(f"y ~ {f} + (1 | g)", d, weights=d["w"].to_numpy()),
    "generalized": lambda d, f: hlmrs.glmer(f"hit ~ {f} + (1 | g)", d, family="binomial"),
    "zero part": lambda d, f: hlmrs.glmer(f"hit ~ {f} + (1 | g)", d, family="poisson", zero_inflation="~ x"),
    "marginal": lambda d, f: hlmrs.gee(f"y ~ {f}", d, groups="g", correlation="exchangeable"),
}


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("fitted", GAPPED.values(), ids=GAPPED)
def test_models_with_other_missing_values_are_compared_on_the_rows_that_all_use(fitted):
    data, formulas = with_gaps(), ["f", "x + f", "x + f + z"]
    fits = [fitted(data, formula) for formula in formulas]
    with pytest.raises(hlmrs.DataError, match="same_rows=True"):
        hlmrs.compare(*fits)
    table = hlmrs.compare(*fits, same_rows=True)
    complete = data.drop_nulls()
    want = hlmrs.compare(*(fitted(complete, formula) for formula in formulas))
    got, wanted = table.to_frame(), want.to_frame()
    assert got["n_params"].to_list() == wanted["n_params"].to_list()
    for name in {"loglik", "aic", "bic", "chisq", "qic", "cic"} & set(got.columns):
        np.testing.assert_allclose(got[name].fill_null(0.0), wanted[name].fill_null(0.0), rtol=1e-7, atol=1e-6)
    assert f"{complete.height:,} of {data.height:,} rows" in str(table)
    assert [fit.nobs for fit in fits] != [complete.height] * 3


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
def test_rows_are_not_left_out_where_all_models_use_the_same_nor_of_other_data(sleep):
    fits = ladder(sleep, "(1 | Subject)", "(Days | Subject)")
    assert str(hlmrs.compare(*fits, same_rows=True)) == str(hlmrs.compare(*fits))
    with pytest.raises(hlmrs.DataError, match="170 and 180 rows"):
        hlmrs.compare(fits[0], fits[1].update(data=sleep.head(170)), same_rows=True)


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
def test_a_fit_that_refuses_missing_values_is_compared_on_fewer_rows():
    data = with_gaps()
    whole, gapped = hlmrs.lmer("y ~ 1 + (1 | g)", data, missing="error"), hlmrs.lmer("y ~ z + (1 | g)", data)
    assert "192 of 240 rows" in str(hlmrs.compare(whole, gapped, same_rows=True))


def in_arms(n=48, size=6):
    """Rows of groups, each in one of three arms, and in both arms of a crossover."""
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(n), size)
    t = np.tile(np.arange(size, dtype=float), n)
    sd = np.array([1.0, 2.0, 0.5])[group % 3]
    y = t + sd * (rng.normal(size=n)[group] + 0.5 * t * rng.normal(size=n)[group]) + rng.normal(size=n * size)
    arm = np.array(["a", "b", "c"])[group % 3]
    return {"y": y, "t": t, "g": group.astype(str), "arm": arm, "within": np.where(t < 3, "x", "z")}


@pytest.mark.parametrize(
    ("small", "large", "law"),
    [
        ("(t | g)", "(t | g, by=arm)", "chi2(6)"),
        ("(1 | g)", "(1 | g, by=arm)", "chi2(2)"),
        ("(t || g)", "(t || g, by=arm)", "chi2(4), conservative: a variance is on its boundary"),
        ("(1 | g, by=arm)", "(t | g, by=arm)", "chi2(6), conservative: a variance is on its boundary"),
        ("(1 | g)", "(t | g, by=arm)", "chi2(8), conservative: a variance is on its boundary"),
        ("(t | g)", "(t | g, by=within)", "not nested: no random term of the other model holds (1 + t | g)"),
        (
            "(t | g)",
            "(1 | g, by=arm) + (1 | within)",
            "not nested: no random term of the other model holds (1 + t | g)",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
def test_equal_covariances_are_nested_in_those_by_levels_of_which_groups_have_one(small, large, law):
    data = in_arms()
    fits = [hlmrs.lmer(f"y ~ t + {random}", data, reml=False) for random in (small, large)]
    table = rows(hlmrs.compare(*fits))[1]
    assert table["null_distribution"] == law
    if law.startswith("chi2"):
        assert table["chisq"] == pytest.approx(fits[0].criterion - fits[1].criterion)


def test_fixed_effects_that_the_other_model_has_not_are_named():
    data = in_arms()
    one = hlmrs.lmer("y ~ arm + (1 | g)", data)
    other = hlmrs.lmer("y ~ t + I(t^2) + I(t^3) + (1 | g)", data)
    found = rows(hlmrs.compare(one, other))[1]["null_distribution"]
    assert found == "not nested: the other model has no fixed effects for 'armb', 'armc'"
    found = rows(hlmrs.compare(one, hlmrs.lmer("y ~ t + I(t^2) + (1 | g)", data)))[1]["null_distribution"]
    assert found.startswith("not nested: the other model has no fixed effects for")
