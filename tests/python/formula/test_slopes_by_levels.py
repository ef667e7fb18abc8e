"""``(x | g, by=arm)``: random slopes with a covariance of their own in every level of a factor."""

import pickle

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
SD = {"a": (0.8, 0.5), "b": (2.0, 1.5)}


def trial(*, crossed: bool = False, seed: int = 8) -> pl.DataFrame:
    """Groups that lie in one arm each, or have rows in both."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(40), 8)
    arm = np.array(["a", "b"])[(np.arange(320) if crossed else g) % 2]
    x = rng.normal(size=320)
    effects = {level: rng.normal(size=(40, 2)) * sd for level, sd in SD.items()}
    own = np.array([effects[level][k] for level, k in zip(arm, g, strict=True)])
    y = 1 + x + (arm == "b") + own[:, 0] + own[:, 1] * x + rng.normal(size=320)
    return pl.DataFrame({"y": y, "x": x, "arm": arm, "dose": (arm == "b") * 2.5, "g": [f"g{k}" for k in g]})


DATA, CROSSED = trial(), trial(crossed=True)
NAMES = ["sd(arm[a] | g)", "sd(arm[a]:x | g)", "cor(arm[a], arm[a]:x | g)"]
NAMES += [name.replace("[a]", "[b]") for name in NAMES]


def parameters(fit) -> dict[str, float]:
    return {row["term"]: row["estimate"] for row in rows(fit.tidy("ran_pars"))}


def minus_two_log_likelihood(fit, data: pl.DataFrame) -> float:
    """The criterion by dense algebra, at the covariances that the fit reports."""
    found, g, x = parameters(fit), data["g"].to_numpy(), data["x"].to_numpy()
    v = fit.sigma**2 * np.eye(len(data))
    for level in SD:
        sd = np.array([found[f"sd(arm[{level}] | g)"], found[f"sd(arm[{level}]:x | g)"]])
        rho = found[f"cor(arm[{level}], arm[{level}]:x | g)"]
        z = np.column_stack([np.ones(len(data)), x]) * (data["arm"] == level).to_numpy()[:, None]
        covariance = np.outer(sd, sd) * np.array([[1, rho], [rho, 1]])
        v += np.where(g[:, None] == g, z @ covariance @ z.T, 0.0)
    fixed = np.column_stack([np.ones(len(data)), x, data["arm"] == "b"])
    y = data["y"].to_numpy()
    r = y - fixed @ np.linalg.solve(fixed.T @ np.linalg.solve(v, fixed), fixed.T @ np.linalg.solve(v, y))
    return np.linalg.slogdet(2 * np.pi * v)[1] + r @ np.linalg.solve(v, r)


@pytest.mark.parametrize("data", [DATA, CROSSED], ids=["nested", "crossed"])
def test_the_criterion_is_that_of_dense_algebra(data: pl.DataFrame) -> None:
    fit = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", data, reml=False)
    assert [*parameters(fit)] == [*NAMES, "sigma"]
    assert fit.n_params == 3 + 6 + 1
    assert fit.criterion == pytest.approx(minus_two_log_likelihood(fit, data), abs=1e-8)


@pytest.mark.parametrize("reml", [True, False])
def test_models_of_single_arms_are_what_it_comes_to_where_all_else_is_by_arm(reml: bool) -> None:
    fit = hlmrs.lmer("y ~ arm * x + (x | g, by=arm)", DATA, dispersion="~ arm", reml=reml)
    alone = [hlmrs.lmer("y ~ x + (x | g)", DATA.filter(pl.col("arm") == level), reml=reml) for level in SD]
    assert fit.loglik == pytest.approx(sum(one.loglik for one in alone), abs=1e-6)
    found = parameters(fit)
    for one, names in zip(alone, (NAMES[:3], NAMES[3:]), strict=True):
        np.testing.assert_allclose([found[name] for name in names], [*parameters(one).values()][:3], rtol=1e-3)


def test_one_level_is_refused_and_its_term_is_the_plain_one() -> None:
    one = DATA.filter(pl.col("arm") == "a")
    for effects in ("1", "x"):
        with pytest.raises(hlmrs.DesignError, match=r"'factor\(arm\)' has one level \('a'\)"):
            hlmrs.lmer(f"y ~ x + ({effects} | g, by=arm)", one)
    plain, fit = (hlmrs.lmer(f"y ~ x + (x | g{by})", one) for by in ("", ', by=dummy(arm, "a")'))
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-9)
    np.testing.assert_allclose([*parameters(fit).values()], [*parameters(plain).values()], rtol=1e-5)


@pytest.mark.parametrize("by", ["arm", "dose"])
def test_two_bars_leave_the_correlations_out(by: str) -> None:
    fit = hlmrs.lmer(f"y ~ x + arm + (x || g, by={by})", DATA)
    diagonal = hlmrs.lmer(f"y ~ x + arm + diag(0 + factor({by}) + factor({by}):x | g)", DATA)
    assert fit.criterion == pytest.approx(diagonal.criterion, abs=1e-8)
    assert fit.n_params == diagonal.n_params
    assert len(parameters(fit)) == len(parameters(diagonal))


@pytest.mark.parametrize("effects", ["x", "x + z", "1"])
@pytest.mark.parametrize("by", ["arm", "dose", 'dummy(arm, "b")'])
def test_two_bars_are_saved_and_updated_as_they_are(tmp_path, effects: str, by: str) -> None:
    data = DATA.with_columns(z=pl.col("x").shift(1).fill_null(0.5), odd=pl.int_range(pl.len()) % 2)
    fit = hlmrs.lmer(f"y ~ x + arm + ({effects} || g, by={by})", data)
    fit.save(tmp_path / "fit")
    for same in (hlmrs.load(tmp_path / "fit"), pickle.loads(pickle.dumps(fit))):
        assert same.formula == fit.formula
        assert [*parameters(same).items()] == [*parameters(fit).items()]
    assert [*parameters(fit.update("~ . + odd"))] == [*parameters(fit)]
    plain = hlmrs.lmer(f"y ~ x + arm + ({effects} || g, by={by}) + (1 | odd)", data)
    assert plain.update(f"~ . - ({effects} || g, by={by})").n_params == 3 + 1 + 1


def test_a_generalized_fit_with_two_bars_by_level_is_saved_as_it_is(tmp_path) -> None:
    data = DATA.with_columns(high=(pl.col("y") > 1).cast(pl.Int8))
    fit = hlmrs.glmer("high ~ x + (x || g, by=arm)", data, family="binomial")
    fit.save(tmp_path / "fit")
    for same in (hlmrs.load(tmp_path / "fit"), pickle.loads(pickle.dumps(fit))):
        assert [*parameters(same).items()] == [*parameters(fit).items()]


def test_a_term_of_one_level_is_one_of_them() -> None:
    both = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", DATA)
    single = '(x | g, by=dummy(arm, "a")) + (x | g, by=dummy(arm, "b"))'
    assert hlmrs.lmer(f"y ~ x + arm + {single}", DATA).criterion == both.criterion
    dummies = " + ".join(f'(0 + dummy(arm, "{k}") + dummy(arm, "{k}"):x | g)' for k in SD)
    assert hlmrs.lmer(f"y ~ x + arm + {dummies}", DATA).criterion == pytest.approx(both.criterion, abs=1e-9)
    rest = both.update('~ . - (1 + x | g, by=dummy(arm, "a"))')
    assert [*parameters(rest)] == [*NAMES[3:], "sigma"]


def test_levels_are_those_of_the_rows_used() -> None:
    odd = DATA.with_columns(arm=pl.when(pl.int_range(pl.len()) < 8).then(pl.lit("none")).otherwise("arm"))
    odd = odd.with_columns(x=pl.when(pl.col("arm") == "none").then(None).otherwise("x"))
    fit = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", odd)
    assert [*parameters(fit)] == [*NAMES, "sigma"]


def test_names_of_levels_are_any_text() -> None:
    odd = DATA.with_columns(arm=pl.col("arm").replace({"a": 'drug "A", (new)', "b": "plac`ebo | x"}))
    fit = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", odd)
    assert fit.criterion == pytest.approx(hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", DATA).criterion, abs=1e-9)
    for same in (fit, pickle.loads(pickle.dumps(fit))):
        assert same.update("~ . - x", data=odd).n_params == fit.n_params - 1


def test_nested_groups_and_factors_have_their_terms_by_level() -> None:
    data = DATA.with_columns(h=pl.col("g").str.slice(-1), f=pl.Series(np.resize(["u", "v", "w"], 320)))
    nested = hlmrs.lmer("y ~ x + (x | h/g, by=arm)", data)
    assert len(nested.tidy("ran_pars")) == 4 * 3 + 1
    of_factor = hlmrs.lmer("y ~ x + (0 + f | g, by=arm)", data)
    assert "sd(arm[b]:fw | g)" in parameters(of_factor)


def test_everything_of_a_fit_is_there(tmp_path) -> None:
    fit = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", DATA)
    new = pl.DataFrame({"x": [1.0, 2.0], "arm": ["b", "a"], "g": ["g1", "g0"]})
    fit.save(tmp_path / "fit")
    modes = {(row["level"], row["term"]): row["estimate"] for row in rows(fit.ranef())}
    beta = dict(zip(fit.coef_names, fit.beta, strict=True))
    want = beta["(Intercept)"] + beta["x"] + beta["armb"] + modes["g1", "arm[b]"] + modes["g1", "arm[b]:x"]
    for same in (fit, hlmrs.load(tmp_path / "fit"), pickle.loads(pickle.dumps(fit))):
        assert same.formula == fit.formula
        assert np.asarray(same.predict(new))[0] == pytest.approx(want)
        assert [*parameters(same).items()] == [*parameters(fit).items()]
    assert modes["g1", "arm[a]"] == 0.0
    draws = np.asarray(fit.simulate(400, seed=1)).reshape(len(DATA), -1)
    deviations = draws - (np.asarray(fit.predict(DATA, random_effects=False)))[:, None]
    near = np.abs(DATA["x"].to_numpy()) < 0.3
    spread = [np.std(deviations[near & (DATA["arm"] == level).to_numpy()]) for level in SD]
    assert spread[1] > 1.5 * spread[0]
    assert [*fit.confint(method="profile")["term"]][-7:-1] == NAMES
    assert len(fit.ranova()) == 2
    assert "dummy" not in fit.update("~ . - x").formula


def test_update_with_other_rows_has_the_levels_of_these() -> None:
    fit = hlmrs.lmer("y ~ x + (x | g, by=arm)", DATA)
    three = pl.concat([DATA, trial(seed=9).with_columns(arm=pl.lit("c"), g=pl.col("g") + "c")])
    assert fit.update("~ .", data=three).n_params == fit.n_params + 3


def test_it_stands_beside_residual_structures() -> None:
    data = DATA.with_columns(t=pl.Series(np.tile(np.arange(8.0), 40)))
    fit = hlmrs.lmer("y ~ x + (x | g, by=arm)", data, residual="ar1(t | g)")
    assert [*parameters(fit)][:6] == NAMES
    with pytest.raises(hlmrs.DesignError, match="cannot be told apart"):
        hlmrs.lmer("y ~ x + (x | g, by=arm)", data, residual="cs(1 | g)")


def test_generalized_models_have_it_in_every_part() -> None:
    rng = np.random.default_rng(3)
    data = DATA.with_columns(n=pl.Series(rng.poisson(np.exp(0.3 * DATA["y"].to_numpy().clip(-3, 4)))))
    fit = hlmrs.glmer("n ~ x + (x | g, by=arm)", data, family="poisson")
    assert [*parameters(fit)] == NAMES
    dummies = " + ".join(f'(0 + dummy(arm, "{k}") + dummy(arm, "{k}"):x | g)' for k in SD)
    assert fit.criterion == pytest.approx(hlmrs.glmer(f"n ~ x + {dummies}", data, family="poisson").criterion, abs=1e-6)
    assert fit.update("~ . - x").n_params == fit.n_params - 1
    assert pickle.loads(pickle.dumps(fit)).criterion == fit.criterion
    parts = hlmrs.glmer("n ~ x + (1 | g)", data, family="poisson", zero_inflation="~ 1 + (0 + x | g, by=arm)")
    assert len(parts.tidy("ran_pars")) == 3


def test_many_responses_have_it() -> None:
    table = hlmrs.fit_many(["y"], "~ x + arm + (x | g, by=arm)", DATA)
    fit = hlmrs.lmer("y ~ x + arm + (x | g, by=arm)", DATA)
    assert table["criterion"][0] == pytest.approx(fit.criterion, rel=1e-9)
    sd = table.filter((pl.col("effect") == "sd") & (pl.col("group") == "g"))
    assert sd["term"].to_list() == ["arm[a]", "arm[a]:x", "arm[b]", "arm[b]:x"]


def test_sums_of_rows_take_one_term_for_each_level() -> None:
    with pytest.raises(hlmrs.DesignError, match=r'\(1 \+ x \| g, by=dummy\(arm, "A"\)\) and so on'):
        hlmrs.SufficientStatistics("y ~ x + (x | g, by=arm)").update(DATA)
    single = '(x | g, by=dummy(arm, "a")) + (x | g, by=dummy(arm, "b"))'
    sums = hlmrs.SufficientStatistics(f"y ~ x + {single}")
    for first in range(0, 320, 100):
        sums.update(DATA[first : first + 100])
    fit = hlmrs.lmer("y ~ x + (x | g, by=arm)", DATA)
    assert hlmrs.lmer(sums).criterion == pytest.approx(fit.criterion, abs=1e-7)
