"""Means of factors nested in others: in balanced designs those of the rows."""

import numpy as np
import polars as pl
import pytest

import hlmrs

R = np.random.default_rng(7)
G = np.repeat(np.arange(12), 25)


def design(cells, names):
    rows = [(block, *cell) for block in range(8) for cell in cells]
    data = pl.DataFrame(rows, schema=["block", *names], orient="row")
    y = R.normal(size=8)[data["block"]] + R.normal(size=len(data)) + data.select(names).to_struct().rank("dense")
    return data.with_columns(y=y)


CONTROL = design(
    [("control", "ctl", "0")] + [("treated", form, dose) for form in "ABC" for dose in ("10", "20")],
    ["kind", "form", "dose"],
)
SCHOOLS = design(
    [
        ("s1", "t1", "c1"),
        ("s1", "t1", "c2"),
        ("s1", "t2", "c3"),
        ("s1", "t2", "c4"),
        ("s2", "t3", "c5"),
        ("s2", "t3", "c6"),
    ],
    ["school", "teacher", "class"],
)


def fitted(formula, data):
    with pytest.warns(hlmrs.RankDeficiencyWarning):
        return hlmrs.lmer(formula, data)


def means(data, by):
    return data.group_by(by).agg(pl.col("y").mean()).sort(by)["y"].to_numpy()


@pytest.mark.parametrize("weights", ["equal", "proportional", "cells", "outer"])
@pytest.mark.parametrize("by", [["kind"], ["form"], ["dose"], ["kind", "form"], ["kind", "form", "dose"]])
def test_means_of_a_control_beside_treated_doses(by, weights):
    fit = fitted("y ~ kind / (form * dose) + (1 | block)", CONTROL)
    table = fit.emmeans(by, weights=weights).to_frame().sort([pl.col(name).cast(pl.String) for name in by])
    np.testing.assert_allclose(table["estimate"], means(CONTROL, by), rtol=1e-8)


ROUTES = design(
    [(route, drug) for route, drugs in (("oral", "abc"), ("injected", "de")) for drug in drugs], ["route", "drug"]
)


@pytest.mark.parametrize("formula", ["route + drug", "drug + route", "route / drug"])
def test_means_of_nested_factors_that_are_added(formula):
    fit = fitted(f"y ~ {formula} + (1 | block)", ROUTES)
    by_drug = means(ROUTES, ["route", "drug"])
    np.testing.assert_allclose(fit.emmeans("drug")["estimate"], means(ROUTES, ["drug"]), rtol=1e-8)
    np.testing.assert_allclose(fit.emmeans("route")["estimate"], means(ROUTES, ["route"]), rtol=1e-8)
    both = fit.emmeans(["route", "drug"]).to_frame().sort([pl.col(name).cast(pl.String) for name in ("route", "drug")])
    np.testing.assert_allclose(both["estimate"], by_drug, rtol=1e-8)


def test_a_factor_without_main_effect_is_crossed_with_what_nests_it():
    data = ROUTES.with_columns(x=pl.Series(R.normal(size=len(ROUTES))), z=pl.Series(R.normal(size=len(ROUTES))))
    data = data.with_columns(twice=2 * pl.col("z"))
    fit = fitted("y ~ drug + x + route:x + z + twice + (1 | block)", data)
    alone = hlmrs.lmer("y ~ drug + x + route:x + z + (1 | block)", data)
    np.testing.assert_allclose(fit.emmeans("drug")["estimate"], alone.emmeans("drug")["estimate"], rtol=1e-8)


def test_contrasts_are_within_what_there_can_be():
    fit = fitted("y ~ kind / (form * dose) + (1 | block)", CONTROL)
    table = fit.contrasts("form", by="kind", adjust="tukey")
    assert table["contrast"].to_list() == ["A - B", "A - C", "B - C"]
    alone = hlmrs.lmer("y ~ form * dose + (1 | block)", CONTROL.filter(pl.col("kind") == "treated"))
    np.testing.assert_allclose(table["estimate"], alone.contrasts("form")["estimate"], rtol=1e-8)
    # three means are compared: the critical range is that of three
    width = (table["conf_high"] - table["conf_low"]) / table["std_error"]
    raw = fit.contrasts("form", by="kind")
    assert (width > (raw["conf_high"] - raw["conf_low"]) / raw["std_error"]).all()
    three = alone.contrasts("form", adjust="tukey", ddf="normal")
    four = fit.contrasts("form", by="kind", adjust="tukey", ddf="normal")
    np.testing.assert_allclose(
        (four["conf_high"] - four["conf_low"]) / four["std_error"],
        (three["conf_high"] - three["conf_low"]) / three["std_error"],
        rtol=1e-6,
    )


def test_levels_of_inner_factors_count_equally_within_those_of_outer_ones():
    fit = fitted("y ~ school / teacher / class + (1 | block)", SCHOOLS)
    by_teacher = means(SCHOOLS, ["school", "teacher"])
    np.testing.assert_allclose(fit.emmeans("teacher")["estimate"], by_teacher, rtol=1e-8)
    want = [by_teacher[:2].mean(), by_teacher[2]]
    np.testing.assert_allclose(fit.emmeans("school")["estimate"], want, rtol=1e-8)


def test_places_of_the_outer_factor_restrict_the_inner_one():
    fit = fitted("y ~ kind / (form * dose) + (1 | block)", CONTROL)
    table = fit.emmeans("form", at={"kind": "treated"})
    np.testing.assert_allclose(table["estimate"], means(CONTROL.filter(pl.col("kind") == "treated"), ["form"]))


def test_a_missing_cell_of_crossed_factors_still_has_no_mean():
    crossed = CONTROL.filter(pl.col("kind") == "treated").filter((pl.col("form") != "C") | (pl.col("dose") == "10"))
    fit = fitted("y ~ form * dose + (1 | block)", crossed)
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="not in the data"):
        table = fit.emmeans("form")
    assert table["estimate"].is_null().to_list() == [False, False, True]


@pytest.mark.parametrize("weights", ["equal", "proportional", "outer", "cells"])
def test_means_of_wide_models_are_averages_of_the_whole_grid(weights):
    data = pl.DataFrame({name: R.choice(list("abc"), 300) for name in "pqrs"}).with_columns(
        g=pl.Series(G), x=pl.Series(R.normal(size=300)), y=pl.Series(R.normal(size=12)[G] + R.normal(size=300))
    )
    fit = hlmrs.lmer("y ~ p * q + r * x + s + (1 | g)", data)
    grid = data.select("p", "q", "r", "s")
    whole = pl.DataFrame({"p": list("abc")})
    for name in "qrs":
        whole = whole.join(pl.DataFrame({name: list("abc")}), how="cross")
    at = whole.with_columns(x=pl.lit(float(data["x"].mean())))
    eta = at.with_columns(eta=pl.Series(fit.predict(at, random_effects=False)))
    share = {
        "equal": lambda row: 1.0,
        "proportional": lambda row: len(grid.filter(pl.all_horizontal(pl.col(n) == row[n] for n in "qrs"))),
        "outer": lambda row: float(np.prod([len(grid.filter(pl.col(n) == row[n])) for n in "qrs"])),
        "cells": lambda row: len(grid.filter(pl.all_horizontal(pl.col(n) == row[n] for n in "pqrs"))),
    }[weights]
    weighted = eta.with_columns(w=pl.Series([float(share(row)) for row in eta.iter_rows(named=True)]))
    want = weighted.group_by("p").agg((pl.col("eta") * pl.col("w")).sum() / pl.col("w").sum()).sort("p")["eta"]
    np.testing.assert_allclose(fit.emmeans("p", weights=weights)["estimate"], want, rtol=1e-10, atol=1e-12)


def test_ten_factors_need_no_grid_of_all_their_combinations():
    data = {f"f{k}": R.choice(list("abcd"), 600) for k in range(10)} | {
        "g": R.integers(0, 20, 600),
        "y": R.normal(size=600),
    }
    fit = hlmrs.lmer("y ~ " + " + ".join(f"f{k}" for k in range(10)) + " + (1 | g)", data)
    beta = fit.fixef()
    others = sum(beta[f"f{k}{level}"] / 4 for k in range(1, 10) for level in "bcd")
    want = [beta["(Intercept)"] + beta.get(f"f0{level}", 0.0) + others for level in "abcd"]
    np.testing.assert_allclose(fit.emmeans("f0")["estimate"], want, rtol=1e-12)
