"""``prior="avoid-boundary"``: estimates that stay off the boundary of what covariances can be."""

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.priors import covariances
from hlmrs.report import call_of

CASES = json.loads((Path(__file__).parents[2] / "golden" / "blme.json").read_text())["cases"]
BLME = {"default": 0.75, "gamma(shape = 2, rate = 0)": 0.5}
"""The power of the determinant that each of the reference's priors is: a gamma density of sd with shape 2 is sd^1."""
SLEEP = "Reaction ~ Days + (Days | Subject)"
YIELD = "Yield ~ 1 + (1 | Batch)"
CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
AVOID = "avoid-boundary"


def data_of(name: str) -> Any:
    return hlmrs.datasets.load(name, "polars")


def as_in_r(name: str) -> Any:
    """Return data whose first level of a factor is that of the reference."""
    data = data_of(name)
    order = pl.Enum(["Catholic", "Public"])
    return data.with_columns(pl.col("sector").cast(pl.String).cast(order)) if name == "Hsb82" else data


def sleep(**options: Any) -> Any:
    return hlmrs.lmer(SLEEP, data_of("sleepstudy"), prior=AVOID, **options)


def cbpp(**options: Any) -> Any:
    return hlmrs.glmer(CBPP, data_of("cbpp"), **{"prior": AVOID, **options})


def penalty(fit: Any, power: float = 0.75) -> float:
    """Return -2 log-density of the covariances relative to the residual variance."""
    relative = [covariance / fit.sigma**2 for covariance in fit._estimate.core.covariances()]
    return sum(-2 * power * np.log(np.linalg.det(own)) for own in relative)


@pytest.mark.parametrize("case", CASES, ids=lambda own: f"{own['dataset']}-{own['reml']}-{own['prior'][:5]}")
def test_the_estimates_are_those_of_another_implementation(case, monkeypatch):
    power, expected = BLME[case["prior"]], case["estimates"]
    monkeypatch.setitem(covariances._EXPONENTS, AVOID, power)
    fit = hlmrs.lmer(case["formula"], as_in_r(case["dataset"]), reml=case["reml"], prior=AVOID)
    own = max(1e-5, case["optimizers"]["theta_apart"])
    np.testing.assert_allclose(fit.theta, np.atleast_1d(expected["theta"]), atol=own)
    np.testing.assert_allclose(fit.sigma, expected["sigma"], rtol=1e-6)
    np.testing.assert_allclose(fit.beta, [*expected["beta"].values()], rtol=1e-5, atol=1e-6)
    assert fit.criterion + penalty(fit, power) <= case["objective"] + 1e-6
    assert penalty(fit, power) == pytest.approx(case["penalty"], abs=1e-4)
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-4)
    sds = [row["sdcor"] for row in expected["varcorr"] if "var2" not in row]
    assert fit.varcorr().filter(pl.col("term2").is_null())["sd"].to_list() == pytest.approx(sds, rel=1e-5)
    assert fit.tidy()["std_error"].to_list() == pytest.approx(list(np.atleast_1d(expected["std_error"])), rel=1e-5)


def test_a_fit_with_a_variance_of_zero_is_not_singular_with_the_prior_and_the_warning_names_it():
    with pytest.warns(hlmrs.SingularFitWarning, match='prior="avoid-boundary" keeps variances above zero') as raised:
        zero = hlmrs.lmer(YIELD, data_of("Dyestuff2"))
    assert str(raised[0].message).count("avoid-boundary") == 1
    fit = hlmrs.lmer(YIELD, data_of("Dyestuff2"), prior=AVOID)
    assert zero.verdict.singular
    assert not fit.verdict.singular
    assert fit.varcorr()["sd"][0] > 1
    assert "posterior modes" in " ".join(fit.verdict.explain().split())
    assert str(fit.verdict).endswith("with a prior")
    assert zero.verdict.prior == ""


def test_small_studies_whose_groups_differ_are_never_singular():
    rng = np.random.default_rng(20)
    group = np.repeat(np.arange(6), 4)
    n_singular = 0
    for _ in range(200):
        y = 0.3 * rng.normal(size=6)[group] + rng.normal(size=24)
        data = {"y": y, "g": group}
        assert hlmrs.lmer("y ~ 1 + (1 | g)", data, prior=AVOID).verdict.status == "optimum"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
            n_singular += hlmrs.lmer("y ~ 1 + (1 | g)", data).verdict.singular
    assert n_singular > 50


def test_of_one_way_data_in_balance_the_mode_is_that_of_a_closed_criterion():
    data = data_of("Dyestuff2")
    y = data["Yield"].to_numpy().reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    between = 5 * ((y.mean(axis=1) - y.mean()) ** 2).sum()

    def criterion(theta: float) -> float:
        shrunk = 1 + 5 * theta**2
        scale = (within + between / shrunk) / 29
        return 29 * np.log(scale) + 5 * np.log(shrunk) - 3 * np.log(theta)

    theta = float(hlmrs.lmer(YIELD, data, prior=AVOID).theta[0])
    slope = (criterion(theta + 1e-4) - criterion(theta - 1e-4)) / 2e-4
    assert slope == pytest.approx(0, abs=1e-4)
    assert all(criterion(theta) < criterion(other) for other in (theta / 2, theta - 0.01, theta + 0.01, 2 * theta))


@pytest.mark.parametrize("structure", ["cs", "ar1h", "toep"])
def test_structures_of_two_effects_that_are_free_have_the_same_mode(structure):
    early = pl.when(pl.col("Days") < 5).then(pl.lit("early")).otherwise(pl.lit("late"))
    data = data_of("sleepstudy").with_columns(half=early)
    one, other = (
        hlmrs.lmer(f"Reaction ~ Days + {kind}(0 + half | Subject)", data, prior=AVOID) for kind in ("", structure)
    )
    assert other.criterion == pytest.approx(one.criterion, abs=1e-5)
    np.testing.assert_allclose(other.varcorr()["sd"], one.varcorr()["sd"], rtol=1e-4)


def test_independent_effects_are_terms_of_their_own():
    one, two = (
        hlmrs.lmer(f"Reaction ~ Days + {random}", data_of("sleepstudy"), prior=AVOID)
        for random in ("diag(Days | Subject)", "(1 | Subject) + (0 + Days | Subject)")
    )
    np.testing.assert_allclose(one.theta, two.theta, rtol=1e-5)


def test_a_parameter_that_is_held_where_the_mode_has_it_leaves_the_others_there():
    fit = hlmrs.lmer(YIELD, data_of("Dyestuff2"), prior=AVOID)
    fixed = hlmrs.Control(fix={"sd((Intercept) | Batch)": float(fit.varcorr()["sd"][0])})
    held = hlmrs.lmer(YIELD, data_of("Dyestuff2"), prior=AVOID, control=fixed)
    assert held.sigma == pytest.approx(fit.sigma, rel=1e-5)
    assert held.sigma != pytest.approx(hlmrs.lmer(YIELD, data_of("Dyestuff2"), control=fixed).sigma, rel=1e-3)


def test_a_fit_keeps_its_prior_where_it_goes(tmp_path):
    fit = sleep()
    smaller = fit.update(". ~ . - (Days | Subject) + (1 | Subject)")
    direct = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data_of("sleepstudy"), prior=AVOID)
    assert smaller.criterion == pytest.approx(direct.criterion, abs=1e-9)
    assert fit.update(". ~ .", prior=None).criterion < fit.criterion
    refitted = fit.refit(data_of("sleepstudy")["Reaction"])
    np.testing.assert_allclose(refitted.theta, fit.theta, atol=1e-6)
    assert refitted.verdict.prior == fit.verdict.prior
    for keep_rows in (False, True):
        fit.save(tmp_path / "fit", keep_rows=keep_rows)
        loaded = hlmrs.load(tmp_path / "fit")
        assert loaded.verdict.prior == fit.verdict.prior
        assert loaded.criterion == pytest.approx(fit.criterion, abs=1e-9)
        np.testing.assert_allclose(loaded.tidy()["df"], fit.tidy()["df"], rtol=1e-6)
    again = pickle.loads(pickle.dumps(fit)).update(". ~ .", data=data_of("sleepstudy"))
    np.testing.assert_allclose(again.theta, fit.theta, atol=1e-6)
    assert hlmrs.model(SLEEP, data_of("sleepstudy"), prior=AVOID).fit().criterion == fit.criterion


def test_replicates_and_fits_without_a_group_have_the_prior_too():
    data = data_of("Dyestuff2")
    fit = hlmrs.lmer(YIELD, data, prior=AVOID)
    assert fit.bootstrap(50, seed=1).draws["sd((Intercept) | Batch)"].min() > 0.5
    without = hlmrs.lmer(YIELD, data.filter(pl.col("Batch") != "A"), prior=AVOID)
    change = (without.varcorr()["sd"][0] / fit.varcorr()["sd"][0]) ** 2 - 1
    left_out = fit.influence(by="Batch", method="refit").variance_changes()
    assert left_out["sd((Intercept) | Batch)"][0] == pytest.approx(change, rel=1e-4)
    with_slopes = sleep()
    steps, refits = (
        with_slopes.influence(by="Subject", method=how).variance_changes()["sd(Days | Subject)"].to_numpy()
        for how in ("one-step", "refit")
    )
    np.testing.assert_allclose(steps, refits, atol=2e-3)


def test_the_prior_is_in_the_report_the_call_and_the_prose():
    fit, generalized = sleep(), cbpp(prior={"period2": hlmrs.Normal(0, 1), "covariance": AVOID})
    assert "avoid-boundary, |covariance over the residual variance|^0.75" in " ".join(str(fit.summary()).split())
    log_prior = -penalty(fit) / 2
    assert f"log-prior {fit.loglik + log_prior:.3f}" in " ".join(str(fit.summary()).split())
    assert fit.glance()["log_prior"][0] == pytest.approx(log_prior)
    assert call_of(fit._estimate).endswith("prior='avoid-boundary')")
    again = eval(call_of(generalized._estimate), {"hlmrs": hlmrs, "data": data_of("cbpp")})
    assert again.criterion == generalized.criterion
    assert "posterior modes" in " ".join(str(fit.text()).split())
    text = " ".join(str(generalized.summary()).split())
    assert "Normal(0, 1) of period2; avoid-boundary, |covariance|^0.75" in text


# generalized models


@pytest.mark.parametrize("nagq", [0, 1, 5])
def test_a_generalized_fit_is_where_likelihood_and_prior_are_largest(nagq):
    fit, without = cbpp(nagq=nagq), cbpp(nagq=nagq, prior=None)
    assert fit.log_prior == pytest.approx(1.5 * np.log(float(fit.theta[0])))
    np.testing.assert_allclose(fit._estimate.own.fit.slope(), 0, atol=1e-3)
    assert fit.criterion - 2 * fit.log_prior < without.criterion - 3 * np.log(float(without.theta[0]))
    assert fit.criterion > without.criterion


def test_by_quadrature_the_mode_is_that_of_integrals_by_a_fine_grid():
    fit, data = cbpp(nagq=25), data_of("cbpp")
    period = np.array([int(p) for p in data["period"].cast(pl.String)])
    columns = np.column_stack([np.ones(len(period)), *(period == k for k in (2, 3, 4))])
    herds = data["herd"].cast(pl.String).to_numpy()
    successes, size = data["incidence"].to_numpy(), data["size"].to_numpy()
    nodes = np.linspace(-8, 8, 2001)
    weights = np.exp(-0.5 * nodes**2) / np.exp(-0.5 * nodes**2).sum()

    def criterion(x: Any) -> float:
        eta = (columns @ x[1:])[:, None] + x[0] * nodes
        rows = successes[:, None] * eta - size[:, None] * np.logaddexp(0, eta)
        logliks = [np.log(np.exp(rows[herds == herd].sum(axis=0)) @ weights) for herd in np.unique(herds)]
        return float(-2 * sum(logliks) - 3 * np.log(x[0]))

    at = np.array([*fit.theta, *fit.beta])
    slopes = [(criterion(at + step) - criterion(at - step)) / 2e-4 for step in 1e-4 * np.eye(5)]
    np.testing.assert_allclose(slopes, 0, atol=2e-3)
    assert all(criterion(at) < criterion(at * factor) for factor in (0.9, 0.99, 1.01, 1.1))


def test_a_generalized_fit_of_a_gaussian_response_has_the_prior_of_the_covariance_itself():
    # at a known residual variance of one, relative covariances are covariances
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(12), 6)
    data = {"y": 0.5 * rng.normal(size=12)[group] + rng.normal(size=72), "g": group}
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="gaussian", prior=AVOID)
    linear = hlmrs.lmer("y ~ 1 + (1 | g)", data, reml=False, sigma=fit.sigma, prior=AVOID)
    assert fit.varcorr()["sd"].tolist()[0] == pytest.approx(linear.varcorr()["sd"].tolist()[0], rel=1e-4)


def test_in_large_data_the_prior_weighs_nothing():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(2000), 5)
    rate = np.exp(0.5 + 0.5 * rng.normal(size=2000)[group])
    data = {"y": rng.poisson(rate), "g": group}
    with_prior, without = (hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson", prior=p) for p in (AVOID, None))
    np.testing.assert_allclose(with_prior.theta, without.theta, rtol=3e-3)
    np.testing.assert_allclose(with_prior.beta, without.beta, atol=2e-3)


def test_coefficients_and_covariances_have_priors_beside_each_other(tmp_path):
    fit = cbpp(prior={"covariance": AVOID, "period2": hlmrs.Normal(0, 0.01)})
    assert abs(fit.beta[1]) < 0.01
    assert fit.log_prior == pytest.approx(
        1.5 * np.log(float(fit.theta[0])) - 0.5 * (fit.beta[1] / 0.01) ** 2 - np.log(0.01) - 0.5 * np.log(2 * np.pi)
    )
    fit.save(tmp_path / "fit")
    assert hlmrs.load(tmp_path / "fit").log_prior == pytest.approx(fit.log_prior)
    assert fit.update("~ . - period", prior=AVOID).verdict.prior.startswith("avoid-boundary")
    assert fit.update("~ .").log_prior == pytest.approx(fit.log_prior, abs=1e-6)
    assert "0.01" not in cbpp().verdict.prior


def test_a_generalized_fit_without_variance_is_not_singular_with_the_prior():
    rng = np.random.default_rng(6)
    data = {"y": rng.binomial(1, 0.4, size=60), "g": np.repeat(np.arange(6), 10)}
    with pytest.warns(hlmrs.SingularFitWarning, match="avoid-boundary"):
        hlmrs.glmer("y ~ 1 + (1 | g)", data)
    assert hlmrs.glmer("y ~ 1 + (1 | g)", data, prior=AVOID).verdict.status == "optimum"


# what is refused, and why


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": hlmrs.Normal(0, 1)}, r"fit\.posterior\(priors=\.\.\.\)"),
        ({"prior": {"Days": hlmrs.Normal(0, 1)}}, r"fit\.posterior\(priors=\.\.\.\)"),
        ({"prior": "avoid"}, "choose one of 'avoid-boundary'"),
        ({"prior": 0.75}, "give 'avoid-boundary'"),
        ({"rows": "stream"}, "rows='keep'"),
        ({"dispersion": "~ Days"}, "no one residual variance"),
        ({"dispersion": "~ 1 + (1 | Subject)"}, "which there is not"),
        ({"residual": "csh(Days | half)"}, "no one residual variance"),
    ],
)
def test_priors_that_have_no_meaning_are_refused(options, message):
    early = pl.when(pl.col("Days") < 5).then(pl.lit("early")).otherwise(pl.lit("late"))
    data = data_of("sleepstudy").with_columns(half=pl.concat_str(pl.col("Subject").cast(pl.String), early))
    with pytest.raises(hlmrs.OptionError, match=message):
        hlmrs.lmer(SLEEP, data, **{"prior": AVOID, **options})


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("rr(1 + Days | Subject, d=1)", "reduced rank"),
        ("ar1(0 + factor(Days) | Subject)", "one standard deviation"),
        ("exp(Days | Subject)", "one standard deviation"),
    ],
)
def test_structures_whose_determinant_is_no_measure_are_refused(term, message):
    with pytest.raises(hlmrs.OptionError, match=message):
        hlmrs.lmer(f"Reaction ~ Days + {term}", data_of("sleepstudy"), prior=AVOID)
    with pytest.raises(hlmrs.OptionError, match=message):
        hlmrs.glmer(f"Reaction ~ Days + {term}", data_of("sleepstudy"), family="gaussian", prior=AVOID)


def test_statistics_and_many_responses_have_no_prior():
    data = data_of("sleepstudy")
    statistics = hlmrs.SufficientStatistics(SLEEP)
    statistics.update(data)
    with pytest.raises(hlmrs.OptionError, match="rows='keep'"):
        hlmrs.lmer(statistics, prior=AVOID)
    with pytest.raises(TypeError, match=r"fit each by hlmrs\.lmer"):
        hlmrs.fit_many(["Reaction"], "~ Days + (1 | Subject)", data, prior=AVOID)
    with pytest.raises(TypeError, match="random effects"):
        hlmrs.gls("Reaction ~ Days", data, prior=AVOID)
    with pytest.raises(hlmrs.OptionError, match="the model has none"):
        hlmrs.gls("Reaction ~ Days", data, residual="ar1(Days | Subject)").update(". ~ .", prior=AVOID)


def test_what_is_a_likelihood_ratio_is_not_there_for_a_penalized_fit():
    fit, generalized = sleep(), cbpp()
    for call in (
        fit.ranova,
        fit.profile,
        lambda: fit.confint(method="profile"),
        lambda: generalized.confint(method="profile"),
        lambda: fit.tidy(ddf="kenward-roger"),
        lambda: fit.append(data_of("sleepstudy")),
    ):
        with pytest.raises(hlmrs.DesignError, match="not there for a fit with prior='avoid-boundary'"):
            call()
    with pytest.raises(hlmrs.OptionError, match="the fit has a prior"):
        generalized.drop1(method="lr")
    table = hlmrs.compare(fit, fit.update(". ~ . - (Days | Subject) + (1 | Subject)"))
    assert table["null_distribution"].to_list()[-1] == "estimates with a prior"
    assert table["p_value"].null_count() == 2


def test_degrees_of_freedom_count_the_curvature_of_likelihood_and_prior():
    # balanced one-way data: the variance of the mean is (s + 5 t) / 30, and its own variance is by the delta method
    fit = hlmrs.lmer(YIELD, data_of("Dyestuff2"), prior=AVOID)
    y = data_of("Dyestuff2")["Yield"].to_numpy().reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    between = 5 * ((y.mean(axis=1) - y.mean()) ** 2).sum()

    def criterion(x: Any) -> float:
        t, s = x
        total = s + 5 * t
        return 24 * np.log(s) + within / s + 5 * np.log(total) + between / total - 1.5 * np.log(t / s)

    at = fit.varcorr()["variance"].to_numpy()
    steps = np.diag(1e-4 * at)
    hessian = np.array(
        [
            [
                sum(a * b * criterion(at + a * e + b * f) for a in (1, -1) for b in (1, -1)) / (4 * e.sum() * f.sum())
                for f in steps
            ]
            for e in steps
        ]
    )
    slope, variance = np.array([5, 1]) / 30, (at[1] + 5 * at[0]) / 30
    df = 2 * variance**2 / (slope @ (2 * np.linalg.inv(hessian)) @ slope)
    assert fit.tidy(ddf="satterthwaite")["df"][0] == pytest.approx(df, rel=1e-3)
