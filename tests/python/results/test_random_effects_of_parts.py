"""Random effects of the zero part and the dispersion are in the tables and in the summary, under their part's name."""

import numpy as np
import polars as pl
import pytest

import hlmrs

FORMULA = "y ~ x + (1 | g)"


def counts(n_groups=30, size=30, seed=1):
    rng = np.random.default_rng(seed)
    n = n_groups * size
    g, h, x = np.repeat(np.arange(n_groups), size), rng.integers(0, 15, n), rng.normal(size=n)
    mean = np.exp(0.8 + 0.3 * x + 0.5 * rng.normal(size=n_groups)[g])
    zero = rng.random(n) < 1 / (1 + np.exp(1 - 1.2 * rng.normal(size=15)[h]))
    y = np.where(zero, 0.0, rng.poisson(mean))
    f = rng.choice(["p", "q", "r"], n)
    return pl.DataFrame({"y": y, "x": x, "f": f, "g": [f"g{k}" for k in g], "h": h})


DATA = counts()


@pytest.fixture(scope="module")
def fit():
    return hlmrs.glmer(FORMULA, DATA, family="poisson", zero_inflation="~ f + (1 | h)")


@pytest.fixture(scope="module")
def both():
    return hlmrs.glmer(FORMULA, DATA, family="poisson", zero_inflation="~ (1 | g) + (1 | h)")


def test_variances_are_told_apart_by_component(fit):
    table = fit.varcorr()
    assert table["component"].to_list() == ["conditional", "zero_inflation"]
    assert table["group"].to_list() == ["g", "h"]
    core = fit._estimate.own.fit.covariances()
    np.testing.assert_array_equal(table["variance"].to_numpy(), [core[0][0, 0], core[1][0, 0]])
    for k, component in enumerate(["conditional", "zero_inflation"]):
        own = fit.varcorr(component=component)
        assert own.equals(table[k : k + 1].drop("component"))
        sd = fit.tidy("ran_pars", component=component)
        assert sd["estimate"].to_list() == own["sd"].to_list()
        assert sd["group"].to_list() == own["group"].to_list()
    assert fit.tidy("ran_pars")["component"].to_list() == ["conditional", "zero_inflation"]


def test_modes_follow_the_zeros_of_their_own_levels(fit):
    own = fit.ranef(component="zero_inflation")
    assert own["group"].unique().to_list() == ["h"]
    share = DATA.group_by("h").agg(zeros=(pl.col("y") == 0).mean())
    joined = fit.ranef("h").join(share, on="h")
    assert joined["component"].unique().to_list() == ["zero_inflation"]
    assert np.corrcoef(joined["estimate"], joined["zeros"])[0, 1] > 0.9
    assert (
        joined.sort("h")["estimate"].to_list()
        == own.with_columns(pl.col("level").cast(int)).sort("level")["estimate"].to_list()
    )
    assert fit.tidy("ran_vals", component="zero_inflation").equals(own)
    assert fit.ranef().height == 30 + 15
    assert fit.ranef()["component"].n_unique() == 2


def test_a_factor_of_both_parts_has_the_modes_of_both(both):
    table = both.ranef("g")
    assert table.columns == ["g", "component", "term", "estimate", "std_error"]
    for component in ("conditional", "zero_inflation"):
        own = table.filter(pl.col("component") == component).drop("component")
        assert own.equals(both.ranef("g", component=component))
    assert set(both.ranef("h")["component"]) == {"zero_inflation"}


def test_a_model_without_them_has_the_tables_that_it_had():
    plain = hlmrs.glmer(FORMULA, DATA, family="poisson", zero_inflation="~ f")
    assert "component" not in plain.varcorr().columns + plain.ranef().columns + plain.ranef("g").columns
    assert plain.varcorr(component="conditional").equals(plain.varcorr())
    assert "Random effects of" not in str(plain.summary())
    with pytest.raises(hlmrs.OptionError, match=r"'zero_inflation'.*no random effects.*'conditional'"):
        plain.varcorr(component="zero_inflation")
    with pytest.raises(hlmrs.OptionError, match="no random effects"):
        plain.tidy("ran_vals", component="zero_inflation")
    with pytest.raises(hlmrs.OptionError, match="no grouping factor 'h'"):
        plain.ranef("h")


def test_the_residual_stands_beside_the_mean_alone():
    data = DATA.with_columns(z=pl.col("y") + 0.3 * pl.col("x"))
    fit = hlmrs.glmer("z ~ x + (1 | g)", data, family="gaussian", dispersion="~ (1 | h)")
    assert fit.varcorr()["component"].to_list() == ["conditional", "dispersion"]
    linear = hlmrs.glmer("z ~ x + (1 | g)", data, family="gaussian")
    assert linear.varcorr()["group"].to_list() == ["g", "Residual"]


def test_the_summary_shows_them_under_their_part(fit):
    text = str(fit.summary())
    section = text.split("Random effects of the zero part")[1].split("\n\n")[0]
    assert f"{fit.varcorr()['sd'][1]:.3f}" in section
    assert "h " in section


def test_a_saved_fit_has_them_too(fit, tmp_path):
    fit.save(tmp_path / "own.fit")
    again = hlmrs.load(tmp_path / "own.fit")
    assert again.varcorr().equals(fit.varcorr())
    assert again.ranef().equals(fit.ranef())
    assert again.ranef("h")["estimate"].to_list() == fit.ranef("h")["estimate"].to_list()


def test_blocks_name_the_factors_of_all_parts(fit, both):
    reversed_ = hlmrs.glmer("y ~ x + (1 | h)", DATA, family="poisson", zero_inflation="~ (1 | g)")
    for own in (fit, both, reversed_):
        levels = dict(zip(own.blocks["block"], own.blocks["levels"], strict=True))
        assert levels["g"] == 30
        assert levels["h"] == 15
