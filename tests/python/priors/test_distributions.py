"""Densities of priors are those of scipy, and draws are from them."""

import math
import pickle

import numpy as np
import pytest
import scipy.stats

import hlmrs
from hlmrs.priors import Distribution

PAIRS = [
    (hlmrs.Normal(0.4, 1.7), scipy.stats.norm(0.4, 1.7)),
    (hlmrs.StudentT(3, -0.2, 2), scipy.stats.t(3, -0.2, 2)),
    (hlmrs.StudentT(0.7, 1, 0.1), scipy.stats.t(0.7, 1, 0.1)),
    (hlmrs.HalfNormal(0.7), scipy.stats.halfnorm(scale=0.7)),
    (hlmrs.HalfCauchy(1.5), scipy.stats.halfcauchy(scale=1.5)),
    (hlmrs.Exponential(0.8), scipy.stats.expon(scale=1 / 0.8)),
    (hlmrs.Gamma(2, 0.5), scipy.stats.gamma(2, scale=2)),
    (hlmrs.Gamma(0.5, 3), scipy.stats.gamma(0.5, scale=1 / 3)),
    (hlmrs.Gamma(1, 3), scipy.stats.gamma(1, scale=1 / 3)),
    (hlmrs.InverseGamma(3, 2), scipy.stats.invgamma(3, scale=2)),
    (hlmrs.Uniform(0.5, 3), scipy.stats.uniform(0.5, 2.5)),
    (hlmrs.Uniform(-2, -1), scipy.stats.uniform(-2, 1)),
]
ALL = [prior for prior, _ in PAIRS] + [hlmrs.HalfStudentT(3, 2.5), hlmrs.LKJ(2), hlmrs.Flat()]
VALUES = np.array([-1e3, -2.0, -0.3, 0.0, 1e-6, 0.2, 0.5, 1.0, 2.9, 3.0, 40.0, 1e4])


@pytest.mark.parametrize(("prior", "known"), PAIRS, ids=str)
def test_log_densities_are_scipys(prior, known):
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(prior.log_density(VALUES), known.logpdf(VALUES), rtol=1e-12, atol=1e-12)
    assert prior.log_density(0.7).shape == ()
    assert np.isnan(prior.log_density(math.nan))


def test_a_half_t_is_twice_a_t_and_has_nothing_below_zero():
    got = hlmrs.HalfStudentT(3, 2.5).log_density(VALUES)
    expected = np.where(VALUES >= 0, scipy.stats.t.logpdf(VALUES, 3, scale=2.5) + math.log(2), -np.inf)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(("prior", "known"), [*PAIRS, (hlmrs.HalfStudentT(3, 2.5), None)], ids=str)
def test_draws_have_the_distribution(prior, known):
    draws = prior.sample(np.random.default_rng(5), 4000)
    below = known.cdf if known is not None else lambda x: 2 * scipy.stats.t.cdf(x, 3, scale=2.5) - 1
    assert draws.shape == (4000,)
    assert scipy.stats.kstest(draws, below).pvalue > 1e-3


@pytest.mark.parametrize(("dimension", "volume"), [(1, 1.0), (2, 2.0), (3, math.pi**2 / 2), (4, 32 * math.pi**2 / 27)])
def test_correlation_matrices_have_their_known_volume(dimension, volume):
    assert hlmrs.LKJ(1).log_density(np.eye(dimension)) == pytest.approx(-math.log(volume), abs=1e-12)


def test_the_correlation_of_two_effects_is_a_beta_variate():
    r = np.array([-0.9, -0.2, 0.0, 0.7])
    matrices = np.stack([np.ones(4), r, r, np.ones(4)], axis=1).reshape(4, 2, 2)
    expected = scipy.stats.beta(2.5, 2.5, -1, 2).logpdf(r)
    np.testing.assert_allclose(hlmrs.LKJ(2.5).log_density(matrices), expected, atol=1e-12)


@pytest.mark.parametrize("eta", [0.5, 1.0, 3.0])
def test_lkj_integrates_to_one_over_three_correlations(eta):
    # importance sampling from independent correlations of the known marginal distribution
    marginal = scipy.stats.beta(eta + 0.5, eta + 0.5, -1, 2)
    r = marginal.rvs((200_000, 3), random_state=1)
    matrices = np.empty((len(r), 3, 3))
    matrices[:] = np.eye(3)
    for k, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
        matrices[:, i, j] = matrices[:, j, i] = r[:, k]
    weights = np.exp(hlmrs.LKJ(eta).log_density(matrices) - marginal.logpdf(r).sum(axis=1))
    assert weights.mean() == pytest.approx(1, abs=4 * weights.std() / np.sqrt(len(weights)))


def test_draws_of_lkj_are_correlation_matrices_with_the_known_marginal_distributions():
    draws = hlmrs.LKJ(1.5).sample(np.random.default_rng(2), 4000, dimension=4)
    assert np.isfinite(hlmrs.LKJ(1.5).log_density(draws)).all()
    for i, j in [(1, 0), (3, 0), (3, 2)]:
        assert scipy.stats.kstest(draws[:, i, j], scipy.stats.beta(2.5, 2.5, -1, 2).cdf).pvalue > 1e-3


def test_what_is_no_correlation_matrix_has_no_density():
    impossible = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]
    assert hlmrs.LKJ(2).log_density([impossible, np.eye(3)])[0] == -np.inf
    for wrong in (0.3, [[1, 2, 3], [4, 5, 6]], [[2, 0], [0, 1]]):
        with pytest.raises(hlmrs.OptionError, match="correlation matrices"):
            hlmrs.LKJ(2).log_density(wrong)


def test_a_flat_prior_says_nothing_and_has_no_draws():
    assert (hlmrs.Flat().log_density(VALUES) == 0).all()
    with pytest.raises(hlmrs.OptionError, match="no draws"):
        hlmrs.Flat().sample(np.random.default_rng(1), 3)


def test_plain_values_for_the_core():
    assert [prior.to_core() for prior in ALL[:2]] == [
        {"kind": "normal", "mean": 0.4, "sd": 1.7},
        {"kind": "student_t", "df": 3.0, "mean": -0.2, "sd": 2.0},
    ]
    assert hlmrs.HalfStudentT(3, 2.5).to_core() == {"kind": "half_student_t", "df": 3.0, "scale": 2.5}
    assert hlmrs.HalfNormal(1).to_core() == {"kind": "half_normal", "scale": 1.0}
    assert hlmrs.HalfCauchy(1).to_core() == {"kind": "half_cauchy", "scale": 1.0}
    assert hlmrs.Exponential(2).to_core() == {"kind": "exponential", "rate": 2.0}
    assert hlmrs.Gamma(2, 0.1).to_core() == {"kind": "gamma", "shape": 2.0, "rate": 0.1}
    assert hlmrs.InverseGamma(3, 2).to_core() == {"kind": "inverse_gamma", "shape": 3.0, "scale": 2.0}
    assert hlmrs.LKJ(1).to_core() == {"kind": "lkj", "eta": 1.0}
    assert hlmrs.Uniform(0, 1).to_core() == {"kind": "uniform", "low": 0.0, "high": 1.0}
    assert hlmrs.Flat().to_core() == {"kind": "flat"}


@pytest.mark.parametrize("prior", ALL, ids=str)
def test_priors_are_values(prior):
    assert pickle.loads(pickle.dumps(prior)) == prior
    assert eval(repr(prior), vars(hlmrs)) == eval(str(prior), vars(hlmrs)) == prior
    assert hash(prior) == hash(type(prior)(**{k: v for k, v in prior.to_core().items() if k != "kind"}))
    assert isinstance(prior, Distribution)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: hlmrs.Normal("a", 1), r"Normal\(mean='a'\): give a finite number"),
        (lambda: hlmrs.StudentT(0, 0, 1), r"StudentT\(df=0\): give a positive number of degrees of freedom"),
        (lambda: hlmrs.HalfStudentT(3, -1), r"HalfStudentT\(scale=-1\): give a positive scale"),
        (lambda: hlmrs.HalfNormal(math.inf), r"HalfNormal\(scale=inf\): give a finite number"),
        (lambda: hlmrs.HalfCauchy(True), r"HalfCauchy\(scale=True\): give a finite number"),
        (lambda: hlmrs.Exponential(0), r"Exponential\(rate=0\): give a positive rate"),
        (lambda: hlmrs.Gamma(0, 1), r"Gamma\(shape=0\): give a positive shape"),
        (lambda: hlmrs.InverseGamma(1, 0), r"InverseGamma\(scale=0\): give a positive scale"),
        (lambda: hlmrs.LKJ(0), r"LKJ\(eta=0\): give a positive number"),
        (lambda: hlmrs.Uniform(1, 1), r"Uniform\(low=1.0, high=1.0\): give the lower end first"),
    ],
)
def test_numbers_that_cannot_be_are_refused(make, words):
    with pytest.raises(hlmrs.OptionError, match=words):
        make()
