"""Influence in models whose residuals have a covariance, against dense algebra and against fits without the rows."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest

import hlmrs
from test_residuals import DATA, covariance_of_site, panel, residual_covariance

mpl.use("Agg")


def without(data: dict, gone: np.ndarray) -> dict[str, list]:
    return {name: [value for value, out in zip(values, gone, strict=True) if not out] for name, values in data.items()}


def design(data: dict) -> tuple[np.ndarray, np.ndarray]:
    return np.column_stack([np.ones(len(data["y"])), data["x"], data["t"]]), np.array(data["y"])


def solved(v: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, the inverse of their information, and the variance that multiplies V by REML."""
    weighted = np.linalg.solve(v, x)
    inverse = np.linalg.inv(x.T @ weighted)
    beta = inverse @ weighted.T @ y
    e = y - x @ beta
    return beta, inverse, float(e @ np.linalg.solve(v, e)) / (len(y) - x.shape[1])


@pytest.mark.parametrize("by", ["id", "site", None])
@pytest.mark.parametrize(
    ("residual", "options"),
    [
        ("ar1(t | id)", {}),
        ("us(v | id)", {}),
        ("exp(when | id)", {"dispersion": "~ w"}),
        ("csh(1 | id)", {"weights": "w"}),
    ],
)
def test_deletion_at_held_parameters_is_that_of_dense_algebra(residual, options, by) -> None:
    fit = hlmrs.gls("y ~ x + t", DATA, residual=residual, **options)
    x, y = design(DATA)
    v = residual_covariance(fit, DATA, residual)
    _check(fit, fit.influence(by, method="fixed-theta"), v, x, y, by)


@pytest.mark.parametrize("residual", ["ar1(t | id)", "us(v | id)"])
@pytest.mark.parametrize("by", ["id", "site", None])
def test_so_it_is_beside_random_effects(residual, by) -> None:
    fit = hlmrs.lmer("y ~ x + t + (1 | site)", DATA, residual=residual)
    x, y = design(DATA)
    v = residual_covariance(fit, DATA, residual) + covariance_of_site(fit, DATA)
    _check(fit, fit.influence(by, method="fixed-theta"), v, x, y, by)


def _check(fit, found, v, x, y, by) -> None:
    levels = [str(k) for k in range(len(y))] if by is None else DATA[by]
    beta, inverse, _ = solved(v, x, y)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-8)
    table, dfbetas, estimates = found.to_frame(), found.dfbetas(), found.estimates()
    for k, level in enumerate(found.levels):
        kept = np.array([own != level for own in levels])
        own, covariance, share = solved(v[np.ix_(kept, kept)], x[kept], y[kept])
        move = beta - own
        distance = move @ np.linalg.solve(inverse, move) / 3
        assert table["cooks_distance"][k] == pytest.approx(distance, rel=1e-6, abs=1e-12)
        errors = np.sqrt(share * np.diag(covariance))
        np.testing.assert_allclose([dfbetas[name][k] for name in fit.coef_names], move / errors, rtol=1e-5, atol=1e-8)
        assert estimates["sigma"][k] == pytest.approx(fit.sigma * np.sqrt(share), rel=1e-7)
        ratio = np.linalg.det(share * covariance) / np.linalg.det(inverse)
        assert table["covratio"][k] == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("by", ["id", "visit"])
@pytest.mark.parametrize(
    ("residual", "dispersion"), [("ar1(t | id)", "~ w"), ("car1(when | id)", None), ("cs(1 | id)", None)]
)
def test_refits_are_fits_to_the_rows_left(residual, dispersion, by) -> None:
    fit = hlmrs.gls("y ~ x", DATA, residual=residual, dispersion=dispersion)
    found = fit.influence(by, method="refit")
    estimates, table = found.estimates(), found.to_frame()
    for k, level in enumerate(found.levels[:4]):
        own = without(DATA, np.array([value == level for value in DATA[by]]))
        again = hlmrs.gls("y ~ x", own, residual=residual, dispersion=dispersion)
        for name, value in zip(fit.coef_names, again.beta, strict=True):
            assert estimates[name][k] == pytest.approx(value, rel=1e-4, abs=1e-5)
        assert estimates["sigma"][k] == pytest.approx(again.sigma, rel=1e-4)
        rho = again.residual_parameters()["estimate"][0]
        assert estimates["rho"][k] == pytest.approx(rho, abs=1e-4)
        assert table["n_rows"][k] == len(DATA["y"]) - len(own["y"])
    assert (np.asarray(table["displacement"]) >= 0).all()


def test_a_step_leads_to_where_refits_are() -> None:
    fit = hlmrs.gls("y ~ x + t", panel(60, seed=5), residual="ar1h(v | id)")
    step, refit = fit.influence("id"), fit.influence("id", method="refit")
    assert step.method.count("one-step") >= 50
    np.testing.assert_allclose(step.cooks_distance, refit.cooks_distance, rtol=0.05, atol=1e-4)
    for name in ("rho", "sd(2)"):
        np.testing.assert_allclose(step.estimates()[name], refit.estimates()[name], rtol=5e-3)


def test_exchangeable_residuals_have_the_influence_of_a_random_intercept() -> None:
    own = hlmrs.gls("y ~ x + t", DATA, residual="cs(1 | id)")
    intercept = hlmrs.lmer("y ~ x + t + (1 | id)", DATA)
    for method in ("fixed-theta", "refit"):
        one, other = own.influence("id", method=method), intercept.influence("id", method=method)
        np.testing.assert_allclose(one.cooks_distance, other.cooks_distance, rtol=1e-3)
        np.testing.assert_allclose(one.displacement, other.displacement, rtol=2e-3, atol=1e-5)
        np.testing.assert_allclose(one.covratio, other.covratio, rtol=1e-3)


def test_rows_of_groups_that_lie_in_several_levels_are_taken_out() -> None:
    data = {**DATA, "session": [f"s{int(t) % 3}" for t in DATA["t"]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.errors.SingularFitWarning)
        fit = hlmrs.lmer("y ~ x + t + (1 | session)", data, residual="ar1(t | id)")
    x, y = design(data)
    v = residual_covariance(fit, data, "ar1(t | id)")
    v = v + fit.varcorr()["variance"][0] * np.equal.outer(data["session"], data["session"])
    _check(fit, fit.influence("id", method="fixed-theta"), v, x, y, "id")


def test_pictures_are_of_the_groups_of_the_residuals() -> None:
    fit = hlmrs.mmrm("y ~ x + v", DATA, covariance="ar1h(v | id)")
    distances, _ = fit.plot.influence()
    assert len(distances.get_yticklabels()) == 14
    assert set(fit.plot.influence.data()["level"]) == set(DATA["id"])
    with pytest.raises(hlmrs.OptionError, match=r"group='site'.*'id'"):
        fit.plot.influence("site")
    beside = hlmrs.lmer("y ~ x + (1 | site)", DATA, residual="ar1(t | id)")
    assert set(beside.plot.influence.data("id", method="fixed-theta")["level"]) == set(DATA["id"])
    assert set(beside.plot.influence.data(method="fixed-theta")["level"]) == set(DATA["site"])
