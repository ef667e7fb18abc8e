"""Degrees of freedom: those of classical ANOVA, of other implementations, and of dense algebra."""

import json
import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import FOLDER, rows
from hlmrs.inference import DDF_METHODS, contrast_rows, joint_test, vcov
from kinds_of_models import rows_of_groups

GOLDEN = json.loads((FOLDER / "degrees_of_freedom.json").read_text())["cases"]
METHODS = ["satterthwaite", "kenward-roger"]


def fitted(formula: str, data: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return hlmrs.lmer(formula, data, **options)


def golden_fit(case: dict[str, Any]) -> Any:
    data = hlmrs.datasets.load(case["dataset"], "polars")
    kept = np.delete(np.arange(len(data)), np.array(case["drop"], dtype=int).ravel() - 1)
    return fitted(case["formula"], data[kept])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: c["formula"])
def test_unbalanced_data_get_the_degrees_of_freedom_of_lmertest_and_pbkrtest(case, method):
    fit, want = golden_fit(case), case[method]
    p = len(fit.beta)
    _, std_error, df = contrast_rows(fit._estimate, np.eye(p), method)
    # what is left is the accuracy of lmerTest's differences
    np.testing.assert_allclose(std_error, want["std_error"], rtol=1e-6)
    np.testing.assert_allclose(df, want["df"], rtol=1e-5)
    if want["joint"]:
        got = joint_test(fit._estimate, np.eye(p)[1:], method)
        np.testing.assert_allclose(got, list(want["joint"].values()), rtol=1e-5)


def test_a_balanced_split_plot_has_the_df_and_f_of_its_anova_table():
    data = hlmrs.datasets.load("Oats", "polars").with_columns(nitro=pl.col("nitro").cast(pl.String))
    fit = fitted("yield ~ Variety * nitro + (1 | Block/Variety)", data, contrasts={"Variety": "sum", "nitro": "sum"})
    y = data.sort("Block", "Variety", "nitro")["yield"].to_numpy().reshape(6, 3, 4)
    grand = y.mean()
    variety = 24 * ((y.mean(axis=(0, 2)) - grand) ** 2).sum() / 2
    plots = y.mean(axis=2)
    whole = 4 * ((plots - plots.mean(axis=1)[:, None] - plots.mean(axis=0) + grand) ** 2).sum() / 10
    nitro = 18 * ((y.mean(axis=(0, 1)) - grand) ** 2).sum() / 3
    cells = y.mean(axis=0)
    within = ((y - plots[:, :, None] - cells[None] + plots.mean(axis=0)[None, :, None]) ** 2).sum() / 45
    eye = np.eye(12)
    names = fit.coef_names
    main = {"Variety": (variety / whole, 10), "nitro": (nitro / within, 45)}
    for method in METHODS:
        for term, (statistic, df) in main.items():
            members = [k for k, name in enumerate(names) if name.startswith(term) and ":" not in name]
            got = joint_test(fit._estimate, eye[members], method)
            np.testing.assert_allclose(got, (len(members), df, statistic), rtol=1e-6)
    assert contrast_rows(fit._estimate, eye, "containment")[2].tolist() == [5.0] + 2 * [10.0] + 9 * [45.0]
    assert contrast_rows(fit._estimate, eye, "between-within")[2].tolist() == [5.0] + 2 * [10.0] + 9 * [45.0]


def test_a_balanced_one_way_mean_has_one_less_df_than_groups():
    fit = fitted("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    for method in [*METHODS, "containment", "between-within"]:
        (row,) = rows(fit.tidy(ddf=method))
        assert row["df"] == pytest.approx(5, rel=1e-6), method


def unbalanced() -> pl.DataFrame:
    """Two crossed factors, a slope, weights; 70 rows."""
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 8, 70), rng.integers(0, 6, 70)
    x = rng.normal(size=70) + 0.1 * a
    y = 1 + x + rng.normal(size=8)[a] + 0.7 * rng.normal(size=8)[a] * x + rng.normal(size=6)[b] + rng.normal(size=70)
    return pl.DataFrame({"y": y, "x": x, "a": a.astype(str), "b": b.astype(str), "w": rng.uniform(0.5, 2, 70)})


def dense(fit: Any, data: pl.DataFrame) -> tuple[Any, list[Any], np.ndarray, np.ndarray]:
    """V and its derivatives in the covariances of (x | a), the variance of (1 | b) and sigma^2; X and y."""
    x = np.column_stack([np.ones(len(data)), data["x"].to_numpy()])
    za, zb = ((data[g].to_numpy()[:, None] == np.unique(data[g].to_numpy())).astype(float) for g in "ab")
    z0, z1 = za, za * x[:, [1]]
    g = [z0 @ z0.T, z0 @ z1.T + z1 @ z0.T, z1 @ z1.T, zb @ zb.T, np.diag(1 / data["w"].to_numpy())]
    table = rows(fit.varcorr())
    variance = {(r["group"], r["term1"], r["term2"]): r["variance"] for r in table}
    one = "(Intercept)"
    gamma = [variance["a", one, None], variance.get(("a", one, "x"), variance.get(("a", "x", one))),
             variance["a", "x", None], variance["b", one, None], fit.sigma**2]  # fmt: skip
    return np.array(gamma), g, x, data["y"].to_numpy()


def test_weighted_crossed_slopes_agree_with_dense_algebra():
    data = unbalanced()
    fit = fitted("y ~ x + (x | a) + (1 | b)", data, weights="w")
    gamma, g, x, y = dense(fit, data)
    v = np.linalg.inv(sum(c * m for c, m in zip(gamma, g, strict=True)))
    phi = np.linalg.inv(x.T @ v @ x)
    p = v - v @ x @ phi @ x.T @ v
    n = range(len(g))
    # Kenward and Roger (1997), equations 3 to 5
    big_p = [-x.T @ v @ m @ v @ x for m in g]
    big_q = [[x.T @ v @ g[i] @ v @ g[j] @ v @ x for j in n] for i in n]
    expected = np.array([[np.trace(p @ g[i] @ p @ g[j]) / 2 for j in n] for i in n])
    w = np.linalg.inv(expected)
    middle = sum(w[i, j] * (big_q[i][j] - big_p[i] @ phi @ big_p[j]) for i in n for j in n)
    np.testing.assert_allclose(vcov(fit._estimate, "kenward-roger"), phi + 2 * phi @ middle @ phi, rtol=1e-6)
    slope = np.array([phi @ m @ phi for m in big_p])[:, 1, 1]
    df = contrast_rows(fit._estimate, [0, 1], "kenward-roger")[2]
    np.testing.assert_allclose(df, 2 * phi[1, 1] ** 2 / (slope @ w @ slope), rtol=1e-6)
    # Satterthwaite: the observed information of the REML criterion
    py = p @ y
    observed = np.array([[py @ g[i] @ p @ g[j] @ py for j in n] for i in n]) - expected
    df = contrast_rows(fit._estimate, [0, 1], "satterthwaite")[2]
    np.testing.assert_allclose(df, 2 * phi[1, 1] ** 2 / (slope @ np.linalg.inv(observed) @ slope), rtol=1e-5)


def test_one_row_is_the_same_as_a_joint_test_of_one():
    fit = fitted("y ~ x + (x | a) + (1 | b)", unbalanced())
    for method in DDF_METHODS:
        if method == "between-within":
            continue
        value, std_error, df = (v[0] for v in contrast_rows(fit._estimate, [0.3, 1], method))
        want = (1, df, (value / std_error) ** 2)
        np.testing.assert_allclose(joint_test(fit._estimate, [[0.3, 1], [0.6, 2]], method), want, rtol=1e-9)


def test_units_of_columns_change_no_degrees_of_freedom():
    data = unbalanced()
    other = data.with_columns(x=pl.col("x") * 1e4 + 5e5, y=pl.col("y") * 1e3 - 1e5)
    for method in METHODS:
        one, two = (fitted("y ~ x + (x | a) + (1 | b)", d)._estimate for d in (data, other))
        a, b = (contrast_rows(e, [0, 1], method)[2][0] for e in (one, two))
        assert a == pytest.approx(b, rel=1e-5)


@pytest.mark.parametrize("scale", [1e90, 1e-90, 1e140])
@pytest.mark.parametrize("method", METHODS)
def test_units_of_the_response_change_no_degrees_of_freedom(scale, method):
    data = hlmrs.datasets.load("sleepstudy", "polars")
    formula = "Reaction ~ Days + (Days | Subject)"
    want = hlmrs.lmer(formula, data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = hlmrs.lmer(formula, data.with_columns(pl.col("Reaction") * scale))
        np.testing.assert_allclose(got.tidy(ddf=method)["df"], want.tidy(ddf=method)["df"], rtol=1e-5)
        tests, same = got.anova(ddf=method), want.anova(ddf=method)
        np.testing.assert_allclose(tests["den_df"], same["den_df"], rtol=1e-5)
        np.testing.assert_allclose(tests["statistic"], same["statistic"], rtol=1e-5)
        means, of_one = got.emmeans("Days", ddf=method), want.emmeans("Days", ddf=method)
        np.testing.assert_allclose(means["df"], of_one["df"], rtol=1e-5)
        high = got.predict(data[:3], interval="prediction")["conf_high"]
    np.testing.assert_allclose(high / scale, want.predict(data[:3], interval="prediction")["conf_high"], rtol=1e-5)


def test_a_response_whose_squares_are_no_numbers_is_refused_as_that():
    data = hlmrs.datasets.load("sleepstudy", "polars").with_columns(pl.col("Reaction") * 1e300)
    with pytest.raises(hlmrs.NumericalError, match="squares of the response are too large"):
        hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data)


def test_what_the_data_do_not_determine_is_missing():
    data = unbalanced().with_columns(twice=2 * pl.col("x") + 1)
    fit = fitted("y ~ x + twice + (1 | a)", data)
    combinations = np.array([[0, 1, 0], [0, 1, 2], [0.5, 0, 0.5], [-1, 0, 1]])
    value, std_error, df = contrast_rows(fit._estimate, combinations)
    assert np.isnan(value).tolist() == np.isnan(df).tolist() == [True, False, False, True]
    assert std_error[1] > 0
    assert np.isnan(joint_test(fit._estimate, combinations[:2])[2])
    assert value[1] == pytest.approx(fit.beta[1])


def test_every_table_has_the_same_default():
    fit = fitted("y ~ x + (1 | a)", unbalanced())
    df = [row["df"] for row in rows(fit.tidy())]
    assert df == [row["df"] for row in fit.to_dict()["fixed"]]
    np.testing.assert_array_equal(df, contrast_rows(fit._estimate, np.eye(2))[2])
    low, high = rows(fit.confint())[1]["conf_low"], rows(fit.tidy())[1]["conf_low"]
    assert low == high
    assert "Satterthwaite" in str(fit.summary())


def test_refusals_say_why_and_what_else_there_is():
    fit = fitted("y ~ x + (1 | a) + (1 | b)", unbalanced(), reml=False)
    with pytest.raises(hlmrs.DesignError, match="reml=True"):
        fit.tidy(ddf="kenward-roger")
    with pytest.raises(hlmrs.DesignError, match="nested"):
        fit.tidy(ddf="between-within")
    with pytest.raises(hlmrs.OptionError, match="'satterthwaite'"):
        fit.tidy(ddf="welch")
    with pytest.raises(hlmrs.OptionError, match="have shape"):
        contrast_rows(fit._estimate, [1, 2, 3])
    days = hlmrs.datasets.load("sleepstudy", "polars").with_columns(day=pl.col("Days").cast(pl.Int32).cast(pl.String))
    structured = fitted("Reaction ~ Days + ar1(0 + day | Subject)", days)
    with pytest.raises(hlmrs.DesignError, match="ar1"):
        structured.tidy(ddf="kenward-roger")
    assert all(row["df"] > 1 for row in rows(structured.tidy()))


def test_a_stopped_fit_warns_that_its_degrees_of_freedom_are_approximate():
    fit = fitted("y ~ x + (x | a) + (1 | b)", unbalanced(), control=hlmrs.Control(max_evaluations=2))
    with pytest.warns(hlmrs.InferenceWarning, match="not at an optimum"):
        fit.tidy()


def test_a_fit_with_hardly_any_residuals_has_no_tests_and_says_so():
    rng = np.random.default_rng(9)
    y = np.repeat(rng.normal(size=8), 6) + 1e-6 * rng.normal(size=48)
    data = {"y": y, "x": rng.normal(size=48), "g": np.repeat(np.arange(8), 6)}
    with pytest.warns(hlmrs.ConvergenceWarning, match="numbers of this fit are not to be used") as warned:
        fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    asked = {
        "tidy": lambda: fit.tidy()["p_value"],
        "tidy by Kenward-Roger": lambda: fit.tidy(ddf="kenward-roger")["p_value"],
        "anova": lambda: fit.anova()["p_value"],
        "anova by Kenward-Roger": lambda: fit.anova(ddf="kenward-roger")["p_value"],
        "predict": lambda: fit.predict({"x": [0.0], "g": [1]}, interval="prediction")["conf_low"],
        "summary": fit.summary,
    }
    answers, messages = {}, [str(warning.message) for warning in warned]
    for name, ask in asked.items():
        with pytest.warns(hlmrs.InferenceWarning, match="reproduces the response") as also:
            answers[name] = ask()
        messages += [str(warning.message) for warning in also]
    assert not any("normal'" in message for message in messages)
    assert "not to be used" in str(answers.pop("summary"))
    assert {name: np.isnan(numbers).all() for name, numbers in answers.items()} == dict.fromkeys(answers, True)


def test_a_check_of_a_fit_without_an_optimum_does_not_call_it_verified():
    rng = np.random.default_rng(9)
    y = np.repeat(rng.normal(size=8), 6) + 1e-6 * rng.normal(size=48)
    exact = {"y": y, "x": rng.normal(size=48), "g": np.repeat(np.arange(8), 6)}
    with pytest.warns(hlmrs.ConvergenceWarning):
        fits = [hlmrs.lmer("y ~ x + (1 | g)", exact)]
    fits.append(fitted("y ~ x + (x | a) + (1 | b)", unbalanced(), control=hlmrs.Control(max_evaluations=2)))
    checks = [fit.check.convergence() for fit in fits]
    assert [check.verdict for check in checks] == ["concern"] * 2
    assert not any("verified" in repr(check) for check in checks)
    assert "not to be used" in checks[0].finding


def test_a_saved_fit_keeps_its_degrees_of_freedom(tmp_path):
    fit = fitted("y ~ x + (x | a) + (1 | b)", unbalanced())
    fit.save(tmp_path / "a.fit")
    again = hlmrs.load(tmp_path / "a.fit")
    for method in METHODS:
        assert [r["df"] for r in rows(again.tidy(ddf=method))] == [r["df"] for r in rows(fit.tidy(ddf=method))]


def test_a_homogeneous_structure_has_kenward_rogers_adjustment():
    data = unbalanced().with_columns(c=pl.when(pl.col("x") > 0).then(pl.lit("u")).otherwise(pl.lit("v")))
    fit = fitted("y ~ x + homcs(0 + c | a)", data)
    nested = fitted("y ~ x + (1 | a) + (1 | a:c)", data)
    for method in METHODS:  # compound symmetry is a sum of two variances, where the correlation is not negative
        got, want = rows(fit.tidy(ddf=method))[1], rows(nested.tidy(ddf=method))[1]
        assert fit.criterion == pytest.approx(nested.criterion, abs=1e-6)
        assert (got["std_error"], got["df"]) == pytest.approx((want["std_error"], want["df"]), rel=1e-4)


def test_degrees_of_freedom_have_no_ceiling():
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(400), 30), rng.normal(size=12_000)
    y = x + rng.normal(size=400)[g] + rng.normal(size=12_000)
    df = fitted("y ~ x + (1 | g)", pl.DataFrame({"y": y, "x": x, "g": g})).tidy()["df"].to_list()
    assert df[0] == pytest.approx(399, rel=0.02)
    assert df[1] == pytest.approx(11_600, rel=0.01)


def test_kenward_roger_refuses_what_is_too_large_and_says_how_large():
    a = np.repeat([0, 1], [10_020, 10])
    b = np.repeat(np.arange(5015), 2)
    y = np.random.default_rng(1).normal(size=len(a)) + np.random.default_rng(2).normal(size=5015)[b]
    fit = fitted("y ~ 1 + (1 | a/b)", pl.DataFrame({"y": y, "a": a, "b": b}))
    with pytest.raises(hlmrs.DesignError, match="5011 here, at most 5000"):
        fit.tidy(ddf="kenward-roger")


@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_where_the_data_say_nothing_of_a_variance_intervals_have_no_end(random):
    # two groups that differ in w: between groups there is one comparison, and w takes it
    data = rows_of_groups(2, 30)
    fit = fitted(f"y ~ x + w + {random}", data)
    assert fit.verdict.status == "flat"
    table = {row["term"]: row for row in rows(fit.tidy())}
    assert table["w"]["df"] < 1e-3
    assert table["w"]["p_value"] > 0.99
    assert (table["w"]["conf_low"], table["w"]["conf_high"]) == (-math.inf, math.inf)
    if "h" in random:  # the rest is as if the groups were fixed
        x = {row["term"]: row for row in rows(fitted("y ~ x + g + (1 | h)", data).tidy())}["x"]
        assert table["x"]["df"] == pytest.approx(x["df"], rel=1e-3)
        assert table["x"]["std_error"] == pytest.approx(x["std_error"], rel=1e-4)
    with pytest.raises(hlmrs.NumericalError, match="singular"):
        fit.tidy(ddf="kenward-roger")


def test_degrees_of_freedom_that_are_not_given_are_those_of_the_covariance():
    fit = fitted("y ~ x + (x | a) + (1 | b)", unbalanced())
    want = rows(fit.tidy(ddf="kenward-roger"))
    for options in (hlmrs.TestOptions(vcov="kenward-roger"), hlmrs.TestOptions(level=0.95)):
        assert rows(fit.tidy(options=options, vcov="kenward-roger")) == want
        assert rows(fit.tidy(options=options, vcov="model")) == rows(fit.tidy(ddf="satterthwaite"))
    assert rows(fit.tidy(vcov="kenward-roger", ddf="KR")) == want
