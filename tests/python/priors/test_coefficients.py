"""Normal priors of coefficients, and what is done about separation."""

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs


def separated() -> pl.DataFrame:
    """Return binary responses, all of them successes where x is 1."""
    x = np.array([float(k % 4 == 0) for k in range(80)])
    y = np.where(x == 1, 1, np.arange(80) % 3 == 0).astype(int)
    return pl.DataFrame({"y": y, "x": x, "z": np.sin(np.arange(80)), "g": [f"g{k % 10}" for k in range(80)]})


def fitted(**options: Any) -> Any:
    return hlmrs.glmer("y ~ x + z + (1 | g)", separated(), family="binomial", **options)


pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.SingularFitWarning")


def test_separation_is_refused_with_a_prior_as_the_way_out_and_a_prior_is_one():
    with pytest.raises(hlmrs.DesignError, match=r"prior=hlmrs.Normal\(0, 2.5\)"):
        fitted()
    fit = fitted(prior=hlmrs.Normal(0, 2.5))
    table = fit.tidy()
    assert 1 < table["estimate"][1] < 6
    assert np.isfinite(table["std_error"].to_numpy()).all()
    assert fit.verdict.converged


def test_the_estimates_maximize_likelihood_and_prior_together():
    # with no variance between groups the model is a logistic regression, penalized
    fit = fitted(prior={"x": hlmrs.Normal(0.5, 1.5), "z": hlmrs.Normal(0, 0.3)})
    assert fit.varcorr()["sd"][0] == pytest.approx(0, abs=1e-6)
    data = separated()
    columns = np.column_stack([np.ones(80), data["x"], data["z"]])
    y, precision = data["y"].to_numpy(), np.array([0, 1 / 1.5**2, 1 / 0.3**2])
    beta = np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-columns @ beta))
        slope = columns.T @ (y - p) - precision * (beta - [0, 0.5, 0])
        curvature = columns.T @ (columns * (p * (1 - p))[:, None]) + np.diag(precision)
        beta = beta + np.linalg.solve(curvature, slope)
    np.testing.assert_allclose(fit.beta, beta, atol=1e-5)
    np.testing.assert_allclose(fit.tidy()["std_error"], np.sqrt(np.diag(np.linalg.inv(curvature))), rtol=1e-3)
    assert fit.loglik == pytest.approx(float((y * np.log(p) + (1 - y) * np.log1p(-p)).sum()), abs=1e-6)
    log_prior = sum(
        -0.5 * ((b - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
        for b, m, s in ((beta[1], 0.5, 1.5), (beta[2], 0.0, 0.3))
    )
    assert fit.log_prior == pytest.approx(log_prior, abs=1e-5)


def test_a_wide_prior_is_none_and_a_narrow_one_holds_a_coefficient_whatever_its_columns_are():
    data = separated().with_columns(y=(pl.int_range(80) % 3 == 0).cast(pl.Int64), z=1e6 + 1e3 * pl.col("z"))
    model = "y ~ x + z + (1 | g)"
    free = hlmrs.glmer(model, data, family="binomial")
    wide = hlmrs.glmer(model, data, family="binomial", prior=hlmrs.Normal(0, 1e6))
    np.testing.assert_allclose(wide.beta, free.beta, rtol=1e-4)
    assert wide.loglik == pytest.approx(free.loglik, abs=1e-6)
    held = hlmrs.glmer(model, data, family="binomial", prior={"x": hlmrs.Normal(1, 1e-4)})
    assert held.beta[1] == pytest.approx(1, abs=1e-5)
    assert held.loglik < free.loglik


def test_the_prior_is_said_saved_and_updated(tmp_path):
    fit = fitted(prior=hlmrs.Normal(0, 2.5))
    assert "Normal(0, 2.5) of every coefficient of the mean but the intercept" in str(fit.summary())
    assert fit.glance()["log_prior"][0] == fit.log_prior
    assert "log_prior" not in fit.update("~ . - x", prior=None).glance().columns
    fit.save(tmp_path / "fit.hlmrs")
    again = hlmrs.load(tmp_path / "fit.hlmrs")
    assert again.log_prior == fit.log_prior
    assert str(again.summary()) == str(fit.summary())
    smaller = fit.update("~ . - z")
    assert smaller.log_prior != fit.log_prior
    table = hlmrs.compare(smaller, fit)
    assert "estimates with a prior" in table["null_distribution"].to_list()


def test_a_profile_is_of_likelihood_and_prior():
    fit = fitted(prior=hlmrs.Normal(0, 2.5))
    interval = fit.confint(method="profile").filter(pl.col("term") == "x")
    assert np.isfinite(interval["conf_high"][0])
    assert interval["conf_low"][0] < fit.beta[1] < interval["conf_high"][0]


@pytest.mark.filterwarnings("ignore:Converged after:hlmrs.ConvergenceWarning")
def test_separation_can_be_a_warning_and_its_coefficients_then_have_no_standard_error():
    with pytest.warns(hlmrs.ConvergenceWarning, match="no finite estimate"):
        fit = fitted(control=hlmrs.Control(separation="warn"))
    error = fit.tidy()["std_error"].to_numpy()
    assert np.isnan(error[1])
    assert np.isfinite(error[2])
    assert not fit.verdict.converged or "x" in fit.verdict.flat_terms


def _by_level(above: bool = False) -> pl.DataFrame:
    """Return binary responses, all of them failures (or successes) where f is d."""
    rng = np.random.default_rng(3)
    g, f, z = np.repeat(np.arange(30), 10), rng.choice(["a", "b", "c", "d"], 300), rng.normal(size=300)
    chance = 1 / (1 + np.exp(-0.3 * z - 0.5 * rng.normal(size=30)[g]))
    y = np.where(f == "d", int(above), rng.random(300) < chance).astype(int)
    return pl.DataFrame({"y": y, "f": f, "z": z, "g": [f"g{k}" for k in g]})


@pytest.mark.parametrize(("family", "link", "above"), [("binomial", "logit", False), ("binomial", "probit", True),
                                                       ("poisson", "log", False)])  # fmt: skip
def test_separation_can_be_reported_and_all_else_is_estimated_from_the_other_rows(family, link, above, tmp_path):
    data, model = _by_level(above), "y ~ z + f + (1 | g)"
    report = hlmrs.Control(separation="report")
    with pytest.warns(hlmrs.ConvergenceWarning, match=r"'fd' has no finite estimate.*given as infinite"):
        fit = hlmrs.glmer(model, data, family=family, link=link, control=report)
    rest = hlmrs.glmer(model, data.filter(pl.col("f") != "d"), family=family, link=link)
    table, other = fit.tidy(), rest.tidy()
    assert table["term"].to_list() == [*other["term"], "fd"]
    assert table["estimate"][4] == (np.inf if above else -np.inf)
    assert table["std_error"].is_null().to_list() == [False] * 4 + [True]
    for column in ("estimate", "std_error", "p_value", "conf_low"):
        np.testing.assert_allclose(table[column][:4], other[column], rtol=1e-4, atol=1e-6)
    assert fit.loglik == pytest.approx(rest.loglik, abs=1e-6)
    assert fit.varcorr()["sd"][0] == pytest.approx(rest.varcorr()["sd"][0], rel=1e-5)
    assert fit.tidy(exponentiate=True)["estimate"][4] == (np.inf if above else 0.0) if link != "probit" else True
    np.testing.assert_allclose(fit.predict(data.filter(pl.col("f") == "d")), float(above), atol=1e-6)
    assert fit.verdict.converged
    assert "no finite estimate" in fit.verdict.advice[0]
    assert "∞" in str(fit.summary())
    means = fit.emmeans("f", type="link")["std_error"].to_list()
    assert [value is None or np.isnan(value) for value in means] == [False, False, False, True]
    fit.save(tmp_path / "fit")
    for again in (hlmrs.load(tmp_path / "fit"), pickle.loads(pickle.dumps(fit))):
        assert again.tidy().equals(table, null_equal=True)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: hlmrs.Normal(0, 0), hlmrs.OptionError, "positive standard deviation"),
        (lambda: hlmrs.Normal(float("nan"), 1), hlmrs.OptionError, "finite number"),
        (lambda: fitted(prior={"w": hlmrs.Normal(0, 1)}), hlmrs.OptionError, "prior= names 'w'"),
        (lambda: fitted(prior=2.5), TypeError, "give hlmrs.Normal"),
        (lambda: fitted(prior=hlmrs.Normal(0, 1), reml=True), hlmrs.DesignError, "not with reml=True"),
        (lambda: fitted(prior=hlmrs.Normal(0, 1)).drop1(method="lr"), hlmrs.OptionError, "the fit has a prior"),
        (lambda: hlmrs.Control(separation="ignore"), hlmrs.OptionError, "separation='ignore'"),
    ],
)
def test_priors_that_cannot_be_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
