"""Checks against other implementations, definitions and data that are made to fail them."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import golden
import hlmrs
from golden import library, rows
from hlmrs.diagnostics.homogeneity import against_fitted, brown_forsythe, group_statistic
from hlmrs.diagnostics.normality import _p_value, anderson_darling, moments
from hlmrs.errors import DataError, OptionError

REFERENCE = json.loads((golden.FOLDER / "influence.json").read_text())


def simulated(seed=1, groups=30, size=20, slope=0.5, between=0.0, spread=None, ar=0.0):
    """Random intercepts, one covariate; groups' standard deviations by `spread`, errors by an autoregression."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=g.size) + rng.normal(size=groups)[g]
    means = np.bincount(g, x)[g] / size
    e = rng.normal(size=g.size)
    for i in range(1, e.size):
        if g[i] == g[i - 1]:
            e[i] = ar * e[i - 1] + np.sqrt(1 - ar**2) * e[i]
    sd = np.ones(groups) if spread is None else np.exp(spread * rng.normal(size=groups))
    y = 1 + slope * x + between * means + rng.normal(size=groups)[g] + sd[g] * e
    return {"y": y, "x": x, "g": g.astype(str), "t": np.tile(np.arange(size), groups)}


def test_the_statistic_of_anderson_and_darling_is_scipys():
    rng = np.random.default_rng(3)
    for n in (12, 50, 400):
        for values in (rng.normal(size=n), rng.exponential(size=n)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of how the p value is found
                expected = stats.anderson(values, "norm").statistic
            assert anderson_darling(values)[0] == pytest.approx(expected, rel=1e-10)


def test_p_values_of_normality_are_uniform_under_it():
    rng = np.random.default_rng(5)
    p = np.array([anderson_darling(rng.normal(size=40))[1] for _ in range(2000)])
    for level in (0.01, 0.05, 0.2, 0.5):
        assert np.mean(p < level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 2000))


def test_normality_asks_for_the_size_of_the_departure():
    data = simulated(groups=60, size=30)
    assert hlmrs.lmer("y ~ x + (1 | g)", data).check.normality().verdict == "no concern"
    heavy = dict(data, y=data["y"] + 0.8 * np.random.default_rng(2).standard_t(2, size=1800))
    check = hlmrs.lmer("y ~ x + (1 | g)", heavy).check.normality()
    assert check.verdict == "look closer"
    assert "Residuals: not normal (p < 0.001" in check.finding


def test_the_table_of_normality_has_sizes_shapes_and_p_values():
    fit = hlmrs.lmer("y ~ x + (1 | g)", simulated(groups=40, size=6))
    table = rows(fit.check.normality().to_frame())
    assert [(row["group"], row["term"], row["n"]) for row in table] == [
        ("Residual", None, 240),
        ("g", "(Intercept)", 40),
    ]
    samples = [fit.resid("studentized"), [row["standardized"] for row in rows(fit.check.group_residuals("g"))]]
    for row, values in zip(table, map(np.asarray, samples), strict=True):
        assert row["skewness"] == pytest.approx(stats.skew(values))
        assert row["kurtosis"] == pytest.approx(stats.kurtosis(values))
        assert (row["statistic"], row["p_value"]) == pytest.approx(anderson_darling(values))


def test_moments_are_scipys_and_of_equal_values_there_are_none():
    values = np.random.default_rng(1).exponential(size=30)
    assert moments(values) == pytest.approx((stats.skew(values), stats.kurtosis(values)))
    assert np.isnan(moments(np.ones(5))).all()


def test_p_values_of_anderson_and_darling_are_those_of_stephens():
    # D'Agostino and Stephens (1986), table 4.7: upper tail of A² (1 + 0.75/n + 2.25/n²), mean and variance estimated
    for a, p in ((0.561, 0.15), (0.631, 0.10), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01), (1.159, 0.005)):
        assert _p_value(a) == pytest.approx(p, rel=0.03)
    for joint in (0.2, 0.34, 0.6):  # the pieces of the approximation meet
        assert _p_value(joint - 1e-9) == pytest.approx(_p_value(joint), abs=0.005)
    assert _p_value(0.1) > 0.99
    assert 0 < _p_value(12.0) < 1e-20
    assert np.isnan(anderson_darling(np.arange(7.0))[1])
    assert not np.isnan(anderson_darling(np.arange(8.0))[1])
    assert np.isnan(anderson_darling(np.ones(20))[1])


def test_h_is_raudenbush_and_bryks():
    rng = np.random.default_rng(4)
    df = rng.integers(10, 40, size=25).astype(float)
    rss = df * rng.uniform(0.5, 2, size=25)
    h, count, p, _, used = group_statistic(rss, df)
    mean = np.sum(df * np.log(rss / df)) / df.sum()
    expected = np.sum(((np.log(rss / df) - mean) / np.sqrt(2 / df)) ** 2)
    assert (h, count, used) == (pytest.approx(expected), 24, 25)
    assert p == pytest.approx(stats.chi2.sf(expected, 24))


def test_the_regressions_of_groups_leave_what_least_squares_leaves():
    fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", golden.data("Hsb82", "polars"))
    found = hlmrs.diagnostics.groups.regressions(fit._estimate, 0)
    codes, y = fit._estimate.rows.group_codes(0), fit._estimate.rows.response()
    cses = fit._estimate.rows.model_matrix()[:, fit.coef_names.index("cses")]
    for k in (0, 17, 159):
        own = codes == k
        design = np.column_stack([np.ones(own.sum()), cses[own]])
        rest = y[own] - design @ np.linalg.lstsq(design, y[own], rcond=None)[0]
        assert found["rss"][k] == pytest.approx(rest @ rest, rel=1e-9)
        assert found["df"][k] == own.sum() - 2


def test_brown_and_forsythes_test_is_scipys():
    rng = np.random.default_rng(6)
    sizes = [5, 8, 13, 30]
    samples = [rng.normal(size=n) * (1 + k) for k, n in enumerate(sizes)]
    f, num, den = brown_forsythe(np.concatenate(samples), np.repeat(np.arange(4), sizes))
    expected = stats.levene(*samples, center="median")
    assert f == pytest.approx(expected.statistic)
    assert stats.f.sf(f, num, den) == pytest.approx(expected.pvalue)


def test_homogeneity_tells_unequal_groups_from_equal_ones():
    assert hlmrs.lmer("y ~ x + (1 | g)", simulated()).check.homogeneity().verdict == "no concern"
    check = hlmrs.lmer("y ~ x + (1 | g)", simulated(spread=0.5)).check.homogeneity()
    assert check.verdict == "look closer"
    assert check.p_value < 1e-6
    assert "Residual variances of all 30 groups of g differ" in check.finding


def test_the_table_of_homogeneity_has_three_tests_with_their_degrees_of_freedom():
    fit = hlmrs.lmer("y ~ x + (1 | g)", simulated(groups=12, size=13, spread=0.4))
    check = fit.check.homogeneity()
    h, brown, koenker = rows(check.to_frame())
    assert [row["across"] for row in (h, brown, koenker)] == ["g", "g", "fitted values"]
    assert [(row["num_df"], row["den_df"]) for row in (h, brown, koenker)] == [(11, np.inf), (11, 144), (1, np.inf)]
    assert h["p_value"] == pytest.approx(stats.chi2.sf(h["statistic"], 11))
    resid = np.asarray(fit.resid("studentized"))
    samples = [resid[13 * k : 13 * k + 13] for k in range(12)]
    levene = stats.levene(*samples, center="median")
    assert (brown["statistic"], brown["p_value"]) == (pytest.approx(levene.statistic), pytest.approx(levene.pvalue))
    # Koenker (1981): n R² of the squares on the fitted values
    design = np.column_stack([np.ones(156), fit.fitted])
    squares = resid**2
    rest = squares - design @ np.linalg.lstsq(design, squares, rcond=None)[0]
    share = 1 - rest @ rest / np.sum((squares - squares.mean()) ** 2)
    assert koenker["statistic"] == pytest.approx(156 * share)
    assert koenker["p_value"] == pytest.approx(stats.chi2.sf(156 * share, 1))
    order = np.argsort(fit.fitted)
    ratio = np.sqrt(squares[order[-52:]].mean() / squares[order[:52]].mean())
    assert against_fitted(resid, fit.fitted) == pytest.approx((koenker["statistic"], koenker["p_value"], ratio))


def test_the_spread_of_log_standard_deviations_is_by_moments():
    # H - E(H), over the factor of the moment equation of DerSimonian and Laird, for variances 2/f of the logs
    rng = np.random.default_rng(4)
    f = rng.integers(10, 40, size=25).astype(float)
    rss = f * np.exp(rng.normal(size=25))
    h, _, _, spread, _ = group_statistic(rss, f)
    w = f / 2
    assert (2 * spread) ** 2 == pytest.approx((h - 24) / (w.sum() - (w**2).sum() / w.sum()))
    assert group_statistic(f, f)[3] == 0.0
    assert np.isnan(group_statistic(rss[:1], f[:1])[0])
    assert group_statistic(rss, np.full(25, 1.0))[4] == 0


def test_inflation_factors_are_cars():
    fit = hlmrs.lmer("mAch ~ meanses * cses + sector + minrty + (1 | school)", golden.data("Hsb82", "polars"))
    own = {row["term"]: row["gvif"] for row in rows(fit.check.collinearity().to_frame())}
    assert own == {term: pytest.approx(value, rel=1e-4) for term, value in REFERENCE["vif"].items()}
    split = hlmrs.lmer("yield ~ Variety * nitro + (1 | Block)", golden.data("Oats", "polars"))
    table = rows(split.check.collinearity().to_frame())
    assert [row["gvif"] for row in table] == pytest.approx(REFERENCE["gvif"]["gvif"], rel=1e-4)
    assert [row["df"] for row in table] == REFERENCE["gvif"]["df"]


def test_collinear_columns_are_of_concern():
    data = simulated()
    data["x2"] = data["x"] + 0.05 * np.random.default_rng(9).normal(size=600)
    check = hlmrs.lmer("y ~ x + x2 + (1 | g)", data).check.collinearity()
    assert check.verdict == "concern"
    assert "high" in check.finding


def test_an_outlying_row_and_group_are_found():
    data = simulated()
    data["y"][77] += 9
    data["y"][data["g"] == "12"] += 9
    table = rows(hlmrs.lmer("y ~ x + (1 | g)", data).check.outliers().to_frame())
    assert {(row["kind"], row["level"]) for row in table} == {("row", "77"), ("g", "12")}


def neighbours_by_dense_algebra(fit, covariances, codes, weights):
    """Score of an autoregression beside V = R + sum of theta_k^2 C_k, C_k given: its one step from zero, and z."""
    x, n = fit._estimate.rows.model_matrix(), len(codes)
    root = np.sqrt(weights)
    step = np.diag((codes[1:] == codes[:-1]).astype(float), 1)
    step = (step + step.T) / np.outer(root, root)
    parts = [2 * theta * c for theta, c in zip(fit.theta, covariances, strict=True)]
    v = np.diag(1 / weights) + sum(theta**2 * c for theta, c in zip(fit.theta, covariances, strict=True))
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    py = p @ np.asarray(fit.fitted + fit.resid())
    sigma2 = (py @ v @ py) / (n - x.shape[1])
    scores = np.array([(py @ b @ py / sigma2 - np.trace(p @ b)) / 2 for b in [v, *parts, step]])
    products = [p @ b for b in [v, *parts, step]]
    information = np.array([[np.sum(a * b.T) / 2 for b in products] for a in products])
    on_others = np.linalg.lstsq(information[:-1, :-1], information[:-1, -1], rcond=1e-12)[0]
    score = scores[-1] - on_others @ scores[:-1]
    left = information[-1, -1] - on_others @ information[:-1, -1]
    return score / left, score / np.sqrt(left)


def same_level(values):
    codes = np.unique(np.asarray(values).astype(str), return_inverse=True)[1]
    return (codes[:, None] == codes).astype(float)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("n", [240, 700], ids=["every row", "probes"])
def test_the_score_of_an_autoregression_is_dense_algebra(n, reml):
    rng = np.random.default_rng(n)
    g, item, w = np.sort(rng.integers(20, size=n)), rng.integers(9, size=n), rng.uniform(0.3, 3, n)
    t = rng.normal(size=n)
    y = (
        t
        + rng.normal(size=20)[g]
        + 0.5 * t * rng.normal(size=20)[g]
        + rng.normal(size=9)[item]
        + rng.normal(size=n) / w**0.5
    )
    data = {"y": y, "t": t, "w": w, "g": g.astype(str), "item": item.astype(str)}
    fit = hlmrs.lmer("y ~ t + (t || g) + (1 | item)", data, weights="w", reml=reml)
    slopes = same_level(g) * np.outer(t, t)
    estimate, z = neighbours_by_dense_algebra(fit, [same_level(g), slopes, same_level(item)], g, w)
    row = rows(fit.check.autocorrelation("g").to_frame())[0]
    # every row: exact; probes: the information is estimated
    assert row["statistic"] == pytest.approx(z, rel=1e-7 if n < 600 else 0.01)
    assert row["correlation"] == pytest.approx(estimate, rel=1e-7 if n < 600 else 0.02)


def test_a_variance_of_zero_takes_nothing_from_the_score_of_an_autoregression():
    data = hlmrs.datasets.load("Dyestuff2", "polars")
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", data)
    codes = np.unique(data["Batch"].to_list(), return_inverse=True)[1]
    _, z = neighbours_by_dense_algebra(fit, [same_level(codes)], codes, np.ones(30))
    assert rows(fit.check.autocorrelation().to_frame())[0]["statistic"] == pytest.approx(z, rel=1e-7)


@pytest.mark.parametrize("groups", [6, 12])
def test_the_test_of_autocorrelation_has_its_size_with_slopes_and_few_groups(groups):
    rng, p = np.random.default_rng(groups), []
    g = np.repeat(np.arange(groups), rng.integers(5, 12, groups))
    t = np.concatenate([np.arange(k) for k in np.bincount(g)]).astype(float)
    for _ in range(400):
        b = rng.normal(size=(groups, 2)) * [1, 0.3]
        data = {"y": b[g, 0] + b[g, 1] * t + rng.normal(size=len(g)), "t": t, "g": g.astype(str)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
            p.append(hlmrs.lmer("y ~ t + (t | g)", data).check.autocorrelation(order="t").p_value)
    # 400 tests at 5 %: 99.8 % of counts are within 9 to 34
    assert 9 <= sum(value < 0.05 for value in p) <= 34


def test_autocorrelation_is_found_in_the_order_asked_for():
    data = simulated(ar=0.5)
    fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    assert rows(fit.check.autocorrelation(order="t").to_frame())[0]["correlation"] == pytest.approx(0.5, abs=0.1)
    shuffled = np.random.default_rng(8).permutation(600)
    again = hlmrs.lmer("y ~ x + (1 | g)", {name: values[shuffled] for name, values in data.items()})
    assert again.check.autocorrelation(order="t").p_value == pytest.approx(fit.check.autocorrelation().p_value)
    assert again.check.autocorrelation().verdict == "no concern"
    with pytest.raises(OptionError, match="did you mean 't'"):
        fit.check.autocorrelation(order="T")


def test_the_order_of_rows_may_be_given_as_values():
    data = simulated(ar=0.5)
    shuffled = np.random.default_rng(8).permutation(600)
    frame = pd.DataFrame(data).iloc[shuffled]
    fit = hlmrs.lmer("y ~ x + (1 | g)", frame)
    want = fit.check.autocorrelation(order="t").p_value
    places = frame["t"].map(lambda t: f"{-t}")  # in no order of the alphabet
    ordered = places.astype(pd.CategoricalDtype([f"{-t}" for t in np.unique(data["t"])], ordered=True))
    for order in (frame["t"], frame["t"].sort_index(), frame["t"].to_numpy(), ordered):
        assert fit.check.autocorrelation(order=order).p_value == want
    assert rows(fit.check.autocorrelation(order=frame["t"]).to_frame())[0]["order"] == "t"
    with pytest.raises(DataError, match="order has shape"):
        fit.check.autocorrelation(order=frame["t"].to_numpy()[:5])
    with pytest.raises(OptionError, match="order=t is missing"):
        fit.check.autocorrelation(order=frame["t"].where(frame["t"] > frame["t"].min()))


@pytest.mark.parametrize("seed", [1, 2])
def test_effects_between_groups_are_told_from_those_within(seed):
    assert hlmrs.lmer("y ~ x + (1 | g)", simulated(seed)).check.heterogeneity_bias().verdict == "no concern"
    check = hlmrs.lmer("y ~ x + (1 | g)", simulated(seed, between=1.5)).check.heterogeneity_bias()
    assert check.verdict == "look closer"
    assert "group means" in check.finding


def test_the_score_of_a_group_mean_is_dense_algebra():
    data = simulated()
    fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    codes, x = fit._estimate.rows.group_codes(0), fit._estimate.rows.model_matrix()
    v = np.eye(600) + fit.theta[0] ** 2 * (codes[:, None] == codes)
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    mean = (np.bincount(codes, data["x"]) / 20)[codes]
    expected = (mean @ p @ data["y"]) ** 2 / (mean @ p @ mean) / fit.sigma**2
    row = rows(fit.check.heterogeneity_bias().to_frame())[0]
    assert row["statistic"] == pytest.approx(expected, rel=1e-6)
    assert row["difference"] == pytest.approx((mean @ p @ data["y"]) / (mean @ p @ mean), rel=1e-6)
    assert row["std_error"] == pytest.approx(fit.sigma / np.sqrt(mean @ p @ mean), rel=1e-6)


def test_a_contextual_effect_at_the_variances_of_the_larger_model_is_its_coefficient():
    data = simulated(between=1.5)
    codes = np.unique(data["g"], return_inverse=True)[1]
    x = np.asarray(data["x"])
    mean = (np.bincount(codes, x) / np.bincount(codes))[codes]
    larger = hlmrs.lmer("y ~ x + m + (1 | g)", data | {"m": mean})
    row = rows(hlmrs.lmer("y ~ x + (1 | g)", data).check.heterogeneity_bias().to_frame())[0]
    want = rows(larger.tidy())[2]
    assert row["difference"] == pytest.approx(want["estimate"], rel=0.05)
    assert row["std_error"] > want["std_error"]  # the variance between groups of the smaller model holds the effect


def test_a_large_contextual_effect_has_a_line_of_the_summary():
    raw = hlmrs.lmer("mAch ~ ses + sx + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))
    text = " ".join(str(raw.summary()).split())
    assert "ses: one coefficient for its effect within and between school, which differ (contextual effect 3.6" in text
    assert "sxFemale: one" not in text
    for formula in ("mAch ~ cses + meanses + (1 | school)", "mAch ~ ses + meanses + (1 | school)"):
        apart = hlmrs.lmer(formula, hlmrs.datasets.load("Hsb82", "polars"))
        assert "one coefficient" not in str(apart.summary())


def test_a_small_contextual_effect_is_left_to_the_check():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(200), 50)
    means = rng.normal(size=200)
    x = means[g] + rng.normal(size=10_000)
    y = x + 0.08 * means[g] + rng.normal(size=10_000) + 0.1 * rng.normal(size=200)[g]
    fit = hlmrs.lmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g})
    assert fit.check.heterogeneity_bias().p_value < 0.05
    assert "one coefficient" not in str(fit.summary())


def test_singular_and_small_designs_are_said_to_be_so():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2"))
    found = fit.check()
    assert found["singularity"].verdict == "look closer"
    assert "estimated as zero" in found["singularity"].finding
    assert found.verdict == "look closer"
    assert len(rows(found.to_frame())) == len(found.checks) == 7
    assert repr(found).startswith("Checks of the model: look closer\n\nSingularity: look closer")


def test_tables_come_back_in_the_callers_kind():
    for kind in ("polars", "pandas", "pyarrow", "dict"):
        fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", kind))
        for table in (fit.check(order="Days").to_frame(), fit.check.normality().to_frame(), fit.check.leverage()):
            assert library(table) == kind


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_effects_between_groups_are_found_in_any_unit_of_the_covariate(unit):
    data = simulated(between=0.3)
    one = rows(hlmrs.lmer("y ~ x + (1 | g)", data).check.heterogeneity_bias().to_frame())
    other = rows(hlmrs.lmer("y ~ x + (1 | g)", data | {"x": data["x"] * unit}).check.heterogeneity_bias().to_frame())
    assert [row["p_value"] for row in other] == pytest.approx([row["p_value"] for row in one], rel=1e-5)
    assert other[0]["difference"] == pytest.approx(one[0]["difference"] / unit, rel=1e-5)
    constant = data | {"x": np.repeat(np.random.default_rng(3).normal(size=30), 20) * unit}
    assert rows(hlmrs.lmer("y ~ x + (1 | g)", constant).check.heterogeneity_bias().to_frame()) == []


def test_groups_that_are_all_too_small_are_no_warning():
    fit = hlmrs.lmer("distance ~ age + (1 | Subject)", hlmrs.datasets.load("Orthodont", "polars"))
    found = fit.check.homogeneity()
    assert np.isnan(found.to_frame()["statistic"].to_numpy()[1]) or found.to_frame()["statistic"].is_null()[1]
