"""Notes on few groups and few rows: said where a number suffers, once, and not for large samples."""

import numpy as np
import polars as pl
import pytest

import hlmrs


def grouped(n_groups: int, sizes: "int | list[int]", seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), sizes)
    n = len(group)
    x, effect, slope = rng.normal(size=n), 1.5 * rng.normal(size=n_groups), rng.normal(size=n_groups)
    y = x + effect[group] + slope[group] * x + 0.5 * rng.normal(size=n)
    chance = 1 / (1 + np.exp(-effect[group] - rng.normal(size=n)))
    won, games = (rng.random(n) < chance).astype(float), rng.binomial(20, chance)
    labels, w = [f"g{k:03}" for k in group], np.sin(group.astype(float))
    return pl.DataFrame({"y": y, "w": w, "x": x, "won": won, "games": games, "lost": 20 - games, "g": labels})


def summary_of(fit: "hlmrs.LinearMixedFit | hlmrs.GeneralizedMixedFit") -> str:
    return " ".join(str(fit.summary()).split())


def notes(fit: "hlmrs.LinearMixedFit | hlmrs.GeneralizedMixedFit") -> list[str]:
    text = summary_of(fit)
    return [own for own in ("Few groups", "have one row", "no more rows", "Few binary rows") if own in text]


@pytest.mark.parametrize(
    ("n", "reml", "said"), [(9, True, True), (10, True, False), (29, False, True), (30, False, False)]
)
def test_few_groups_are_said_once(n, reml, said):
    fit = hlmrs.lmer("y ~ x + (1 | g)", grouped(n, 12), reml=reml)
    assert str(fit.summary()).count(f"Few groups ({n} of g)") == said
    assert notes(fit) == ["Few groups"] * said


def test_what_suffers_is_named_for_each_criterion():
    data = grouped(8, 12)
    by_reml = summary_of(hlmrs.lmer("y ~ x + w + (1 | g)", data))
    assert "variances between them are uncertain; test 'w', constant within them, by ddf='kenward-roger'." in by_reml
    by_ml = summary_of(hlmrs.lmer("y ~ x + w + (1 | g)", data, reml=False))
    assert "for maximum likelihood: the variances between them are too low; use reml=True." in by_ml
    binary = summary_of(hlmrs.glmer("won ~ x + w + (1 | g)", data, family="binomial"))
    assert "variances between them are too low, and tests of 'w', constant within them, too bold; use reml" in binary


def test_tests_are_spoken_of_where_a_predictor_is_constant_within_groups(tmp_path):
    data = grouped(8, 12)
    assert "variances between them are uncertain." in summary_of(hlmrs.lmer("y ~ x + (1 | g)", data))
    binary = hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial")
    assert "too low; use reml=True." in summary_of(binary)
    fit = hlmrs.lmer("y ~ x + w + (1 | g)", data)
    assert "Kenward" in str(fit.summary(ddf="kenward-roger"))
    assert "constant within them" not in str(fit.summary(ddf="kenward-roger"))
    fit.save(tmp_path / "without_rows.fit")
    text = summary_of(hlmrs.load(tmp_path / "without_rows.fit"))
    assert "test 'w', constant within them, by ddf='kenward-roger'" in text


@pytest.mark.parametrize(("n", "said"), [(29, ["Few groups"]), (30, [])])
def test_maximum_likelihood_of_generalized_models_has_the_threshold_of_linear_ones(n, said):
    data = grouped(n, 12)
    assert notes(hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial")) == said
    assert notes(hlmrs.lmer("y ~ x + (1 | g)", data, reml=False)) == said
    assert notes(hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial", reml=True)) == []


def test_the_groups_on_which_a_variance_rests_are_counted():
    data = grouped(40, [1] * 25 + [6] * 15)
    text = " ".join(str(hlmrs.lmer("y ~ x + (1 | g)", data).summary()).split())
    assert "25 of 40 groups of g have one row: the variance rests on the other 15." in text
    assert notes(hlmrs.lmer("y ~ x + (1 | g)", grouped(40, [1] * 19 + [6] * 21))) == []


def test_slopes_need_more_rows_than_effects():
    data = grouped(60, [2] * 30 + [8] * 30)
    text = " ".join(str(hlmrs.lmer("y ~ x + (x | g)", data).summary()).split())
    assert "30 of 60 groups of g have no more rows than random effects (2): the variances rest on the other 30." in text
    assert notes(hlmrs.lmer("y ~ x + (1 | g)", data)) == []


def test_few_binary_rows_are_said_of_laplaces_approximation_alone():
    data = grouped(60, 4)
    assert notes(hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial")) == ["Few binary rows"]
    assert notes(hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial", nagq=9)) == []
    assert notes(hlmrs.glmer("cbind(games, lost) ~ x + (1 | g)", data, family="binomial")) == []
    assert notes(hlmrs.glmer("won ~ x + (1 | g)", grouped(60, 6), family="binomial")) == []


def test_an_effect_of_every_row_is_meant():
    data = grouped(60, 4).with_columns(row=pl.int_range(pl.len()).cast(pl.String))
    fit = hlmrs.glmer("cbind(games, lost) ~ x + (1 | g) + (1 | row)", data, family="binomial")
    assert notes(fit) == []


def test_fits_without_rows_count_groups_as_others(tmp_path):
    data = grouped(8, [1] * 5 + [20] * 3)
    whole = hlmrs.lmer("y ~ x + (1 | g)", data)
    whole.save(tmp_path / "a.fit")
    streamed = hlmrs.lmer("y ~ x + (1 | g)", data.lazy(), rows="stream")
    assert notes(whole) == notes(streamed) == notes(hlmrs.load(tmp_path / "a.fit")) == ["Few groups", "have one row"]
    binary = hlmrs.glmer("won ~ x + (1 | g)", grouped(60, 4), family="binomial")
    binary.save(tmp_path / "b.fit")
    assert notes(hlmrs.load(tmp_path / "b.fit")) == []
