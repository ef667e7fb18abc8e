"""Restricted likelihood of generalized models, fixed effects by penalized likelihood, and models of the dispersion."""

import pickle

import numpy as np
import polars as pl
import pytest

import hlmrs

SLEEP = pl.DataFrame(hlmrs.datasets.load("sleepstudy"))
FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def salamanders() -> pl.DataFrame:
    """Counts of two families below are those of glmmTMB's data; this draws similar ones."""
    rng = np.random.default_rng(5)
    site = np.repeat(np.arange(20), 12)
    mined = (site % 2).astype(float)
    x = rng.normal(size=site.size)
    mean = np.exp(0.5 - mined + 0.3 * x + rng.normal(0, 0.6, 20)[site])
    return pl.DataFrame({"y": rng.poisson(mean), "x": x, "mined": mined, "site": site})


def test_of_a_gaussian_response_it_is_the_reml_of_the_linear_model() -> None:
    linear = hlmrs.lmer(FORMULA, SLEEP)
    fit = hlmrs.glmer(FORMULA, SLEEP, family="gaussian", reml=True)
    assert fit.criterion == pytest.approx(linear.criterion, abs=1e-8)
    assert fit.sigma == pytest.approx(linear.sigma, rel=1e-5)
    np.testing.assert_allclose(fit.varcorr()["variance"], linear.varcorr()["variance"], rtol=1e-4)
    np.testing.assert_allclose(fit.beta, linear.beta, rtol=1e-7)
    # given the variances β has the covariance of the linear model; balanced data move β with no variance
    np.testing.assert_allclose(fit.tidy()["std_error"], linear.tidy()["std_error"], rtol=1e-5)
    assert fit.reml
    assert "REML criterion" in str(fit.summary())


def test_columns_may_have_any_scale_and_origin() -> None:
    moved = SLEEP.with_columns(Days=1e6 * pl.col("Days") + 3e7)
    fit = hlmrs.glmer(FORMULA, SLEEP, family="gaussian", reml=True)
    other = hlmrs.glmer("Reaction ~ Days + (1 | Subject)", moved, family="gaussian", reml=True)
    plain = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", moved)
    assert other.criterion == pytest.approx(plain.criterion, abs=1e-7)
    assert fit.criterion < other.criterion


def _dense_reml(fit, log_sigma: np.ndarray) -> float:
    """-2 restricted log-likelihood at the estimates, by dense algebra."""
    days = SLEEP["Days"].to_numpy().astype(float)
    x = np.column_stack([np.ones(180), days])
    subject = SLEEP["Subject"].to_numpy()
    table = fit.varcorr()
    var = table["variance"].to_list()
    g = np.array([[var[0], var[2]], [var[2], var[1]]])
    v = np.diag(np.exp(2 * log_sigma))
    for s in np.unique(subject):
        rows = np.flatnonzero(subject == s)
        v[np.ix_(rows, rows)] += x[rows] @ g @ x[rows].T
    y = SLEEP["Reaction"].to_numpy()
    inverse = np.linalg.inv(v)
    xvx = x.T @ inverse @ x
    beta = np.linalg.solve(xvx, x.T @ inverse @ y)
    r = y - x @ beta
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-8)
    dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1]
    return float(dets + r @ inverse @ r + (180 - 2) * np.log(2 * np.pi))


def test_a_linear_model_of_the_dispersion_has_the_criterion_of_dense_algebra() -> None:
    fit = hlmrs.lmer(FORMULA, SLEEP, dispersion="~ Days")
    gamma = fit.tidy(component="dispersion")["estimate"].to_numpy()
    log_sigma = gamma[0] + gamma[1] * SLEEP["Days"].to_numpy()
    assert fit.criterion == pytest.approx(_dense_reml(fit, log_sigma), abs=1e-7)
    # glmmTMB 1.1.5 by maximum likelihood, log variances halved (the same data and model)
    ml = hlmrs.lmer(FORMULA, SLEEP, dispersion="~ Days", reml=False)
    assert ml.criterion == pytest.approx(1740.000695462977, abs=1e-6)
    expected = [5.623698398544235 / 2, 0.16926782993438402 / 2]
    np.testing.assert_allclose(ml.tidy(component="dispersion")["estimate"], expected, rtol=1e-4)
    assert hlmrs.lmer(FORMULA, SLEEP, dispersion="~ 1").criterion == pytest.approx(
        hlmrs.lmer(FORMULA, SLEEP).criterion, abs=1e-8
    )


def test_counts_have_less_biased_variances(salamanders: pl.DataFrame) -> None:
    formula = "y ~ x + mined + (1 | site)"
    ml = hlmrs.glmer(formula, salamanders, family="poisson")
    reml = hlmrs.glmer(formula, salamanders, family="poisson", reml=True)
    assert reml.theta[0] > ml.theta[0]
    np.testing.assert_allclose(reml.beta, ml.beta, atol=0.02)
    assert reml.verdict.status == "optimum"
    frame = reml.predict(salamanders.head(3), type="response")
    assert np.isfinite(np.asarray(frame, dtype=float)).all()
    again = pickle.loads(pickle.dumps(reml))
    assert again.criterion == pytest.approx(reml.criterion, abs=1e-9)
    np.testing.assert_allclose(again.tidy()["std_error"], reml.tidy()["std_error"], rtol=1e-7)
    assert reml.update(reml=False).criterion == pytest.approx(ml.criterion, abs=1e-7)


def test_penalized_fixed_effects_are_where_the_joint_slope_is_zero(salamanders: pl.DataFrame) -> None:
    fit = hlmrs.glmer("y ~ x + mined + (1 | site)", salamanders, family="poisson", nagq=0)
    x = np.column_stack([np.ones(240), salamanders["x"], salamanders["mined"]])
    site, y = salamanders["site"].to_numpy(), salamanders["y"].to_numpy()
    modes = fit.ranef()["estimate"].to_numpy()
    mean = np.exp(x @ fit.beta + modes[site])
    np.testing.assert_allclose(x.T @ (y - mean), 0, atol=1e-6)
    slope = np.bincount(site, y - mean)
    np.testing.assert_allclose(slope, modes / fit.theta[0] ** 2, atol=1e-6)
    assert "nagq=0" in str(fit.summary())
    laplace = hlmrs.glmer("y ~ x + mined + (1 | site)", salamanders, family="poisson")
    assert laplace.criterion < fit.criterion + 1e-9


def test_what_cannot_be_is_refused_with_the_reason(salamanders: pl.DataFrame) -> None:
    formula = "y ~ x + mined + (1 | site)"
    with pytest.raises(hlmrs.errors.OptionError, match="reml=True"):
        hlmrs.glmer(formula, salamanders, family="poisson", reml=True, nagq=5)
    with pytest.raises(hlmrs.errors.OptionError, match="expected"):
        hlmrs.glmer(formula, salamanders, family="poisson", nagq=0, information="expected")
    with pytest.raises(hlmrs.errors.OptionError, match=r"offset\(h\)"):
        hlmrs.lmer("y ~ x + (1 | site)", salamanders, dispersion="~ x + (1 | site)", weights="mined")
    with pytest.raises(hlmrs.errors.OptionError, match="rows"):
        hlmrs.lmer("y ~ x + (1 | site)", salamanders, dispersion="~ x", rows="stream")
    reml = hlmrs.glmer(formula, salamanders, family="poisson", reml=True)
    with pytest.raises(hlmrs.errors.HlmrsError, match="maximum likelihood"):
        reml.confint(method="profile")
    with pytest.raises(hlmrs.errors.HlmrsError, match="nagq=1"):
        _ = reml.approximation
    ordered = salamanders.with_columns(pl.col("y").clip(0, 2))
    with pytest.raises(hlmrs.errors.DesignError, match="thresholds"):
        hlmrs.glmer(formula, ordered, family="cumulative", reml=True)


def test_restricted_fits_are_compared_by_maximum_likelihood(salamanders: pl.DataFrame) -> None:
    formulas = ("y ~ x + (1 | site)", "y ~ x + mined + (1 | site)")
    small, large = (hlmrs.glmer(formula, salamanders, family="poisson", reml=True) for formula in formulas)
    found = hlmrs.compare(small, large)
    plain = hlmrs.compare(small.update(reml=False), large.update(reml=False))
    np.testing.assert_allclose(found["chisq"][1], plain["chisq"][1], rtol=1e-6)
