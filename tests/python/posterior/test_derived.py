"""What is computed from draws: means, shares of the variance, the marginal likelihood, data by the priors, files."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import hlmrs
from hlmrs.errors import DataError, DesignError, OptionError
from hlmrs.inference import term_names
from hlmrs.posterior.by_priors import _factors
from hlmrs.results import Posterior


@pytest.fixture(scope="module")
def machines():
    return hlmrs.datasets.load("Machines", "pandas")


@pytest.fixture(scope="module")
def post(machines):
    return hlmrs.bayes("score ~ Machine + (1 | Worker)", machines, draws=400)


@pytest.fixture(scope="module")
def slopes():
    return hlmrs.bayes("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"), draws=300)


def test_marginal_means_and_contrasts_are_those_of_the_coefficients(post):
    draws = post.draws
    means = post.emmeans("Machine")
    own = [draws["(Intercept)"], draws["(Intercept)"] + draws["MachineB"], draws["(Intercept)"] + draws["MachineC"]]
    assert list(means["mean"]) == pytest.approx([values.mean() for values in own])
    assert list(means["conf_low"]) == pytest.approx([values.quantile(0.025) for values in own])
    contrasts = post.contrasts("Machine", method="consecutive")
    assert list(contrasts["contrast"]) == ["B - A", "C - B"]
    assert list(contrasts["sd"]) == pytest.approx(
        [draws["MachineB"].std(), (draws["MachineC"] - draws["MachineB"]).std()]
    )
    assert list(contrasts["above_zero"]) == [1, 1]


def test_contrasts_within_other_variables_name_these():
    data = hlmrs.datasets.load("Orthodont", "pandas")
    post = hlmrs.bayes("distance ~ age * Sex + (1 | Subject)", data, draws=200)
    table = post.contrasts("Sex", by="age", at={"age": [8, 14]})
    assert list(table["age"]) == [8, 14]
    draws = post.draws
    male = "SexMale" if "SexMale" in draws else "SexFemale"
    gap = draws[male] + 8 * draws[f"age:{male}"]
    assert abs(table["mean"][0]) == pytest.approx(abs(gap.mean()))
    trends = post.slopes("age", by="Sex")
    assert sorted(trends["mean"]) == pytest.approx(
        sorted([draws["age"].mean(), (draws["age"] + draws[f"age:{male}"]).mean()])
    )


def test_means_that_the_data_do_not_determine_are_missing():
    y = np.random.default_rng(1).normal(size=60)
    data = {"y": y, "a": ["p", "q", "q"] * 20, "b": ["u", "u", "v"] * 20, "g": [f"g{k % 10}" for k in range(60)]}
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        post = hlmrs.bayes("y ~ a * b + (1 | g)", data, draws=100)
    means = post.emmeans(["a", "b"])
    assert np.isnan(means["mean"]).sum() == 1


def test_shares_of_the_variance_are_those_of_the_draws(slopes):
    estimate, draws = slopes._estimate, slopes._draws
    days = np.tile(np.arange(10.0), 18)
    z = np.column_stack([np.ones(180), days])
    random = np.einsum("ni,dij,nj->d", z, draws.covariances[0], z) / 180
    fixed = draws.beta[:, 1] ** 2 * days.var(ddof=1)
    residual = draws.sigma**2
    icc = slopes.icc()
    assert icc["mean"][0] == pytest.approx((random / (random + residual)).mean())
    assert icc["conf_high"][1] == pytest.approx(np.quantile(random / (random + fixed + residual), 0.975))
    r2 = slopes.r2()
    total = fixed + random + residual
    assert list(r2["mean"]) == pytest.approx([(fixed / total).mean(), ((fixed + random) / total).mean()])
    sources = slopes.variance_decomposition()
    assert sum(sources["mean"]) == pytest.approx(1)
    assert sources["variance"][4] == pytest.approx(residual.mean())
    assert estimate.layout.n_rows == 180


def test_the_decomposition_of_one_draw_is_that_of_a_fit_with_its_parameters(machines):
    from hlmrs.effectsize import decomposition_of_draws

    fit = hlmrs.lmer("score ~ Machine + (Machine | Worker)", machines)
    estimate = fit._estimate
    one = [covariance[None] for covariance in estimate.core.covariances()]
    found = decomposition_of_draws(estimate, estimate.core.beta[None], one, np.array([estimate.sigma**2]))
    table = fit.variance.decomposition()
    assert found[0] == list(table["source"])
    assert found[1] == list(table["level"])
    assert found[2][:, 0] == pytest.approx(np.array(table["variance"]), abs=1e-9)


def test_the_marginal_likelihood_is_that_by_quadrature():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    priors = {"(Intercept)": hlmrs.Normal(1500, 100), "sd": hlmrs.HalfNormal(60), "sigma": hlmrs.HalfNormal(60)}
    post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, priors=priors, draws=4000)
    y = data["Yield"].to_numpy().astype(float).reshape(6, 5)
    tau, sigma = np.meshgrid(np.arange(0.5, 300, 1.0), np.arange(20.25, 150, 0.5), indexing="ij")
    # between and within groups, and the prior of the mean, in closed form: balanced
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    of_mean = tau**2 + sigma**2 / 5
    means, n = y.mean(axis=1), 6
    spread = ((means - means.mean()) ** 2).sum()
    log = -0.5 * (24 * np.log(2 * np.pi * sigma**2) + within / sigma**2) - 3 * np.log(5)
    log += -0.5 * ((n - 1) * np.log(2 * np.pi * of_mean) + spread / of_mean) - 0.5 * np.log(n)
    total = of_mean / n + 100**2
    log += -0.5 * (np.log(2 * np.pi * total) + (means.mean() - 1500) ** 2 / total)
    for values in (tau, sigma):
        log += np.log(2) - 0.5 * (np.log(2 * np.pi * 60**2) + (values / 60) ** 2)
    expected = np.log(np.exp(log - log.max()).sum() * 0.5) + log.max()
    assert post.log_marginal.value == pytest.approx(expected, abs=4 * post.log_marginal.std_error + 1e-3)


def test_the_marginal_likelihood_needs_proper_priors_and_direct_draws():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    with pytest.raises(DesignError, match="sigma"):
        hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, priors={"sigma": hlmrs.Flat()}, draws=100).log_marginal  # noqa: B018
    with pytest.raises(OptionError, match="direct"):
        hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, draws=40, method="nuts").log_marginal  # noqa: B018


def test_data_by_the_priors_have_their_moments():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    priors = {
        "(Intercept)": hlmrs.Normal(300, 50),
        "Days": hlmrs.Normal(10, 5),
        "sd": hlmrs.HalfNormal(20),
        "cor": hlmrs.LKJ(2),
        "sigma": hlmrs.HalfNormal(30),
    }
    post = hlmrs.bayes("Reaction ~ Days + (Days | Subject)", data, priors=priors, draws=50)
    drawn = post.prior_predictive(16_000)
    days = data["Days"].to_numpy()
    assert drawn.mean(axis=1) == pytest.approx(300 + 10 * (days - 4.5), abs=6)
    variance = 50**2 + 25 * (days - 4.5) ** 2 + 400 + 400 * days**2 + 900
    assert drawn.var(axis=1) == pytest.approx(variance, rel=0.15)
    with pytest.raises(DesignError, match="Days"):
        hlmrs.bayes("Reaction ~ Days + (1 | Subject)", data, priors={"Days": hlmrs.Flat()}, draws=50).prior_predictive()


@pytest.mark.parametrize("method", ["direct", "nuts"])
def test_a_saved_posterior_comes_back_as_it_was(tmp_path, machines, method):
    post = hlmrs.bayes("score ~ Machine + (1 | Worker)", machines, draws=80, method=method)
    path = tmp_path / "machines.post"
    post.save(path)
    again = hlmrs.load(path)
    assert again.draws.equals(post.draws)
    assert again.ranef().equals(post.ranef())
    assert again.priors().to_frame().equals(post.priors().to_frame())
    assert again.verdict == post.verdict
    assert repr(again) == repr(post)
    new = machines.head(3)
    assert again.predict(new).equals(post.predict(new))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged"):
        hlmrs.load(path)


def test_copies_and_other_processes_have_the_same_posterior(post):
    for again in (pickle.loads(pickle.dumps(post)), copy.deepcopy(post)):
        assert again.draws.equals(post.draws)
        assert again.loo().elpd == post.loo().elpd


def test_arviz_has_the_draws_by_the_names_of_bambi(post, machines):
    pytest.importorskip("arviz_base")
    tree = post.to_arviz()
    assert set(tree["posterior"].data_vars) == {
        "Intercept",
        "MachineB",
        "MachineC",
        "1|Worker",
        "1|Worker_sigma",
        "sigma",
    }
    assert dict(tree["posterior"].sizes) == {"chain": 4, "draw": 100, "Worker__factor_dim": 6}
    assert tree["posterior"]["sigma"].to_numpy().ravel() == pytest.approx(post.draws["sigma"].to_numpy())
    assert tree["observed_data"]["score"].to_numpy() == pytest.approx(machines["score"].to_numpy())
    assert tree["log_likelihood"]["score"].shape == (4, 100, 54)
    assert "log_likelihood" not in post.to_arviz(rows=False)


@pytest.mark.parametrize("k", [-np.inf, np.inf, np.nan, 0.25])
def test_numbers_that_are_not_finite_come_back_from_a_file(tmp_path, machines, k):
    post = hlmrs.bayes("score ~ Machine + ar1(0 + Machine | Worker)", machines, draws=40, method="direct")
    source = {**post._draws.source, "k": k, "gave_up": (np.inf, 12.5), "log_marginal": (-np.inf, np.nan)}
    odd = Posterior(replace(post._draws, source=source))
    odd.save(tmp_path / "odd.post")
    again = hlmrs.load(tmp_path / "odd.post")._draws
    assert set(again.source) == set(source)
    for name, value in source.items():
        assert again.source[name] == value or np.array_equal(again.source[name], value, equal_nan=True), name
        assert type(again.source[name]) is type(value)
    assert list(again.priors.parameters) == list(post._draws.priors.parameters)
    ends = [(one.low, one.high) for one in again.priors.parameters]
    assert {(-1.0, 1.0), (-np.inf, np.inf)} <= set(ends)


def test_data_by_the_priors_have_correlations_of_lkj():
    """Of k effects each correlation is a beta variate on (-1, 1) with a = b = eta - 1 + k / 2."""
    rng = np.random.default_rng(2)
    data = {name: rng.normal(size=60) for name in "yab"} | {"g": np.repeat(list("qrst"), 15)}
    given = {"sd": hlmrs.Uniform(1, 1.5), "cor": hlmrs.LKJ(2)}
    draws = hlmrs.bayes("y ~ 1 + (a + b | g)", data, priors=given, draws=10, method="direct")._draws
    (factors,) = _factors(draws.priors, term_names(draws.estimate), 4000, np.random.default_rng(1))
    drawn = factors @ factors.transpose(0, 2, 1)
    sd = np.sqrt(np.einsum("nii->ni", drawn))
    marginal = scipy.stats.beta(2.5, 2.5, -1, 2)
    for i, j in ((1, 0), (2, 0), (2, 1)):
        own = drawn[:, i, j] / (sd[:, i] * sd[:, j])
        assert scipy.stats.kstest(own, marginal.cdf).pvalue > 1e-3
    # |C| is a product of independent beta variates: E|C| of LKJ(eta) by their means
    logdet = np.linalg.slogdet(drawn / (sd[:, :, None] * sd[:, None, :]))[1]
    betas = [(2.5, 2.5), (2.5, 2.5), (2.0, 2.0)]
    means = [1 - scipy.stats.beta(*own, -1, 2).var() for own in betas]
    assert np.exp(logdet).mean() == pytest.approx(np.prod(means), rel=0.03)
