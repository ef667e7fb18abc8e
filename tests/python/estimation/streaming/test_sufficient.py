"""Statistics of parts, in any order and place, are those of the whole."""

import pickle
import re

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed()
MODELS = {
    "one factor": ("y ~ x + z + (1 + z | subject)", {}),
    "crossed": ("y ~ x + f + (1 | subject) + (1 | item)", {}),
    "nested": ("y ~ x + (1 | school / subject)", {}),
    "combinations": ("y ~ z + (1 | subject) + (1 | subject:item) + (0 + z | school)", {}),
    "no intercept": ("I(y - 10000) ~ 0 + x + f:z + (1 | subject)", {}),
    "category in the random part": ("y ~ f + (0 + f | subject)", {}),
    "weights and offset": ("y ~ x * f + offset(off) + (z || subject) + (1 | item)", {"weights": "w"}),
    "offset argument": ("sqrt(y) ~ log(x) + I(z^2) + (1 | subject)", {"offset": "small"}),
    "sum contrasts": ("y ~ f * z + (1 | item)", {"contrasts": {"f": "sum"}}),
}
LEVELS = {"f": ["hi", "lo", "mid"]}


def partition(data, rng):
    """Rows in random batches of very different sizes, in random order."""
    order = rng.permutation(data.height)
    cuts = np.sort(rng.integers(0, data.height, 5))
    return [data[part.tolist()] for part in np.split(order, cuts) if part.size]


@pytest.fixture(params=MODELS.values(), ids=MODELS, scope="module")
def model(request):
    formula, options = request.param
    return formula, options, hlmrs.lmer(formula, DATA, **options)


def same(fit, whole, tolerance=1e-9):
    assert fit.criterion == pytest.approx(whole.criterion, rel=tolerance)
    assert fit.coef_names == whole.coef_names
    np.testing.assert_allclose(fit.beta, whole.beta, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(fit.theta, whole.theta, rtol=1e-4, atol=1e-5)
    assert fit.n_groups == whole.n_groups
    assert fit.ranef()["level"].to_list() == whole.ranef()["level"].to_list()
    np.testing.assert_allclose(fit.ranef()["estimate"].to_numpy(), whole.ranef()["estimate"].to_numpy(), atol=2e-4)


def test_random_partitions_give_the_fit_of_the_rows(model):
    formula, options, whole = model
    for seed in range(4):
        rng = np.random.default_rng(seed)
        stats = hlmrs.SufficientStatistics(
            formula, levels=LEVELS if "f" in formula.split() or "f:" in formula else None, **options
        )
        for part in partition(DATA, rng):
            stats.update(part)
        same(hlmrs.lmer(formula, stats), whole)


def test_separate_statistics_merge_whatever_their_levels_and_scaling(model):
    formula, options, whole = model
    levels = LEVELS if "f" in formula else None
    # sorted rows: levels differ between parts, and so do means
    rows = DATA.sort("x")
    parts = [
        hlmrs.SufficientStatistics(formula, levels=levels, **options).update(rows[start : start + 700])
        for start in range(0, 3000, 700)
    ]
    for order in (parts, parts[::-1]):
        first, *others = [part.copy() for part in order]
        for part in others:
            first.merge(part)
        same(hlmrs.lmer(first), whole)


def test_summary_and_tables_are_those_of_the_rows(model):
    formula, options, whole = model
    fit = hlmrs.lmer(hlmrs.SufficientStatistics(formula, DATA, **options).update(DATA))
    summary, expected = (re.sub(r"after \d+ evaluations", "", str(f.summary())) for f in (fit, whole))
    assert summary == expected
    new = DATA.head(50)
    np.testing.assert_allclose(fit.predict(new), whole.predict(new), atol=1e-4)
    interval = fit.predict(new, interval="prediction")
    assert interval["std_error"].to_numpy() == pytest.approx(
        whole.predict(new, interval="prediction")["std_error"].to_numpy(), rel=1e-4
    )


def test_what_needs_rows_says_that_they_were_not_kept():
    fit = hlmrs.lmer(hlmrs.SufficientStatistics("y ~ x + (1 | item)").update(DATA))
    for ask in (lambda: fit.fitted, fit.resid, fit.augment, fit.predict, lambda: fit.simulate(1)):
        with pytest.raises(hlmrs.FitStateError, match="sums over its rows"):
            ask()


def test_bytes_files_and_pickles_keep_everything(tmp_path):
    formula = "y ~ x + f + (1 | school / subject) + (1 | item)"
    half = DATA.head(1500)
    stats = hlmrs.SufficientStatistics(formula, levels=LEVELS).update(half)
    again = hlmrs.SufficientStatistics.from_bytes(stats.to_bytes())
    stats.save(tmp_path / "half.stats")
    for copy in (again, hlmrs.load_statistics(tmp_path / "half.stats"), pickle.loads(pickle.dumps(stats))):
        assert copy.update(DATA.tail(1500)).n_rows == 3000
        same(hlmrs.lmer(copy), hlmrs.lmer(formula, DATA))
    dotted = hlmrs.SufficientStatistics("y ~ . + (1 | item)", weights="w").update(DATA.select("y", "x", "item", "w"))
    again = hlmrs.SufficientStatistics.from_bytes(dotted.to_bytes())
    assert hlmrs.lmer(again).coef_names == hlmrs.lmer(dotted).coef_names
    assert repr(again) == repr(dotted)
    with pytest.raises(hlmrs.DataError, match="not a fit"):
        hlmrs.load(tmp_path / "half.stats")
    with pytest.raises(hlmrs.DataError, match="not statistics"):
        hlmrs.SufficientStatistics.from_bytes(b"else")


def test_missing_values_are_dropped_and_counted():
    holed = DATA.with_columns(pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise("x").alias("x"))
    whole_warns = pytest.warns(hlmrs.DroppedRowsWarning, match="429 of 3,000")
    with whole_warns:
        whole = hlmrs.lmer("y ~ x + (1 | item)", holed)
    stats = hlmrs.SufficientStatistics("y ~ x + (1 | item)")
    for start in range(0, 3000, 1000):
        stats.update(holed[start : start + 1000])
    with whole_warns:
        same(hlmrs.lmer(stats), whole)
    strict = hlmrs.SufficientStatistics("y ~ x + (1 | item)", missing="error")
    with pytest.raises(hlmrs.DataError, match="values are missing"):
        strict.update(holed)


def test_first_rows_teach_transforms_and_are_not_counted():
    formula = "y ~ scale(x) + poly(z, 2) + (1 | item)"
    with pytest.raises(hlmrs.DesignError, match="first="):
        hlmrs.SufficientStatistics(formula).update(DATA)
    stats = hlmrs.SufficientStatistics(formula, DATA)
    assert stats.n_rows == 0
    for start in range(0, 3000, 1000):
        stats.update(DATA[start : start + 1000])
    same(hlmrs.lmer(stats), hlmrs.lmer(formula, DATA))


def test_dependent_columns_are_left_out():
    data = DATA.with_columns(twice=2 * pl.col("x") + 1)
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="twice"):
        fit = hlmrs.lmer(hlmrs.SufficientStatistics("y ~ x + twice + (1 | item)").update(data))
    assert fit.coef_names == ["(Intercept)", "x"]


def test_declared_levels_keep_their_order():
    order = ["s9", "s1", *[f"s{k}" for k in range(60) if k not in (1, 9)]]
    data = DATA.with_columns(pl.col("subject").cast(pl.Enum([*order, "unused"])))
    stats = hlmrs.SufficientStatistics("y ~ x + (1 | subject)").update(data[:10]).update(data[10:])
    assert (
        hlmrs.lmer(stats).ranef()["level"].to_list()
        == hlmrs.lmer("y ~ x + (1 | subject)", data).ranef()["level"].to_list()
    )


def test_refusals():
    stats = hlmrs.SufficientStatistics("y ~ x + f + (1 | item)").update(DATA.filter(pl.col("f") != "hi"))
    with pytest.raises(hlmrs.DataError, match="'hi'"):
        stats.update(DATA)
    with pytest.raises(hlmrs.DesignError, match="different models"):
        stats.merge(hlmrs.SufficientStatistics("y ~ z + (1 | item)").update(DATA))
    with pytest.raises(hlmrs.DesignError, match="not of"):
        hlmrs.lmer("y ~ x + (1 | item)", stats)
    with pytest.raises(hlmrs.OptionError, match="belong to the statistics"):
        hlmrs.lmer("y ~ x + f + (1 | item)", stats, weights="w")
    with pytest.raises(hlmrs.FitStateError, match="no rows"):
        hlmrs.lmer(hlmrs.SufficientStatistics("y ~ x + (1 | item)"))
    with pytest.raises(TypeError, match="name of a column"):
        hlmrs.SufficientStatistics("y ~ x + (1 | item)", weights=np.ones(3))
    closed = hlmrs.SufficientStatistics("y ~ x + (1 | item)", levels={"item": range(20)})
    with pytest.raises(hlmrs.DataError, match="level"):
        closed.update(DATA)
    constant = hlmrs.SufficientStatistics("y ~ x + (1 | item)").update(DATA.with_columns(y=pl.lit(1.0)))
    with pytest.raises(hlmrs.DesignError, match="every row"):
        hlmrs.lmer(constant)
    with pytest.raises(hlmrs.DesignError, match="one level"):
        hlmrs.lmer(hlmrs.SufficientStatistics("y ~ x + (1 | item)").update(DATA.filter(pl.col("item") == 1)))
