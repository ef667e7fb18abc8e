"""Profile likelihood: lme4's intervals, closed forms, boundaries, and structures that must agree."""

import json
import math
import re
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import hlmrs
from golden import FOLDER, rows

GOLDEN = json.loads((FOLDER / "profiles.json").read_text())["cases"]


def fitted(formula: str, data: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return hlmrs.lmer(formula, data, **options)


def intervals(fit: Any, **options: Any) -> dict[str, tuple[float, float]]:
    return {r["term"]: (r["conf_low"], r["conf_high"]) for r in rows(fit.confint(method="profile", **options))}


def spelled(name: str) -> str:
    """What lme4's ``sd_x|g`` and ``cor_y.x|g`` are called here."""
    name = name.replace("Machine:Worker", "Worker:Machine").replace("cask:batch", "batch:cask")
    name = re.sub(r"^sd_(.*)\|(.*)$", r"sd(\1 | \2)", name)
    return re.sub(r"^cor_(.*)\.(.*)\|(.*)$", r"cor(\2, \1 | \3)", name)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: c["formula"])
def test_intervals_are_those_of_lme4(case):
    got = intervals(fitted(case["formula"], hlmrs.datasets.load(case["dataset"], "polars")))
    assert len(got) == len(case["names"])
    for name, low, high in zip(case["names"], case["low"], case["high"], strict=True):
        np.testing.assert_allclose(got[spelled(name)], (low, high), rtol=0, atol=1e-5 * (high - low), err_msg=name)


def test_the_bounds_of_a_balanced_mean_have_the_likelihood_ratio_of_their_level():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    y = data["Yield"].to_numpy().reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / 24

    def deviance(mean: float) -> float:  # the best variances for a mean: those of the between and within squares
        between = 5 * ((y.mean(axis=1) - mean) ** 2).sum() / 6
        return 24 * math.log(within) + 6 * math.log(between)

    for bound in intervals(fitted("Yield ~ 1 + (1 | Batch)", data), level=0.9)["(Intercept)"]:
        assert deviance(bound) - deviance(y.mean()) == pytest.approx(1.6448536269514722**2, rel=1e-6)


def test_an_interval_that_reaches_the_boundary_ends_there():
    got = intervals(fitted("distance ~ age * Sex + (age | Subject)", hlmrs.datasets.load("Orthodont", "polars")))
    assert got["cor((Intercept), age | Subject)"] == (-1, 1)
    assert got["sd(age | Subject)"][0] == 0
    assert got["sd(age | Subject)"][1] == pytest.approx(0.3385631, rel=1e-4)  # lme4 1.1-31
    none = intervals(fitted("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff2", "polars")))
    assert none["sd((Intercept) | Batch)"][0] == 0


def test_zeta_passes_zero_at_the_estimate_and_the_limits_at_the_bounds():
    fit = fitted("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"), reml=False)
    table = fit.profile(level=0.9)
    for (name,), part in table.group_by("term", maintain_order=True):
        value, zeta = part["value"].to_numpy(), part["zeta"].to_numpy()
        assert (np.diff(value) > 0).all()
        assert (np.diff(zeta) > 0).all()
        low, high = intervals(fit, level=0.9)[name]
        z = np.interp([low, high], value, zeta)
        np.testing.assert_allclose(z, [-1.6448536, 1.6448536], rtol=1e-6)
    days = table.filter(pl.col("term") == "Days")
    assert fit.beta[1] == pytest.approx(days.filter(pl.col("zeta") == 0)["value"][0])


def test_two_columns_have_the_same_profiles_by_every_structure_that_fits_them():
    data = hlmrs.datasets.load("Machines", "polars").filter(pl.col("Machine") != "C")
    data = data.with_columns(pl.col("Machine").cast(pl.String))
    us, cs = (intervals(fitted(f"score ~ Machine + {s}(0 + Machine | Worker)", data)) for s in ("us", "cs"))
    for (name, a), b in zip(us.items(), cs.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, err_msg=name)
    homcs, ar1 = (intervals(fitted(f"score ~ Machine + {s}(0 + Machine | Worker)", data)) for s in ("homcs", "ar1"))
    for (name, a), b in zip(homcs.items(), ar1.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, err_msg=name)


def test_units_and_origins_of_columns_change_no_interval():
    data = hlmrs.datasets.load("sleepstudy", "polars")
    one = intervals(fitted("Reaction ~ Days + (Days | Subject)", data))
    scaled = data.with_columns(Days=pl.col("Days") * 1e3, Reaction=pl.col("Reaction") * 1e-3 + 7)
    two = intervals(fitted("Reaction ~ Days + (Days | Subject)", scaled))
    np.testing.assert_allclose(np.array(two["Days"]) * 1e6, one["Days"], rtol=1e-6)
    np.testing.assert_allclose(np.array(two["sd(Days | Subject)"]) * 1e6, one["sd(Days | Subject)"], rtol=1e-5)
    name = "cor((Intercept), Days | Subject)"
    np.testing.assert_allclose(two[name], one[name], atol=1e-5)


def test_a_chosen_parameter_is_profiled_alone_and_a_wrong_name_is_refused():
    fit = fitted("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy", "pandas"))
    table = fit.profile(terms=["sigma"])
    assert set(table["term"]) == {"sigma"}
    with pytest.raises(hlmrs.OptionError, match="'sd\\(\\(Intercept\\) \\| Subject\\)'"):
        fit.profile(terms=["Subject"])
    with pytest.raises(hlmrs.OptionError, match="'wald', 'profile'"):
        fit.confint(method="exact")


def test_a_crossed_weighted_model_has_the_same_profiles_in_any_number_of_threads():
    data = hlmrs.datasets.load("Penicillin", "polars").with_columns(w=1 + pl.int_range(pl.len()) % 3)
    one, four = (
        intervals(
            fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", data, weights="w", control=hlmrs.Control(n_threads=n))
        )
        for n in (1, 4)
    )
    assert one == four


def test_further_terms_on_a_group_have_names_of_their_own():
    data = hlmrs.datasets.load("Machines", "polars").with_columns(x=pl.int_range(pl.len()) % 7 / 7.0)
    fit = fitted("score ~ Machine + (1 + x | Worker) + (0 + x | Worker)", data)
    assert len(set(fit.bootstrap(2, seed=1).terms)) == len(fit.coef_names) + len(rows(fit.varcorr()))


def test_every_lag_of_toep_has_the_likelihood_ratio_of_its_level():
    # the least deviance with a correlation held, by dense algebra and a simplex search over everything else
    data = hlmrs.datasets.load("Machines", "polars")
    fit = fitted("score ~ Machine + toep(0 + Machine | Worker)", data, reml=False)
    got = intervals(fit)
    assert {"cor(lag 1 | Worker)", "cor(lag 2 | Worker)"} < set(got)
    machine, worker = (data[c].cast(pl.String).to_numpy() for c in ("Machine", "Worker"))
    z = np.array([[float(m == level) for level in "ABC"] for m in machine])
    same, y = worker[:, None] == worker, data["score"].to_numpy()

    def deviance(sd, rho1, rho2, sigma):
        r = np.array([[1, rho1, rho2], [rho1, 1, rho1], [rho2, rho1, 1]])
        if np.linalg.eigvalsh(r)[0] < 0:
            return 1e9
        v = same * (z @ (r * np.outer(sd, sd)) @ z.T) + sigma**2 * np.eye(len(y))
        solved = np.linalg.solve(v, np.column_stack([z, y]))
        rest = y - z @ np.linalg.solve(z.T @ solved[:, :3], z.T @ solved[:, 3])
        return len(y) * math.log(2 * math.pi) + np.linalg.slogdet(v)[1] + rest @ np.linalg.solve(v, rest)

    def least(lag, held):
        def of(x):
            rho = (held, np.tanh(x[3])) if lag == 1 else (np.tanh(x[3]), held)
            return deviance(np.exp(x[:3]), *rho, np.exp(x[4]))

        inside = held**2 if lag == 1 else 0.5 * math.sqrt((1 + held) / 2)
        x = np.array([*np.log([4.0, 7.0, 7.0]), math.atanh(inside), 0.0])
        for _ in range(3):
            x = minimize(of, x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10, "maxfev": 5000}).x
        return of(x)

    for lag in (1, 2):
        for bound in got[f"cor(lag {lag} | Worker)"]:
            if abs(bound) < 1:
                assert least(lag, bound) - fit.criterion == pytest.approx(3.841458820694124, abs=2e-4)


def test_a_toep_of_two_columns_has_the_profile_of_an_unstructured_term():
    data = hlmrs.datasets.load("Machines", "polars").filter(pl.col("Machine").cast(pl.String) != "C")
    data = data.with_columns(pl.col("Machine").cast(pl.String))
    toep, us = (intervals(fitted(f"score ~ Machine + {term}(0 + Machine | Worker)", data)) for term in ("toep", "us"))
    np.testing.assert_allclose(list(toep.values()), list(us.values()), rtol=1e-4, atol=1e-5)
