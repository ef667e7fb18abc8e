"""Marginal means, contrasts, slopes: those of emmeans on unbalanced data, and of the classical analysis of variance."""

import json

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import FOLDER, rows
from hlmrs.inference import two_sided_quantile
from hlmrs.marginal.adjustment import _by_df

GOLDEN = json.loads((FOLDER / "marginal.json").read_text())
# the optimizer of the reference leaves 1e-7 in the estimates, its differences 1e-5 in the df
CLOSE = {"rtol": 1e-6, "atol": 1e-6}
DF = {"rtol": 1e-4}


@pytest.fixture(scope="module")
def cake() -> pl.DataFrame:
    data = hlmrs.datasets.load("cake", "polars")
    return data[np.delete(np.arange(len(data)), np.array(GOLDEN["cake_drop"]) - 1)]


@pytest.fixture(scope="module")
def slopes(cake):
    return hlmrs.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", cake)


@pytest.fixture(scope="module")
def additive(cake):
    return hlmrs.lmer("angle ~ recipe + temperature + (1 | recipe:replicate)", cake)


@pytest.mark.parametrize("want", GOLDEN["means"], ids=lambda w: w["weights"])
def test_means_by_every_rule_of_weights_are_those_of_emmeans(additive, want):
    table = additive.emmeans("recipe", weights=want["weights"])
    assert table["recipe"].to_list() == want["recipe"]
    np.testing.assert_allclose(table["estimate"], want["emmean"], **CLOSE)
    np.testing.assert_allclose(table["std_error"], want["SE"], **CLOSE)
    np.testing.assert_allclose(table["df"], want["df"], **DF)
    np.testing.assert_allclose(table["conf_low"], want["lower.CL"], rtol=1e-5)


def test_covariates_stand_where_they_are_put(slopes):
    want = GOLDEN["at"]
    table = slopes.emmeans(["recipe", "temp"], at={"temp": [180, 220]}, ddf="kenward-roger")
    got = {(r["recipe"], r["temp"]): r for r in rows(table)}
    for k, key in enumerate(zip(want["recipe"], want["temp"], strict=True)):
        assert got[key]["estimate"] == pytest.approx(want["emmean"][k], rel=1e-6)
        assert got[key]["std_error"] == pytest.approx(want["SE"][k], rel=1e-6)
        assert got[key]["df"] == pytest.approx(want["df"][k], rel=1e-4)


@pytest.mark.parametrize("want", GOLDEN["methods"], ids=lambda w: w["method"])
def test_contrasts_of_every_method_are_those_of_emmeans(additive, want):
    method = {"consec": "consecutive"}.get(want["method"], want["method"])
    table = additive.contrasts("temperature", method=method)
    np.testing.assert_allclose(table["estimate"], want["estimate"], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(table["std_error"], want["SE"], rtol=1e-6)
    np.testing.assert_allclose(table["p_value"], want["p.value"], rtol=1e-4)


@pytest.mark.parametrize("want", GOLDEN["adjusts"], ids=lambda w: w["adjust"])
def test_adjusted_p_values_and_intervals_are_those_of_emmeans(slopes, want):
    table = slopes.contrasts("recipe", adjust=want["adjust"].lower())
    # the multivariate t of both is Monte Carlo
    tolerance = 2e-3 if want["adjust"] == "mvt" else 1e-4
    np.testing.assert_allclose(table["p_value"], want["p.value"], rtol=tolerance)
    width = table["conf_high"] - table["conf_low"]
    np.testing.assert_allclose(width, np.subtract(want["upper.CL"], want["lower.CL"]), rtol=tolerance)


def test_interaction_contrasts_are_those_of_emmeans(cake):
    fit = hlmrs.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", cake)
    want = GOLDEN["interaction"]
    table = fit.contrasts(["recipe", "temperature"], interaction={"recipe": "pairwise", "temperature": "consecutive"})
    order = np.argsort(table["estimate"].to_numpy())
    assert sorted(table["estimate"]) == pytest.approx(sorted(want["estimate"]), abs=1e-5)
    np.testing.assert_allclose(
        table["std_error"].to_numpy()[order], np.array(want["SE"])[np.argsort(want["estimate"])], rtol=1e-6
    )


def test_slopes_and_their_contrasts_are_those_of_emtrends(slopes):
    table, want = slopes.slopes("temp", by="recipe"), GOLDEN["trends"]
    np.testing.assert_allclose(table["estimate"], want["temp.trend"], rtol=1e-6)
    np.testing.assert_allclose(table["std_error"], want["SE"], rtol=1e-6)
    np.testing.assert_allclose(table["df"], want["df"], **DF)
    pairs, want = slopes.slopes("temp", by="recipe", contrast="pairwise"), GOLDEN["trend_pairs"]
    np.testing.assert_allclose(pairs["estimate"], want["estimate"], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(pairs["p_value"], want["p.value"], rtol=1e-4)


def test_balanced_means_and_their_differences_have_the_errors_of_the_classical_analysis():
    data = hlmrs.datasets.load("Oats", "polars")
    fit = hlmrs.lmer(
        "yield ~ Variety * nitro + (1 | Block/Variety)", data.with_columns(pl.col("nitro").cast(pl.String))
    )
    within = fit.contrasts("nitro", by="Variety", method="reference")
    assert within["df"].to_list() == pytest.approx([45.0] * 9)
    residual = fit.sigma
    assert within["std_error"].to_list() == pytest.approx([residual * np.sqrt(2 / 6)] * 9)
    assert fit.contrasts("Variety")["df"].to_list() == pytest.approx([10.0] * 3, rel=1e-6)
    means = data.group_by("Variety").agg(pl.col("yield").mean()).sort("Variety")
    assert fit.emmeans("Variety")["estimate"].to_list() == pytest.approx(means["yield"].to_list())


def test_means_do_not_depend_on_the_coding(cake):
    formula = "angle ~ recipe * temperature + (1 | recipe:replicate)"
    tables = [
        hlmrs.lmer(formula, cake, contrasts=contrasts).emmeans("recipe", by="temperature")
        for contrasts in ({"temperature": "treatment"}, {"recipe": "sum", "temperature": "helmert"})
    ]
    for column in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(tables[0][column], tables[1][column], rtol=1e-6)


def test_slopes_of_powers_are_derivatives():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    fit = hlmrs.lmer("Reaction ~ Days + I(Days^2) + (1 | Subject)", data)
    table = fit.slopes("Days", by=[], at={"Days": [3.0]})
    assert table["estimate"][0] == pytest.approx(fit.beta[1] + 6 * fit.beta[2], rel=1e-9)
    line = np.array([0, 1.0, 6.0])
    assert table["std_error"][0] == pytest.approx(np.sqrt(line @ fit.vcov() @ line), rel=1e-9)


def test_regions_of_significance_end_where_the_test_says_so():
    fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", hlmrs.datasets.load("Hsb82", "polars"))
    table = fit.marginal.johnson_neyman("cses", "meanses", limits=(-30, 30))
    assert not table["significant"].all()
    for edge in table["high"].to_list()[:-1]:
        slope = fit.slopes("cses", by="meanses", at={"meanses": edge})
        assert slope["p_value"][0] == pytest.approx(0.05, abs=1e-9)


def test_moderators_stand_at_their_mean_and_a_standard_deviation_away():
    data = hlmrs.datasets.load("Hsb82", "polars")
    fit = hlmrs.lmer("mAch ~ meanses * cses + (1 | school)", data)
    places = fit.slopes("cses", by="meanses")["meanses"].to_list()
    mean, sd = data["meanses"].mean(), data["meanses"].std()
    assert places == pytest.approx([mean - sd, mean, mean + sd])


def test_cells_that_are_not_in_the_data_have_no_mean(cake):
    holes = cake.filter(~((pl.col("recipe") == "C") & (pl.col("temp") == 225)))
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        fit = hlmrs.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", holes)
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="1 of 18 estimates"):
        table = fit.emmeans(["recipe", "temperature"]).to_frame()
    missing = table.filter(pl.col("estimate").is_null())
    assert missing.select("recipe", "temperature").rows() == [("C", "225")]
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="1 of 3"):
        assert fit.emmeans("recipe")["estimate"].is_null().to_list() == [False, False, True]
    assert fit.emmeans("recipe", weights="cells")["estimate"].is_null().sum() == 0
    full = fit.contrasts("recipe", by="temperature", at={"temperature": ["175", "185"]}, adjust="tukey")
    assert full["p_value"].is_null().sum() == 0


def test_the_multivariate_t_of_all_pairs_is_tukeys(slopes):
    tukey, mvt = (slopes.contrasts("recipe", adjust=adjust)["p_value"] for adjust in ("tukey", "mvt"))
    np.testing.assert_allclose(tukey, mvt, atol=5e-4)


@pytest.mark.parametrize("frame", ["polars", "pandas", "pyarrow", "dict"])
def test_tables_come_back_in_the_callers_kind(frame):
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", frame))
    table = rows(fit.emmeans("Machine"))
    assert [row["Machine"] for row in table] == ["A", "B", "C"]
    assert len(rows(fit.marginal.pairs("Machine"))) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.emmeans("Recipe"), "did you mean 'recipe'"),
        (lambda f: f.emmeans("recipe", by="recipe"), "share a variable"),
        (lambda f: f.emmeans("recipe", at={"temp": "warm"}), "numeric"),
        (lambda f: f.emmeans("recipe", at={"recipe": ["D"]}), "no level 'D'"),
        (lambda f: f.emmeans("recipe", weights="flat"), "'proportional'"),
        (lambda f: f.contrasts("recipe", method="tukey"), "choose one of"),
        (lambda f: f.contrasts("recipe", adjust="tukee"), "choose one of"),
        (lambda f: f.contrasts("recipe", method="eff", adjust="tukey"), "pairwise"),
        (lambda f: f.contrasts("recipe", method={"own": [1, -1]}), "2 weights for 3 means"),
        (lambda f: f.contrasts("temp"), "but one"),
        (lambda f: f.slopes("recipe"), "is a factor"),
        (lambda f: f.slopes("temp", by="temp"), r"holds 'temp' itself; use at="),
        (lambda f: f.marginal.johnson_neyman("temp", "recipe"), "is a factor"),
        (lambda f: f.emmeans("recipe", ddf="exact"), "choose one of"),
        (lambda f: f.emmeans("recipe", level=95), "between 0 and 1"),
    ],
)
def test_what_is_not_there_is_refused_by_name(slopes, call, message):
    with pytest.raises(hlmrs.OptionError, match=message):
        call(slopes)


def test_offsets_of_the_formula_are_part_of_a_mean():
    data = hlmrs.datasets.load("sleepstudy", "polars").with_columns(shift=pl.col("Days") * 2)
    plain = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)
    shifted = hlmrs.lmer("Reaction ~ Days + offset(shift) + (1 | Subject)", data)
    for fit in (plain, shifted):
        assert fit.emmeans([])["estimate"][0] == pytest.approx(data["Reaction"].mean())


def test_variables_computed_from_groups_are_covariates_of_their_own():
    data = hlmrs.datasets.load("Hsb82", "polars")
    made = data.with_columns(
        w=pl.col("ses") - pl.col("ses").mean().over("school"), b=pl.col("ses").mean().over("school")
    )
    fit = hlmrs.lmer("mAch ~ within(ses, school) * sector + between(ses, school) + (1 | school)", data)
    same = hlmrs.lmer("mAch ~ w * sector + b + (1 | school)", made)
    np.testing.assert_allclose(fit.emmeans("sector")["estimate"], same.emmeans("sector")["estimate"], rtol=1e-8)
    at = fit.emmeans("sector", at={"between(ses, school)": 0.5})
    np.testing.assert_allclose(at["estimate"], same.emmeans("sector", at={"b": 0.5})["estimate"], rtol=1e-8)
    slopes = fit.slopes("within(ses, school)", by="sector")
    np.testing.assert_allclose(slopes["estimate"], same.slopes("w", by="sector")["estimate"], rtol=1e-8)
    squared = hlmrs.lmer("mAch ~ I(within(ses, school)^2) + sector + (1 | school)", data)
    with pytest.raises(hlmrs.DesignError, match="within"):
        squared.emmeans("sector")


def test_quantiles_of_many_degrees_of_freedom_are_those_of_each():
    df = np.array([3.0, 4.5, 7.0, 11.0, 18.0, 25.0, 40.0, 90.0, 300.0, 2000.0])
    want = [two_sided_quantile(0.95, nu) for nu in df.tolist()]
    np.testing.assert_allclose(_by_df(lambda nu: two_sided_quantile(0.95, nu), df), want, rtol=1e-5)


def test_fits_without_rows_have_means_where_nothing_needs_them(tmp_path, slopes, additive):
    for fit, at in ((additive, None), (slopes, {"temp": 200})):
        fit.save(tmp_path / "fit.hlmrs")
        loaded = hlmrs.load(tmp_path / "fit.hlmrs")
        for column in ("estimate", "std_error", "df"):
            want = fit.emmeans("recipe", at=at)[column]
            np.testing.assert_allclose(loaded.emmeans("recipe", at=at)[column], want, rtol=1e-9)
    with pytest.raises(hlmrs.FitStateError):
        loaded.emmeans("recipe")


@pytest.mark.parametrize(
    ("specs", "says"),
    [
        ("~ sector | cses", "specs='sector', by='cses'"),
        ("pairwise ~ sector", "specs='sector'"),
        ("~ sector * cses", r"specs=\['sector', 'cses'\]"),
    ],
)
def test_formulas_of_r_are_answered_with_names(specs, says):
    fit = hlmrs.lmer("mAch ~ cses * sector + (1 | school)", hlmrs.datasets.load("Hsb82"))
    with pytest.raises(hlmrs.OptionError, match=f"it takes names, and no formula: {says}"):
        fit.emmeans(specs)


@pytest.mark.parametrize("response", ["log(score)", "log10(score)", "I(2 * log2(score / 3))"])
def test_contrasts_of_logarithms_are_turned_back_to_ratios(response):
    """By the rules of emmeans: ratios of the means turned back, tested on the scale of the logarithm."""
    fit = hlmrs.lmer(f"{response} ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "pandas"))
    means = fit.emmeans("Machine", type="response").to_frame().set_index("Machine")["estimate"]
    got, link = fit.contrasts("Machine", type="response", adjust="tukey"), fit.contrasts("Machine", adjust="tukey")
    assert got["contrast"].tolist() == ["A / B", "A / C", "B / C"]
    assert "estimate" not in got
    want = [means["A"] / means["B"], means["A"] / means["C"], means["B"] / means["C"]]
    np.testing.assert_allclose(got["ratio"], want, rtol=1e-10)
    for column in ("df", "statistic", "p_value"):
        np.testing.assert_array_equal(got[column], link[column])
    rate = np.log(got["ratio"][0]) / link["estimate"][0]
    for column in ("conf_low", "conf_high"):
        np.testing.assert_allclose(got[column], np.exp(rate * link[column]), rtol=1e-10)
    np.testing.assert_allclose(got["std_error"], got["ratio"] * rate * link["std_error"], rtol=1e-10)


@pytest.mark.parametrize("response", ["score", "I(2 - 3 * score)", "scale(score)"])
def test_contrasts_of_lines_are_turned_back_to_differences(response):
    data = hlmrs.datasets.load("Machines", "pandas")
    want = hlmrs.lmer("score ~ Machine + (1 | Worker)", data).contrasts("Machine")
    got = hlmrs.lmer(f"{response} ~ Machine + (1 | Worker)", data).contrasts("Machine", type="response")
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(got[column], want[column], rtol=1e-6)
    assert got["contrast"].tolist() == want["contrast"].tolist()


@pytest.mark.parametrize("response", ["sqrt(score)", "log1p(score)", "log(score + 1)"])
def test_contrasts_that_are_no_comparison_of_the_response_are_refused(response):
    fit = hlmrs.lmer(f"{response} ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
    with pytest.raises(hlmrs.OptionError, match="neither differences nor ratios"):
        fit.marginal.pairs("Machine", type="response")


def test_only_comparisons_are_turned_back():
    fit = hlmrs.lmer("log(score) ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "pandas"))
    with pytest.raises(hlmrs.OptionError, match="add up to 2"):
        fit.contrasts("Machine", method={"both": [1, 1, 0]}, type="response")
    assert fit.contrasts("Machine", method={"A or B": [0.5, 0.5, -1]}, type="response")["contrast"][0] == "A or B"
    data = hlmrs.datasets.load("Oats", "pandas")
    data["Variety"] = data["Variety"].astype(str).replace({"Golden Rain": "Golden - Rain"})
    fit = hlmrs.lmer("log(yield) ~ Variety * factor(nitro) + (1 | Block)", data)
    assert fit.contrasts("Variety", type="response")["contrast"][0] == "(Golden - Rain) / Marvellous"
    crossed = fit.contrasts(["Variety", "nitro"], interaction=True, type="response")["contrast"]
    assert crossed[0] == "((Golden - Rain) / Marvellous) : (0 / 0.2)"
