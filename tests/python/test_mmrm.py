"""Mixed models for repeated measures against SAS, and by dense algebra."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.errors import ConvergenceWarning, DesignError, NumericalError, OptionError

GOLDEN = Path(__file__).parents[1] / "golden"
SAS = json.loads((GOLDEN / "mmrm.json").read_text())
TRIAL = (
    pl.read_csv(GOLDEN / "data" / "fev_data.csv", null_values="NA")
    .drop_nulls("FEV1")
    .with_columns(
        pl.col("ARMCD").cast(pl.Enum(["PBO", "TRT"])),
        pl.col("AVISIT").cast(pl.Enum([f"VIS{k}" for k in range(1, 5)])),
        pl.col("SEX").cast(pl.Enum(["Male", "Female"])),
    )
)
CALL = {"data": TRIAL, "visit": "AVISIT", "subject": "USUBJID"}
STRUCTURES = list(SAS["structures"])
# PROC MIXED stops where g'H⁻¹g is 1e-8 of the criterion: its variance parameters may be off by 0.006 standard errors,
# and what follows from them by some 3e-4 of itself; for `us` it stops 5e-3 above the lowest criterion, 0.07 errors away
DIGITS, IN_ERRORS = 3e-4, 0.01


@pytest.fixture(scope="module")
def fits():
    return {name: hlmrs.mmrm("FEV1 ~ ARMCD", covariance=name, **CALL) for name in STRUCTURES}


def of_arm(fit, **tests):
    table = fit.tidy(**tests)
    return table.row(1, named=True)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("ddf", ["kenward-roger", "kenward-roger-linear"])
def test_contrasts_have_the_errors_and_degrees_of_freedom_of_sas(fits, name, ddf):
    row, expected = of_arm(fits[name], ddf=ddf), SAS["structures"][name][ddf]
    assert row["estimate"] == pytest.approx(expected["estimate"], abs=IN_ERRORS * expected["std_error"])
    assert row["std_error"] == pytest.approx(expected["std_error"], rel=DIGITS)
    assert row["df"] == pytest.approx(expected["df"], rel=2 * DIGITS)


@pytest.mark.parametrize("name", STRUCTURES)
def test_second_derivatives_of_structures_change_errors_as_in_sas(fits, name):
    def ratio(of):
        return of("kenward-roger") / of("kenward-roger-linear")

    expected = ratio(lambda ddf: SAS["structures"][name][ddf]["std_error"])
    assert ratio(lambda ddf: of_arm(fits[name], ddf=ddf)["std_error"]) == pytest.approx(expected, abs=1e-6)


def test_kenward_and_rogers_are_the_tests_of_such_a_fit(fits):
    fit = fits["ar1"]
    assert of_arm(fit) == of_arm(fit, ddf="kenward-roger")
    assert "Kenward and Roger's degrees of freedom" in " ".join(str(fit.anova()).split())
    assert of_arm(fit, ddf="satterthwaite")["std_error"] != of_arm(fit)["std_error"]


@pytest.mark.parametrize("name", list(SAS["satterthwaite"]["structures"]))
def test_covariance_parameters_and_fit_statistics_are_those_of_sas(name):
    expected = SAS["satterthwaite"]["structures"][name]
    fit = hlmrs.mmrm("FEV1 ~ 1", covariance=name, ddf="satterthwaite", **CALL)
    assert fit.criterion == pytest.approx(expected["criterion"], abs=0.06)
    row = fit.tidy().row(0, named=True)
    assert row["estimate"] == pytest.approx(expected["estimate"], abs=IN_ERRORS * expected["std_error"])
    assert row["std_error"] == pytest.approx(expected["std_error"], rel=DIGITS)
    assert row["df"] == pytest.approx(expected["df"], abs=0.6)
    covariance = fit.residual_covariance()[:, 1:].to_numpy()
    if "variances" in expected:
        np.testing.assert_allclose(np.diag(covariance), expected["variances"], rtol=2e-3)
    if "rho" in expected.get("parameters", {}):
        correlation = fit.residual_covariance(correlation=True)[:, 1:].to_numpy()
        assert correlation[0, 1] == pytest.approx(expected["parameters"]["rho"], abs=6e-4)
    if name == "cs":
        assert covariance[0, 1] == pytest.approx(expected["covariance"], abs=IN_ERRORS * 4)  # its standard error
        assert covariance[0, 0] - covariance[0, 1] == pytest.approx(expected["residual"], abs=IN_ERRORS * 6)


def test_an_unstructured_model_with_several_effects_is_that_of_sas():
    expected = SAS["larger"]
    fit = hlmrs.mmrm("FEV1 ~ ARMCD + SEX", covariance="us", ddf="satterthwaite", **CALL)
    assert fit.criterion == pytest.approx(expected["criterion"], abs=0.06)
    np.testing.assert_allclose(
        fit.residual_covariance()[:, 1:].to_numpy(), expected["covariance"], rtol=2e-3, atol=2e-2
    )
    for row in fit.tidy().to_dicts():
        estimate, error, df, low, high = expected["fixed"][row["term"]]
        assert row["estimate"] == pytest.approx(estimate, abs=IN_ERRORS * error)
        assert row["std_error"] == pytest.approx(error, rel=DIGITS, abs=6e-5)
        assert row["df"] == pytest.approx(df, abs=0.6)
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), abs=2 * IN_ERRORS * error)


def dense(fit, data, x, groups, parameters, covariance_of, second_of):
    """Kenward and Roger (1997) by dense algebra over the rows: adjusted covariance, degrees of freedom."""
    n, p, k = len(x), x.shape[1], len(parameters)
    v, first = covariance_of(parameters), []
    second = [[np.zeros((n, n)) for _ in range(k)] for _ in range(k)]
    for i in range(k):
        first.append(derivative(lambda t, i=i: covariance_of(moved(parameters, i, t))))
        for j in range(k):
            second[i][j] = second_of(i, j)
    inverse = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    y = data["y"].to_numpy()

    def criterion(at):
        v = covariance_of(at)
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
        return np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + e @ inverse @ e

    def slope(at):
        return np.array([derivative(lambda t, i=i: criterion(moved(at, i, t))) for i in range(k)])

    hessian = np.array([derivative(lambda t, i=i: slope(moved(parameters, i, t)), 3e-4) for i in range(k)])
    w = 2 * np.linalg.inv((hessian + hessian.T) / 2)
    half = inverse @ x
    ps = [-half.T @ d @ half for d in first]
    middle = np.zeros((p, p))
    for i in range(k):
        for j in range(k):
            q = half.T @ first[i] @ inverse @ first[j] @ half
            middle += w[i, j] * (q - ps[i] @ phi @ ps[j] - half.T @ second[i][j] @ half / 4)
    adjusted = phi + 2 * phi @ middle @ phi
    df = []
    for b in range(p):
        a = np.array([(phi @ m @ phi)[b, b] / phi[b, b] for m in ps])
        df.append(2 / (a @ w @ a))
    return adjusted, np.array(df)


def moved(parameters, i, t):
    out = np.array(parameters, float)
    out[i] += t * max(abs(out[i]), 0.1)
    return out


def derivative(f, h=1e-3):
    """Central differences of fourth order, in units of the parameter (see `moved`)."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(8)
    n_groups, n_times = 14, 5
    group, time = np.repeat(np.arange(n_groups), n_times), np.tile(np.arange(n_times), n_groups)
    kept = rng.uniform(size=len(group)) > 0.15
    group, time = group[kept], time[kept]
    x = rng.normal(size=len(group))
    lag = np.abs(time[:, None] - time[None, :])
    same = group[:, None] == group[None, :]
    v = same * (1.5 + 2.0 * 0.6**lag)
    y = 1 + 0.5 * x + np.linalg.cholesky(v) @ rng.normal(size=len(group))
    return pl.DataFrame({"y": y, "x": x, "t": time, "g": group}), lag * 1.0, same * 1.0


@pytest.mark.parametrize("has_random", [False, True], ids=["marginal", "random intercept"])
def test_the_correction_is_that_of_dense_algebra_with_random_effects_too(small, has_random):
    data, lag, same = small
    call = {"data": data, "residual": "ar1(t | g)"}
    fit = hlmrs.lmer("y ~ x + (1 | g)", **call) if has_random else hlmrs.gls("y ~ x", **call)
    rho = fit.residual_parameters()["estimate"][0]
    parameters = [fit.sigma**2, rho, *([fit.varcorr()["variance"][0]] if has_random else [])]

    def covariance_of(at):
        return same * (at[0] * at[1] ** lag + (at[2] if has_random else 0.0))

    # in units of the parameters, as `derivative` has them
    unit = [max(abs(value), 0.1) for value in parameters]
    slope, bend = lag * rho ** np.maximum(lag - 1, 0), lag * (lag - 1) * rho ** np.maximum(lag - 2, 0)

    def second_of(i, j):
        if {i, j} == {0, 1}:
            return same * slope * unit[0] * unit[1]
        return same * parameters[0] * bend * unit[1] ** 2 if i == j == 1 else 0.0 * same

    x = np.column_stack([np.ones(len(data)), data["x"].to_numpy()])
    adjusted, df = dense(fit, data, x, same, parameters, covariance_of, second_of)
    table = fit.tidy(ddf="kenward-roger")
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(adjusted)), rtol=2e-5)
    np.testing.assert_allclose(table["df"], df, rtol=2e-4)


def test_expected_information_of_a_random_intercept_is_that_of_the_plain_model(small):
    data, *_ = small
    plain = hlmrs.lmer("y ~ x + (1 | g)", data)
    same = hlmrs.gls("y ~ x", data, residual="cs(1 | g)")
    for information in ("expected", "observed"):
        tests = {"ddf": "kenward-roger", "ddf_information": information}
        one, other = plain.tidy(**tests), same.tidy(**tests)
        np.testing.assert_allclose(one["std_error"], other["std_error"], rtol=1e-5)
        np.testing.assert_allclose(one["df"], other["df"], rtol=1e-4)
    assert not np.allclose(
        plain.tidy(ddf="KR")["df"], plain.tidy(ddf="KR", ddf_information="observed")["df"], rtol=1e-3
    )


def test_balanced_repeated_measures_have_the_classical_f_test():
    data = hlmrs.datasets.load("Orthodont", "polars")
    fit = hlmrs.mmrm("distance ~ factor(age) * Sex", data, covariance="us", visit="age", subject="Subject")
    row = next(row for row in fit.anova().to_dicts() if row["term"] == "Sex")
    # between subjects: the analysis of variance of the subjects' means
    means = data.group_by("Subject", "Sex").agg(pl.col("distance").mean())
    own = [part["distance"].to_numpy() for part in means.partition_by("Sex")]
    within = sum(((one - one.mean()) ** 2).sum() for one in own) / (27 - 2)
    between = (own[0].mean() - own[1].mean()) ** 2 / (1 / len(own[0]) + 1 / len(own[1]))
    assert row["statistic"] == pytest.approx(between / within, rel=1e-6)
    assert row["den_df"] == pytest.approx(25, rel=1e-6)
    # within subjects: Hotelling's test of the visits has 27 - 2 - 3 + 1 degrees of freedom
    age = next(row for row in fit.anova().to_dicts() if row["term"] == "factor(age)")
    assert age["den_df"] == pytest.approx(23, rel=1e-6)


def test_the_first_structure_that_converges_is_taken():
    few = TRIAL.filter(pl.col("USUBJID").is_in([f"PT{k}" for k in range(1, 9)]))
    few = few.filter(~((pl.col("AVISIT") == "VIS4") & pl.col("USUBJID").is_in(["PT2", "PT3", "PT5", "PT8"])))
    only = few.filter(
        ~((pl.col("AVISIT") == "VIS3") & (pl.col("USUBJID").is_in(few.filter(pl.col("AVISIT") == "VIS4")["USUBJID"])))
    )
    call = {"data": only, "visit": "AVISIT", "subject": "USUBJID"}
    with pytest.warns(ConvergenceWarning, match=r"us\(AVISIT \| USUBJID\).*passed over for 'cs"):
        fit = hlmrs.mmrm("FEV1 ~ ARMCD", covariance=["us", "cs"], **call)
    assert fit.formula == "FEV1 ~ ARMCD"
    with pytest.raises(DesignError, match="no group has a row at both"):
        hlmrs.mmrm("FEV1 ~ ARMCD", covariance="us", **call)
    with pytest.raises(NumericalError, match="no structure of covariance="):
        hlmrs.mmrm("FEV1 ~ ARMCD", covariance=["us", "corr"], **call)


def test_arms_have_a_covariance_of_their_own():
    fit = hlmrs.mmrm("FEV1 ~ ARMCD", covariance="us", by="ARMCD", **CALL)
    own = hlmrs.mmrm("FEV1 ~ 1", TRIAL.filter(pl.col("ARMCD") == "TRT"), covariance="us(AVISIT | USUBJID)")
    np.testing.assert_allclose(
        fit.residual_covariance(level="TRT")[:, 1:].to_numpy(),
        own.residual_covariance()[:, 1:].to_numpy(),
        rtol=1e-3,
        atol=1e-2,
    )
    with pytest.raises(OptionError, match="'PBO', 'TRT'"):
        fit.residual_covariance(level="trt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "us"}, "write 'us\\(visit | subject\\)'"),
        ({"covariance": "us(AVISIT | USUBJID)", "visit": "AVISIT"}, "belong to a name alone"),
        ({"covariance": "us(AVISIT | USUBJID)", "ddf": "kr2"}, "ddf"),
        ({"covariance": "us(AVISIT | USUBJID)", "ddf": "normal", "ddf_information": "observed"}, "ddf_information"),
    ],
)
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        hlmrs.mmrm("FEV1 ~ ARMCD", TRIAL, **options)


def test_maximum_likelihood_has_satterthwaites_degrees_of_freedom():
    fit = hlmrs.mmrm("FEV1 ~ ARMCD", covariance="ar1", reml=False, **CALL)
    assert math.isfinite(of_arm(fit)["df"])
    assert of_arm(fit) == of_arm(fit, ddf="satterthwaite")
    with pytest.raises(DesignError, match="reml=True"):
        fit.tidy(ddf="kenward-roger")


def test_means_of_visits_and_their_contrasts_are_those_of_the_coefficients():
    fit = hlmrs.mmrm("FEV1 ~ ARMCD * AVISIT", covariance="us", **CALL)
    names = fit.tidy()["term"].to_list()
    means = fit.emmeans(["ARMCD", "AVISIT"]).to_dicts()
    table = fit.contrasts("ARMCD", by="AVISIT").to_dicts()
    assert [row["AVISIT"] for row in table] == ["VIS1", "VIS2", "VIS3", "VIS4"]
    for row in table:
        used = [name in ("ARMCDTRT", f"ARMCDTRT:AVISIT{row['AVISIT']}") for name in names]
        assert row["contrast"] == "PBO - TRT"
        assert row["estimate"] == pytest.approx(-fit.beta[used].sum(), rel=1e-8)
        control, treated = (
            next(own["estimate"] for own in means if (own["ARMCD"], own["AVISIT"]) == (arm, row["AVISIT"]))
            for arm in ("PBO", "TRT")
        )
        assert row["estimate"] == pytest.approx(control - treated, rel=1e-8)
    arm = names.index("ARMCDTRT")
    assert table[0]["std_error"] == pytest.approx(fit.tidy()["std_error"][arm], rel=1e-8)
    assert table[0]["df"] == pytest.approx(fit.tidy()["df"][arm], rel=1e-6)


def numbers(fit):
    return {name: value for name, value in of_arm(fit).items() if name != "term"}


def test_a_changed_and_a_saved_fit_keep_their_tests(fits, tmp_path):
    fit = fits["ar1"]
    smaller = hlmrs.mmrm("FEV1 ~ ARMCD + SEX", covariance="ar1", **CALL).update("~ . - SEX")
    assert numbers(smaller) == pytest.approx(numbers(fit), rel=1e-6)
    fit.save(tmp_path / "trial.fit", keep_rows=True)
    assert numbers(hlmrs.load(tmp_path / "trial.fit")) == pytest.approx(numbers(fit), rel=1e-6)


def test_checks_and_reports_have_what_there_is_without_random_effects(fits, tmp_path):
    fit = fits["us"]
    assert {check.name for check in fit.check().checks} == {"convergence", "homogeneity", "autocorrelation"}
    fit.report(tmp_path / "report.html")
    assert "A mixed model for repeated measures" in str(fit.text())
    assert "us(AVISIT | USUBJID)" in str(fit.text()).replace("\n", " ")
    for call in (fit.ranef, fit.check.random_effects, fit.check.group_residuals):
        with pytest.raises(DesignError, match="no random effects"):
            call()
