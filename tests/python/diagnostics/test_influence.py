"""Influence against lme4's refits, refits of the package's own without the rows, and dense algebra."""

import json
import warnings

import numpy as np
import pytest

import golden
import hlmrs
from golden import rows
from hlmrs.errors import DataError, InferenceWarning, OptionError

REFERENCE = json.loads((golden.FOLDER / "influence.json").read_text())
CASES = REFERENCE["cases"]
IDS = [
    f"{case['dataset']}-{'-'.join([case['groups']] if isinstance(case['groups'], str) else case['groups'])}"
    for case in CASES
]


def fitted(case, kind="polars"):
    extra = {"weights": "w", "offset": "off"} if case["weighted"] else {}
    return hlmrs.lmer(case["formula"], golden.data(case["dataset"], kind), reml=case["reml"], **extra)


def by_level(table):
    return {row["level"]: row for row in rows(table)}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_leverage_is_lme4s(case):
    fit = fitted(case)
    table = fit.check.leverage()
    h = np.array(table["leverage"])
    assert np.allclose(h, case["hat"], atol=1e-5)
    assert sum(table["fixed"]) == pytest.approx(len(fit.beta), abs=1e-8)
    # lme4's Cook's distance of rows is of the fitted values: e² h / (1 - h) / p of studentized residuals
    cooks = fit.resid("studentized") ** 2 * h / (1 - h) / len(fit.beta)
    assert np.allclose(cooks, case["rows_cooks_distance"], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", ["refit", "one-step"])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_groups_left_out_are_lme4s_refits(case, method):
    fit = fitted(case)
    for group, references in case["deleted"].items():
        found = fit.influence(group, method=method)
        table, dfbetas, values = (by_level(t) for t in (found.to_frame(), found.dfbetas(), found.estimates()))
        names = [name for name in rows(found.estimates())[0] if name.startswith("sd(")]
        assert len(table) == len(references)
        precise = method == "refit"
        for reference in references:
            level = reference["level"]
            row = table[level]
            for name in ("cooks_distance", "mdffits"):
                assert row[name] == pytest.approx(reference[name], rel=2e-4 if precise else 0.02, abs=1e-6)
            assert row["covratio"] == pytest.approx(reference["covratio"], rel=2e-4 if precise else 0.03)
            own = [dfbetas[level][name] for name in fit.coef_names]
            assert np.allclose(
                own, reference["dfbetas"], rtol=2e-4 if precise else 0.02, atol=1e-4 if precise else 3e-3
            )
            expected = sorted(
                sd for sd, term in zip(reference["sd"], case["varcorr"], strict=True) if "var2" not in term
            )
            own = sorted([*(values[level][name] for name in names), values[level]["sigma"]])
            assert np.allclose(own, expected, rtol=3e-4 if precise else 0.03, atol=2e-3)


MODELS = [
    ("Reaction ~ Days + (Days | Subject)", "sleepstudy", "Subject", {}),
    ("Reaction ~ Days + (Days | Subject)", "sleepstudy", None, {"reml": False}),
    ("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin", None, {}),
    ("strength ~ 1 + (1 | batch/cask)", "Pastes", "batch:cask", {}),
    ("score ~ Machine + cs(0 + Machine | Worker)", "Machines", None, {}),
    ("score ~ Machine + diag(0 + Machine | Worker)", "Machines", None, {}),
    ("Reaction ~ Days + (1 | Subject) + ar1(0 + factor(Days) | Subject)", "sleepstudy", "Subject", {}),
    ("mAch ~ meanses * cses + sector + (cses | school)", "Hsb82", "school", {}),
]


@pytest.mark.parametrize(("formula", "name", "by", "options"), MODELS)
def test_one_step_is_close_to_the_refit(formula, name, by, options):
    """The rest of the step is small beside what leaving the rows out changes, for every parameter and measure."""
    fit = hlmrs.lmer(formula, hlmrs.datasets.load(name), **options)
    step, exact = fit.influence(by), fit.influence(by, method="refit")
    for one, other in ((step._values, exact._values), (step._std_errors, exact._std_errors)):
        change = np.nanmax(np.abs(other - np.nanmedian(other, axis=0)), axis=0)
        assert (np.nanmax(np.abs(one - other), axis=0) <= 0.05 * change + 1e-6).all()
    for measure in ("cooks_distance", "mdffits", "covratio", "displacement"):
        one, other = getattr(step, measure), getattr(exact, measure)
        assert np.nanmax(np.abs(one - other)) <= 0.03 * np.nanmax(np.abs(other - np.nanmedian(other)))


def kept_rows(table, keep):
    return {name: np.asarray(column)[keep] for name, column in table.items()}


@pytest.mark.parametrize("reml", [True, False])
def test_refits_from_the_sums_are_fits_without_the_rows(reml):
    data = {k: np.asarray(v) for k, v in rows_as_columns(golden.data("sleepstudy_w", "polars")).items()}
    formula = "Reaction ~ Days + DayF + (Days | Subject)"
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        fit = hlmrs.lmer(formula, data, reml=reml, weights="w", offset="off")
    sets = {"some": [0, 5, 17, 100], "one": [33], "a subject": list(range(20, 30))}
    found = fit.influence(sets, method="refit")
    for k, members in enumerate(sets.values()):
        keep = np.setdiff1d(np.arange(180), members)
        with pytest.warns(hlmrs.RankDeficiencyWarning):
            again = hlmrs.lmer(formula, kept_rows(data, keep), reml=reml, weights="w", offset="off")
        assert np.allclose(found._values[k, : len(fit.beta)], again.beta, atol=2e-5)
        assert np.allclose(found._std_errors[k], np.sqrt(np.diag(again.vcov())), rtol=1e-5)
        assert found._values[k, -1] == pytest.approx(again.sigma, rel=1e-6)


def rows_as_columns(table):
    first = rows(table)
    return {name: [row[name] for row in first] for name in first[0]}


def dense(fit, z):
    """X, V over sigma² and y for random intercepts and slopes given as columns of Z Λ."""
    x = fit._estimate.rows.model_matrix()
    return x, np.eye(len(x)) + z @ z.T, fit._estimate.rows.response()


def test_leverage_and_fixed_theta_deletion_are_dense_algebra():
    data = hlmrs.datasets.load("Penicillin")
    fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    codes = [fit._estimate.rows.group_codes(k) for k in range(2)]
    z = np.concatenate([np.eye(c.max() + 1)[c] * t for c, t in zip(codes, fit.theta, strict=True)], axis=1)
    x, v, y = dense(fit, z)
    inverse = np.linalg.inv(v)
    gain = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    hat = np.eye(len(y)) - (inverse - inverse @ x @ gain)
    table = fit.check.leverage()
    assert np.allclose(table["leverage"], np.diag(hat), atol=1e-10)
    assert np.allclose(table["fixed"], np.diag(x @ gain), atol=1e-10)
    residual = y - x @ gain @ y
    spread = fit.sigma * np.sqrt(np.diag(v - x @ gain @ v))
    assert np.allclose(fit.resid("studentized", marginal=True), residual / spread, atol=1e-8)
    keep = codes[1] != 2
    v, x, y = v[np.ix_(keep, keep)], x[keep], y[keep]
    information = x.T @ np.linalg.solve(v, x)
    beta = np.linalg.solve(information, x.T @ np.linalg.solve(v, y))
    left = y - x @ beta
    sigma = np.sqrt(left @ np.linalg.solve(v, left) / (len(y) - 1))
    found = fit.influence("sample", method="fixed-theta")
    k = found.levels.index(fit._estimate.layout.groups[1].levels[2])
    assert found._values[k][0] == pytest.approx(beta[0], abs=1e-8)
    assert found._values[k][-1] == pytest.approx(sigma, rel=1e-9)
    assert found._std_errors[k][0] == pytest.approx(sigma / np.sqrt(information[0, 0]), rel=1e-9)


def test_dffits_without_a_variance_between_groups_is_that_of_least_squares():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars"))
    y = fit.fitted + fit.resid()
    e, h = y - y.mean(), 1 / 30
    sigma = np.sqrt((np.sum(e**2) - e**2 / (1 - h)) / 28)
    found = fit.influence(method="fixed-theta")
    assert np.allclose(found.dffits, e * np.sqrt(h) / (sigma * (1 - h)), rtol=1e-9)
    assert np.allclose(found.to_frame()["dffits"], found.dffits)


def test_dffits_of_rows_are_dense_algebra_and_groups_have_mdffits_instead():
    data = golden.data("sleepstudy", "polars")
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data, weights=np.linspace(0.5, 2, 180))
    x, codes = fit._estimate.rows.model_matrix(), fit._estimate.rows.group_codes(0)
    v = np.diag(1 / np.linspace(0.5, 2, 180)) + fit.theta[0] ** 2 * (codes[:, None] == codes)
    y = fit.fitted + fit.resid()

    def regression(rows_kept):
        inverse = np.linalg.inv(v[np.ix_(rows_kept, rows_kept)])
        c = np.linalg.inv(x[rows_kept].T @ inverse @ x[rows_kept])
        beta = c @ x[rows_kept].T @ inverse @ y[rows_kept]
        e = y[rows_kept] - x[rows_kept] @ beta
        return beta, np.sqrt(e @ inverse @ e / (len(rows_kept) - 2)), c

    beta, _, c = regression(np.arange(180))
    found = fit.influence(method="fixed-theta")
    for row in (0, 57, 179):
        without, sigma, _ = regression(np.delete(np.arange(180), row))
        want = x[row] @ (beta - without) / (sigma * np.sqrt(x[row] @ c @ x[row]))
        assert found.dffits[row] == pytest.approx(want, rel=1e-8)
    mixed = fit.influence([[3], [4, 5]], method="fixed-theta")
    assert mixed.dffits[0] == found.dffits[3]
    assert np.isnan(mixed.dffits[1])
    assert "dffits" not in fit.influence("Subject").to_frame().columns


def test_groups_are_left_out_where_the_inverse_of_crossed_effects_is_too_large_to_form():
    rng = np.random.default_rng(6)
    n, many = 60_000, 15_400
    a, b = (rng.permutation(np.arange(n) % many) for _ in range(2))
    x = rng.normal(size=n)
    y = 1 + x / 2 + rng.normal(size=many)[a] + rng.normal(size=many)[b] + rng.normal(size=n)
    odd = rng.choice(n, 400, replace=False)
    y[odd] += x[odd]
    fit = hlmrs.lmer("y ~ x + (1 | a) + (1 | b)", {"y": y, "x": x, "a": a.astype(str), "b": b.astype(str)})
    sets = {"odd": odd.tolist(), "level": np.flatnonzero(b == 7).tolist()}
    step, exact = fit.influence(sets), fit.influence(sets, method="refit")
    assert step.method == ["one-step", "one-step"]
    assert np.allclose(step.cooks_distance, exact.cooks_distance, rtol=0.005)
    assert np.allclose(step.covratio, exact.covratio, rtol=1e-4)
    for name, all_rows in zip(
        ("sd((Intercept) | a)", "sd((Intercept) | b)", "sigma"), (*fit.theta * fit.sigma, fit.sigma), strict=True
    ):
        moves = np.array(exact.estimates()[name]) - all_rows
        assert np.allclose(np.array(step.estimates()[name]) - all_rows, moves, atol=0.03 * np.abs(moves).max())
    with pytest.raises(hlmrs.DesignError, match=r"15,?000.*fit.influence"):
        fit.check.leverage()


def test_externally_studentized_residuals_leave_the_row_out():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    sigma = fit.influence(method="fixed-theta")._values[:, -1]
    outer, inner = fit.resid("externally-studentized"), fit.resid("studentized")
    assert np.allclose(outer, inner * fit.sigma / sigma, rtol=1e-9)


def test_a_column_labels_and_sets_name_the_same_rows():
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    named, labelled = fit.influence("Days"), fit.influence(data["Days"].to_numpy())
    sets = fit.influence([list(np.flatnonzero(data["Days"] == day)) for day in range(10)])
    assert [float(level) for level in named.levels] == list(range(10))
    for other in (labelled, sets):
        assert np.allclose(named.cooks_distance, other.cooks_distance, rtol=1e-10)
    assert type(named.to_frame()).__module__.startswith("pandas")


def test_rows_are_numbered_as_in_the_data():
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    data.loc[3, "Reaction"] = np.nan
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    assert fit.influence().levels[2:5] == ["2", "4", "5"]
    assert fit.influence([[4]]).cooks_distance[0] == pytest.approx(fit.influence().cooks_distance[3])


def test_rows_are_named_by_the_index_of_a_pandas_frame():
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    data.loc[7, "Reaction"] = 900.0
    data = data.iloc[5:].set_axis([f"row {k}" for k in range(5, 180)])
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    found = fit.influence().to_frame()
    assert found["level"].tolist() == list(data.index)
    assert found["level"][found["cooks_distance"].argmax()] == "row 7"
    outliers = fit.check.outliers().to_frame()
    assert outliers["level"][outliers["kind"] == "row"].tolist() == ["row 7"]


def test_a_variance_of_zero_may_rise_without_some_rows():
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2"))
    step, exact = fit.influence(), fit.influence(method="refit")
    assert exact._values[:, 1].max() > 0.5
    assert np.allclose(step._values, exact._values, atol=1e-6)
    assert np.isnan(np.array(step.variance_changes()["sd((Intercept) | Batch)"], dtype=float)).all()


def test_what_cannot_be_estimated_is_missing():
    data = {"y": np.arange(12.0) % 5, "x": np.repeat([0.0, 0.0, 1.0], 4), "g": np.repeat(["a", "b", "c"], 4)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the variance between so few groups may be zero
        fit = hlmrs.lmer("y ~ x + (1 | g)", data)
    with pytest.warns(InferenceWarning, match="without c not all fixed effects"):
        found = fit.influence("g")
    assert np.isnan(found.cooks_distance).tolist() == [False, False, True]
    assert found.method[2] == ""


def test_bad_requests_say_what_there_is():
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"))
    with pytest.raises(OptionError, match="did you mean 'Subject'"):
        fit.influence("Subjekt")
    with pytest.raises(OptionError, match="'one-step', 'refit', 'fixed-theta'"):
        fit.influence(method="exact")
    with pytest.raises(DataError, match="from 0 to 179"):
        fit.influence([[180]])
    with pytest.raises(OptionError, match="all rows"):
        fit.influence([range(180)])
    with pytest.raises(DataError, match="label for each"):
        fit.influence(np.arange(7))
    with pytest.raises(OptionError, match="externally-studentized"):
        fit.resid("students")


def test_least_squares_residuals_of_groups_are_regressions():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))
    table = rows(fit.check.group_residuals("Subject"))
    y, x = fit._estimate.rows.response(), fit._estimate.rows.model_matrix()
    codes = fit._estimate.rows.group_codes(0)
    for row in table[:10]:
        own = codes == fit._estimate.layout.groups[0].levels.index(row["level"])
        beta = np.linalg.lstsq(x[own], y[own], rcond=None)[0] - fit.beta
        assert row["least_squares"] == pytest.approx(beta[fit.coef_names.index(row["term"])], rel=1e-8)


def test_standardized_modes_have_their_models_variance():
    """In a balanced one-way layout Var(b̂) is λ²(τ + σ²/n)(1 - 1/J), with the estimation of the mean counted."""
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
    tau, noise = rows(fit.varcorr())[0]["variance"], fit.sigma**2 / 5
    expected = tau / (tau + noise) * np.sqrt((tau + noise) * (1 - 1 / 6))
    table = fit.check.group_residuals()
    assert np.allclose(np.array(table["estimate"]) / expected, table["standardized"], rtol=1e-6)
    assert np.allclose(np.array(table["standardized"]) ** 2, table["mahalanobis"], rtol=1e-6)
