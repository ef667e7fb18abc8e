"""A linear mixed model beside other methods: each against its own algebra or another function of the package."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return hlmrs.datasets.load("Hsb82", "polars")


@pytest.fixture(scope="module")
def table(data: pl.DataFrame) -> pl.DataFrame:
    found = hlmrs.against(hlmrs.lmer("mAch ~ ses + sector + (1 | school)", data))
    frame = found.to_frame()
    assert isinstance(frame, pl.DataFrame)
    return frame


def of(table: pl.DataFrame, method: str) -> tuple[np.ndarray, np.ndarray]:
    rows = table.filter(method=method)
    return rows["estimate"].to_numpy(), rows["std_error"].to_numpy()


def ols(x: np.ndarray, y: np.ndarray, df: int) -> tuple[np.ndarray, np.ndarray]:
    beta = np.linalg.solve(x.T @ x, x.T @ y)
    variance = ((y - x @ beta) ** 2).sum() / df
    return beta, np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))


def design(data: pl.DataFrame) -> np.ndarray:
    columns = data.select(pl.lit(1.0), pl.col("ses"), (pl.col("sector") == "Catholic").cast(float))
    return np.asarray(columns.to_numpy(), dtype=float)


def test_the_mixed_model_is_the_fit(data: pl.DataFrame, table: pl.DataFrame) -> None:
    tidy = hlmrs.lmer("mAch ~ ses + sector + (1 | school)", data).tidy()
    own = table.filter(method="mixed model")
    for name in ("term", "estimate", "std_error", "conf_low", "conf_high"):
        assert own[name].to_list() == tidy[name].to_list()


def test_least_squares_of_rows_means_and_deviations(data: pl.DataFrame, table: pl.DataFrame) -> None:
    x, y = design(data), data["mAch"].to_numpy()
    np.testing.assert_allclose(of(table, "OLS"), ols(x, y, len(y) - 3), rtol=1e-9)
    means = data.group_by("school", maintain_order=True).agg(pl.col("mAch", "ses").mean(), pl.col("sector").first())
    np.testing.assert_allclose(
        of(table, "group means"), ols(design(means), means["mAch"].to_numpy(), len(means) - 3), rtol=1e-9
    )
    within = data.select(pl.col("mAch", "ses") - pl.col("mAch", "ses").mean().over("school"))
    beta, error = ols(within["ses"].to_numpy()[:, None], within["mAch"].to_numpy(), len(data) - 160 - 1)
    np.testing.assert_allclose(of(table, "fixed effects"), (beta, error), rtol=1e-9)


@pytest.mark.parametrize(("method", "correlation"), [("OLS, robust", "independence"), ("GEE", "exchangeable")])
def test_estimating_equations(data: pl.DataFrame, table: pl.DataFrame, method: str, correlation: Any) -> None:
    fit = hlmrs.gee("mAch ~ ses + sector", data, groups="school", correlation=correlation)
    np.testing.assert_allclose(of(table, method), (fit.beta, np.sqrt(np.diag(fit.vcov()))), rtol=1e-9)


def test_a_method_has_no_row_for_what_it_cannot_estimate(table: pl.DataFrame) -> None:
    assert table.filter(method="fixed effects")["term"].to_list() == ["ses"]


def test_the_same_rows_are_used(data: pl.DataFrame) -> None:
    holes = data.with_columns(ses=pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("ses"))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer("mAch ~ ses + (1 | school)", holes)
    whole = hlmrs.lmer("mAch ~ ses + (1 | school)", holes.drop_nulls("ses"))
    for one, other in zip(hlmrs.against(fit).to_dicts(), hlmrs.against(whole).to_dicts(), strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-6)


def test_kinds_of_frames_agree() -> None:
    tables = [
        hlmrs.against(hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", kind)))
        for kind in ("polars", "pandas", "pyarrow", "dict")
    ]
    first = [row["estimate"] for row in tables[0].to_dicts()]
    for table in tables[1:]:
        assert [row["estimate"] for row in table.to_dicts()] == pytest.approx(first)


def test_what_it_cannot_do_is_said(data: pl.DataFrame) -> None:
    fit = hlmrs.lmer("mAch ~ ses + (1 | school)", data)
    with pytest.raises(hlmrs.OptionError, match="class"):
        hlmrs.against(fit, "class")
    weighted = hlmrs.lmer("mAch ~ ses + (1 | school)", data.with_columns(w=pl.lit(2.0)), weights="w")
    with pytest.raises(hlmrs.OptionError, match="weights or an offset"):
        hlmrs.against(weighted)
    with pytest.raises(TypeError, match="linear mixed model"):
        hlmrs.against(1)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1e-11, 1e10])
def test_units_of_predictors_change_no_row(data: pl.DataFrame, size: float) -> None:
    plain = hlmrs.against(hlmrs.lmer("mAch ~ ses + meanses + (1 | school)", data)).to_dicts()
    scaled = data.with_columns(pl.col("ses", "meanses") * size)
    other = hlmrs.against(hlmrs.lmer("mAch ~ ses + meanses + (1 | school)", scaled)).to_dicts()
    assert [(row["term"], row["method"]) for row in other] == [(row["term"], row["method"]) for row in plain]
    for one, two in zip(plain, other, strict=True):
        factor = 1.0 if one["term"] == "(Intercept)" else size
        assert two["estimate"] * factor == pytest.approx(one["estimate"], rel=1e-6, abs=1e-9)


def test_a_large_variable_of_groups_has_no_fixed_effect(data: pl.DataFrame) -> None:
    large = data.with_columns(pl.col("meanses") * 1e8 + 1.0)
    table = hlmrs.against(hlmrs.lmer("mAch ~ ses + meanses + (1 | school)", large)).to_frame()
    assert table.filter(method="fixed effects")["term"].to_list() == ["ses"]
