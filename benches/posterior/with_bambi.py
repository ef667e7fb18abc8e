"""Draws from one posterior by bambi with nutpie: python with_bambi.py job.json result.json, where both are installed.

bambi hands its PyMC model to nutpie, which compiles and then samples; these two steps are called apart here, with the
variables that bambi asks for.  bambi's columns are centred: it turns the intercept back afterwards, as is done here.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import arviz  # noqa: E402
import bambi  # noqa: E402
import nutpie  # noqa: E402
import pandas as pd  # noqa: E402


def main(job: dict[str, Any]) -> dict[str, Any]:
    """Return times and parameters."""
    (model, compiled), compilation = timed(lambda: compile_model(job))
    counts = {"chains": job["chains"], "tune": job["warmup"], "draws": job["draws"]}
    found, sampling = timed(lambda: nutpie.sample(compiled, **counts, cores=1, seed=1, progress_bar=False))
    found = model.backend._clean_results(found, omit_offsets=True, include_response_params=False)
    table = arviz.summary(found, var_names=parameters(found), round_to="none")
    columns = zip(*(table[column] for column in ("mean", "mcse_mean", "ess_bulk")), strict=True)
    names = ("bambi", "nutpie", "pymc")
    return {
        "version": ", ".join(f"{name} {version(name)}" for name in names),
        "compilation": compilation,
        "sampling": sampling,
        "parameters": dict(zip(table.index, columns, strict=True)),
    }


def compile_model(job: dict[str, Any]) -> tuple[Any, Any]:
    """Return the model and its compiled density; all random effects of bambi are independent, so it has no ``||``."""
    data = pd.read_csv(job["data"], dtype=dict.fromkeys(job["levels"], str))
    for name, levels in job["levels"].items():
        data[name] = pd.Categorical(data[name], levels, ordered=True)  # of others bambi sorts the levels
    model = bambi.Model(job["formula"].replace("||", "|"), data, priors=priors(job["scale"]))
    model.build()
    inner = model.backend.model
    predictors = {variable.name for variable in inner.deterministics if variable.name in model.family.likelihood.params}
    names = [variable.name for variable in inner.unobserved_RVs if variable.name not in predictors]
    return model, nutpie.compile_pymc_model(inner, var_names=names)


def priors(scale: float) -> dict[str, Any]:
    """Return flat priors of coefficients and half t of standard deviations."""
    flat, half_t = bambi.Prior("Flat"), bambi.Prior("HalfStudentT", nu=3, sigma=scale)
    effects = bambi.Prior("Normal", mu=0, sigma=half_t)
    return {"Intercept": flat, "common": flat, "group_specific": effects, "sigma": half_t}


def parameters(found: Any) -> list[str]:
    """Return the names of all variables but random effects and the transforms that nutpie draws."""
    names = [name for name in found.posterior.data_vars if not name.endswith("_log__")]
    return [name for name in names if "|" not in name or name.endswith("_sigma")]


def timed(call: Callable[[], Any]) -> tuple[Any, list[float]]:
    """Return what a call returns, and its seconds on the clock and of all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    return found, [time.perf_counter() - wall, time.process_time() - processor]


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
