"""Robust covariances of generalized fits against numerical derivatives of each group's own log-likelihood."""

import numpy as np
import pytest

import hlmrs
from generalized_models import data_of, fit_of, quietly
from golden import rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

DATA = data_of("dict")
GROUPS = np.unique(DATA["g"], return_inverse=True)[1]
X = np.column_stack([np.ones(len(GROUPS)), DATA["x"]])
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)


def derivatives(function, x, h=2e-4):
    """Gradients of each entry of a function, and the Hessian of their sum."""
    n = len(x)
    step = np.eye(n) * h
    slopes = np.array([(function(x + s) - function(x - s)) / (2 * h) for s in step]).T
    hessian = np.empty((n, n))
    total = lambda at: function(at).sum()  # noqa: E731
    for i in range(n):
        for j in range(n):
            a, b = step[i], step[j]
            hessian[i, j] = total(x + a + b) - total(x + a - b) - total(x - a + b) + total(x - a - b)
    return slopes, hessian / (4 * h * h)


def sandwich(function, x, k):
    scores, hessian = derivatives(function, x)
    contributions = scores @ np.linalg.inv(hessian)
    return (contributions.T @ contributions)[:k, :k]


def integrated(density):
    """The log-likelihood of every group, by quadrature on a fixed grid; the last parameter is a standard deviation."""

    def of(x):
        by_node = np.array([np.bincount(GROUPS, density(x, x[-1] * node)) for node in NODES])
        largest = by_node.max(axis=0)
        return largest + np.log(np.exp(by_node - largest).T @ (WEIGHTS / WEIGHTS.sum()))

    return of


def binomial(x, b):
    eta = X @ x[:2] + b
    return DATA["won"] * eta - (DATA["won"] + DATA["lost"]) * np.logaddexp(0, eta)


def gamma(x, b):
    eta, shape = X @ x[:2] + b, np.exp(x[2])
    return shape * (np.log(DATA["time"]) - eta - DATA["time"] * np.exp(-eta)) + shape * np.log(shape) - lgamma(shape)


def lgamma(x):
    from math import lgamma

    return lgamma(float(x))


def ordered(x, b):
    """A slope, then two thresholds."""
    eta = DATA["x"] * x[0] + b
    below = [np.zeros(len(eta)), *(1 / (1 + np.exp(eta - a)) for a in x[1:3]), np.ones(len(eta))]
    grade = np.array([["low", "mid", "high"].index(v) for v in data_of()["grade"]])
    return np.log(np.diff(np.array(below), axis=0)[grade, np.arange(len(eta))])


def parameters(fit):
    covariance = fit._estimate.core.covariances()[0]
    return np.append(fit._estimate.own.fit.coefficients, np.sqrt(covariance[0, 0]))


def test_quadrature_has_the_sandwich_of_the_integrated_likelihood():
    for formula, options, density in (
        ("cbind(won, lost) ~ x + (1 | g)", {"family": "binomial"}, binomial),
        ("time ~ x + (1 | g)", {"family": "gamma", "link": "log"}, gamma),
        ("grade ~ x + (1 | g)", {"family": "cumulative"}, ordered),
    ):
        fit = hlmrs.glmer(formula, data_of(), nagq=31, **options)
        x, own = parameters(fit), fit._estimate.own.fit
        loglik = integrated(density)
        kernel = loglik(x).sum()
        shifted = x + 0.01 * np.sin(np.arange(len(x)))
        assert loglik(shifted).sum() < kernel  # the maximum is where the fit says
        want = sandwich(loglik, x, len(own.coefficients))
        place = fit._estimate.parts["conditional"]
        mean = slice(place.first, place.first + place.n)
        np.testing.assert_allclose(fit.vcov("CR0"), want[mean, mean], rtol=2e-3)
        for part, entry in fit._estimate.parts.items():
            got = [row["std_error"] for row in rows(fit.tidy(component=part, vcov="CR0"))]
            np.testing.assert_allclose(got, np.sqrt(np.diag(want))[entry.first : entry.first + entry.n], rtol=1e-3)


def test_laplace_has_the_sandwich_of_its_own_likelihood():
    """Binomial counts: the mode by Newton's method, the determinant by its formula."""

    def loglik(x):
        n, b = DATA["won"] + DATA["lost"], np.zeros(GROUPS.max() + 1)
        for _ in range(50):
            p = 1 / (1 + np.exp(-(X @ x[:2] + x[2] * b[GROUPS])))
            slope = x[2] * np.bincount(GROUPS, DATA["won"] - n * p) - b
            curvature = x[2] ** 2 * np.bincount(GROUPS, n * p * (1 - p)) + 1
            b = b + slope / curvature
        return np.bincount(GROUPS, binomial(x, x[2] * b[GROUPS])) - b**2 / 2 - np.log(curvature) / 2

    fit = hlmrs.glmer("cbind(won, lost) ~ x + (1 | g)", data_of(), family="binomial")
    want = sandwich(loglik, parameters(fit), 2)
    np.testing.assert_allclose(fit.vcov("CR0"), want, rtol=1e-3)
    n_groups = GROUPS.max() + 1
    np.testing.assert_allclose(fit.vcov("CR1"), want * n_groups / (n_groups - 1), rtol=1e-3)
    factor = n_groups / (n_groups - 1) * (len(X) - 1) / (len(X) - 2)
    np.testing.assert_allclose(fit.vcov("CR1S"), want * factor, rtol=1e-3)


@pytest.mark.parametrize("name", ["cbind", "dispersion", "zero part", "ordered", "weights"])
def test_every_table_uses_the_same_covariance(name):
    fit = fit_of(name)
    v = fit.vcov("CR1")
    own = np.sqrt(np.diag(v))
    table = rows(fit.tidy(vcov="CR1"))
    np.testing.assert_allclose([row["std_error"] for row in table], own)
    bounds = rows(fit.confint(vcov="CR1"))
    np.testing.assert_allclose([row["conf_high"] for row in bounds], [row["conf_high"] for row in table])
    x = fit.coef_names.index("x") if "x" in fit.coef_names else 1
    tested = rows(fit.test(f"`{fit.coef_names[x]}` = 0", vcov="CR1"))[0]
    assert tested["std_error"] == pytest.approx(own[x])
    last = rows(fit.anova(type=1, vcov="CR1"))[-1]
    beta, own_v = fit.beta[-int(last["num_df"]) :], v[-int(last["num_df"]) :, -int(last["num_df"]) :]
    assert last["statistic"] == pytest.approx(beta @ np.linalg.solve(own_v, beta) / len(beta), rel=1e-6)
    # groups of a model that holds: of the size of the model's own
    assert (own / np.sqrt(np.diag(fit.vcov())) > 0.4).all()
    assert (own / np.sqrt(np.diag(fit.vcov())) < 2.5).all()
    assert "CR1 standard errors" in str(fit.summary(vcov="CR1"))


def test_means_and_labels_of_clusters():
    fit = fit_of("cbind")
    plain = rows(fit.emmeans("f", type="response", vcov="CR0"))
    labelled = rows(fit.emmeans("f", type="response", vcov="CR0", cluster=data_of()["g"].to_numpy()))
    se, of_labels = ([row["std_error"] for row in table] for table in (plain, labelled))
    np.testing.assert_allclose(se, of_labels, rtol=1e-12)
    assert not np.allclose(se, [row["std_error"] for row in rows(fit.emmeans("f", type="response"))])
    pairs = np.array([int(g[1:]) // 2 for g in data_of()["g"]])
    assert not np.allclose(fit.vcov("CR0", cluster=pairs), fit.vcov("CR0"))


def test_sums_over_larger_clusters_are_those_of_their_groups():
    from hlmrs._core import generalized_contributions

    fit = fit_of("zero part")
    g = fit._estimate.rows.group_codes(0)
    small = generalized_contributions(fit._estimate.own.fit, g, int(g.max()) + 1, 0)
    large = generalized_contributions(fit._estimate.own.fit, g // 3, int(g.max()) // 3 + 1, 1)
    np.testing.assert_allclose(large, [small[3 * k : 3 * k + 3].sum(axis=0) for k in range(len(large))], atol=1e-8)
    # at the optimum all together move nothing
    assert np.abs(small.sum(axis=0)).max() < 1e-3 * np.abs(small).max()


def test_what_has_no_such_covariance_is_refused_with_the_reason(tmp_path):
    fit, crossed = fit_of("cbind"), fit_of("crossed")
    with pytest.raises(hlmrs.OptionError, match="leverage in a linear model"):
        fit.tidy(vcov="CR2")
    with pytest.raises(hlmrs.OptionError, match="cross these clusters"):
        crossed.tidy(vcov="CR0", cluster="g")
    with pytest.raises(hlmrs.OptionError, match="cross each other"):
        crossed.tidy(vcov="CR0")
    with pytest.raises(hlmrs.OptionError, match="is then no sum"):
        crossed.vcov("CR0", cluster=["g", "h"])
    with pytest.raises(hlmrs.OptionError, match="no sum"):
        fit.vcov("CR0", cluster=data_of()["h"].to_numpy())
    with pytest.raises(hlmrs.OptionError, match="degrees of freedom are of linear models"):
        fit.tidy(vcov="CR0", ddf="satterthwaite")
    fit.save(tmp_path / "fit")
    with pytest.raises(hlmrs.FitStateError, match="without its data"):
        hlmrs.load(tmp_path / "fit").tidy(vcov="CR0")


def test_groups_of_the_zero_part_count_too():
    fit = quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", data_of(), family="poisson", zero_inflation="~ (1 | h)"))
    with pytest.raises(hlmrs.OptionError, match="cross these clusters"):
        fit.tidy(vcov="CR0", cluster="g")
