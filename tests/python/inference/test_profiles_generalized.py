"""Profile intervals of generalized models against constrained optimization of Laplace's criterion, written out here."""

import numpy as np
import pytest
from scipy.optimize import minimize

import hlmrs

LEVEL_95 = 1.959963984540054**2
GROUPS, SIZE = 14, 10


def data(seed=3):
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(GROUPS), SIZE), rng.normal(size=GROUPS * SIZE)
    b = rng.normal(size=(GROUPS, 2)) @ np.array([[0.9, 0.3], [0.0, 0.7]])
    eta = 0.3 + b[g, 0] + (0.5 + b[g, 1]) * x
    return {"y": (rng.random(len(x)) < 1 / (1 + np.exp(-eta))).astype(float), "x": x, "g": g}


def criterion(rows, beta, root):
    """Return Laplace's -2 log-likelihood of a logistic model with effects of 1 and x, covariance root root'."""
    y, z = rows["y"].reshape(GROUPS, SIZE), np.stack([np.ones(GROUPS * SIZE), rows["x"]], axis=1)
    z = z.reshape(GROUPS, SIZE, 2)
    spherical, fixed = z @ root, z @ beta
    u = np.zeros((GROUPS, 2))
    for _ in range(60):
        p = 1 / (1 + np.exp(-(fixed + np.einsum("gir,gr->gi", spherical, u))))
        slope = u - np.einsum("gir,gi->gr", spherical, y - p)
        m = np.eye(2) + np.einsum("gir,gi,gis->grs", spherical, p * (1 - p), spherical)
        step = np.linalg.solve(m, slope[..., None])[..., 0]
        u = u - step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-10:
            break
    eta = fixed + np.einsum("gir,gr->gi", spherical, u)
    return 2 * (np.logaddexp(0, eta) - y * eta).sum() + (u**2).sum() + np.linalg.slogdet(m)[1].sum()


def covariance_root(sds, correlation):
    return np.array([[sds[0], 0.0], [sds[1] * correlation, sds[1] * np.sqrt(1 - correlation**2)]])


def lowest(rows, held, value, start):
    """Return the least criterion where the standard deviation 0 or 1, or the correlation (2), has a value."""

    def at(free):
        own = np.insert(free, held, np.arctanh(value) if held == 2 else value)
        return criterion(rows, own[3:], covariance_root(own[:2], np.tanh(own[2])))

    from_ = np.delete(start, held)
    return min(minimize(at, from_ * scale, method="BFGS", tol=1e-9).fun for scale in (1.0, 0.8))


def intervals(fit):
    table = fit.confint(method="profile")
    return {name: (low, high) for name, low, high in zip(*table.values(), strict=True)}


@pytest.fixture(scope="module")
def fitted():
    rows = data()
    return rows, hlmrs.glmer("y ~ x + (x | g)", rows, family="binomial")


@pytest.mark.parametrize(
    ("held", "name"), [(0, "sd((Intercept) | g)"), (1, "sd(x | g)"), (2, "cor((Intercept), x | g)")]
)
def test_the_criterion_rises_by_the_quantile_at_both_ends(fitted, held, name):
    rows, fit = fitted
    ends = intervals(fit)[name]
    (s,) = [np.asarray(own) for own in fit._estimate.own.fit.covariances()]
    sds = np.sqrt(np.diag(s))
    start = np.array([*sds, np.arctanh(s[0, 1] / sds.prod()), *fit.beta])
    assert criterion(rows, fit.beta, covariance_root(sds, s[0, 1] / sds.prod())) == pytest.approx(
        fit.criterion, abs=1e-7
    )
    assert ends[0] < [*sds, s[0, 1] / sds.prod()][held] < ends[1]
    for end in ends:
        if end in (0.0, -1.0, 1.0):
            inside = {0.0: 1e-6, -1.0: -0.99999, 1.0: 0.99999}[end]
            assert lowest(rows, held, inside, start) - fit.criterion < LEVEL_95 + 1e-3
        else:
            assert lowest(rows, held, end, start) - fit.criterion == pytest.approx(LEVEL_95, abs=2e-4)


def test_two_columns_have_the_same_intervals_by_every_structure_that_fits_them(fitted):
    rows, fit = fitted
    own = intervals(fit)
    other = intervals(hlmrs.glmer("y ~ x + cs(1 + x | g)", rows, family="binomial"))
    for name in ("sd((Intercept) | g)", "sd(x | g)"):
        assert other[name] == pytest.approx(own[name], abs=1e-4)
    (correlation,) = [other[name] for name in other if name.startswith("cor")]
    assert correlation == pytest.approx(own["cor((Intercept), x | g)"], abs=1e-4)


def test_terms_of_the_dispersion_have_intervals_too():
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(20), 12), rng.normal(size=240)
    own = rng.normal(size=(20, 2)) * [0.5, 0.3]
    y = rng.normal(0.5 * x + rng.normal(size=20)[g], np.exp(own[g, 0] + own[g, 1] * x))
    fit = hlmrs.glmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g}, family="gaussian", dispersion="~ x + (x | g)")
    with_bounds = intervals(fit)
    assert not np.isnan(np.array([*with_bounds.values()])).any(), with_bounds
