"""Peers, each in a process of its own that reads a job and writes a result; their names of parameters made ours."""

import json
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hlmrs

from .measured import Measured, measured
from .workloads import Workload

HERE = Path(__file__).parent


def of_peer(package: str, workload: Workload, scale: float | None, python: str) -> Measured:
    """Return what a package measured of itself; `python` is the interpreter that has bambi."""
    with tempfile.TemporaryDirectory() as folder:
        data, job, result = (Path(folder) / name for name in ("data.csv", "job.json", "result.json"))
        frame = hlmrs.datasets.load(workload.dataset, "pandas")
        frame.to_csv(data, index=False)
        levels = {name: list(frame[name].cat.categories) for name in frame.select_dtypes("category")}
        facts = {"package": package, "data": str(data), "levels": levels, "scale": scale}
        facts |= {"formula": workload.formula, "family": workload.family}
        job.write_text(json.dumps(facts | {"chains": 4, "warmup": 1000, "draws": 1000}))
        command = [python, str(HERE / "with_bambi.py")] if package == "bambi" else ["Rscript", str(HERE / "fit.R")]
        done = subprocess.run([*command, str(job), str(result)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{package} failed on {workload.formula}: {done.stderr.strip()}")
        found: dict[str, Any] = json.loads(result.read_text())
    return measured(found | {"parameters": renamed(package, found["parameters"])})


def renamed(package: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters by the names that hlmrs has."""
    return {_NAMES[package](name): values for name, values in parameters.items()}


def _from_brms(name: str) -> str:
    name = re.sub(r"\bIntercept\b|(?<=_)Intercept", "(Intercept)", name)
    name = re.sub(r"^sd_(.+?)__(.+)$", r"sd(\2 | \1)", name)
    return re.sub(r"^cor_(.+?)__(.+)__(.+)$", r"cor(\2, \3 | \1)", name).removeprefix("b_")


def _from_rstanarm(name: str) -> str:
    """Of an element of a covariance the standard deviation or correlation, which fit.R makes of it."""
    parts = re.fullmatch(r"Sigma\[(.+?):(.+),(.+)\]", name)
    if parts is None:
        return name
    group, first, second = parts.groups()
    return f"sd({first} | {group})" if first == second else f"cor({second}, {first} | {group})"


def _from_bambi(name: str) -> str:
    name = re.sub(r"^(.+)\|(.+)_sigma$", r"sd(\1 | \2)", name).replace("sd(1 |", "sd((Intercept) |")
    return "(Intercept)" if name == "Intercept" else re.sub(r"\[(.+?)\]", r"\1", name)


_NAMES: dict[str, Callable[[str], str]] = {"brms": _from_brms, "rstanarm": _from_rstanarm, "bambi": _from_bambi}
