"""Robust covariances: those of clubSandwich, and of dense algebra where it does not go."""

import json
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import FOLDER
from sandwiches import sandwich_of

GOLDEN = json.loads((FOLDER / "marginal.json").read_text())["robust"]
TYPES = ("CR0", "CR1", "CR1S", "CR2", "CR3")


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: c["formula"])
def test_nested_designs_have_the_covariances_and_tests_of_clubsandwich(case):
    fit = hlmrs.lmer(case["formula"], hlmrs.datasets.load("egsingle", "polars"))
    assert fit.coef_names == case["names"]
    for want in case["types"]:
        table = fit.tidy(vcov=want["type"], cluster=case["cluster"])
        # the optimizer of the reference leaves 1e-5 in the variance components
        np.testing.assert_allclose(table["std_error"], want["std_error"], rtol=5e-5)
        np.testing.assert_allclose(table["df"], want["df"], rtol=5e-4)
        joint = fit.test([f"`{name}` = 0" for name in fit.coef_names[1:]], vcov=want["type"], cluster=case["cluster"])
        np.testing.assert_allclose(joint["statistic"], want["statistic"], rtol=5e-4)
        np.testing.assert_allclose(joint["den_df"], want["den_df"], rtol=5e-4)


def dense_parts(fit):
    """X, residuals, V and the clusters' rows, from the public estimates alone."""
    estimate = fit._estimate
    x = estimate.rows.model_matrix()
    new = estimate.encoding.bind(estimate.data.columns)
    weights = estimate.rows.weights()
    v = np.diag(np.full(len(x), fit.sigma**2) / (1.0 if weights is None else weights))
    for k, (term, covariance) in enumerate(zip(estimate.layout.random, estimate.core.covariances(), strict=True)):
        z, codes = new.term_matrix(k), estimate.rows.group_codes(term.group)
        v += (codes[:, None] == codes[None, :]) * (z @ covariance @ z.T)
    return x, estimate.values.response - x @ fit.beta, v


def dense_sandwich(fit, codes, kind):
    """The covariance, and Satterthwaite's df of every coefficient, as they are defined."""
    return sandwich_of(*dense_parts(fit), codes, kind)


@pytest.mark.parametrize("kind", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_definition_in_dense_algebra_gives_the_same(kind, weighted):
    data = hlmrs.datasets.load("sleepstudy", "polars").filter(pl.int_range(pl.len()) % 7 != 3)
    weights = np.linspace(0.5, 2, len(data)) if weighted else None
    fit = hlmrs.lmer("Reaction ~ Days + I(Days^2) + (Days | Subject)", data, weights=weights)
    want, df = dense_sandwich(fit, fit._estimate.rows.group_codes(0), kind)
    np.testing.assert_allclose(fit.vcov(kind), want, rtol=1e-7)
    np.testing.assert_allclose(fit.tidy(vcov=kind)["df"], df, rtol=1e-6)


@pytest.mark.parametrize("structure", ["diag", "cs", "ar1", "toep"])
def test_structured_covariances_are_working_models_like_any_other(structure):
    data = hlmrs.datasets.load("Machines", "polars")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer(f"score ~ Machine + {structure}(0 + Machine | Worker)", data)
    want, df = dense_sandwich(fit, fit._estimate.rows.group_codes(0), "CR2")
    np.testing.assert_allclose(fit.vcov("CR2"), want, rtol=1e-6)
    np.testing.assert_allclose(fit.tidy(vcov="CR2")["df"], df, rtol=1e-5)


def test_clusters_may_be_coarser_than_the_groups_and_need_not_be_in_the_model():
    data = hlmrs.datasets.load("egsingle", "polars").head(600)
    fit = hlmrs.lmer("math ~ year + (1 | childid)", data)
    codes = np.unique(data["schoolid"].to_list(), return_inverse=True)[1]
    want, _ = dense_sandwich(fit, codes, "CR2")
    np.testing.assert_allclose(fit.vcov("CR2", cluster="schoolid"), want, rtol=1e-7)
    np.testing.assert_allclose(fit.vcov("CR2", cluster=data["schoolid"].to_list()), want, rtol=1e-7)


def test_multipliers_of_cr1_and_cr1s():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
    plain = fit.vcov("CR0")
    np.testing.assert_allclose(fit.vcov("CR1"), plain * 18 / 17)
    np.testing.assert_allclose(fit.vcov("CR1S"), plain * 18 * 179 / (17 * 178))


def test_the_outermost_group_is_the_default_cluster():
    fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes", "polars"))
    np.testing.assert_allclose(fit.vcov("CR2"), fit.vcov("CR2", cluster="batch"))
    with pytest.raises(hlmrs.OptionError, match="cross"):
        fit.vcov("CR2", cluster="batch:cask")


def test_crossed_clusters_one_and_two_ways_are_sums_of_row_scores():
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin", "polars"))
    x, e, v = dense_parts(fit)
    w = np.linalg.inv(v)
    m = np.linalg.inv(x.T @ w @ x)
    scores = (w @ x @ m) * e[:, None]
    plate, sample = (fit._estimate.rows.group_codes(k) for k in range(2))

    def one(codes):
        sums = np.array([scores[codes == j].sum(axis=0) for j in np.unique(codes)])
        return sums.T @ sums

    with pytest.warns(hlmrs.InferenceWarning, match="many clusters only"):
        np.testing.assert_allclose(fit.vcov("CR0", cluster="plate"), one(plate), rtol=1e-7)
    with pytest.warns(hlmrs.InferenceWarning):
        both = fit.vcov("CR0", cluster=["plate", "sample"])
    want = one(plate) + one(sample) - one(plate * 6 + sample)
    np.testing.assert_allclose(both, np.maximum(want, 0), rtol=1e-7, atol=1e-16)
    with pytest.warns(hlmrs.InferenceWarning):
        assert fit.tidy(vcov="CR1", cluster=["plate", "sample"])["df"].to_list() == [5.0]


def test_row_scores_add_up_to_the_clusters_where_both_apply():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
    from hlmrs._core import row_contributions

    scores = row_contributions(fit._estimate.core, fit._estimate.rows)
    codes = fit._estimate.rows.group_codes(0)
    sums = np.array([scores[codes == j].sum(axis=0) for j in range(18)])
    np.testing.assert_allclose(sums.T @ sums, fit.vcov("CR0"), rtol=1e-9)


def test_robust_tests_reach_marginal_means_and_terms():
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
    v = fit.vcov("CR2")
    pair = fit.contrasts("Machine", method="reference", vcov="CR2")
    np.testing.assert_allclose(pair["std_error"], np.sqrt(np.diag(v))[1:])
    joint = fit.test("MachineB = 0, MachineC = 0", vcov="CR2")
    assert fit.anova(vcov="CR2")["statistic"][0] == pytest.approx(joint["statistic"][0])
    assert np.isinf(fit.emmeans("Machine", vcov="CR2", ddf="normal")["df"].to_numpy()).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.vcov("CR4"), "choose one of"),
        (lambda f: f.vcov(cluster="Worker"), "belongs to a robust"),
        (lambda f: f.vcov("CR2", cluster="worker"), "did you mean 'Worker'"),
        (lambda f: f.tidy(vcov="CR2", ddf="kenward-roger"), "model's covariance"),
        (lambda f: f.vcov("CR2", cluster=np.zeros(54)), "one cluster"),
    ],
)
def test_choices_that_do_not_belong_together_are_refused(call, message):
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
    with pytest.raises(hlmrs.OptionError, match=message):
        call(fit)


def test_every_row_needs_a_cluster():
    data = hlmrs.datasets.load("Machines", "polars").with_columns(
        site=pl.when(pl.col("Worker") == "1").then(None).otherwise(pl.col("Worker")), one=pl.lit("here")
    )
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", data)
    with pytest.raises(hlmrs.DataError, match="misses a value"):
        fit.vcov("CR2", cluster="site")
    with pytest.raises(hlmrs.OptionError, match="one cluster"):
        fit.vcov("CR2", cluster="one")
    with pytest.raises(hlmrs.DataError, match="54 rows"):
        fit.vcov("CR2", cluster=[1, 2, 3])
