"""Random effects whose covariance has a reduced rank: rr(0 + trait | g, d=2)."""

import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.formula import parse

TRAITS = ["a", "b", "c", "d", "e"]
LOADINGS = np.array([[1.2, 0.0], [0.8, 0.9], [-0.7, 0.5], [0.4, -1.0], [1.0, 0.3]])


def simulated(loadings, seed=1, n_groups=60, rows=3):
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(n_groups, loadings.shape[1])) @ loadings.T
    g, k, _ = np.indices((n_groups, len(loadings), rows)).reshape(3, -1)
    y = k + effects[g, k] + 0.7 * rng.normal(size=len(g))
    traits = [TRAITS[i] for i in k]
    return pl.DataFrame({"y": y, "trait": traits, "g": [f"g{i:02d}" for i in g], "c": (y > k).astype(int)})


DATA = simulated(LOADINGS)
FORMULA = "y ~ 0 + trait + {}"


def fitted(term, data=DATA, **options):
    return hlmrs.lmer(FORMULA.format(term), data, **options)


def covariance(fit):
    found = fit.varcorr().filter(pl.col("group") == "g")
    columns = found.filter(pl.col("term2").is_null())["term1"].to_list()
    matrix = np.zeros((len(columns), len(columns)))
    for one, two, value in found.select("term1", "term2", "variance").iter_rows():
        i, j = columns.index(one), columns.index(two or one)
        matrix[i, j] = matrix[j, i] = value
    return matrix


def dense_criterion(fit, data, *, reml):
    z = np.zeros((len(data), 60 * len(TRAITS)))
    place = [int(g[1:]) * len(TRAITS) + TRAITS.index(t) for g, t in zip(data["g"], data["trait"], strict=True)]
    z[np.arange(len(data)), place] = 1
    v = z @ np.kron(np.eye(60), covariance(fit)) @ z.T + fit.sigma**2 * np.eye(len(data))
    x, y = np.array([[t == own for own in TRAITS] for t in data["trait"]], float), data["y"].to_numpy()
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    xvx = x.T @ solved[:, :-1]
    rest = y - x @ np.linalg.solve(xvx, x.T @ solved[:, -1])
    n = len(y) - (x.shape[1] if reml else 0)
    value = np.linalg.slogdet(v)[1] + rest @ np.linalg.solve(v, rest) + n * np.log(2 * np.pi)
    return value + (np.linalg.slogdet(xvx)[1] if reml else 0)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_criterion_is_that_of_the_dense_covariance(d, reml):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = fitted(f"rr(0 + trait | g, d={d})", reml=reml)
    assert fit.criterion == pytest.approx(dense_criterion(fit, DATA, reml=reml), rel=1e-10)
    assert np.linalg.matrix_rank(covariance(fit), tol=1e-6) <= d
    assert fit.n_params == 5 + 5 * d - d * (d - 1) // 2 + 1


@pytest.mark.parametrize("d", [1, 2])
def test_the_optimum_has_no_slope_in_any_loading(d):
    """Against all covariances of that rank near by, by dense algebra."""
    fit = fitted(f"rr(0 + trait | g, d={d})", reml=False)
    values, vectors = np.linalg.eigh(covariance(fit))
    loadings = (vectors * np.sqrt(values.clip(0)))[:, -d:]
    means, residual = fit.beta, fit.sigma**2
    wide = DATA.with_columns(r=pl.col("y") - pl.col("trait").replace_strict(dict(zip(TRAITS, means, strict=True))))
    rows = wide.sort("g", "trait")["r"].to_numpy().reshape(60, -1)
    repeat = np.kron(np.eye(5), np.ones((3, 1)))

    def deviance(own):
        v = repeat @ own @ own.T @ repeat.T + residual * np.eye(15)
        return 60 * np.linalg.slogdet(v)[1] + np.trace(rows @ np.linalg.solve(v, rows.T))

    for i, k in np.ndindex(*loadings.shape):
        step = np.zeros_like(loadings)
        step[i, k] = 1e-4
        slope = (deviance(loadings + step) - deviance(loadings - step)) / 2e-4
        assert abs(slope) < 2e-2


def test_of_full_rank_it_is_any_covariance():
    data = simulated(np.hstack([LOADINGS, 0.7 * np.eye(5)]))
    full, any_covariance = fitted("rr(0 + trait | g, d=5)", data), fitted("(0 + trait | g)", data)
    assert full.criterion == pytest.approx(any_covariance.criterion, abs=1e-6)
    np.testing.assert_allclose(covariance(full), covariance(any_covariance), atol=1e-3)


def test_of_rank_one_effects_are_one_latent_effect_times_loadings():
    data = simulated(LOADINGS[:, :1], seed=2)
    fit = fitted("rr(0 + trait | g, d=1)", data)
    assert fit.verdict.status == "optimum"
    found = covariance(fit)
    assert np.linalg.matrix_rank(found, tol=1e-8) == 1
    sd = np.sqrt(np.diag(found))
    np.testing.assert_allclose(np.abs(found), np.outer(sd, sd), rtol=1e-10)
    np.testing.assert_allclose(sd, np.abs(LOADINGS[:, 0]), atol=0.4)


def test_it_finds_the_covariance_it_came_from_and_any_order_of_levels_has_the_same_optimum():
    data = simulated(LOADINGS, seed=3, n_groups=60)
    fit = fitted("rr(0 + trait | g)", data)
    assert fit.verdict.status == "optimum"
    np.testing.assert_allclose(covariance(fit), LOADINGS @ LOADINGS.T, atol=1.2)
    for order in ("edcba", "cabed"):
        other = data.with_columns(pl.col("trait").cast(pl.Enum(list(order))))
        assert fitted("rr(0 + trait | g)", other).criterion == pytest.approx(fit.criterion, abs=1e-5)


def test_a_generalized_model_of_normal_responses_is_the_linear_one():
    linear = fitted("rr(0 + trait | g)", reml=False)
    generalized = hlmrs.glmer(FORMULA.format("rr(0 + trait | g)"), DATA, family="gaussian")
    assert generalized.criterion == pytest.approx(linear.criterion, abs=1e-5)
    binary = hlmrs.glmer("c ~ 0 + trait + rr(0 + trait | g, d=1)", DATA, family="binomial")
    assert np.linalg.matrix_rank(covariance(binary), tol=1e-6) == 1


def test_it_is_written_with_its_rank_two_unless_told():
    assert [term.name for term in parse("y ~ rr(0 + t | g)").random] == ["rr(0 + t | g, d=2)"]
    assert [term.rank for term in parse("y ~ rr(0 + t | g, d=3) + rr(x | h, d=1)").random] == [3, 1]


def test_standard_deviations_and_correlations_have_intervals_and_can_be_held():
    fit = fitted("rr(0 + trait | g)", reml=False)
    name = "sd(traitb | g)"
    found = fit.confint(method="profile").filter(pl.col("term") == name)
    low, high = found.select("conf_low", "conf_high").row(0)
    for end in (low, high):
        held = fitted("rr(0 + trait | g)", reml=False, control=hlmrs.Control(fix={name: end}))
        assert held.criterion - fit.criterion == pytest.approx(1.959964**2, abs=1e-4)
    wald = fit.tidy("ran_pars", conf_int="wald").filter(pl.col("term") == name)
    assert wald["conf_low"].item() == pytest.approx(low, rel=0.1)
    correlation = fit.confint(method="profile").filter(pl.col("term").str.starts_with("cor(traita, traitb"))
    assert -1 <= correlation["conf_low"].item() < correlation["conf_high"].item() <= 1


def test_a_saved_fit_predicts_as_before(tmp_path):
    for fit in (
        fitted("rr(0 + trait | g)"),
        hlmrs.glmer("c ~ trait + rr(0 + trait | g, d=1)", DATA, family="binomial"),
    ):
        fit.save(tmp_path / "fit")
        again = hlmrs.load(tmp_path / "fit")
        np.testing.assert_allclose(again.predict(DATA.head(30)), fit.predict(DATA.head(30)), rtol=1e-12)
        assert again.formula == fit.formula


def test_ranks_are_nested_and_their_test_is_conservative():
    one, two = fitted("rr(0 + trait | g, d=1)", reml=False), fitted("rr(0 + trait | g)", reml=False)
    found = hlmrs.compare(one, two)
    assert "conservative" in str(found)
    assert "no test" not in str(found)


def test_a_rank_beyond_what_the_data_have_is_named():
    rng = np.random.default_rng(5)
    data = simulated(LOADINGS[:, :1], seed=2).with_columns(e=rng.normal(size=900))
    # exactly one latent effect, and residuals that have no effect of a group and trait in them
    effect = pl.col("y").mean().over("g") * pl.col("trait").replace_strict(
        dict(zip(TRAITS, LOADINGS[:, 0], strict=True))
    )
    data = data.with_columns(y=effect + pl.col("e") - pl.col("e").mean().over("g", "trait"))
    with pytest.warns(hlmrs.SingularFitWarning, match="its covariance has rank 1, below d=2"):
        fit = fitted("rr(0 + trait | g)", data)
    assert fit.verdict.suggestions == {"rr(0 + trait | g, d=2)": "rr(0 + trait | g, d=1)"}


@pytest.mark.parametrize(
    ("term", "error", "says"),
    [
        ("rr(0 + trait | g, d=6)", hlmrs.DesignError, "a covariance of 5 effects has rank 5 at most, and d is 6"),
        ("rr(0 + trait | g, d=0)", hlmrs.FormulaError, "whole number from 1 on"),
        ("rr(0 + trait | g, d=1.5)", hlmrs.FormulaError, "whole number from 1 on"),
        ("rr(0 + trait | g, d=trait)", hlmrs.FormulaError, "whole number from 1 on"),
        ("rr(0 + trait | g, rank=1)", hlmrs.FormulaError, r"takes one random term and d="),
        ("rr(1 | g)", hlmrs.DesignError, "there is one"),
        ("rr(trait)", hlmrs.FormulaError, "takes a random term"),
    ],
)
def test_errors_say_what_a_rank_can_be(term, error, says):
    with pytest.raises(error, match=says):
        fitted(term)
