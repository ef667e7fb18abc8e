"""The textbook page: every printed number is met to one unit of its last digit, or the criterion is lower."""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import hlmrs

PAGE = Path(__file__).parents[2] / "docs" / "textbook.md"
TABLE = re.compile(r"^\| `(\w+)` \| printed \| hlmrs \| program \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.M)


@cache
def text():
    return PAGE.read_text(encoding="utf-8")


@cache
def fits():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text(), re.S):
        exec(compile(block, "textbook", "exec"), names)
    return names


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


ROWS = [(fit, *cells(line)) for fit, lines in TABLE.findall(text()) for line in lines.splitlines()]


def value(fit, name):
    """What a row of the page names."""
    table = fit.tidy()
    estimate = dict(zip(table["term"], table["estimate"], strict=True))
    error = dict(zip(table["term"], table["std_error"], strict=True))
    parts = fit.varcorr(se=True).to_dicts()
    kind, _, of = name.partition(" of ")
    if kind == "SE" and of in error:
        return error[of]
    wanted = "std_error" if kind == "SE" else "variance"
    kind, _, of = (of if kind == "SE" else name).partition(" of ")
    if kind == "residual variance":
        return next(p[wanted] for p in parts if p["term1"] is None)
    if kind == "variance":
        return next(p[wanted] for p in parts if p["term1"] == of and p["term2"] is None)
    if kind == "covariance":
        return next(p[wanted] for p in parts if [p["term1"], p["term2"]] == of.split(", "))
    if kind == "chi-square":
        lines = str(fit.summary(style="hlm")).partition("variance components")[2].splitlines()
        return float(next(line.split()[5] for line in lines if line.strip().startswith(of)))
    if kind in ("AIC", "BIC") and of:
        table = fit.information_criteria(n="groups" if "groups" in of else "rows", count="variances")
        return table[kind.lower()][0]
    if kind == "reliability":
        return next(r["reliability"] for r in fit.variance.reliability().to_dicts() if r["term"] == of)
    if kind == "Wald chi-square":
        return (estimate[of] / error[of]) ** 2
    known = {"log L": fit.loglik, "-2 log L": fit.criterion, "AIC": fit.aic}
    return known[name] if name in known else estimate[name]


def unit(number):
    """One in the last digit."""
    return 10.0 ** -len(number.partition(".")[2])


def test_all_tables_of_the_page_are_read():
    assert len(ROWS) == sum(line.count("| HLM |") + line.count("| SAS |") for line in [text()]) + len(
        re.findall(r"\| (?:Stata|lme4) \|", text())
    )
    assert len(ROWS) > 55


@pytest.mark.parametrize(("fit", "name", "printed", "ours", "program"), ROWS)
def test_a_printed_number_is_met(fit, name, printed, ours, program):
    found = value(fits()[fit], name)
    assert found == pytest.approx(float(ours), abs=0.51 * unit(ours))
    if printed.endswith("*"):
        assert abs(found - float(printed[:-1])) > unit(printed[:-1])
    else:
        assert found == pytest.approx(float(printed), abs=1.5 * unit(printed)), program


RATE = "I(age - 14)"
TABLE_4_1 = {
    "initial status": "(Intercept)",
    "child of an alcoholic": "child_of_alcoholic",
    "peers' use": "{peers}",
    "rate of change": RATE,
    "rate by child of an alcoholic": f"child_of_alcoholic:{RATE}",
    "rate by peers' use": f"{{peers}}:{RATE}",
    "residual variance": "residual variance",
    "variance of initial status": "variance of (Intercept)",
    "variance of rates": f"variance of {RATE}",
    "covariance": f"covariance of (Intercept), {RATE}",
    "deviance": "-2 log L",
}


@pytest.mark.parametrize("row", TABLE_4_1)
def test_a_row_of_the_models_of_alcohol_use_is_what_they_give(row):
    line = next(line for line in text().splitlines() if line.startswith(f"| {row} |") and line.count("|") == 8)
    shown = dict(zip("abcdef", cells(line)[1:], strict=True))
    assert any(shown.values())
    for letter, number in shown.items():
        name = TABLE_4_1[row].format(peers="center(peer_alcohol_use)" if letter == "f" else "peer_alcohol_use")
        if number:
            found = value(fits()[f"model_{letter}"], name)
            assert found == pytest.approx(float(number), abs=0.51 * unit(number))


FOUR = {
    "mean of schools": "(Intercept)",
    "mean SES": "meanses_hlm",
    "sector": "sectorCatholic",
    "slope of SES": "cses",
    "slope by mean SES": "meanses_hlm:cses",
    "slope by sector": "sectorCatholic:cses",
    "variance of means": "variance of (Intercept)",
    "variance of slopes": "variance of cses",
    "residual variance of students": "residual variance",
    "REML criterion": "-2 log L",
}


@cache
def built():
    formula = "mAch ~ (meanses_hlm + sector) * cses + (cses | school)"
    assert f'hlmrs.build("{formula}", school, means="~ meanses_hlm")' in text()
    return list(hlmrs.build(formula, fits()["school"], means="~ meanses_hlm").fits.values())


@pytest.mark.parametrize("row", FOUR)
def test_a_row_of_the_four_models_of_schools_is_what_they_give(row):
    line = next(line for line in text().splitlines() if line.startswith(f"| {row} |") and line.count("|") == 6)
    shown = cells(line)[1:]
    assert any(shown)
    for own, name, number in zip(built(), ("null", "means", "slopes", "both"), shown, strict=True):
        if number:
            for fit in (own, fits()[name]):
                assert value(fit, FOUR[row]) == pytest.approx(float(number), abs=0.51 * unit(number))


def test_the_averages_of_the_schools_least_squares_are_hlms():
    data = (
        fits()["school"]
        .group_by("school")
        .agg(mean=pl.col("mAch").mean(), slope=pl.cov("mAch", "cses") / pl.col("cses").var())
    )
    for name, printed in (("mean", "12.62075"), ("slope", "2.20164")):
        assert data[name].mean() == pytest.approx(float(printed), abs=1.5e-5)
        assert printed in text()


def reml(y, x, z, groups, residual, covariance):
    """Return the REML criterion group by group, from V = Z D Z' + s² I."""
    log_det, information, score, squares = 0.0, 0.0, 0.0, 0.0
    for rows in groups:
        v = z[rows] @ covariance @ z[rows].T + residual * np.eye(len(rows))
        solved = np.linalg.solve(v, np.column_stack([x[rows], y[rows]]))
        log_det += np.linalg.slogdet(v)[1]
        information += x[rows].T @ solved[:, :-1]
        score += x[rows].T @ solved[:, -1]
        squares += y[rows] @ solved[:, -1]
    rest = squares - score @ np.linalg.solve(information, score)
    return log_det + np.linalg.slogdet(information)[1] + rest + (len(y) - x.shape[1]) * math.log(2 * math.pi)


@cache
def of_schools():
    data = fits()["school"]
    school, y, cses = data["school"].to_physical().to_numpy(), data["mAch"].to_numpy(), data["cses"].to_numpy()
    groups = [np.flatnonzero(school == k) for k in np.unique(school)]
    mean, sector = data["meanses_hlm"].to_numpy(), (data["sector"] == "Catholic").to_numpy().astype(float)
    x = np.column_stack([np.ones(len(y)), mean, sector, cses, mean * cses, sector * cses])
    return y, x, np.column_stack([np.ones(len(y)), cses]), groups


def test_the_null_models_of_other_programs_have_a_higher_criterion():
    y, x, z, groups = of_schools()

    def criterion(residual, variance):
        return reml(y, x[:, :1], z[:, :1], groups, residual, np.array([[variance]]))

    null = fits()["null"]
    own = criterion(null.sigma**2, null.varcorr()["variance"][0])
    assert own == pytest.approx(null.criterion, abs=1e-6)
    sas, hlm = criterion(39.1487, 8.6097), criterion(39.14831, 8.61431)
    assert own < hlm < sas
    for number in (sas, hlm, own):
        assert f"{number:.7f}" in text()


def test_hlms_variances_of_intercepts_and_slopes_have_a_higher_criterion_at_the_best_of_all_others():
    y, x, z, groups = of_schools()

    def criterion(free):
        slope, covariance = free
        matrix = np.array([[2.37996, covariance], [covariance, slope]])
        if np.linalg.eigvalsh(matrix)[0] < 0:
            return 1e9
        return reml(y, x, z, groups, 36.70313, matrix)

    best = minimize(criterion, [0.15, 0.2], method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-5}).fun
    assert fits()["both"].criterion < best - 5e-4
    for number in (best, fits()["both"].criterion):
        assert f"{number:.4f}" in text()


def expected_errors(fit, person, z):
    """Standard errors of variances by maximum likelihood: 2 (tr V⁻¹ dV_i V⁻¹ dV_j)⁻¹, person by person."""
    intercept, slope, covariance, residual = fit.varcorr()["variance"]
    between = np.array([[intercept, covariance], [covariance, slope]])
    moves = [np.array([[1, 0], [0, 0]]), np.array([[0, 0], [0, 1]]), np.array([[0, 1], [1, 0]])]
    information = np.zeros((4, 4))
    for rows in (np.flatnonzero(person == k) for k in np.unique(person)):
        own = z[rows]
        inverse = np.linalg.inv(own @ between @ own.T + residual * np.eye(len(rows)))
        products = [inverse @ own @ move @ own.T for move in moves] + [inverse]
        information += [[np.sum(a * b.T) / 2 for b in products] for a in products]
    return np.sqrt(np.diag(np.linalg.inv(information)))


def test_errors_of_the_wages_variances_are_of_the_observed_information_and_hlms_of_the_expected():
    wages, work = fits()["wages"], fits()["work"]
    z = np.column_stack([np.ones(work.height), work["experience"]])
    expected = expected_errors(wages, work["id"].to_numpy(), z)
    hlm = [0.00467, 0.00019, 0.00081, 0.00191]
    np.testing.assert_allclose(expected, hlm, atol=6e-6)
    for error in (*hlm, *wages.varcorr(se=True)["std_error"]):
        assert f"{error:.5f}" in text()


def test_hlms_likelihood_of_reading_differs_by_the_constant_of_a_row():
    ours = fits()["planned"].loglik
    assert f"{ours:.4f}" in text()
    assert f"{ours + math.log(2 * math.pi) / 2:.4f}" == "-909.0557"
