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
        table = [row for row in rows(fit.varcorr()) if row["term2"] is None]
        for group, want in case["sd"]:
            own = [row["sd"] for row in table if row["group"] == group]
            close(own, want, max(1e-3, case["tolerance"].get("sd_rel", 1e-3)) * np.array(want))
    if "dispersion_value" in case and "dispersion" not in case:
        close(fit.dispersion, case["dispersion_value"], 2e-3 * case["dispersion_value"])
    if "power" in case:
        close(fit.family_parameters["power"], case["power"], 1e-3)
    if "coefficients" in case:  # of an ordered response R fits the probabilities of what was observed
        observed = data_of(name)["resp"].to_physical()[:5].to_numpy()
        close(fit.predict(type="prob").to_numpy()[range(5), observed], case["fitted_first5"], 1e-3)
    elif "fitted_first5" in case and "observed" not in case:
        close(fit.fitted[:5], case["fitted_first5"], 1e-3 * np.std(fit.fitted))


PREDICTIONS: dict[str, dict[str, Any]] = {
    "predict_zprob_first5": {"type": "zprob"},
    "predict_conditional_mean_first5": {"type": "conditional"},
    "predict_response_zero_re_first5": {"random_effects": False},
    "predict_disp_first5": {"type": "disp"},
}


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name in CASES for field in PREDICTIONS if field in CASES[name]]
)
def test_predictions_of_every_part_are_those_of_glmmtmb(name, field):
    fit, want = fitted(name), np.array(CASES[name][field])
    for found in (fit.predict(**PREDICTIONS[field]), fit.predict(data_of(name), **PREDICTIONS[field])):
        np.testing.assert_allclose(found[:5], want, rtol=1e-3)
    if field == "predict_disp_first5" and fit.family.name == "gaussian":
        np.testing.assert_allclose(fit.predict(type="disp"), fit.residual_sd)


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
    table = fit.predict(type="prob")
    assert table.columns == ["no", "perhaps", "yes"]
    each = table.to_numpy()
    assert each.shape == (some.height, 3)
    np.testing.assert_allclose(each.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.predict(), each @ [1, 2, 3])
    names = np.array(["no", "perhaps", "yes"])
    assert list(fit.predict(type="class")) == list(names[each.argmax(axis=1)])
    np.testing.assert_allclose(fit.predict(some, type="prob").to_numpy(), each, atol=1e-12)


@pytest.mark.parametrize("kind", ["dict", "pandas", "polars", "pyarrow"])
def test_probabilities_are_a_frame_of_the_library_of_the_data_or_of_the_new_rows(kind):
    data = hlmrs.datasets.load("VerbAgg", "polars").head(480)
    own = {
        "dict": data.to_dict(as_series=False),
        "pandas": data.to_pandas(),
        "polars": data,
        "pyarrow": data.to_arrow(),
    }[kind]
    fit = hlmrs.glmer("resp ~ btype + (1 | id)", data, family="cumulative")
    new = {"dict": lambda d: {k: v[::2] for k, v in d.items()}, "pandas": lambda d: d.iloc[::2]}.get(kind)
    rows = own if new is None else new(own)
    table = fit.predict(rows, type="prob")
    assert type(table) is type(rows)
    want = fit.predict(type="prob")
    for category in ("no", "perhaps", "yes"):
        own_rows = want[category].to_numpy()[:: 1 if new is None else 2]
        np.testing.assert_allclose(np.asarray(table[category]), own_rows, atol=1e-12)
    if kind == "pandas":
        assert table.index.equals(rows.index)


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
    assert abs(found.corrected["sd((Intercept) | herd)"] - sd) < 0.25 * abs(laplace - sd)
    corrected = np.array([found.corrected[name] for name in fit.coef_names])
    assert np.all(np.abs(corrected - precise.beta) <= 0.3 * np.abs(fit.beta - precise.beta) + 1e-3)
    assert "Laplace's log-likelihood is 0.0437 too low" in str(found)
    with pytest.raises(hlmrs.OptionError, match="nagq=1"):
        assert precise.approximation


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
        assert said in " ".join(fit.verdict.explain().split())
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
