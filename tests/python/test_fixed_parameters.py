"""Variance parameters that Control(fix=) holds: the criterion, what counts, what is said and what is refused."""

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs import Control

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")
MACHINES = hlmrs.datasets.load("Machines", "polars")
PENICILLIN = hlmrs.datasets.load("Penicillin", "polars")
ORTHODONT = hlmrs.datasets.load("Orthodont", "polars").with_columns(
    occasion=pl.col("age").cast(pl.Int64).cast(pl.String).cast(pl.Enum(["8", "10", "12", "14"]))
)
SLOPES = "Reaction ~ Days + (Days | Subject)"
CORRELATION = "cor((Intercept), Days | Subject)"

RANDOM: dict[str, tuple[str, Any]] = {
    "unstructured": (SLOPES, SLEEP),
    "diagonal": ("Reaction ~ Days + diag(Days | Subject)", SLEEP),
    "crossed": ("diameter ~ 1 + (1 | plate) + (1 | sample)", PENICILLIN),
    "cs": ("score ~ Machine + cs(0 + Machine | Worker)", MACHINES),
    "ar1": ("distance ~ age + ar1(0 + occasion | Subject)", ORTHODONT),
    "toep": ("score ~ Machine + toep(0 + Machine | Worker)", MACHINES),
}
RESIDUAL = ["ar1(age | Subject)", "car1(age | Subject)", "cs(1 | Subject)", "us(age | Subject)", "ar1h(age | Subject)"]


def estimates(fit: Any) -> dict[str, float]:
    """Standard deviations and correlations of random effects by name; NaN for those at the boundary."""
    table = fit.tidy("ran_pars")
    return {name: value for name, value in zip(table["term"], table["estimate"], strict=True) if name != "sigma"}


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("kind", RANDOM)
def test_a_parameter_held_at_its_estimate_changes_nothing_but_the_count(kind: str, reml: bool) -> None:
    formula, data = RANDOM[kind]
    free = hlmrs.lmer(formula, data, reml=reml)
    for name, value in estimates(free).items():
        held = hlmrs.lmer(formula, data, reml=reml, control=Control(fix={name: value}))
        assert held.criterion == pytest.approx(free.criterion, abs=1e-7), name
        assert held.n_params == free.n_params - 1
        assert estimates(held)[name] == pytest.approx(value, rel=1e-9)
        np.testing.assert_allclose(held.tidy()["std_error"], free.tidy()["std_error"], rtol=1e-4)
        assert held.converged


@pytest.mark.parametrize("residual", RESIDUAL)
def test_a_parameter_of_the_residuals_held_at_its_estimate_changes_nothing_but_the_count(residual: str) -> None:
    free = hlmrs.gls("distance ~ age", ORTHODONT, residual=residual)
    table = free.residual_parameters()
    for name, value in zip(table["parameter"], table["estimate"], strict=True):
        control = Control(fix={name: value})
        held = hlmrs.gls("distance ~ age", ORTHODONT, residual=residual, control=control)
        assert held.criterion == pytest.approx(free.criterion, abs=1e-6), name
        assert held.n_params == free.n_params - 1
        own = held.residual_parameters()
        row = list(own["parameter"]).index(name)
        assert own["estimate"][row] == pytest.approx(value, rel=1e-9)
        assert own["std_error"][row] is None
        np.testing.assert_allclose(own["estimate"], table["estimate"], rtol=2e-3)


@pytest.mark.parametrize("kind", ["unstructured", "crossed"])
def test_elsewhere_the_criterion_is_that_of_the_profile(kind: str) -> None:
    formula, data = RANDOM[kind]
    free = hlmrs.lmer(formula, data, reml=False)
    for name in estimates(free):
        points = free.profile(terms=[name])
        inside = points.filter(
            (pl.col("zeta").abs() > 0.3) & (pl.col("value") > 0) & (pl.col("value").abs() < 0.99 * 1e9)
        )
        for value, zeta in inside.sample(3, seed=1).select("value", "zeta").iter_rows():
            held = hlmrs.lmer(formula, data, reml=False, control=Control(fix={name: value}))
            assert held.criterion - free.criterion == pytest.approx(zeta**2, abs=1e-5), (name, value)


@pytest.mark.parametrize("reml", [True, False])
def test_no_correlation_is_the_diagonal_structure(reml: bool) -> None:
    held = hlmrs.lmer(SLOPES, SLEEP, reml=reml, control=Control(fix={CORRELATION: 0.0}))
    diagonal = hlmrs.lmer("Reaction ~ Days + diag(Days | Subject)", SLEEP, reml=reml)
    assert held.criterion == pytest.approx(diagonal.criterion, abs=1e-7)
    assert (held.n_params, held.aic) == (diagonal.n_params, pytest.approx(diagonal.aic, abs=1e-7))
    np.testing.assert_allclose(held.vcov(), diagonal.vcov(), rtol=1e-5)
    np.testing.assert_allclose(held.tidy()["df"], diagonal.tidy()["df"], rtol=1e-3)
    errors, expected = (fit.varcorr(se=True)["std_error"].to_list() for fit in (held, diagonal))
    np.testing.assert_allclose([errors[k] for k in (0, 1, 3)], [expected[k] for k in (0, 1, 3)], rtol=2e-3)
    assert errors[2] is None  # of a covariance that is held
    if reml:
        kr = held.tidy(ddf="kenward-roger")
        same = diagonal.tidy(ddf="kenward-roger", ddf_information="observed")
        np.testing.assert_allclose(kr["df"], same["df"], rtol=2e-3)
        np.testing.assert_allclose(kr["std_error"], same["std_error"], rtol=1e-4)


def test_residuals_without_correlation_are_independent() -> None:
    held = hlmrs.gls("distance ~ age", ORTHODONT, residual="ar1(age | Subject)", control=Control(fix={"rho": 0}))
    plain = hlmrs.gls("distance ~ age", ORTHODONT)
    assert held.criterion == pytest.approx(plain.criterion, abs=1e-9)
    assert held.n_params == plain.n_params
    np.testing.assert_allclose(held.tidy()["df"], plain.tidy()["df"], rtol=1e-4)
    assert held.verdict.status == "optimum"  # where an estimate of no correlation is an end that is named


def test_all_parameters_held_leave_generalized_least_squares() -> None:
    fix = {"sd((Intercept) | Subject)": 20.0, "sd(Days | Subject)": 5.0, CORRELATION: 0.3, "sigma": 30.0}
    fit = hlmrs.lmer(SLOPES, SLEEP, reml=False, control=Control(fix=fix))
    g = np.unique(SLEEP["Subject"], return_inverse=True)[1]
    x = np.column_stack([np.ones(180), SLEEP["Days"]])
    inner = np.array([[400, 0.3 * 100], [0.3 * 100, 25]])
    v = np.where(g[:, None] == g, x @ inner @ x.T, 0.0) + 900 * np.eye(180)
    y = SLEEP["Reaction"].to_numpy()
    information = x.T @ np.linalg.solve(v, x)
    r = y - x @ np.linalg.solve(information, x.T @ np.linalg.solve(v, y))
    dense = np.linalg.slogdet(2 * np.pi * v)[1] + r @ np.linalg.solve(v, r)
    assert fit.criterion == pytest.approx(dense, abs=1e-8)
    assert fit.n_params == 2
    np.testing.assert_allclose(fit.vcov(), np.linalg.inv(information), rtol=1e-9)
    assert fit.tidy()["df"].to_list() == [np.inf, np.inf]


def test_a_variance_that_would_be_zero_is_not_singular_where_it_is_held() -> None:
    data = hlmrs.datasets.load("Dyestuff2", "polars")
    held = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data, control=Control(fix={"sd((Intercept) | Batch)": 1.0}))
    assert (held.verdict.singular, held.verdict.status) == (False, "optimum")
    assert held.varcorr()["sd"][0] == pytest.approx(1.0, rel=1e-10)


def test_a_standard_deviation_held_close_to_zero_leaves_the_model_without_it() -> None:
    held = hlmrs.lmer(SLOPES, SLEEP, control=Control(fix={"sd(Days | Subject)": 1e-3, CORRELATION: 0.0}))
    without = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP)
    assert held.criterion == pytest.approx(without.criterion, abs=1e-4)
    assert held.n_params == without.n_params
    assert held.verdict.status == "optimum"


def test_sigma_is_the_argument() -> None:
    held = hlmrs.lmer(SLOPES, SLEEP, control=Control(fix={"sigma": 25}))
    known = hlmrs.lmer(SLOPES, SLEEP, sigma=25)
    assert (held.criterion, held.n_params) == (known.criterion, known.n_params)
    with pytest.raises(hlmrs.OptionError, match="leave one of them out"):
        hlmrs.lmer(SLOPES, SLEEP, sigma=1, control=Control(fix={"sigma": 25}))


def test_what_is_held_stays_held(tmp_path: Any) -> None:
    name = "sd(Days | Subject)"
    fit = hlmrs.lmer(SLOPES, SLEEP, control=Control(fix={name: 4.0}))
    rest = ["(Intercept)", "Days", "sd((Intercept) | Subject)", CORRELATION, "sigma"]
    assert fit.bootstrap(10, seed=1).confint()["term"].to_list() == rest
    assert fit.bootstrap(10, seed=1, kind="case").confint()["term"].to_list() == rest
    y = SLEEP["Reaction"].to_numpy() + np.linspace(-20, 20, 180)
    again = fit.refit(y)
    fresh = fit.update(". ~ .", data=SLEEP.with_columns(Reaction=y))
    for other in (again, fresh):
        assert estimates(other)[name] == pytest.approx(4.0, rel=1e-9)
    assert again.criterion == pytest.approx(fresh.criterion, abs=1e-6)
    fit.save(tmp_path / "held.fit")
    for loaded in (hlmrs.load(tmp_path / "held.fit"), pickle.loads(pickle.dumps(fit))):
        assert (loaded.criterion, loaded.sigma, loaded.n_params) == (fit.criterion, fit.sigma, fit.n_params)
        np.testing.assert_array_equal(loaded.tidy()["df"], fit.tidy()["df"])
    table = fit.tidy("ran_pars", conf_int="wald")
    assert table["std_error"][table["term"].to_list().index(name)] is None


def test_what_does_not_know_of_held_parameters_refuses() -> None:
    name = "sd(Days | Subject)"
    fit = hlmrs.lmer(SLOPES, SLEEP, control=Control(fix={name: 4.0}))
    with pytest.raises(hlmrs.OptionError, match="is fixed at 4 and not estimated"):
        fit.profile(terms=[name])
    for refused in (fit.influence, fit.ranova, lambda: fit.profile(terms=["Days"])):
        with pytest.raises(hlmrs.DesignError, match="held by Control"):
            refused()
    with pytest.raises(hlmrs.DesignError, match="the observed one is"):
        fit.tidy(ddf="kenward-roger", ddf_information="expected")


@pytest.mark.parametrize(
    ("fix", "says"),
    [
        ({"sd(Day | Subject)": 1}, r"no such variance parameter.*sd\(Days \| Subject\)"),
        ({"rho": 0.5}, r"those that can be held are 'sd\(\(Intercept\) \| Subject\)'.*'sigma'"),
        ({"sd(Days | Subject)": 0}, "between 0 and inf"),
        ({CORRELATION: 1}, "between -1 and 1"),
        ({"sd(Days | Subject)": float("nan")}, "finite numbers"),
        ({"sd(Days | Subject)": "x"}, "sequence of numbers"),
        ([1], "dictionary of names and numbers"),
    ],
)
def test_what_cannot_be_held_is_refused_with_what_can(fix: Any, says: str) -> None:
    with pytest.raises(hlmrs.OptionError, match=says):
        hlmrs.lmer(SLOPES, SLEEP, control=Control(fix=fix))


def test_a_coefficient_of_the_dispersion_is_held_by_an_offset() -> None:
    fit = hlmrs.lmer("distance ~ age + (1 | Subject)", ORTHODONT, dispersion="~ Sex")
    held = dict(
        zip(fit.tidy(component="dispersion")["term"], fit.tidy(component="dispersion")["estimate"], strict=True)
    )
    (name,) = held.keys() - {"(Intercept)"}
    fix = Control(fix={f"dispersion:{name}": held[name]})
    with pytest.raises(hlmrs.OptionError, match=rf"write offset\(h\) in the place of '{name}'"):
        hlmrs.lmer("distance ~ age + (1 | Subject)", ORTHODONT, dispersion="~ Sex", control=fix)
    data = ORTHODONT.with_columns(h=pl.when(pl.format("Sex{}", "Sex") == name).then(held[name]).otherwise(0.0))
    known = hlmrs.lmer("distance ~ age + (1 | Subject)", data, dispersion="~ offset(h)")
    assert known.criterion == pytest.approx(fit.criterion, abs=1e-7)
    assert known.n_params == fit.n_params - 1
    with pytest.raises(hlmrs.OptionError, match="no such variance parameter"):
        hlmrs.lmer("distance ~ age + (1 | Subject)", ORTHODONT, control=fix)


def test_values_that_no_covariance_has_together_are_refused() -> None:
    formula = "distance ~ age + (0 + occasion | Subject)"
    names = ["cor(occasion8, occasion10 | Subject)", "cor(occasion8, occasion12 | Subject)"]
    fix = {names[0]: 0.9, names[1]: 0.9, "cor(occasion10, occasion12 | Subject)": -0.9}
    with pytest.raises(hlmrs.DesignError, match="cannot be held together"):
        hlmrs.lmer(formula, ORTHODONT, control=Control(fix=fix), sigma=0.5)


def test_other_functions_hold_nothing() -> None:
    formula, control = "Reaction ~ Days + (1 | Subject)", Control(fix={"sigma": 1})
    with pytest.raises(hlmrs.OptionError, match="estimates all of them"):
        hlmrs.glmer(formula, SLEEP, family="poisson", control=control)
    with pytest.raises(hlmrs.OptionError, match="estimates all of them"):
        hlmrs.fit_many(["Reaction"], "~ Days + (1 | Subject)", SLEEP, control=control)
