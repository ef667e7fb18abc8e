"""Every golden case is met within its own tolerances, from Polars and from pandas."""

import re
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest

import hlmrs
from golden import case, case_names, data, rows
from hlmrs.frame import build

CASES = case_names("lmm_", "tmb_")
IDENTIFIED = [name for name in CASES if not case(name).get("unidentified_variances")]

each_frame = pytest.mark.parametrize("frame", ["polars", "pandas"])
each_case = pytest.mark.parametrize("name", CASES)
each_identified_case = pytest.mark.parametrize("name", IDENTIFIED)


@cache
def fit_of(name: str, frame: str) -> Any:
    model = case(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.lmer(
            model["formula"],
            data(model["dataset"], frame),
            reml=model["reml"],
            weights=model.get("weights"),
            offset=model.get("offset"),
            contrasts=model.get("contrasts"),
        )


def close(got: Any, want: Any, within: Any) -> None:
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape
    excess = np.abs(got - want) - within
    assert np.all(excess <= 0), f"got {got}, want {want} within {within}"


def group_key(name: str) -> tuple[str, ...]:
    """One spelling of a grouping factor: R writes `cask:batch` for `batch/cask`, and numbers further terms."""
    return tuple(sorted(re.sub(r"\.\d+$", "", name).split(":")))


def level_key(group: str, level: str) -> Any:
    """One spelling of a level of several columns, whichever order they come in."""
    return frozenset(zip(group.split(":"), level.split(":"), strict=True)) if ":" in group else level


def spread(fit: Any) -> float:
    return float(np.std(fit.fitted) + 1e-4 * np.mean(np.abs(fit.fitted)))


@each_frame
@each_case
def test_likelihood_and_sizes(name, frame):
    fit, want, within = fit_of(name, frame), case(name)["reference"], case(name)["tolerance"]["logLik_abs"]
    assert fit.verdict.converged
    close(fit.criterion, want["criterion"], 2 * within)
    close(fit.loglik, want["logLik"], within)
    close([fit.aic, fit.bic], [want["AIC"], want["BIC"]], 2 * within)
    assert (fit.nobs, fit.n_params) == (want["nobs"], want["n_par"])
    assert sorted(fit.n_groups.values()) == sorted(want["ngroups"].values())


@each_frame
@each_case
def test_fixed_effects(name, frame):
    fit, want, within = fit_of(name, frame), case(name)["reference"]["fixed"], case(name)["tolerance"]
    assert fit.coef_names == want["names"]
    se = np.array(want["se"])
    close(fit.beta, want["estimate"], within["estimate_in_se"] * se)
    close(np.sqrt(np.diag(fit.vcov())), se, within["se_rel"] * se)
    vcov = np.array(case(name)["reference"]["vcov_beta"])
    close(fit.vcov(), vcov, 2 * within["se_rel"] * np.sqrt(np.outer(np.diag(vcov), np.diag(vcov))))


@each_frame
@each_identified_case
def test_variance_components(name, frame):
    fit, want, within = fit_of(name, frame), case(name)["reference"], case(name)["tolerance"]["sd_rel"]
    singular, sigma = want.get("singular"), want["sigma"]
    close(fit.sigma, sigma, within * sigma)
    table = rows(fit.varcorr())
    unmatched = [row for row in table if row["term2"] is None and row["group"] != "Residual"]
    for term in want["varcorr"]:
        for text, sd in zip(term["terms"], term["sd"], strict=True):
            found = [r for r in unmatched if group_key(r["group"]) == group_key(term["group"]) and r["term1"] == text]
            best = min(found, key=lambda row: abs(row["sd"] - sd))
            close(best["sd"], sd, max(within * sd, 1e-3 * sigma if singular else 0))
            close(best["variance"], best["sd"] ** 2, 1e-12 * best["variance"])
            unmatched.remove(best)
        if not singular:
            check_correlations(table, term)
    assert not unmatched


def check_correlations(table: list[dict[str, Any]], term: dict[str, Any]) -> None:
    for i, one in enumerate(term["terms"]):
        for j, other in enumerate(term["terms"][:i]):
            pair = [
                row["corr"]
                for row in table
                if group_key(row["group"]) == group_key(term["group"]) and {row["term1"], row["term2"]} == {one, other}
            ]
            close(pair, [term["corr"][i][j]], 2e-3)


@each_frame
@each_identified_case
def test_random_effects(name, frame):
    fit, want = fit_of(name, frame), case(name)["reference"]
    slack = 2e-3 * want["sigma"] if want.get("singular") else 0.0
    table = {}
    for row in rows(fit.ranef()):
        table[group_key(row["group"]), level_key(row["group"], row["level"]), row["term"]] = row
    for group, block in want.get("ranef", {}).items():
        deviations = block.get("cond_sd") or [[1.0] * len(block["columns"])] * len(block["levels"])
        for level, modes, sds in zip(block["levels"], block["mode"], deviations, strict=True):
            for term, mode, sd in zip(block["columns"], modes, sds, strict=True):
                row = table[group_key(group), level_key(group, level), term]
                close(row["estimate"], mode, max(case(name)["tolerance"].get("ranef_in_sd", 1e-3) * sd, slack))
                if "cond_sd" in block and not want.get("singular"):
                    close(row["std_error"], sd, 2e-3 * sd)


@each_frame
@each_identified_case
def test_fitted_values(name, frame):
    fit, want, within = fit_of(name, frame), case(name)["reference"], case(name)["tolerance"]["fitted_rel"]
    relative = max(10 * within, 2e-4 if want.get("singular") else 0)
    close(fit.fitted[:5], want["fitted_first5"], relative * spread(fit))


@each_frame
@pytest.mark.parametrize("name", [name for name in IDENTIFIED if "predict" in case(name)["reference"]])
def test_predictions(name, frame):
    fit, want = fit_of(name, frame), case(name)["reference"]["predict"]
    new = build(frame, {column: list(values) for column, values in want["newdata"].items()})
    close(fit.predict(new, new_levels="population"), want["conditional"], 5e-4 * spread(fit))
    close(fit.predict(new, random_effects=False), want["population"], 5e-4 * spread(fit))
