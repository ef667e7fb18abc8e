"""Posteriors of generalized models: Stan's, that of chains, what is predicted, and refusals in words."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import hlmrs
from hlmrs._core import family_log_densities, family_predictors, leave_out_by_importance
from hlmrs.errors import DataError, DesignError, FitStateError, OptionError
from hlmrs.estimation.generalized import GeneralizedEstimate
from hlmrs.posterior import convergence, posterior_from_state, posterior_to_state
from hlmrs.posterior.generalized_prediction import log_density
from hlmrs.prediction.distribution_function import _BELOW

STAN = json.loads((Path(__file__).parents[2] / "golden/posteriors/cbpp.json").read_text(encoding="utf-8"))
PRIORS = {"(Intercept)": hlmrs.Flat(), "fixed": hlmrs.Normal(0, 2.5), "sd": hlmrs.HalfStudentT(3, 2.5)}


@pytest.fixture(scope="module")
def cbpp():
    return hlmrs.datasets.load("cbpp", "pandas")


@pytest.fixture(scope="module")
def post(cbpp):
    return hlmrs.bayes(STAN["formula"], cbpp, family="binomial", priors=PRIORS, draws=2000)


@pytest.fixture(scope="module")
def crossed():
    """Counts in two crossed factors."""
    rng = np.random.default_rng(4)
    g, h, x = rng.integers(0, 8, 80), rng.integers(0, 6, 80), rng.normal(size=80)
    mean = np.exp(0.5 + 0.3 * x + (0.5 * rng.normal(size=8))[g] + (0.5 * rng.normal(size=6))[h])
    return {"y": rng.poisson(mean).astype(float), "x": x, "g": [f"g{k}" for k in g], "h": [f"h{k}" for k in h]}


@pytest.fixture(scope="module")
def counts(crossed):
    return hlmrs.bayes("y ~ x + (1 | g) + (1 | h)", crossed, family="poisson", draws=200)


def test_draws_by_quadrature_are_from_stans_posterior(post):
    assert post.verdict.trusted
    assert post.verdict.method == "direct"
    for name, exact in STAN["posterior"].items():
        own = post.draws[name].to_numpy()
        chains = own.reshape(1, -1)
        pairs = {
            "mean": (own.mean(), convergence.mcse_mean(chains)),
            "sd": (own.std(ddof=1), convergence.mcse_sd(chains)),
            "q5": (np.quantile(own, 0.05), convergence.mcse_quantile(chains, 0.05)),
            "q50": (np.quantile(own, 0.5), convergence.mcse_quantile(chains, 0.5)),
            "q95": (np.quantile(own, 0.95), convergence.mcse_quantile(chains, 0.95)),
        }
        for key, (value, error) in pairs.items():
            assert abs(value - exact[key]) < 4 * np.hypot(error, exact["mcse"][key]), (name, key)


def test_direct_draws_are_those_of_chains():
    rng = np.random.default_rng(2)
    g, x = np.repeat(np.arange(10), 8), rng.normal(size=80)
    chance = 1 / (1 + np.exp(-0.3 - 0.8 * x - rng.normal(size=10)[g]))
    data = {"y": rng.random(80) < chance, "x": x, "g": [f"g{k}" for k in g]}
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial")
    direct, chains = (fit.posterior(draws=400, method=method).summary() for method in ("direct", "nuts"))
    for a, b in zip(direct.to_dicts(), chains.to_dicts(), strict=True):
        assert abs(a["mean"] - b["mean"]) < 4 * np.hypot(a["mcse"], b["mcse"]), a["parameter"]


def test_the_verdict_says_how_random_effects_are_integrated_over(post, counts):
    assert "by quadrature of 15 points, as good as exact" in post.verdict.explain()
    assert "by Laplace's approximation, whose log-likelihood at the estimates is 0." in counts.verdict.explain()
    assert "too little to matter" in counts.verdict.explain()


def test_a_large_error_of_laplaces_approximation_is_said():
    rng = np.random.default_rng(3)
    g, h = np.repeat(np.arange(40), 3), np.tile(np.arange(6), 20)
    chance = 1 / (1 + np.exp(-(2.5 * rng.normal(size=40))[g]))
    data = {"y": rng.random(120) < chance, "g": [f"g{k}" for k in g], "h": [f"h{k}" for k in h]}
    fit = hlmrs.glmer("y ~ 1 + (1 | g) + (1 | h)", data, family="binomial")
    assert abs(fit.approximation.error) > 0.5
    assert "more than 0.5, so that the posterior may be shifted" in fit.posterior(draws=50).verdict.explain()


def test_the_fits_own_points_of_quadrature_are_kept_where_they_are_more(cbpp):
    fit = hlmrs.glmer(STAN["formula"], cbpp, family="binomial", nagq=20)
    assert "quadrature of 20 points" in fit.posterior(draws=50).verdict.explain()


def test_seeds_make_the_same_draws_whatever_the_threads(crossed):
    def drawn(seed, threads):
        control = hlmrs.Control(n_threads=threads)
        post = hlmrs.bayes("y ~ x + (1 | g)", crossed, family="poisson", draws=60, seed=seed, control=control)
        return np.column_stack([*post.draws.values(), post.predictive(60)[0]])

    one = drawn(7, 1)
    assert np.array_equal(one, drawn(7, 1))
    assert np.array_equal(one, drawn(7, 2))
    assert not np.array_equal(one, drawn(8, 1))


def test_priors_are_given_by_name(cbpp):
    fit = hlmrs.glmer(STAN["formula"], cbpp, family="binomial")
    post = fit.posterior({"period2": hlmrs.StudentT(4, 0, 1), "sd(herd)": hlmrs.Exponential(1)}, draws=50)
    shown = {row["parameter"]: (row["prior"], row["source"]) for row in post.priors().to_dicts()}
    assert shown["period2"] == ("StudentT(4, 0, 1)", "given")
    assert shown["sd((Intercept) | herd)"] == ("Exponential(1)", "given")
    assert shown["(Intercept)"][0].endswith(", 2.5)")
    assert shown["(Intercept)"][1] == "default"
    with pytest.raises(OptionError, match=r"priors= names 'period9'; the parameters are .*'period2'"):
        fit.posterior({"period9": hlmrs.Normal(0, 1)})


def test_parameters_of_all_parts_have_priors(crossed):
    fit = hlmrs.glmer("y ~ x + (1 | g)", crossed, family="nbinom2", zero_inflation="~ x")
    post = fit.posterior({"zero_inflation": hlmrs.Normal(-1, 0.5)}, draws=50)
    shown = {row["parameter"]: row["prior"] for row in post.priors().to_dicts()}
    assert list(shown) == list(post.draws)
    assert shown["zero_inflation:x"] == shown["zero_inflation:(Intercept)"] == "Normal(-1, 0.5)"
    assert shown["dispersion:(Intercept)"] == "Normal(0, 2.5)"
    with pytest.raises(DesignError, match="'dispersion:\\(Intercept\\)' is flat"):
        fit.posterior({"dispersion": hlmrs.Flat()})


def test_the_prior_of_an_intercept_is_that_at_the_means_of_the_columns(crossed):
    moved = {**crossed, "x": crossed["x"] + 1000}
    one, other = (hlmrs.bayes("y ~ x + (1 | g)", data, family="poisson", draws=300) for data in (crossed, moved))
    assert other.draws["x"].mean() == pytest.approx(one.draws["x"].mean(), abs=0.02)
    at = one.draws["(Intercept)"] + one.draws["x"] * np.mean(crossed["x"])
    at_moved = other.draws["(Intercept)"] + other.draws["x"] * np.mean(moved["x"])
    assert at_moved.mean() == pytest.approx(at.mean(), abs=0.08)


def test_predictions_are_on_the_scale_of_the_response(post, cbpp):
    mean, new = post.predict(include_noise=False), cbpp.iloc[:2].assign(herd=["1", "new"])
    assert ((mean["conf_low"] > 0) & (mean["conf_high"] < 1)).all()
    fitted = hlmrs.glmer(STAN["formula"], cbpp, family="binomial").fitted
    assert np.abs(mean["prediction"] - fitted).max() < 0.05
    noisy = post.predict()
    size = cbpp["size"].to_numpy()
    bounds = noisy["conf_high"].to_numpy() * size
    assert bounds == pytest.approx(np.round(bounds))
    assert (noisy["sd"] > mean["sd"]).all()
    of_new = post.predict(new, include_noise=False)
    assert of_new["prediction"][0] == pytest.approx(mean["prediction"][0])
    assert of_new["sd"][1] > mean["sd"][1]


def test_effects_of_new_groups_have_the_variance_of_groups(post, cbpp):
    new = cbpp.iloc[[0]].assign(herd="new")
    eta = (
        post.draws["(Intercept)"].to_numpy()[:, None]
        + np.polynomial.hermite_e.hermegauss(40)[0] * (post.draws["sd((Intercept) | herd)"].to_numpy()[:, None])
    )
    weights = np.polynomial.hermite_e.hermegauss(40)[1]
    exact = ((1 / (1 + np.exp(-eta))) @ (weights / weights.sum())).mean()
    found = post.predict(new, include_noise=False)
    assert found["prediction"][0] == pytest.approx(exact, abs=4 * found["sd"][0] / np.sqrt(2000))


def test_rows_of_missing_values_have_no_prediction(counts):
    table = counts.predict({"x": [0.1, np.nan], "g": ["g1", "g1"], "h": ["h1", "h2"]})
    assert not np.isnan(table["conf_low"][0])
    assert np.isnan(table["conf_low"][1])


def test_replicates_have_the_mean_of_the_response(counts, crossed):
    again = counts.predictive(200)
    assert again.shape == (80, 200)
    assert again.mean() == pytest.approx(np.mean(crossed["y"]), rel=0.1)
    assert (again == np.round(again)).all()


def test_groups_and_hypotheses(post, cbpp):
    modes = hlmrs.glmer(STAN["formula"], cbpp, family="binomial")._estimate.core.modes()[0][:, 0]
    assert np.corrcoef(post.ranef("herd")["mean"], modes)[0, 1] > 0.99
    assert len(post.ranks("herd")["expected_rank"]) == 15
    assert post.hypothesis("period4 < 0")["probability"][0] > 0.99


def test_means_and_contrasts_are_turned_back_draw_by_draw(post):
    draws = post.draws
    first = 1 / (1 + np.exp(-draws["(Intercept)"]))
    assert post.emmeans("period", type="response")["mean"][0] == pytest.approx(first.mean())
    assert post.emmeans("period")["mean"][0] == pytest.approx(draws["(Intercept)"].mean())
    odds = post.contrasts("period", type="response")
    assert odds["contrast"][0] == "1 / 2"
    assert odds["mean"][0] == pytest.approx(np.exp(-draws["period2"]).mean())
    assert odds["above_one"][0] == pytest.approx((draws["period2"] < 0).mean())


def test_differences_of_means_where_a_link_has_no_ratios(cbpp):
    post = hlmrs.bayes(STAN["formula"], cbpp, family="binomial", link="probit", draws=60)
    means, table = post.emmeans("period", type="response"), post.contrasts("period", type="response")
    assert table["contrast"][0] == "1 - 2"
    assert table["mean"][0] == pytest.approx(means["mean"][0] - means["mean"][1])


def test_shares_of_the_variance_are_those_of_latent_variables(post, counts):
    sd = post.draws["sd((Intercept) | herd)"]
    assert post.icc()["mean"][0] == pytest.approx((sd**2 / (sd**2 + np.pi**2 / 3)).mean())
    assert 0 < post.r2()["mean"][0] < post.r2()["mean"][1] < 1
    with pytest.raises(OptionError, match="are those of latent variables"):
        counts.icc()
    with pytest.raises(DesignError, match="are those of a linear model"):
        post.variance_decomposition()


def test_log_densities_are_those_of_the_binomial(post, cbpp):
    """The density of a row by its closed form, averaged over draws of coefficients and effects."""
    density = post.loo()
    (effects,) = post._draws.effects([0])
    herd = list(post._draws.estimate.layout.groups[0].levels).index(str(cbpp["herd"][1]))
    eta = post.draws["(Intercept)"] + post.draws["period2"] + effects[:, herd, 0]
    y, n = cbpp["incidence"][1], cbpp["size"][1]
    ways = np.prod(np.arange(n - y + 1, n + 1)) / np.prod(np.arange(1, y + 1))
    exact = np.log(ways) + y * eta - n * np.logaddexp(0, eta)
    found = leave_out_by_importance(np.ascontiguousarray(exact.to_numpy()[None, :]), 1)
    assert density.pointwise[1] == pytest.approx(found["elpd"][0])
    assert density.k[1] == pytest.approx(found["k"][0])
    assert density.mcse > found["error"][0] > 0


def test_leaving_out_is_near_waic_and_compares_models(post, cbpp):
    density = post.loo()
    assert density.elpd == pytest.approx(post.waic().elpd, abs=4)
    assert "Leave-one-out, by importance" in str(density)
    smaller = hlmrs.bayes(STAN["formula"].replace("period", "1"), cbpp, family="binomial", draws=500)
    assert post.compare(smaller, names=["period", "none"])["model"][0] == "period"


def test_weights_of_a_pareto_tail_have_its_shape():
    p = (np.arange(4000) + 0.5) / 4000
    for k in (0.2, 0.5, 0.9):
        found = leave_out_by_importance(k * np.log1p(-p)[None, :], 1)
        assert found["k"] == pytest.approx(k, abs=0.1)
    assert leave_out_by_importance(np.zeros((1, 100)), 1)["k"] == -np.inf
    bad = leave_out_by_importance(np.array([[np.nan, *np.zeros(99)], [-np.inf, *np.zeros(99)]]), 1)
    assert (bad["k"] == np.inf).all()
    assert np.isnan(bad["elpd"]).all()


def test_smoothed_weights_are_those_of_arviz():
    stats = pytest.importorskip("arviz_stats.base")
    for size in (0.5, 1.0, 1.5):
        ratios = size * np.random.default_rng(1).normal(size=2000)
        weights, shape = stats.array_stats.psislw(-ratios)
        found = leave_out_by_importance(-ratios[None, :], 1)
        assert found["k"][0] == pytest.approx(float(shape), abs=0.02)
        assert found["elpd"][0] == pytest.approx(np.log(np.exp(np.asarray(weights) - ratios).sum()), abs=0.01)


def test_the_error_of_a_density_is_that_of_other_draws():
    """A normal mean with known variance: the standard deviation of elpd over posteriors of other draws."""
    rng = np.random.default_rng(2)
    found = [leave_out_by_importance(-0.5 * (1.3 - rng.normal(size=(1, 1000)) / 3) ** 2, 1) for _ in range(300)]
    spread = np.std([one["elpd"][0] for one in found], ddof=1)
    assert np.mean([one["error"][0] for one in found]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("family", ["binomial", "poisson", "nbinom1", "nbinom2", "genpois"])
def test_densities_of_counts_add_up_to_their_distribution_functions(family):
    rows = {
        "mean": np.full(9, 0.3 if family == "binomial" else 2.3),
        "scale": np.full(9, 1.7),
        "trials": np.full(9, 8.0),
    }
    y = np.arange(9.0)
    assert np.cumsum(np.exp(_density(family, rows, y))) == pytest.approx(_BELOW[family](rows, y), abs=1e-10)


@pytest.mark.parametrize("family", ["gamma", "inverse_gaussian", "beta", "gaussian", "lognormal", "student"])
def test_densities_are_derivatives_of_distribution_functions(family):
    y = np.array([0.15, 0.4, 0.7])
    rows = {name: np.full(3, value) for name, value in {"mean": 0.45, "scale": 1.6, "shape": 5.0}.items()}
    slope = (_BELOW[family](rows, y + 1e-5) - _BELOW[family](rows, y - 1e-5)) / 2e-5
    assert np.exp(_density(family, rows, y)) == pytest.approx(slope, rel=1e-5)


def _density(family, rows, y):
    link = {
        "binomial": "logit",
        "beta": "logit",
        "gaussian": "identity",
        "lognormal": "identity",
        "student": "identity",
    }
    predictor = {"identity": np.asarray, "log": np.log, "logit": lambda p: np.log(p / (1 - p))}
    spec = {"name": family, "link": link.get(family, "log"), "zero": "none", "n_categories": 0}
    mean, trials = rows["mean"], rows.get("trials")
    eta = {
        "conditional": predictor[spec["link"]](mean),
        "dispersion": np.log(rows["scale"]),
        "shape": np.log(rows.get("shape", mean)),
    }
    predictors = [eta[name] for name in family_predictors(json.dumps(spec))]
    return family_log_densities(json.dumps(spec), predictors, y, trials)


def test_zeros_of_another_source_are_mixed_in(crossed):
    fit = hlmrs.glmer("y ~ x + (1 | g)", crossed, family="poisson", zero_inflation="~ 1")
    estimate = fit._estimate
    assert isinstance(estimate, GeneralizedEstimate)
    y = np.arange(60.0)
    eta = {"conditional": np.full(60, 0.7), "zero_inflation": np.full(60, -0.4)}
    density = np.exp(log_density(estimate, eta, y, None))
    assert density.sum() == pytest.approx(1)
    zero = 1 / (1 + np.exp(0.4))
    assert density[0] == pytest.approx(zero + (1 - zero) * np.exp(-np.exp(0.7)))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_tables_come_back_in_the_library_of_the_data(kind):
    data = hlmrs.datasets.load("cbpp", kind)
    post = hlmrs.bayes(STAN["formula"], data, family="binomial", draws=40)
    for table in (post.draws, post.ranef(), post.predict(), post.predict(data), post.summary().to_frame()):
        assert type(table) is type(data)


def test_a_posterior_comes_back_from_a_file(post, cbpp, tmp_path):
    path = tmp_path / "cbpp.post"
    post.save(path)
    again = hlmrs.load(path)
    assert again.draws.equals(post.draws)
    assert again.ranef().equals(post.ranef())
    assert again.predict(cbpp.iloc[:3]).equals(post.predict(cbpp.iloc[:3]))
    assert again.verdict == post.verdict
    assert again.priors().to_dicts() == post.priors().to_dicts()
    with pytest.raises(FitStateError):
        again.loo()
    path = tmp_path / "cbpp.fit"
    hlmrs.glmer(STAN["formula"], cbpp, family="binomial").save(path)
    fit = hlmrs.load(path)
    with pytest.raises(FitStateError, match="draw before it is saved"):
        fit.posterior()


def test_a_posterior_goes_to_another_process(counts):
    again = pickle.loads(pickle.dumps(counts))
    assert again.loo().elpd == counts.loo().elpd


def test_arviz_has_effects_rows_and_log_densities(post):
    pytest.importorskip("arviz_base")
    tree = post.to_arviz()
    assert {"Intercept", "1|herd", "1|herd_sigma"} <= set(tree["posterior"].data_vars)
    name = next(iter(tree["log_likelihood"].data_vars))
    assert tree["log_likelihood"][name].shape == (4, 500, 56)
    assert float(tree["observed_data"][name].sum()) == 99


def test_ordered_responses_have_thresholds_and_expected_categories(crossed):
    data = {**crossed, "o": [["low", "middle", "high"][min(int(y), 2)] for y in crossed["y"]]}
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(data)
    frame["o"] = pandas.Categorical(frame["o"], ["low", "middle", "high"], ordered=True)
    post = hlmrs.bayes("o ~ x + (1 | g)", frame, family="cumulative", draws=100)
    assert {"low|middle", "middle|high"} <= set(post.draws.columns)
    assert (post.draws["low|middle"] < post.draws["middle|high"]).all()
    mean = post.predict(include_noise=False)["prediction"]
    assert ((mean > 1) & (mean < 3)).all()
    assert set(np.unique(post.predictive(5))) <= {1.0, 2.0, 3.0}
    assert np.isfinite(post.loo().elpd)


def test_what_has_no_posterior_is_refused(crossed, cbpp):
    for options in ({"reml": True}, {"nagq": 0}):
        with pytest.raises(DesignError, match="not with reml=True or nagq=0"):
            hlmrs.glmer("y ~ x + (1 | g)", crossed, family="poisson", **options).posterior(draws=10)
    with pytest.raises(DesignError, match="no random term"):
        hlmrs.bayes("y ~ x", crossed, family="poisson")
    fit = hlmrs.gee("y ~ x", crossed, groups="g", family="poisson")
    with pytest.raises(AttributeError, match="posterior"):
        fit.posterior()
    few = {**crossed, "g": [name if name in ("g1", "g2") else "g3" for name in crossed["g"]]}
    with pytest.raises(DesignError, match="has 3 groups, fewer than 4"):
        hlmrs.bayes("y ~ x + (1 | g)", few, family="poisson", priors={"sd": hlmrs.Flat()})


def test_flat_priors_under_separation_are_refused():
    x = np.repeat([0.0, 1.0], 20)
    groups = [f"g{k}" for k in np.tile(np.arange(5), 8)]
    data = {"y": np.where(x > 0, 1.0, np.tile([0.0, 1.0], 20)), "x": x, "g": groups}
    with pytest.raises(DesignError, match="predicted perfectly"):
        hlmrs.bayes("y ~ x + (1 | g)", data, family="binomial", priors={"x": hlmrs.Flat()})
    post = hlmrs.bayes("y ~ x + (1 | g)", data, family="binomial", draws=50)
    assert np.mean(post.draws["x"]) > 1


def test_files_whose_draws_contradict_each_other_are_refused(counts):
    header, arrays = posterior_to_state(counts._draws, keep_rows=False)
    arrays = {**arrays, "posterior.values": arrays["posterior.values"][:-1]}
    with pytest.raises(DataError):
        posterior_from_state(counts._draws.estimate, header, arrays, "a file")


def test_predictions_of_generalized_models_name_their_own_arguments():
    data = hlmrs.datasets.load("cbpp", "polars")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    post = hlmrs.bayes(formula, data, family="binomial", draws=50)
    with pytest.raises(OptionError, match=r"level=90: .* such as 0\.9"):
        post.predict(level=90)
    with pytest.raises(DataError, match=r"no column 'herd', by which .* stands for a new group"):
        post.predict({"period": ["1"]})


def test_draws_of_predictions_are_means_and_shares_of_trials(post, cbpp):
    new = cbpp.iloc[:2]
    mean = post.predict_draws(new, include_noise=False)["prediction"].to_numpy().reshape(2, -1)
    (effects,) = post._draws.effects([0])
    herd = list(post._draws.estimate.layout.groups[0].levels).index(str(cbpp["herd"][1]))
    eta = post.draws["(Intercept)"] + post.draws["period2"] + effects[:, herd, 0]
    assert mean[1] == pytest.approx(1 / (1 + np.exp(-eta.to_numpy())))
    shares = post.predict_draws(draws=1000)["prediction"].to_numpy().reshape(len(cbpp), -1)
    successes = shares * cbpp["size"].to_numpy()[:, None]
    assert successes == pytest.approx(np.round(successes))
    chance = post.predict_draws(draws=1000, include_noise=False)["prediction"].to_numpy().reshape(len(cbpp), -1)
    # y - n p has mean zero and variance n p (1 - p)
    n = cbpp["size"].to_numpy()[:, None]
    z = (successes - n * chance) / np.sqrt(n * chance * (1 - chance))
    assert np.abs(z.mean()) < 4 / np.sqrt(z.size)
    assert z.var() == pytest.approx(1, abs=0.03)


def test_thresholds_have_the_prior_that_brms_has_of_them(crossed):
    # def_scale_prior of brms (R/priors.R): student_t(3, 0, 2.5) of all thresholds, centred
    pandas = pytest.importorskip("pandas")
    names = ["low", "middle", "high"]
    frame = pandas.DataFrame({**crossed, "o": [names[min(int(y), 2)] for y in crossed["y"]]})
    frame["o"] = pandas.Categorical(frame["o"], names, ordered=True)
    post = hlmrs.bayes("o ~ x + (1 | g)", frame, family="cumulative", priors="brms", draws=40)
    shown = {row["parameter"]: row["prior"] for row in post.priors().to_dicts()}
    assert shown["low|middle"] == shown["middle|high"] == "StudentT(3, 0, 2.5)"
    assert shown["x"] == "Flat()"
    assert shown["sd((Intercept) | g)"] == "HalfStudentT(3, 2.5)"


def test_counts_have_the_priors_that_brms_has_of_them(crossed):
    # def_scale_prior of brms (R/priors.R): zeros count as 0.1, median and mad of log(y) rounded, less the offset
    y, exposure = np.asarray(crossed["y"]), np.linspace(1, 3, 80)
    assert (y == 0).any()
    logs = np.log(np.where(y == 0, 0.1, y))
    scale = max(2.5, round(1.4826 * np.median(np.abs(logs - np.median(logs))), 1))
    for options, offset in (({}, 0.0), ({"offset": np.log(exposure)}, np.log(exposure).mean())):
        post = hlmrs.bayes("y ~ x + (1 | g)", crossed, family="poisson", priors="brms", draws=20, **options)
        prior = post._draws.priors.of("(Intercept)")
        assert (prior.df, prior.sd) == (3, scale)
        assert prior.mean == pytest.approx(round(np.median(logs), 1) - offset)
        assert post._draws.priors.of("sd((Intercept) | g)") == hlmrs.HalfStudentT(3, scale)


def test_data_by_the_priors_are_those_of_the_model():
    """Counts of rates exp(b + u): their mean and variance by the priors, in closed form."""
    data = {"y": np.arange(40.0) % 7, "g": [f"g{k % 8}" for k in range(40)]}
    priors = {"(Intercept)": hlmrs.Normal(1, 0.3), "sd": hlmrs.Gamma(6400, 16_000)}
    post = hlmrs.bayes("y ~ 1 + (1 | g)", data, family="poisson", priors=priors, draws=40)
    drawn = post.prior_predictive(20_000)
    assert drawn.shape == (40, 20_000)
    variance = 0.3**2 + 0.4**2
    mean = np.exp(1 + variance / 2)
    assert drawn.mean() == pytest.approx(mean, rel=0.02)
    assert drawn[0].var() == pytest.approx(mean + mean**2 * np.expm1(variance), rel=0.06)
    # rows of a group share its effect, all rows the intercept
    same = np.cov(drawn[0], drawn[8])[0, 1]
    other = np.cov(drawn[0], drawn[1])[0, 1]
    assert same == pytest.approx(mean**2 * np.expm1(variance), rel=0.1)
    assert other == pytest.approx(mean**2 * np.expm1(0.3**2), rel=0.15)


@pytest.mark.parametrize("family", ["poisson", "nbinom2", "beta", "gamma", "inverse_gaussian", "binomial", "student"])
@pytest.mark.parametrize("seed", range(3))
def test_data_by_wide_priors_are_drawn_or_refused_by_name(family, seed):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(12), 5)
    y = rng.beta(2, 3, 60) if family in ("beta", "gamma", "inverse_gaussian", "student") else rng.integers(0, 2, 60)
    link = None if family in ("beta", "binomial", "student") else "log"
    data = {"y": y.astype(float), "x": rng.normal(size=60), "g": [f"g{k}" for k in g]}
    post = hlmrs.bayes("y ~ x + (1 | g)", data, family=family, link=link, draws=20, method="direct", seed=seed)
    try:
        assert np.isfinite(post.prior_predictive(100)).all()
    except DesignError as error:
        assert "give narrower ones" in str(error)  # noqa: PT017


@pytest.mark.parametrize(("family", "link"), [("gamma", None), ("poisson", "identity"), ("inverse_gaussian", "1/mu^2")])
def test_links_that_leave_the_range_of_the_mean_are_refused(family, link):
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(12), 5)
    y = rng.poisson(9, 60) + 1.0
    data = {"y": y, "g": [f"g{k}" for k in g]}
    with pytest.raises(OptionError, match="fit it with link='log'"):
        hlmrs.bayes("y ~ 1 + (1 | g)", data, family=family, link=link, draws=20)


def test_effects_apart_and_nearly_singular_correlations_have_data_by_their_priors(crossed):
    priors = {"fixed": hlmrs.Normal(0, 0.1), "(Intercept)": hlmrs.Normal(0, 0.1), "sd": hlmrs.HalfNormal(0.1)}
    post = hlmrs.bayes("y ~ x + diag(1 + x | g)", crossed, family="poisson", priors=priors, draws=20, method="direct")
    assert np.isfinite(post.prior_predictive(20)).all()
    singular = priors | {"cor": hlmrs.LKJ(1e-3)}
    post = hlmrs.bayes("y ~ x + (1 + x | g)", crossed, family="poisson", priors=singular, draws=20)
    assert np.isfinite(post.prior_predictive(2000)).all()
