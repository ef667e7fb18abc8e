"""What a marginal model tells: predictions, tests, means, comparisons."""

import math
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs.marginal.adapter import FixedPart
from responses_in_groups import DATA


def test_few_groups_are_said_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few = hlmrs.gee("normal ~ x", DATA.filter(pl.col("g") < "g030"), groups="g")
    assert "30 groups" in few.verdict.advice[0]
    assert "30 groups" in str(few.summary())
    assert hlmrs.gee("normal ~ x", DATA, groups="g").verdict.advice == ()


def test_marginal_models_are_compared_by_qic_over_one_scale():
    given = {"groups": "g", "time": "t"}
    small = hlmrs.gee("normal ~ x", DATA, **given)
    large = hlmrs.gee("normal ~ x + arm", DATA, correlation="ar1", **given)
    table = hlmrs.compare(small, large)
    by_model = {row["formula"]: row for row in rows(table)}
    for fit in (small, large):
        (found,), row = rows(fit.information_criteria(scale=large.scale)), by_model[fit.formula]
        assert {name: row[name] for name in ("qic", "cic", "n_params")}.items() <= found.items()
        assert found["n_params"] == len(fit.beta)
        assert found["quasi_likelihood"] == pytest.approx(-0.5 * np.sum(fit.resid() ** 2) / large.scale, rel=1e-12)
    assert np.all(np.diff(table["qic"]) >= 0)
    named = hlmrs.compare(small, large, names=["plain", "arms"])
    assert dict(zip(named["model"], named["formula"], strict=True)) == {"plain": small.formula, "arms": large.formula}
    unit = hlmrs.compare(
        *(
            hlmrs.gee(f.replace("normal", "I(1000 * normal)"), DATA, correlation=c, **given)
            for f, c in (("normal ~ x", "independence"), ("normal ~ x + arm", "ar1"))
        )
    )
    np.testing.assert_allclose(unit["qic"], table["qic"], rtol=1e-8)
    mixed = hlmrs.lmer("normal ~ x + (1 | g)", DATA)
    with pytest.raises(hlmrs.OptionError, match="among themselves"):
        hlmrs.compare(small, mixed)
    with pytest.raises(hlmrs.OptionError, match="variances differ"):
        hlmrs.compare(
            hlmrs.gee("count ~ x", DATA, groups="g", family="poisson"), hlmrs.gee("count ~ x", DATA, groups="g")
        )
    with pytest.raises(hlmrs.DataError, match="different responses"):
        hlmrs.compare(small, hlmrs.gee("positive ~ x", DATA, **given))


def test_what_likelihoods_and_random_effects_have_is_absent_with_the_reason():
    fit = hlmrs.gee("normal ~ x", DATA, groups="g")
    for name, text in (
        ("loglik", "no likelihood"),
        ("ranef", "no effects of their own"),
        ("scal", "did you mean 'scale'"),
    ):
        assert not hasattr(fit, name)
        with pytest.raises(AttributeError, match=text):
            getattr(fit, name)


@pytest.mark.parametrize("frame", ["polars", "pandas"])
def test_predictions_have_the_standard_errors_of_their_predictors(frame):
    whole = DATA if frame == "polars" else DATA.to_pandas()
    fit = hlmrs.gee("event ~ x * arm", whole, groups="g", family="binomial", correlation="exchangeable", offset="o")
    new = pl.DataFrame({"x": [0.5, None, -1.0], "arm": ["a", "b", "c"], "o": [0.1, 0.2, 0.3]})
    new = new if frame == "polars" else new.to_pandas()
    link = fit.predict(new, type="link", interval="confidence", vcov="mancl-derouen", ddf="groups")
    assert type(link) is type(new)
    x = np.array([1, -1.0, 0, 1, 0, -1])
    assert link["prediction"][2] == pytest.approx(x @ fit.beta + 0.3, rel=1e-12)
    assert link["std_error"][2] == pytest.approx(np.sqrt(x @ fit.vcov("mancl-derouen") @ x), rel=1e-12)
    assert np.isnan(np.asarray(link["prediction"], dtype=float)[1])
    mean = fit.predict(new, interval="confidence", vcov="mancl-derouen", ddf="groups")
    p = 1 / (1 + np.exp(-link["prediction"][2]))
    assert mean["prediction"][2] == pytest.approx(p, rel=1e-12)
    assert mean["std_error"][2] == pytest.approx(p * (1 - p) * link["std_error"][2], rel=1e-10)
    assert mean["conf_low"][2] == pytest.approx(1 / (1 + np.exp(-link["conf_low"][2])), rel=1e-10)
    np.testing.assert_allclose(fit.predict(whole), fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(interval="confidence")["prediction"], fit.fitted, rtol=1e-12)
    moved = fit.predict(new, offset=np.ones(3), type="link")
    np.testing.assert_allclose(moved - 1, np.asarray(link["prediction"], dtype=float), rtol=1e-12)


def test_tests_are_walds_by_the_covariance_that_was_chosen():
    fit = hlmrs.gee("normal ~ x + arm", DATA, groups="g", correlation="exchangeable")
    for kind in ("robust", "naive", "kauermann-carroll"):
        v = fit.vcov(kind)[2:, 2:]
        chi = float(fit.beta[2:] @ np.linalg.solve(v, fit.beta[2:]))
        (row,) = (row for row in rows(fit.anova(vcov=kind)) if row["term"] == "arm")
        assert (row["df"], row["statistic"]) == (2, pytest.approx(chi, rel=1e-9))
        assert row["p_value"] == pytest.approx(math.exp(-chi / 2), rel=1e-9)
        assert fit.test("armb = 0, armc = 0", vcov=kind)["statistic"][0] == pytest.approx(chi, rel=1e-9)
    t = fit.tidy(ddf="groups")
    assert set(t["df"]) == {fit.n_groups - 4}
    assert (t["p_value"] > fit.tidy()["p_value"]).all()


def test_means_contrasts_and_slopes_use_the_same_covariance():
    fit = hlmrs.gee("event ~ x * arm", DATA, groups="g", family="binomial", correlation="ar1", time="t")
    mean = DATA["x"].mean()
    rows_of = np.array([[1, mean, b, c, b * mean, c * mean] for b, c in ((0, 0), (1, 0), (0, 1))])
    v = fit.vcov("mancl-derouen")
    table = fit.emmeans("arm", vcov="mancl-derouen")
    np.testing.assert_allclose(table["estimate"], rows_of @ fit.beta, rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(rows_of @ v @ rows_of.T)), rtol=1e-10)
    response = fit.emmeans("arm", type="response")
    np.testing.assert_allclose(response["estimate"], 1 / (1 + np.exp(-(rows_of @ fit.beta))), rtol=1e-10)
    first = rows_of[0] - rows_of[1]
    contrast = fit.contrasts("arm", vcov="mancl-derouen")
    assert contrast["std_error"][0] == pytest.approx(np.sqrt(first @ v @ first), rel=1e-10)
    ratio = fit.contrasts("arm", vcov="mancl-derouen", type="response")
    odds = response["estimate"].to_numpy() / (1 - response["estimate"].to_numpy())
    assert ratio["contrast"][0] == "a / b"
    assert ratio["ratio"][0] == pytest.approx(odds[0] / odds[1], rel=1e-10)
    np.testing.assert_allclose(ratio["conf_low"], np.exp(contrast["conf_low"]), rtol=1e-12)
    slopes = fit.slopes("x", by="arm", vcov="naive")
    own = np.array([0, 1, 0, 0, 1, 0.0])
    assert slopes["estimate"][1] == pytest.approx(own @ fit.beta, rel=1e-10)
    assert slopes["std_error"][1] == pytest.approx(np.sqrt(own @ fit.vcov("naive") @ own), rel=1e-10)


def test_contrasts_of_log_means_are_ratios_and_those_of_means_differences():
    counts = hlmrs.gee("count ~ arm", DATA, groups="g", family="poisson")
    means = counts.emmeans("arm", type="response")["estimate"].to_numpy()
    np.testing.assert_allclose(counts.contrasts("arm", type="response")["ratio"][0], means[0] / means[1], rtol=1e-10)
    normal = hlmrs.gee("normal ~ arm", DATA, groups="g")
    assert normal.contrasts("arm", type="response")["estimate"].equals(normal.contrasts("arm")["estimate"])
    probit = hlmrs.gee("event ~ arm", DATA, groups="g", family="binomial", link="probit")
    means = probit.emmeans("arm", type="response")["estimate"].to_numpy()
    difference = probit.contrasts("arm", type="response")["estimate"][0]
    np.testing.assert_allclose(difference, means[0] - means[1], rtol=1e-10)
    mixed = hlmrs.glmer("event ~ arm + (1 | g)", DATA, family="binomial")
    ratio = mixed.contrasts("arm", type="response")["ratio"][0]
    assert ratio == pytest.approx(np.exp(mixed.contrasts("arm")["estimate"][0]), rel=1e-12)


def test_weights_by_frequency_do_not_ask_the_response_for_numbers():
    frame = DATA.with_columns(answer=pl.when(pl.col("event") == 1).then(pl.lit("yes")).otherwise(pl.lit("no")))
    frame = frame.with_columns(pl.col("answer").cast(pl.Enum(["no", "yes"])))
    share = frame["arm"].value_counts(normalize=True, name="share").sort("arm")["share"].to_numpy()
    marginal = hlmrs.gee("answer ~ x + arm", frame, groups="g", family="binomial")
    mixed = hlmrs.glmer("answer ~ x + arm + (1 | g)", frame, family="binomial")
    assert marginal.success == "yes"
    for fit in (marginal, mixed):
        got = fit.emmeans("x", at={"x": 0.5}, weights="proportional")["estimate"][0]
        assert got == pytest.approx(np.array([1, 0.5, share[1], share[2]]) @ fit.beta, rel=1e-10)


def test_the_fixed_part_for_other_packages_is_that_of_the_fit():
    fit = hlmrs.gee("event ~ x * arm", DATA, groups="g", family="binomial")
    part = FixedPart(fit._estimate, "mancl-derouen", None)
    np.testing.assert_allclose(part.predict(fit.beta, part.matrix(DATA)), fit.predict(type="link"), rtol=1e-12)
    np.testing.assert_array_equal(part.covariance(True), fit.vcov("mancl-derouen"))
    np.testing.assert_array_equal(part.covariance("naive"), fit.vcov("naive"))
    assert set(part.data()) == {"event", "x", "arm", "g"}
