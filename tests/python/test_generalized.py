"""Generalized models meet R's numbers, and say what is wrong with what cannot be fitted."""

import json
import math
import warnings
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import FOLDER, rows

CASES = {case["id"]: case for case in json.loads((FOLDER / "generalized.json").read_text())}


@cache
def data_of(name: str) -> pl.DataFrame:
    case = CASES[name]
    dataset = case["dataset"]
    if dataset in hlmrs.datasets.names():
        data = hlmrs.datasets.load(dataset, "polars")
    else:
        data = pl.read_csv(FOLDER / "data" / f"{dataset}.csv")
    return data.with_columns(
        pl.col(column).cast(pl.String).cast(pl.Enum(levels)) for column, levels in case["levels"].items()
    )


def fit_of(name: str, **more: Any) -> Any:
    case = CASES[name]
    given = {key: case[key] for key in ("weights", "offset", "zero_inflation", "dispersion") if key in case}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(case["formula"], data_of(name), family=case["family"], link=case["link"], **given, **more)


fitted = cache(fit_of)


def close(got: Any, want: Any, within: Any) -> None:
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape
    assert np.all(np.abs(got - want) <= within), f"got {got}, want {want} within {within}"


def coefficients(fit: Any, want: dict[str, Any], component: str, case: dict[str, Any]) -> None:
    tolerance = case["tolerance"]
    table = {row["term"]: row for row in rows(fit.tidy(component=component))}
    own = [table[name] for name in want["names"]]
    se = np.array(want["se"])
    close([row["estimate"] for row in own], want["estimate"], 2 * tolerance["estimate_in_se"] * se)
    close([row["std_error"] for row in own], want["se"], 2 * tolerance.get("se_rel", 2e-3) * se)


@pytest.mark.parametrize("name", CASES)
def test_fits_are_those_of_r(name):
    case, fit = CASES[name], fitted(name)
    assert fit.verdict.converged
    loglik = case["observed"]["logLik"] if "observed" in case else case["loglik"]
    close(fit.loglik, loglik, 2 * case["tolerance"]["logLik_abs"])
    assert fit.n_params == case["n_params"]
    if "fixed" in case and "observed" not in case:
        coefficients(fit, case["fixed"], "conditional", case)
    if "zero_part" in case:
        coefficients(fit, case["zero_part"], "zero_inflation", case)
    if "dispersion_model" in case:
        coefficients(fit, case["dispersion_model"], "dispersion", case)
    if "coefficients" in case:
        n = sum("|" in term for term in case["coefficients"]["names"])
        for part, of in (("thresholds", slice(n)), ("conditional", slice(n, None))):
            coefficients(fit, {key: values[of] for key, values in case["coefficients"].items()}, part, case)
    if "observed" not in case:
        sds = [row["sd"] for row in rows(fit.varcorr()) if row["term2"] is None]
        for _, want in case["sd"]:
            for sd in want:
                near = min(sds, key=lambda own: abs(own - sd))
                close(near, sd, max(1e-3, case["tolerance"].get("sd_rel", 1e-3)) * sd)
    if "dispersion_value" in case and "dispersion" not in case:
        close(fit.dispersion, case["dispersion_value"], 2e-3 * case["dispersion_value"])
    if "predict_disp_first5" in case:
        close(fit.residual_sd[:5], case["predict_disp_first5"], 1e-3 * fit.residual_sd[:5])
        np.testing.assert_allclose(fit.predict(type="disp"), fit.residual_sd)
    if "power" in case:
        close(fit.family_parameters["power"], case["power"], 1e-3)
    if "coefficients" in case:  # of an ordered response R fits the probabilities of what was observed
        observed = data_of(name)["resp"].to_physical()[:5].to_numpy()
        close(fit.predict(type="prob")[range(5), observed], case["fitted_first5"], 1e-3)
    elif "fitted_first5" in case and "observed" not in case:
        close(fit.fitted[:5], case["fitted_first5"], 1e-3 * np.std(fit.fitted))


def test_the_observed_information_and_the_expected_one_are_those_of_glmmtmb_and_lme4():
    name = "glmm_contraception_probit_slope"
    case, se = CASES[name], np.array(CASES[name]["fixed"]["se"])
    observed, expected = fitted(name), fit_of(name, information="expected")
    order = [observed.coef_names.index(term) for term in case["fixed"]["names"]]
    close(observed.beta[order], case["observed"]["estimate"], 2e-3 * se)
    close(expected.loglik, case["loglik"], 2 * case["tolerance"]["logLik_abs"])
    close(expected.beta[order], case["fixed"]["estimate"], 5e-3 * se)


@pytest.mark.parametrize("name", ["glmm_cbpp_binomial", "glmm_cbpp_poisson_offset", "glmm_contraception_logit"])
def test_quadrature_moves_the_estimates_as_in_lme4_and_keeps_all_constants(name):
    case = CASES[name]
    for block in case["quadrature"]:
        fit = fit_of(name, nagq=block["nAGQ"])
        close(fit.loglik, block["logLik_absolute"], 1e-3)
        order = [fit.coef_names.index(term) for term in case["fixed"]["names"]]
        close(fit.beta[order], block["estimate"], 5e-3 * np.array(case["fixed"]["se"]))


def test_a_proportion_with_weights_a_pair_of_counts_and_single_rows_are_the_same_model():
    data = data_of("glmm_cbpp_binomial").with_columns(prop=pl.col("incidence") / pl.col("size"))
    counts = fitted("glmm_cbpp_binomial")
    share = hlmrs.glmer("prop ~ period + (1 | herd)", data, family="binomial", weights="size")
    np.testing.assert_allclose(share.beta, counts.beta, atol=1e-9)
    np.testing.assert_allclose(share.loglik, counts.loglik, atol=1e-9)
    single = pl.concat(
        data.with_columns(hit=pl.lit(hit))
        .select(pl.all().repeat_by("incidence" if hit else pl.col("size") - pl.col("incidence")))
        .explode(pl.all())
        for hit in (True, False)
    ).drop_nulls()
    rows_fit = hlmrs.glmer("hit ~ period + (1 | herd)", single, family="binomial")
    np.testing.assert_allclose(rows_fit.beta, counts.beta, atol=1e-5)
    assert rows_fit.loglik < counts.loglik  # the binomial coefficients are no part of it


def test_a_weight_of_two_is_the_row_twice_in_every_family():
    rng = np.random.default_rng(2)
    n = 60
    g, x = np.repeat(np.arange(12), 5), rng.normal(size=n)
    twice = rng.integers(1, 3, n)
    responses = {
        "poisson": rng.poisson(2.0, n).astype(float),
        "nbinom2": rng.negative_binomial(2, 0.4, n).astype(float),
        "gamma": rng.gamma(2.0, 1.0, n),
        "gaussian": rng.normal(size=n),
    }
    for family, y in responses.items():
        data = {"y": y, "x": x, "g": [f"g{k}" for k in g], "w": twice.astype(float)}
        repeated = {name: np.repeat(np.asarray(values), twice) for name, values in data.items()}
        link = "identity" if family == "gaussian" else "log"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
            weighted = hlmrs.glmer("y ~ x + (1 | g)", data, family=family, link=link, weights="w")
            plain = hlmrs.glmer("y ~ x + (1 | g)", repeated, family=family, link=link)
        np.testing.assert_allclose(weighted.loglik, plain.loglik, rtol=1e-7, err_msg=family)
        np.testing.assert_allclose(weighted.beta, plain.beta, atol=1e-4, err_msg=family)


def test_a_gaussian_identity_model_is_the_linear_one_by_maximum_likelihood():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    linear = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data, reml=False)
    general = hlmrs.glmer("Reaction ~ Days + (Days | Subject)", data, family="gaussian")
    np.testing.assert_allclose(general.criterion, linear.criterion, atol=1e-6)
    np.testing.assert_allclose(general.sigma, linear.sigma, rtol=1e-4)
    np.testing.assert_allclose(general.beta, linear.beta, rtol=1e-5)
    own, theirs = ([row["sd"] for row in rows(fit.varcorr()) if row["term2"] is None] for fit in (general, linear))
    np.testing.assert_allclose(own, theirs, rtol=1e-3)


def test_permuted_rows_and_scaled_covariates_change_nothing():
    data = data_of("glmm_contraception_logit").with_columns(big=pl.col("age") * 1e9)
    formula = "y ~ age + urban + (1 | district)"
    plain = hlmrs.glmer(formula, data, family="binomial")
    shuffled = hlmrs.glmer(formula, data.sample(fraction=1.0, shuffle=True, seed=1), family="binomial")
    scaled = hlmrs.glmer(formula.replace("age", "big"), data, family="binomial")
    np.testing.assert_allclose(shuffled.criterion, plain.criterion, atol=1e-7)
    np.testing.assert_allclose(scaled.criterion, plain.criterion, atol=1e-7)
    np.testing.assert_allclose(scaled.beta[1] * 1e9, plain.beta[1], rtol=1e-5)


def test_predictions_are_on_the_scale_asked_for():
    fit, data = fitted("tmb_salamanders_zip"), data_of("tmb_salamanders_zip")
    zero, mean = fit.predict(type="zprob"), fit.predict(type="conditional")
    np.testing.assert_allclose(fit.predict(), (1 - zero) * mean)
    np.testing.assert_allclose(fit.predict(data), fit.fitted, rtol=1e-10)
    np.testing.assert_allclose(np.exp(fit.predict(data, type="link")), mean, rtol=1e-10)
    without = fit.predict(data, random_effects=False, type="link")
    np.testing.assert_allclose(without, fit.predict(random_effects=False, type="link"), rtol=1e-9)
    with pytest.raises(hlmrs.OptionError, match="no dispersion"):
        fit.predict(type="disp")
    new = data.head(2).with_columns(site=pl.lit("elsewhere"))
    with pytest.raises(hlmrs.DataError, match="has not seen"):
        fit.predict(new)
    np.testing.assert_allclose(fit.predict(new, new_levels="population", type="link"), without[:2])


def test_predictions_of_ordered_responses_are_probabilities_classes_and_expected_numbers():
    data = hlmrs.datasets.load("VerbAgg", "polars")
    some = data.filter(pl.col("id").cast(pl.String).is_in([str(k) for k in range(1, 41)]))
    fit = hlmrs.glmer("resp ~ Anger + btype + (1 | id)", some, family="cumulative")
    each = fit.predict(type="prob")
    assert each.shape == (some.height, 3)
    np.testing.assert_allclose(each.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.predict(), each @ [1, 2, 3])
    names = np.array(["no", "perhaps", "yes"])
    assert list(fit.predict(type="class")) == list(names[each.argmax(axis=1)])
    np.testing.assert_allclose(fit.predict(some, type="prob"), each, atol=1e-12)


def test_the_summary_names_family_parts_and_success():
    fit = fitted("tmb_salamanders_zinb")
    text = str(fit.summary())
    for words in ("nbinom2 (log link)", "Laplace's approximation", "Zero part", "Dispersion", "Fixed effects"):
        assert words in text
    assert "Residual" not in text
    data = pl.DataFrame({"y": ["no", "yes", "yes", "no"] * 10, "g": [f"g{k % 7}" for k in range(40)]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        assert hlmrs.glmer("y ~ 1 + (1 | g)", data, family="binomial").success == "yes"


def test_ratios_are_exponentials_of_coefficients_with_their_bounds():
    fit = fitted("glmm_cbpp_binomial")
    plain, ratios = rows(fit.tidy()), rows(fit.tidy(exponentiate=True))
    for a, b in zip(plain, ratios, strict=True):
        for name in ("estimate", "conf_low", "conf_high"):
            np.testing.assert_allclose(b[name], np.exp(a[name]))
        assert a["p_value"] == b["p_value"]


def test_means_are_on_both_scales():
    fit = fitted("glmm_cbpp_binomial")
    link, response = rows(fit.emmeans("period")), rows(fit.emmeans("period", type="response"))
    for a, b in zip(link, response, strict=True):
        p = 1 / (1 + np.exp(-a["estimate"]))
        np.testing.assert_allclose(b["estimate"], p)
        np.testing.assert_allclose(b["std_error"], a["std_error"] * p * (1 - p))


def toy(**columns: Any) -> dict[str, Any]:
    n = 30
    base = {"y": (np.arange(n) % 3 == 0).astype(float), "x": np.arange(n) % 5.0, "g": [f"g{k % 6}" for k in range(n)]}
    return base | columns


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        ("poisson", [-1.0], "is negative in 1 of 30 rows used .*: 0"),
        ("poisson", [0.5], "is no whole number"),
        ("gamma", [0.0], "is not positive"),
        ("beta", [1.0], "between 0 and 1"),
        ("truncated_poisson", [0.0], "zero_inflation= makes a hurdle model"),
    ],
)
def test_responses_outside_the_support_are_named_with_their_rows(family, y, message):
    inside = {"poisson": 2.0, "gamma": 1.5, "beta": 0.4, "truncated_poisson": 3.0}[family]
    values = np.full(30, inside) + (0.01 * np.arange(30) if family in ("gamma", "beta") else np.arange(30) % 3)
    values[0] = y[0]
    with pytest.raises(hlmrs.DataError, match=message):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=values), family=family, link="log" if family == "gamma" else None)


def test_counts_and_proportions_that_cannot_be_are_refused():
    with pytest.raises(hlmrs.DataError, match="negative counts in 1 rows"):
        hlmrs.glmer("cbind(y, n - y) ~ x + (1 | g)", toy(n=np.r_[0.0, np.ones(29)]), family="binomial")
    with pytest.raises(hlmrs.DataError, match="proportions"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=np.linspace(0, 1, 30)), family="binomial")
    with pytest.raises(hlmrs.DataError, match="3 levels"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=["a", "b", "c"] * 10), family="binomial")
    with pytest.raises(hlmrs.DataError, match="family 'binomial', not of 'poisson'"):
        hlmrs.glmer("cbind(y, x) ~ 1 + (1 | g)", toy(), family="poisson")
    kinds = pl.Series(["a", "b", "d"] * 10, dtype=pl.Enum(["a", "b", "c", "d"]))
    with pytest.raises(hlmrs.DataError, match="no row has the category 'c'"):
        hlmrs.glmer("k ~ x + (1 | g)", pl.DataFrame(toy()).with_columns(k=kinds), family="cumulative")


def test_separation_is_refused_by_name_and_rows():
    data = toy(f=["a" if k < 12 else "b" for k in range(30)])
    data["y"] = np.array([1.0 if k < 12 else float(k % 2) for k in range(30)])
    with pytest.raises(
        hlmrs.DesignError, match=r"coefficients of '\(Intercept\)', 'fb' have no finite estimate"
    ) as refusal:
        hlmrs.glmer("y ~ f + (1 | g)", data, family="binomial")
    assert "12 of 30 rows" in str(refusal.value)


def test_options_that_there_are_not_are_refused():
    data = toy()
    with pytest.raises(hlmrs.OptionError, match="did you mean 'poisson'"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="poison")
    with pytest.raises(hlmrs.OptionError, match="family 'poisson' has 'log'"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="poisson", link="logit")
    with pytest.raises(hlmrs.DesignError, match="has no dispersion"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", dispersion="~ x")
    with pytest.raises(hlmrs.DesignError, match="has no zeros of another source"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", zero_inflation="~ 1")
    for text, what in (("x ~ 1", "'x' stands on its left side"), ("x", "it has no '~'"), ("~ x ~ 1", "~")):
        with pytest.raises(hlmrs.FormulaError, match=what):
            hlmrs.glmer("y ~ x + (1 | g)", data, family="poisson", zero_inflation=text)
    with pytest.raises(hlmrs.FormulaError, match="dispersion= is a right side alone"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="nbinom2", dispersion="y ~ x")
    with pytest.raises(hlmrs.OptionError, match="from 1"):
        hlmrs.glmer("y ~ x + (1 | g)", data, family="binomial", nagq=-1)
    crossed = toy(h=[f"h{k // 10}" for k in range(30)])
    with pytest.raises(hlmrs.DesignError, match="the model has 2 grouping factors"):
        hlmrs.glmer("y ~ x + (1 | g) + (1 | h)", crossed, family="binomial", nagq=5)


def test_missing_values_of_any_part_leave_the_row_out_of_all():
    data = data_of("tmb_salamanders_zip").with_columns(
        cover=pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("cover")
    )
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.glmer("count ~ mined + (1 | site)", data, family="poisson", zero_inflation="~ cover")
    complete = data.drop_nulls()
    whole = hlmrs.glmer("count ~ mined + (1 | site)", complete, family="poisson", zero_inflation="~ cover")
    assert fit.nobs == complete.height
    np.testing.assert_allclose(fit.criterion, whole.criterion, atol=1e-7)
    assert len(fit.fitted) == fit.nobs


def test_the_error_of_laplace_is_known_and_corrected():
    fit, precise = fitted("glmm_cbpp_binomial"), fit_of("glmm_cbpp_binomial", nagq=25)
    found = fit.approximation
    # 0.0425 by quadrature at the same estimates
    assert found.error == pytest.approx(0.0437, abs=2e-4)
    sd = rows(precise.varcorr())[0]["sd"]
    laplace = rows(fit.varcorr())[0]["sd"]
    assert abs(found.corrected["sd_(Intercept)|herd"] - sd) < 0.25 * abs(laplace - sd)
    corrected = np.array([found.corrected[name] for name in fit.coef_names])
    assert np.all(np.abs(corrected - precise.beta) <= 0.3 * np.abs(fit.beta - precise.beta) + 1e-3)
    assert "Laplace's log-likelihood is 0.0437 too low" in str(found)
    with pytest.raises(hlmrs.OptionError, match="nagq=1"):
        assert precise.approximation


def test_simulated_responses_have_the_mean_and_variance_of_the_model():
    # without random effects worth the name the moments are those of the family
    rng = np.random.default_rng(4)
    n = 200
    data = {"x": rng.normal(size=n), "g": [f"g{k % 20}" for k in range(n)]}
    responses = {
        "poisson": rng.poisson(2.0, n) * 1.0,
        "nbinom2": rng.negative_binomial(2, 0.4, n) * 1.0,
        "nbinom1": rng.negative_binomial(2, 0.4, n) * 1.0,
        "gamma": rng.gamma(2.0, 1.0, n),
        "inverse_gaussian": rng.wald(2.0, 3.0, n),
        "beta": rng.beta(2.0, 3.0, n),
        "tweedie": rng.gamma(2.0, 1.0, n) * (rng.random(n) < 0.6),
        "truncated_poisson": 1.0 + rng.poisson(1.0, n),
    }
    for family, y in responses.items():
        link = None if family == "beta" else "log"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
            fit = hlmrs.glmer("y ~ 1 + (1 | g)", data | {"y": y}, family=family, link=link)
        draws = fit.simulate(400, seed=2)
        assert draws.shape == (n, 400)
        sd = rows(fit.varcorr())[0]["sd"]
        if sd < 0.05:
            residual = fit.resid("pearson") / fit.resid()
            error = 5 * draws.std() / np.sqrt(draws.size)
            assert abs(draws.mean() - fit.predict(random_effects=False).mean()) < error + 0.02, family
            assert draws.var() == pytest.approx(float(np.median(1 / residual**2)), rel=0.1), family
    np.testing.assert_array_equal(fit.simulate(2, seed=5), fit.simulate(2, seed=5))


def test_simulated_data_give_the_parameters_back():
    fit = fitted("tmb_salamanders_zip")
    y = fit.simulate(1, seed=3)[:, 0]
    again = hlmrs.glmer(
        "y ~ spp + mined + (1 | site)",
        data_of("tmb_salamanders_zip").with_columns(y=pl.Series(y)),
        family="poisson",
        zero_inflation="~ spp + mined",
    )
    se = np.sqrt(np.diag(fit.vcov()))
    assert np.abs((again.beta - fit.beta) / se).max() < 4


def test_what_rests_on_a_gaussian_response_is_refused_with_the_reason():
    fit = fitted("glmm_cbpp_binomial")
    for refused in (
        lambda: fit.tidy(vcov="CR2"),
        lambda: fit.tidy(ddf="kenward-roger"),
        lambda: fit.vcov("kenward-roger"),
        lambda: fit.emmeans("period", type="mean"),
    ):
        with pytest.raises(hlmrs.OptionError, match=r"generalized|normal|transformed"):
            refused()
    assert np.isinf(np.array([row["df"] for row in rows(fit.tidy())])).all()


def test_tables_of_the_fixed_part_are_those_of_its_coefficients_and_their_covariance():
    fit = fitted("glmm_contraception_logit")
    chi2 = rows(fit.anova(type=3))
    own = next(row for row in chi2 if row["term"] == "livch")
    places = [k for k, name in enumerate(fit.coef_names) if name.startswith("livch")]
    beta, covariance = fit.beta[places], fit.vcov()[np.ix_(places, places)]
    np.testing.assert_allclose(own["statistic"] * own["num_df"], beta @ np.linalg.solve(covariance, beta), rtol=1e-8)
    assert np.isinf(own["den_df"])
    smaller = hlmrs.glmer("y ~ age + I(age^2) + urban + (1 | district)", data_of("glmm_contraception_logit"))
    table = rows(hlmrs.compare(smaller, fit))
    np.testing.assert_allclose(table[1]["chisq"], 2 * (fit.loglik - smaller.loglik), rtol=1e-9)
    assert table[1]["df"] == 3


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "performance" in case])
def test_shares_of_the_variance_are_those_of_nakagawa(name):
    want, fit = CASES[name]["performance"], fitted(name)
    if "observed" in CASES[name]:
        fit = fit_of(name, information="expected")
    icc, r2 = fit.icc(), fit.r2()
    close(
        [icc.adjusted, icc.unadjusted, r2.marginal, r2.conditional],
        [want["ICC_adjusted"], want["ICC_unadjusted"], want["R2_marginal"], want["R2_conditional"]],
        1e-3,
    )
    assert sum(icc.by_group.values()) == pytest.approx(icc.adjusted)


def test_marginal_predictions_are_means_over_the_population():
    # of a Poisson mean with a normal intercept exp(eta + variance / 2); of a probit probability Phi(eta / sqrt(1 + v))
    fit = fitted("tmb_salamanders_zip")
    v = rows(fit.varcorr())[0]["variance"]
    alone = fit.predict(random_effects=False, type="conditional")
    np.testing.assert_allclose(fit.predict(type="conditional", marginal=True), alone * np.exp(v / 2), rtol=1e-9)
    data = data_of("glmm_contraception_logit")
    probit = hlmrs.glmer("y ~ age + (1 | district)", data, family="binomial", link="probit")
    v = rows(probit.varcorr())[0]["variance"]
    eta = probit.predict(data, random_effects=False, type="link")
    expected = [0.5 * (1 + math.erf(value / math.sqrt(2))) for value in eta / np.sqrt(1 + v)]
    np.testing.assert_allclose(probit.predict(data, marginal=True), expected, atol=1e-10)
    with pytest.raises(hlmrs.OptionError, match="averages"):
        probit.predict(type="link", marginal=True)


def test_a_refit_is_the_fit_to_that_response():
    fit = fitted("glmm_cbpp_binomial")
    y = fit.simulate(1, seed=8)[:, 0]
    again = fit.refit(y)
    data = data_of("glmm_cbpp_binomial").with_columns(y=pl.Series(y))
    direct = hlmrs.glmer("cbind(y, size - y) ~ period + (1 | herd)", data, family="binomial")
    np.testing.assert_allclose(again.criterion, direct.criterion, atol=1e-8)
    np.testing.assert_allclose(again.beta, direct.beta, atol=1e-6)
    with pytest.raises(hlmrs.DataError, match="has 3 values"):
        fit.refit([1, 2, 3])


@pytest.mark.parametrize(
    ("family", "y", "what"),
    [("binomial", 0.0, "0"), ("binomial", 1.0, "1"), ("poisson", 0.0, "0"), ("gamma", 2.0, "2")],
)
def test_responses_without_variation_are_refused_by_name(family, y, what):
    with pytest.raises(hlmrs.DesignError, match=f"the response 'y' is {what} in every row used"):
        hlmrs.glmer("y ~ x + (1 | g)", toy(y=np.full(30, y)), family=family)


def test_the_same_number_of_successes_among_different_trials_is_a_response():
    data = toy(y=np.ones(30), n=2.0 + np.arange(30) % 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        fit = hlmrs.glmer("cbind(y, n - y) ~ 1 + (1 | g)", data, family="binomial")
    share = 30 / data["n"].sum()
    np.testing.assert_allclose(fit.beta[0], np.log(share / (1 - share)), atol=1e-4)


def test_rows_without_a_response_are_counted_under_its_name():
    y = (np.arange(30) % 3).astype(float)
    y[:4] = np.nan
    with pytest.warns(hlmrs.DroppedRowsWarning, match=r"4 of 30 rows .*\(y: 4\)"):
        fit = hlmrs.glmer("y ~ x + (1 | g)", toy(y=y), family="poisson")
    assert fit.nobs == 26


def test_quantile_residuals_are_uniform_where_the_model_is_right_and_are_not_where_it_is_wrong():
    rng = np.random.default_rng(6)
    g = np.repeat(np.arange(40), 10)
    mean = np.exp(0.5 + 0.4 * rng.normal(size=40)[g])
    data = {"y": rng.negative_binomial(1, 1 / (1 + mean)) * 1.0, "g": [f"g{k}" for k in g]}
    right = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="nbinom2").resid("quantile", seed=1)
    wrong = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson").resid("quantile", seed=1)
    assert (right > 0).all()
    assert (right < 1).all()
    # the standard deviation of a uniform variable is 0.2887; Poisson's spread is too small for these counts
    assert right.std() == pytest.approx(12**-0.5, abs=0.025)
    assert wrong.std() > 0.32


def test_contrasts_belong_to_the_parts_that_have_effects_of_their_columns():
    data = data_of("tmb_salamanders_zip")
    given = {"spp": "sum", "mined": "sum", "site": "poly"}  # site names groups alone
    fit = hlmrs.glmer("count ~ spp + (1 | site)", data, family="poisson", zero_inflation="~ mined", contrasts=given)
    assert [row["term"] for row in rows(fit.tidy(component="zero_inflation"))] == ["(Intercept)", "mined1"]
    assert fit.coef_names[1] == "spp1"
    with pytest.raises(hlmrs.OptionError, match="has no 'species'"):
        hlmrs.glmer("count ~ spp + (1 | site)", data, family="poisson", contrasts={"species": "sum"})


def test_weights_by_row_belong_to_all_parts():
    data = data_of("tmb_salamanders_zip")
    options = {"family": "poisson", "zero_inflation": "~ mined"}
    weights = np.tile([1.0, 2.0], data.height // 2)
    by_array = hlmrs.glmer("count ~ mined + (1 | site)", data, weights=weights, **options)
    by_name = hlmrs.glmer("count ~ mined + (1 | site)", data.with_columns(w=weights), weights="w", **options)
    assert by_array.criterion == by_name.criterion


def test_limits_of_a_family_are_the_fit_of_the_limit_and_are_said():
    # counts that vary less than Poisson's, none of them zero: the best dispersion is infinite, the best zero part none
    g = np.repeat(np.arange(12), 6)
    x = np.tile([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], 12)
    u = np.array([-0.6, -0.4, -0.3, -0.2, -0.1, 0.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.6])[g]
    data = {"y": np.maximum(np.round(np.exp(1.5 + 0.25 * x + u)), 1.0), "x": x, "g": [f"g{k}" for k in g]}
    poisson = hlmrs.glmer("y ~ x + (1 | g)", data, family="poisson")
    for options, said in (
        ({"family": "nbinom2"}, "no overdispersion beyond Poisson's"),
        ({"family": "nbinom1"}, "no overdispersion beyond Poisson's"),
        ({"family": "poisson", "zero_inflation": "~ 1"}, "no zeros beyond those of the counts"),
    ):
        fit = hlmrs.glmer("y ~ x + (1 | g)", data, **options)
        np.testing.assert_allclose(fit.loglik, poisson.loglik, atol=1e-6)
        np.testing.assert_allclose(fit.beta, poisson.beta, atol=1e-4)
        np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov())), np.sqrt(np.diag(poisson.vcov())), rtol=1e-3)
        assert said in fit.verdict.explain()
        assert fit.n_params == poisson.n_params + 1


def test_groups_of_nothing_but_failures_have_finite_modes():
    ones = [0, 0, 1, 0, 1, 2, 6, 0, 1, 6, 3, 0, 4, 5, 0, 2, 5, 3, 1, 0]
    y = np.concatenate([[1.0] * k + [0.0] * (6 - k) for k in ones])
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", {"y": y, "g": [f"g{k:02}" for k in np.repeat(np.arange(20), 6)]})
    sd = rows(fit.varcorr())[0]["sd"]
    for k, row in zip(ones, rows(fit.ranef()), strict=True):
        p = 1 / (1 + np.exp(-fit.beta[0] - row["estimate"]))
        assert k - 6 * p == pytest.approx(row["estimate"] / sd**2, abs=1e-6)  # the mode's equation
        assert row["std_error"] == pytest.approx((1 / sd**2 + 6 * p * (1 - p)) ** -0.5, rel=1e-6)
