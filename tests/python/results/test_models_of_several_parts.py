"""Tables, summaries and messages of models with several parts: random effects, formulas, levels, shares, saved fits."""

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


def test_the_summary_states_formulas_groups_and_reference_levels_of_all_parts(fit):
    lines = [line.split(None, 2) for line in str(fit.summary()).splitlines()]
    assert ["Zero", "part", "~ f + (1 | h)"] in lines
    assert ["h:", "15", "groups, of the zero part"] in lines
    assert "Reference levels: f = p" in str(fit.summary())


@pytest.mark.parametrize(
    ("options", "label"),
    [({"dispersion": "~ f"}, "Dispersion  ~ f"), ({"family": "poisson", "zero_inflation": "~ f"}, "Zero part   ~ f")],
)
def test_the_summary_states_the_formula_of_a_part(options, label):
    text = str(hlmrs.glmer(FORMULA, DATA, **({"family": "nbinom2"} | options)).summary())
    assert label in text
    assert "Reference levels: f = p" in text


def test_the_summary_states_what_thresholds_and_scale_depend_on():
    data = DATA.with_columns(k=pl.col("y").clip(0, 3).cast(int))
    fit = hlmrs.glmer("k ~ x + (1 | g)", data, family="cumulative", nominal="~ f", scale="~ x")
    text = str(fit.summary())
    assert "Nominal     ~ f\n" in text
    assert "Scale       ~ x\n" in text
    assert "Reference levels: f = p" in text


@pytest.mark.parametrize("link", ["probit", "cauchit"])
def test_exponentials_that_are_no_ratios_are_refused(link):
    data = DATA.with_columns(won=(pl.col("y") > 1).cast(float))
    fit = hlmrs.glmer("won ~ x + (1 | g)", data, family="binomial", link=link)
    with pytest.raises(hlmrs.OptionError, match=f"link '{link}' exponentials of coefficients are no ratios"):
        fit.tidy(exponentiate=True)


def test_exponentials_of_the_zero_part_are_ratios_of_odds_under_every_link_of_the_mean():
    fit = hlmrs.glmer(FORMULA, DATA, family="poisson", link="sqrt", zero_inflation="~ f")
    with pytest.raises(hlmrs.OptionError, match="no ratios"):
        fit.tidy(exponentiate=True)
    plain, ratios = (fit.tidy(component="zero_inflation", exponentiate=e) for e in (False, True))
    np.testing.assert_allclose(ratios["estimate"], np.exp(plain["estimate"]))


def test_counts_without_a_family_are_told_of_the_families_of_counts():
    with pytest.raises(hlmrs.DataError, match=r"default is 'binomial'.*family='poisson'"):
        hlmrs.glmer(FORMULA, DATA)


def test_shares_where_the_residual_variance_depends_on_variables_are_refused_for_that_reason():
    fit = hlmrs.lmer(FORMULA, DATA, dispersion="~ x")
    for shares in (fit.icc, fit.r2):
        with pytest.raises(hlmrs.OptionError, match="residual variance depends on variables"):
            shares()


def test_the_verdict_and_the_check_say_the_same_of_other_optima():
    for fit in (hlmrs.lmer(FORMULA, DATA), hlmrs.lmer(FORMULA, DATA, dispersion="~ x")):
        check = " ".join(str(fit.check.convergence()).split())
        assert ("was not looked for" in check) == (fit.verdict.tried == 0)
        if fit.verdict.tried:
            assert fit.verdict.explain().splitlines()[1] in check


def test_a_fit_saved_with_its_rows_has_fitted_values_residuals_and_predictions_of_them(fit, tmp_path):
    fit.save(tmp_path / "own.fit", keep_rows=True)
    again = hlmrs.load(tmp_path / "own.fit")
    np.testing.assert_array_equal(again.fitted, fit.fitted)
    np.testing.assert_array_equal(again.predict(), fit.predict())
    np.testing.assert_array_equal(again.resid(), fit.resid())
    with pytest.raises(hlmrs.FitStateError):
        again.anova()


def test_checks_are_of_the_random_effects_of_all_parts(fit):
    found = fit.check.random_effects()
    table = found.to_frame()
    assert table["component"].to_list() == ["conditional", "zero_inflation"]
    assert table["sd"].to_list() == fit.varcorr()["sd"].to_list()
    covariances = fit._estimate.own.fit.mode_covariances()
    left = [covariance.mean() / variance for covariance, variance in zip(covariances, table["sd"] ** 2, strict=True)]
    np.testing.assert_allclose(table["informed"], 1 - np.array(left))
    # the zero part's is known least
    assert "(Intercept) | h (zero_inflation)" in found.finding
    assert fit.check.singularity().to_frame()["term"].to_list() == ["(1 | g)", "(1 | h) (zero_inflation)"]


def test_simulations_that_memory_cannot_hold_are_refused(fit, monkeypatch):
    monkeypatch.setattr("hlmrs.resources.available", lambda: 1_000_000)
    with pytest.raises(hlmrs.DataError, match=r"simulate\(n=100,000\) needs about 720 MB .* fewer responses"):
        fit.simulate(100_000)
    with pytest.raises(hlmrs.DataError, match=r"choose a smaller n="):
        fit.check.residuals(n=100_000)
