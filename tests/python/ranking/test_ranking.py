"""Groups by rank: expected ranks against their definition, estimates those of other methods."""

from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs

PHI = NormalDist().cdf


@pytest.fixture(scope="module")
def fit() -> Any:
    return hlmrs.lmer("mAch ~ ses + (ses | school)", hlmrs.datasets.load("Hsb82", "polars"))


def test_expected_ranks_are_those_of_pairs(fit: Any) -> None:
    """E(rank_j) = 1 + Σ_k Φ((b_j - b_k) / √(v_j + v_k)), Goldstein and Spiegelhalter (1996)."""
    table = fit.ranking("school", "ses").to_frame()
    b, se = table["estimate"].to_numpy(), table["std_error"].to_numpy()
    pairs = [[PHI((x - y) / np.hypot(s, t)) for y, t in zip(b, se, strict=True)] for x, s in zip(b, se, strict=True)]
    expected = 1 + np.array(pairs).sum(axis=1) - 0.5
    np.testing.assert_allclose(table["expected_rank"], expected, atol=1e-5)
    assert table["expected_rank"].is_sorted()


def test_estimates_are_those_of_the_fit(fit: Any) -> None:
    table = fit.ranking("school", "ses").to_frame()
    modes = fit.ranef("school").filter(pl.col("term") == "ses")
    both = table.join(modes, on="school", suffix="_of_modes")
    np.testing.assert_allclose(both["estimate"], both["estimate_of_modes"], rtol=1e-12)
    np.testing.assert_allclose(both["std_error"], both["std_error_of_modes"], rtol=1e-12)
    variance = fit.varcorr().filter((pl.col("term1") == "ses") & pl.col("term2").is_null())["variance"][0]
    np.testing.assert_allclose(both["reliability"], 1 - both["std_error"] ** 2 / variance, atol=1e-12)
    rows = hlmrs.datasets.load("Hsb82", "polars").group_by("school").len()
    assert (
        both.join(rows.with_columns(pl.col("school").cast(both["school"].dtype)), on="school")
        .select((pl.col("n") == pl.col("len")).all())
        .item()
    )


def test_groups_that_are_known_without_error_have_their_ranks() -> None:
    data = pl.DataFrame({"g": [f"g{k}" for k in range(8) for _ in range(400)]})
    noise = np.tile([1e-3, -1e-3], 1600)
    values = np.repeat(np.arange(8.0), 400) + noise
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", data.with_columns(y=pl.Series(values)))
    table = fit.ranking()
    assert list(table["expected_rank"]) == pytest.approx(range(1, 9), abs=1e-6)
    assert list(table["top_quarter"]) == [0.0] * 6 + [1.0] * 2
    assert list(table["bottom_quarter"]) == [1.0] * 2 + [0.0] * 6
    assert "100 % of the pairs of groups can be told apart" in repr(table)


def test_least_squares_are_means_of_the_groups() -> None:
    data = hlmrs.datasets.load("Machines", "polars")
    table = hlmrs.lmer("score ~ 1 + (1 | Worker)", data).ranking()
    means = data.group_by("Worker").agg(pl.col("score").mean()).sort("score")
    center = hlmrs.lmer("score ~ 1 + (1 | Worker)", data).beta[0]
    ordered = sorted(table["least_squares"])
    np.testing.assert_allclose(ordered, means["score"].to_numpy() - center, rtol=1e-8)


def test_a_generalized_fit_has_ranks_too() -> None:
    data = hlmrs.datasets.load("cbpp", "polars")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    table = fit.ranking("herd")
    assert len(table) == 15
    assert "least_squares" not in table
    low, high, rank = (np.asarray(table[name]) for name in ("rank_low", "rank_high", "expected_rank"))
    assert ((low <= np.ceil(rank)) & (np.floor(rank) <= high)).all()


def test_unknown_names_are_refused(fit: Any) -> None:
    with pytest.raises(hlmrs.OptionError, match="school"):
        fit.ranking("class")
    with pytest.raises(hlmrs.OptionError, match="no such random effect"):
        fit.ranking("school", "age")


def test_groups_that_do_not_differ_have_no_ranks() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(24), 6)
    y = rng.normal(size=144)
    y -= (np.bincount(groups, y) / 6)[groups]
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("y ~ 1 + (1 | g)", {"g": [f"g{k}" for k in groups], "y": y})
    table = fit.ranking()
    assert list(table["expected_rank"]) == pytest.approx([12.5] * 24)
    assert max(table["rank_low"]) <= 3
    assert min(table["rank_high"]) >= 22
    np.testing.assert_allclose(table["top_quarter"], 0.25, atol=0.05)
    assert "of 24 groups 0 are in the top quarter and 0 in the bottom quarter" in repr(table)


def test_groups_of_generalized_fits_have_means_with_intervals() -> None:
    data = hlmrs.datasets.load("Contraception", "polars")
    fit = hlmrs.glmer("use ~ age + (1 | district)", data, family="binomial")
    table = fit.ranking("district", level=0.9).to_frame()
    average = float(np.mean(fit.predict(random_effects=False, type="link")))
    b, se = table["estimate"].to_numpy(), table["std_error"].to_numpy()
    reach = NormalDist().inv_cdf(0.95) * se
    for name, eta in (("mean", b), ("mean_low", b - reach), ("mean_high", b + reach)):
        np.testing.assert_allclose(table[name], 1 / (1 + np.exp(-average - eta)), rtol=1e-6)
    # a woman whose fixed part is the average, in the district
    age = (average - fit.fixef()["(Intercept)"]) / fit.fixef()["age"]
    first = pl.DataFrame({"age": [age], "district": [table["district"][0]]})
    assert fit.predict(first, type="response")[0] == pytest.approx(table["mean"][0], rel=1e-6)


def test_slopes_and_categories_have_no_means() -> None:
    data = hlmrs.datasets.load("Contraception", "polars")
    slopes = hlmrs.glmer("use ~ age + (age | district)", data, family="binomial")
    assert "mean" not in slopes.ranking("district", "age").columns
    ordered = hlmrs.glmer("livch ~ age + (1 | district)", data, family="cumulative")
    assert "mean" not in ordered.ranking().columns
