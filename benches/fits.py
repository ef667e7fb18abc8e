"""Whole fits, from data frame to fitted model, beside lme4 in the same run.

    python benches/fits.py            # all workloads; lme4 too where Rscript has it
    python benches/fits.py insteval   # some of them

Prints the median time of several warm fits, the evaluations, the criterion reached, and the ratio to lme4.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import polars as pl

import hlmrs

WORKLOADS = {
    "sleepstudy": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", True, 20),
    "penicillin": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", True, 20),
    "machines": ("Machines", "score ~ Machine + (Machine | Worker)", True, 20),
    "hsb82": ("Hsb82", "mAch ~ sector * cses + meanses * cses + (cses | school)", True, 10),
    "egsingle": ("egsingle", "math ~ year * lowinc + (year | childid) + (year | schoolid)", True, 5),
    "verbagg": ("VerbAgg", "y ~ Anger + Gender + btype * situ + (1 | id) + (1 | item)", True, 5),
    "insteval": ("InstEval", "y ~ service * dept + (1 | s) + (1 | d)", True, 3),
    "insteval-four": ("InstEval", "y ~ 1 + (1 | s) + (1 | d) + (1 | dept) + (1 | dept:service)", True, 3),
}


def own(name: str) -> dict[str, float]:
    """Time hlmrs on one workload."""
    data, formula, reml, runs = WORKLOADS[name]
    frame = hlmrs.datasets.load(data, frame="polars")
    fit = hlmrs.lmer(formula, frame, reml=reml)
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        hlmrs.lmer(formula, frame, reml=reml)
        seconds.append(time.perf_counter() - start)
    return {
        "seconds": statistics.median(seconds),
        "criterion": fit.criterion,
        "evaluations": fit.verdict.evaluations,
    }


def lme4(names: list[str], folder: Path) -> list[dict[str, float]]:
    """Time lme4 on the same data; an empty list without R."""
    if shutil.which("Rscript") is None:
        return []
    jobs = []
    for name in names:
        data, formula, reml, runs = WORKLOADS[name]
        frame = hlmrs.datasets.load(data, frame="polars")
        path = folder / f"{data}.csv"
        frame.write_csv(path)
        levels = {c: frame[c].dtype.categories.to_list() for c in frame.columns if isinstance(frame[c].dtype, pl.Enum)}
        jobs.append({"file": str(path), "formula": formula, "reml": reml, "runs": min(runs, 3), "levels": levels})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    script = Path(__file__).with_name("lme4_fits.R")
    result = subprocess.run(["Rscript", script, folder / "jobs.json"], capture_output=True, text=True, check=False)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def main() -> None:
    """Run the workloads named on the command line, or all."""
    names = [name for name in WORKLOADS if not sys.argv[1:] or name in sys.argv[1:]]
    warnings.simplefilter("ignore")
    mine = {name: own(name) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        peers = dict(zip(names, lme4(names, Path(folder)), strict=False))
    heads = f"{'workload':15s} {'hlmrs ms':>9s} {'evals':>6s} {'criterion':>15s}"
    print(f"{heads} {'lme4 ms':>9s} {'ratio':>7s}  lme4 less hlmrs")
    for name, row in mine.items():
        line = f"{name:15s} {1e3 * row['seconds']:9.2f} {row['evaluations']:6d} {row['criterion']:15.5f}"
        if peer := peers.get(name):
            ratio = peer["seconds"] / row["seconds"]
            line += f" {1e3 * peer['seconds']:9.1f} {ratio:7.1f}  {peer['criterion'] - row['criterion']:+.1e}"
        print(line)


if __name__ == "__main__":
    main()
