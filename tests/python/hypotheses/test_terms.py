"""F tests of terms: lmerTest's on unbalanced data, the classical ones on balanced data, whatever the coding."""

import json
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import FOLDER, rows

GOLDEN = json.loads((FOLDER / "marginal.json").read_text())
PLAIN = ("term", "num_df", "den_df", "statistic", "p_value")


def golden_fit(case, **options):
    data = hlmrs.datasets.load("cake", "polars")
    data = data[np.delete(np.arange(len(data)), np.array(case["drop"]) - 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.RankDeficiencyWarning)
        return hlmrs.lmer(case["formula"], data, **options)


@pytest.mark.parametrize("case", GOLDEN["anovas"], ids=lambda c: f"{c['formula']}, {len(c['drop'])} dropped")
def test_unbalanced_terms_have_the_tests_of_lmertest(case):
    fit = golden_fit(case)
    for want in case["tables"]:
        table = fit.anova(type=want["type"])
        assert table["term"].to_list() == want["term"]
        np.testing.assert_allclose(table["num_df"], want["num_df"])
        # the accuracy of the reference's optimum and differences
        np.testing.assert_allclose(table["statistic"], want["statistic"], rtol=1e-5)
        np.testing.assert_allclose(table["den_df"], want["den_df"], rtol=1e-4)


@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("case", GOLDEN["anovas"], ids=lambda c: f"{c['formula']}, {len(c['drop'])} dropped")
def test_types_2_and_3_do_not_depend_on_the_coding(case, kind):
    tables = [
        golden_fit(case, contrasts={"recipe": coding}).anova(type=kind) for coding in ("treatment", "sum", "helmert")
    ]
    for other in tables[1:]:
        np.testing.assert_allclose(other["statistic"], tables[0]["statistic"], rtol=1e-6)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "containment"])
@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_balanced_split_plot_has_the_classical_analysis_of_variance(kind, ddf):
    data = hlmrs.datasets.load("Oats", "polars").with_columns(pl.col("nitro").cast(pl.String))
    table = hlmrs.lmer("yield ~ Variety * nitro + (1 | Block/Variety)", data).anova(type=kind, ddf=ddf)
    sums = classical_split_plot(data)
    np.testing.assert_allclose(table["den_df"], [10, 45, 45], rtol=1e-5)
    np.testing.assert_allclose(table["statistic"], sums, rtol=1e-6)


def classical_split_plot(data: pl.DataFrame) -> list[float]:
    """F of varieties against blocks within varieties, of nitrogen and the interaction against the rest."""
    y, n = data["yield"].to_numpy(), len(data)

    def square(*columns: str) -> float:
        groups = data.group_by(columns).agg(pl.col("yield").sum(), pl.len()) if columns else None
        return y.sum() ** 2 / n if groups is None else float((groups["yield"] ** 2 / groups["len"]).sum())

    base, block, variety, nitro = square(), square("Block"), square("Variety"), square("nitro")
    plots, cells = square("Block", "Variety"), square("Variety", "nitro")
    whole = (plots - block - variety + base) / 10
    interaction = cells - variety - nitro + base
    rest = (float((y**2).sum()) - plots - (nitro - base) - interaction) / 45
    return [(variety - base) / 2 / whole, (nitro - base) / 3 / rest, interaction / 6 / rest]


def test_type_3_with_a_sum_coding_tests_the_coefficients_themselves():
    data = hlmrs.datasets.load("cake", "polars")[np.arange(0, 250)]
    fit = hlmrs.lmer(
        "angle ~ recipe * temperature + (1 | recipe:replicate)",
        data,
        contrasts={"recipe": "sum", "temperature": "sum"},
    )
    own = fit.test(["recipe1 = 0", "recipe2 = 0"])
    table = fit.anova(type=3)
    assert own["statistic"][0] == pytest.approx(table["statistic"][0], rel=1e-8)
    assert own["den_df"][0] == pytest.approx(table["den_df"][0], rel=1e-6)


def test_empty_cells_take_their_degrees_of_freedom_from_the_interaction():
    data = hlmrs.datasets.load("cake", "polars")
    holes = data.filter(~((pl.col("recipe") == "C") & (pl.col("temp") == 225)))
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        fit = hlmrs.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", holes)
    for kind in (1, 2, 3):
        assert fit.anova(type=kind)["num_df"].to_list() == [2, 5, 9]


def test_terms_that_are_determined_by_others_come_last_without_a_test():
    data = hlmrs.datasets.load("Machines", "polars").with_columns(copy=pl.col("Machine"))
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        fit = hlmrs.lmer("score ~ Machine + copy + (1 | Worker)", data)
    table = fit.anova(type=1)
    assert table["term"].to_list() == ["Machine", "copy"]
    assert table["num_df"].to_list() == [2, 0]
    assert table["p_value"].is_null().to_list() == [False, True]


def test_units_of_a_covariate_do_not_count():
    data = hlmrs.datasets.load("Hsb82", "polars").with_columns(
        year=2000 + pl.col("ses") / 100, big=pl.col("cses") * 1e6
    )
    small = hlmrs.lmer("mAch ~ ses * sector + cses + (1 | school)", data)
    large = hlmrs.lmer("mAch ~ ses * sector + big + (1 | school)", data)
    for kind in (1, 2, 3):
        np.testing.assert_allclose(small.anova(type=kind)["statistic"], large.anova(type=kind)["statistic"], rtol=1e-6)


def test_only_terms_without_an_interaction_can_be_dropped():
    fit = hlmrs.lmer("distance ~ age * Sex + (1 | Subject)", hlmrs.datasets.load("Orthodont", "polars"))
    table = fit.drop1()
    assert table["term"].to_list() == ["age:Sex"]
    assert table["statistic"][0] == pytest.approx(fit.anova(type=3)["statistic"][2])


def test_a_model_of_the_intercept_alone_has_no_terms():
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
    for kind in (1, 2, 3):
        assert len(fit.anova(type=kind)) == 0
    assert tuple(fit.anova().columns) == PLAIN


def test_unknown_types_and_narrow_contrasts_are_refused():
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
    with pytest.raises(hlmrs.OptionError, match="choose 1, 2 or 3"):
        fit.anova(type="IV")
    narrow = hlmrs.lmer(
        "score ~ Machine + (1 | Worker)",
        hlmrs.datasets.load("Machines", "polars"),
        contrasts={"Machine": {"trend": [-1.0, 0.0, 1.0]}},
    )
    with pytest.raises(hlmrs.DesignError, match="type=1"):
        narrow.anova(type=3)
    assert narrow.anova(type=2)["num_df"].to_list() == [1]


def test_a_hypothesis_has_the_same_degrees_of_freedom_however_it_is_asked():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(12), rng.integers(3, 14, 12))
    f = rng.choice(list("aabbbcd"), size=len(g))
    x = rng.normal(size=len(g))
    y = x * rng.normal(size=12)[g] + rng.normal(size=12)[g] + rng.normal(size=len(g))
    data = {"y": y, "x": x, "f": f, "g": g.astype(str)}
    fits = [hlmrs.lmer("y ~ x + f + (x | g)", data, contrasts={"f": c}) for c in ("treatment", "sum", "helmert")]
    ways = [rows(fit.anova(type=kind))[1] for fit in fits for kind in (2, 3)]
    names = [[name for name in fit.coef_names if name.startswith("f")] for fit in fits]
    ways += [rows(fit.test([f"`{n}` = 0" for n in own]))[0] for fit, own in zip(fits, names, strict=True)]
    ways += [rows(fits[0].test(["fb = fc", "fd - 2 * fb = 0", "fc + fd = 0"]))[0]]
    for way in ways[1:]:
        assert way["statistic"] == pytest.approx(ways[0]["statistic"], rel=1e-7)
        assert way["den_df"] == pytest.approx(ways[0]["den_df"], rel=1e-6)


def test_terms_of_one_column_are_tested_as_their_coefficients() -> None:
    r = np.random.default_rng(0)
    data = {f"v{k}": r.normal(size=300) for k in range(30)} | {"g": np.repeat(np.arange(20), 15)}
    data["y"] = r.normal(size=20)[data["g"]] + r.normal(size=300)
    fit = hlmrs.lmer("y ~ " + " + ".join(f"v{k}" for k in range(30)) + " + (1 | g)", data)
    for options in ({}, {"ddf": "kenward-roger"}, {"ddf": "containment"}, {"vcov": "CR2"}, {"vcov": "CR1"}):
        tidy = fit.tidy(**options)
        for kind in (2, 3):
            table = fit.anova(type=kind, **options)
            np.testing.assert_allclose(table["statistic"], tidy["statistic"][1:] ** 2, rtol=1e-6)
            np.testing.assert_allclose(table["den_df"], tidy["df"][1:], rtol=1e-6)


def test_type_3_of_unbalanced_interactions_is_the_test_of_equally_weighted_means() -> None:
    """With sum contrasts the coefficients of a term are its type 3 hypothesis (no cell is empty)."""
    r = np.random.default_rng(1)
    data = {name: r.choice(list("abc"), 400) for name in "pqr"} | {"x": r.normal(size=400), "g": r.integers(0, 25, 400)}
    data["y"] = r.normal(size=25)[data["g"]] + r.normal(size=400)
    formula = "y ~ p * q + q * r + p * x + (1 | g)"
    table = hlmrs.lmer(formula, data).anova(type=3)
    fit = hlmrs.lmer(formula, data, contrasts=dict.fromkeys("pqr", "sum"))
    terms = list(table["term"])
    columns = {term: [] for term in terms}
    for name in fit.coef_names[1:]:
        columns[":".join(part if part == "x" else part[0] for part in name.split(":"))].append(name)
    for k, term in enumerate(terms):
        rows = np.array([[float(name == own) for name in fit.coef_names] for own in columns[term]])
        want = fit.test(rows, joint=True)
        assert table["statistic"][k] == pytest.approx(want["statistic"][0], rel=1e-6)
        assert table["den_df"][k] == pytest.approx(want["den_df"][0], rel=1e-4)
