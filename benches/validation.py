"""How far results are from those of other implementations: ``python -m benches.validation`` writes docs/validation.md.

Every golden case of ``tests/golden/`` is fitted, and the worst difference of each quantity is written.  What stands
outside the marks stays.
"""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import hlmrs

from .results.markdown import inserted

ROOT = Path(__file__).parents[1]
GOLDEN, PAGE = ROOT / "tests" / "golden", ROOT / "docs" / "validation.md"
HEAD = "| what | beside | cases | worst difference |\n|---|---|---:|---|"
Row = tuple[str, str, str, str]


def read(name: str) -> Any:
    """Read a file of golden numbers."""
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def data_of(name: str, levels: dict[str, list[str]] | None = None) -> pl.DataFrame:
    """Return a data set of the package or of the tests; factors of the latter are those of text."""
    if name in hlmrs.datasets.names():
        data = hlmrs.datasets.load(name, "polars")
    else:
        data = pl.read_csv(GOLDEN / "data" / f"{name}.csv")
    return data.with_columns(
        pl.col(column).cast(pl.String).cast(pl.Enum(known)) for column, known in (levels or {}).items()
    )


def worst(values: list[float]) -> str:
    """Write the largest of some differences, rounded up to two digits."""
    return f"{max(values):.1e}"


def linear() -> Iterator[Row]:
    """Compare linear mixed models with lme4 and glmmTMB."""
    for prefix, beside in (("lmm", "lme4 1.1.31"), ("tmb", "glmmTMB 1.1.5")):
        criterion, estimate, error = [], [], []
        for path in sorted((GOLDEN / "cases").glob(f"{prefix}_*.json")):
            case = json.loads(path.read_text(encoding="utf-8"))
            given = {name: case[name] for name in ("weights", "offset", "contrasts") if case.get(name)}
            data = data_of(case["dataset"])
            if case["dataset"] == "sleepstudy_w":
                data = data.with_columns(pl.col("Subject", "DayF").cast(pl.String))
            fit, want = hlmrs.lmer(case["formula"], data, reml=case["reml"], **given), case["reference"]
            se = np.array(want["fixed"]["se"])
            criterion.append(abs(fit.criterion - want["criterion"]))
            estimate.append(np.max(np.abs(fit.beta - want["fixed"]["estimate"]) / se))
            error.append(np.max(np.abs(np.sqrt(np.diag(fit.vcov())) / se - 1)))
        text = f"criterion {worst(criterion)}; coefficients {worst(estimate)} of their standard errors; standard errors"
        yield "linear mixed models", beside, str(len(criterion)), f"{text} {worst(error)} of themselves"


def tests_of_coefficients() -> Iterator[Row]:
    """Compare degrees of freedom with lmerTest and pbkrtest."""
    cases = read("degrees_of_freedom.json")["cases"]
    for method, beside in (("satterthwaite", "lmerTest 3.1.3"), ("kenward-roger", "pbkrtest 0.5.2")):
        df, error = [], []
        for case in cases:
            data = hlmrs.datasets.load(case["dataset"], "polars")
            kept = np.delete(np.arange(len(data)), np.array(case["drop"], dtype=int).ravel() - 1)
            table = hlmrs.lmer(case["formula"], data[kept]).tidy(ddf=method)
            df.append(np.max(np.abs(table["df"].to_numpy() / case[method]["df"] - 1)))
            error.append(np.max(np.abs(table["std_error"].to_numpy() / case[method]["std_error"] - 1)))
        text = f"degrees of freedom {worst(df)} of themselves; standard errors {worst(error)}"
        yield f"tests by {method.title()}, unbalanced data", beside, str(len(cases)), text


def profiles() -> Iterator[Row]:
    """Compare profile intervals with lme4."""
    cases, found = read("profiles.json")["cases"], []
    for case in cases:
        fit = hlmrs.lmer(case["formula"], hlmrs.datasets.load(case["dataset"], "polars"))
        table = {row["term"]: row for row in fit.confint(method="profile").to_dicts()}
        for name, low, high in zip(case["names"], case["low"], case["high"], strict=True):
            own = table[spelled(name)]
            found += [abs(own["conf_low"] - low) / (high - low), abs(own["conf_high"] - high) / (high - low)]
    yield "profile intervals, all parameters", "lme4 1.1.31", str(len(cases)), f"bounds {worst(found)} of the width"


def spelled(name: str) -> str:
    """Return what lme4's ``sd_x|g`` and ``cor_y.x|g`` are called here."""
    name = name.replace("Machine:Worker", "Worker:Machine").replace("cask:batch", "batch:cask")
    name = re.sub(r"^sd_(.*)\|(.*)$", r"sd(\1 | \2)", name)
    return re.sub(r"^cor_(.*)\.(.*)\|(.*)$", r"cor(\2, \1 | \3)", name)


def generalized() -> Iterator[Row]:
    """Compare generalized mixed models with lme4, glmmTMB and ordinal."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in read("generalized.json"):
        by = {"glmm": "lme4 1.1.31", "tmb": "glmmTMB 1.1.5", "clmm": "ordinal 2022.11.16"}[case["id"].split("_")[0]]
        groups.setdefault(by, []).append(case)
    for beside, cases in groups.items():
        loglik, estimate = [], [0.0]
        for case in cases:
            given = {key: case[key] for key in ("weights", "zero_inflation", "dispersion") if key in case}
            data = data_of(case["dataset"], case["levels"])
            fit = hlmrs.glmer(case["formula"], data, family=case["family"], link=case["link"], **given)
            loglik.append(abs(fit.loglik - case.get("observed", {}).get("logLik", case["loglik"])))
            if "fixed" in case and "observed" not in case:
                own = {row["term"]: row["estimate"] for row in fit.tidy().to_dicts()}
                difference = [own[name] for name in case["fixed"]["names"]] - np.array(case["fixed"]["estimate"])
                estimate.append(np.max(np.abs(difference) / case["fixed"]["se"]))
        text = f"log-likelihood {worst(loglik)}"
        text += f"; coefficients {worst(estimate)} of their standard errors" if len(estimate) > 1 else ""
        yield "generalized mixed models", beside, str(len(cases)), text


def equations() -> Iterator[Row]:
    """Compare estimating equations with geepack."""
    cases, beta, error = read("gee.json")["cases"], [], []
    for case in cases:
        data = data_of(case["dataset"])
        if case["dataset"] == "Contraception":
            data = data.with_columns(y=(pl.col("use") == "Y").cast(pl.Float64))
        given = {name: case[name] for name in ("family", "groups", "correlation")}
        fit = hlmrs.gee(case["formula"], data, time=case.get("time"), **given)
        beta.append(np.max(np.abs(fit.beta / case["beta"] - 1)))
        error.append(np.max(np.abs(np.sqrt(np.diag(fit.vcov()) / np.diag(case["vcov_robust"])) - 1)))
    text = f"coefficients {worst(beta)} of themselves; robust standard errors {worst(error)}"
    yield "estimating equations", "geepack 1.3.9", str(len(cases)), text


def trials() -> Iterator[Row]:
    """Compare models of repeated measures with SAS."""
    sas = read("mmrm.json")
    trial = (
        pl.read_csv(GOLDEN / "data" / "fev_data.csv", null_values="NA")
        .drop_nulls("FEV1")
        .with_columns(pl.col("ARMCD").cast(pl.Enum(["PBO", "TRT"])))
        .with_columns(pl.col("AVISIT").cast(pl.Enum([f"VIS{k}" for k in range(1, 5)])))
    )
    df, error = [], []
    for name, own in sas["structures"].items():
        fit = hlmrs.mmrm("FEV1 ~ ARMCD", trial, covariance=name, visit="AVISIT", subject="USUBJID")
        for method, want in own.items():
            row = fit.tidy(ddf=method).row(1, named=True)
            df.append(abs(row["df"] / want["df"] - 1))
            error.append(abs(row["std_error"] / want["std_error"] - 1))
    text = f"degrees of freedom {worst(df)} of themselves; standard errors {worst(error)}"
    yield "MMRM, Kenward and Roger's tests, full and linear", "SAS 9.4, PROC MIXED", str(len(df)), text


def textbooks() -> Iterator[Row]:
    """Count the numbers of textbooks' programs that docs/textbook.md meets."""
    text = (ROOT / "docs" / "textbook.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([-\d.*]+) \| [-\d.]+ \| (\w+) \|$", text, re.M)
    for program in dict.fromkeys(program for _, program in rows):
        printed = [number for number, own in rows if own == program]
        stars = sum(number.endswith("*") for number in printed)
        ended = f"; {stars} from a search that ended above the criterion of hlmrs" if stars else ""
        yield "numbers printed with textbooks", program, str(len(printed)), f"one unit of the last digit{ended}"


def main() -> None:
    """Write the table between its marks."""
    warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
    rows = [
        row
        for part in (linear, tests_of_coefficients, profiles, generalized, equations, trials, textbooks)
        for row in part()
    ]
    lines = [HEAD, *("| " + " | ".join(row) + " |" for row in rows)]
    inserted(PAGE, "Validation", "\n".join(lines))
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
