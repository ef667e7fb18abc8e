"""Robust covariances of models whose residuals have a covariance of their own, against dense algebra."""

import warnings

import numpy as np
import pytest

import hlmrs
from sandwiches import sandwich_of
from test_residuals import DATA, covariance_of_site, panel, residual_covariance

KINDS = ("CR0", "CR2", "CR3")


def codes_of(data: dict, name: str) -> np.ndarray:
    return np.unique(data[name], return_inverse=True)[1]


def x_and_residuals(fit, data: dict) -> tuple[np.ndarray, np.ndarray]:
    x = np.column_stack([np.ones(len(data["y"])), data["x"], data["t"]])
    return x, np.array(data["y"]) - x @ fit.beta


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("residual", "options"),
    [
        ("ar1(t | id)", {}),
        ("us(v | id)", {}),
        ("car1(when | id)", {"dispersion": "~ w"}),
        ("csh(1 | id)", {"weights": "w"}),
    ],
)
@pytest.mark.parametrize("cluster", ["id", "site"])
def test_clusters_of_a_marginal_model_are_those_of_dense_algebra(residual, options, kind, cluster) -> None:
    fit = hlmrs.gls("y ~ x + t", DATA, residual=residual, **options)
    v = residual_covariance(fit, DATA, residual)
    want, df = sandwich_of(*x_and_residuals(fit, DATA), v, codes_of(DATA, cluster), kind)
    np.testing.assert_allclose(fit.vcov(kind, cluster=cluster), want, rtol=1e-8)
    np.testing.assert_allclose(fit.tidy(vcov=kind, cluster=cluster)["df"], df, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("residual", ["ar1(t | id)", "us(v | id)"])
def test_so_are_those_beside_random_effects(residual, kind) -> None:
    fit = hlmrs.lmer("y ~ x + t + (1 | site)", DATA, residual=residual, weights="w" if "us" not in residual else None)
    v = residual_covariance(fit, DATA, residual) + covariance_of_site(fit, DATA)
    want, df = sandwich_of(*x_and_residuals(fit, DATA), v, codes_of(DATA, "site"), kind)
    np.testing.assert_allclose(fit.vcov(kind), want, rtol=1e-8)  # the site is the outermost group
    np.testing.assert_allclose(fit.tidy(vcov=kind)["df"], df, rtol=1e-6)


def complete() -> dict[str, list]:
    """Sixty groups with all visits: products of rows stand for them in the fit."""
    data = panel(60, seed=5)
    sizes = {name: data["id"].count(name) for name in set(data["id"])}
    rows = [k for k, name in enumerate(data["id"]) if sizes[name] == 5]
    return {name: [values[k] for k in rows] for name, values in data.items()}


def test_rows_need_not_be_kept_whitened() -> None:
    data = complete()
    fit = hlmrs.mmrm("y ~ x + t", data, covariance="us(v | id)")
    x, e = x_and_residuals(fit, data)
    for kind in KINDS:
        want, _ = sandwich_of(x, e, residual_covariance(fit, data, "us(v | id)"), codes_of(data, "id"), kind)
        np.testing.assert_allclose(fit.vcov(kind), want, rtol=1e-8)
    np.testing.assert_allclose(fit.vcov("CR1"), fit.vcov("CR0") * len(set(data["id"])) / (len(set(data["id"])) - 1))


def test_exchangeable_residuals_have_the_covariance_and_tests_of_a_random_intercept() -> None:
    own = hlmrs.gls("y ~ x + t", DATA, residual="cs(1 | id)")
    intercept = hlmrs.lmer("y ~ x + t + (1 | id)", DATA)
    for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3"):
        np.testing.assert_allclose(own.vcov(kind), intercept.vcov(kind), rtol=2e-4)
        np.testing.assert_allclose(own.tidy(vcov=kind)["df"], intercept.tidy(vcov=kind)["df"], rtol=2e-4)
        joint = own.test(["x = 0", "t = 0"], vcov=kind), intercept.test(["x = 0", "t = 0"], vcov=kind)
        np.testing.assert_allclose(joint[0]["statistic"], joint[1]["statistic"], rtol=1e-3)


def test_least_squares_has_the_sandwich_of_liang_and_zeger() -> None:
    fit = hlmrs.gls("y ~ x + t", DATA)
    x, e = x_and_residuals(fit, DATA)
    scores = np.zeros((14, 3))
    np.add.at(scores, codes_of(DATA, "id"), x * e[:, None])
    bread = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(fit.vcov("CR0", cluster="id"), bread @ scores.T @ scores @ bread, rtol=1e-10)
    with pytest.raises(hlmrs.OptionError, match="no grouping factors"):
        fit.vcov("CR0")


def test_rows_of_clusters_that_random_effects_cross_have_scores_of_dense_algebra() -> None:
    """Sessions cross the groups of the residuals, each of which lies in several."""
    data = {**DATA, "session": [f"s{int(t) % 3}{k % 2}" for k, t in enumerate(DATA["t"])]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer("y ~ x + t + (1 | session)", data, residual="ar1(t | id)", weights="w")
    variance = fit.varcorr()["variance"][0]
    v = residual_covariance(fit, data, "ar1(t | id)")
    v = v + variance * np.equal.outer(data["session"], data["session"])
    x, e = x_and_residuals(fit, data)
    weighted = np.linalg.solve(v, x)
    scores = np.zeros((14, 3))
    np.add.at(scores, codes_of(data, "id"), weighted * e[:, None])
    bread = np.linalg.inv(x.T @ weighted)
    with pytest.warns(hlmrs.InferenceWarning, match="many clusters only"):
        found = fit.vcov("CR0", cluster="id")
    np.testing.assert_allclose(found, bread @ scores.T @ scores @ bread, rtol=1e-8)
    with pytest.raises(hlmrs.OptionError, match="random effects cross 'id'"):
        fit.vcov("CR2", cluster="id")


@pytest.mark.parametrize("cluster", ["visit", ["id", "visit"]])
def test_clusters_that_part_correlated_residuals_are_refused(cluster) -> None:
    fit = hlmrs.gls("y ~ x + t", DATA, residual="ar1(t | id)")
    with pytest.raises(hlmrs.OptionError, match=r"one 'id'.*different clusters of 'visit'.*cluster='id'"):
        fit.vcov("CR0", cluster=cluster)
