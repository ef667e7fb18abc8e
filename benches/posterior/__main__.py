"""Posteriors beside Stan's: effective draws of the slowest parameter a second.

python -m benches.posterior                     # sleepstudy and Hsb82 beside rstanarm
python -m benches.posterior --peers rstanarm brms --only sleepstudy cbpp

hlmrs is timed in this process, warm, from a fit to its draws; the fit itself takes milliseconds. The peers run four
chains of 2,000 iterations on one core, half of them warm-up; compilation is shown apart. Priors are the defaults.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import hlmrs
from benches.results.markdown import table

SCRIPT = Path(__file__).parent / "fit.R"
HEADS = (
    "model",
    "package",
    "compilation, s",
    "sampling, s",
    "effective draws",
    "effective draws a second",
    "hlmrs over it",
)
REPEATS = 5


class Workload(NamedTuple):
    """A model of a data set of the package."""

    dataset: str
    formula: str
    family: str = "gaussian"


WORKLOADS = {
    "sleepstudy": Workload("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "Hsb82": Workload("Hsb82", "mAch ~ cses * sector + (cses | school)"),
    "Penicillin": Workload("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "Contraception": Workload("Contraception", "use ~ age + urban + (1 | district)", "binomial"),
}


def own(workload: Workload) -> dict[str, float]:
    """Return seconds and effective draws of hlmrs."""
    data = hlmrs.datasets.load(workload.dataset)
    if workload.family == "gaussian":
        fit: Any = hlmrs.lmer(workload.formula, data)
    else:
        fit = hlmrs.glmer(workload.formula, data, family=workload.family)
    found = []
    for seed in range(REPEATS):
        start = time.perf_counter()
        effective = fit.posterior(seed=seed).verdict.effective
        found.append((time.perf_counter() - start, effective))
    return {
        "compilation": 0.0,
        "seconds": statistics.median(seconds for seconds, _ in found),
        "effective": statistics.median(effective for _, effective in found),
    }


def peer(package: str, workload: Workload) -> dict[str, float]:
    """Return those of a package of R."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        hlmrs.datasets.load(workload.dataset, "pandas").to_csv(path, index=False)
        command = ["Rscript", str(SCRIPT), package, str(path), workload.formula, workload.family]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(out[out.rindex("{") :])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="*", default=["rstanarm"], choices=("rstanarm", "brms"))
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=["sleepstudy", "Hsb82"])
    arguments = parser.parse_args()
    rows = []
    for name in arguments.only:
        mine = own(WORKLOADS[name])
        results = {"hlmrs": mine}
        if shutil.which("Rscript"):
            results |= {package: peer(package, WORKLOADS[name]) for package in arguments.peers}
        for package, one in results.items():
            rate = one["effective"] / one["seconds"]
            over = mine["effective"] / mine["seconds"] / rate
            numbers = [f"{one['seconds']:.3g}", f"{one['effective']:,.0f}", f"{rate:,.0f}", f"{over:,.0f}"]
            rows.append([name, package, f"{one['compilation']:.0f}", *numbers])
        print(table(HEADS, rows), flush=True)


if __name__ == "__main__":
    main()
