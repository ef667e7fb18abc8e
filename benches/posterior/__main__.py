"""Posteriors beside rstanarm, brms and bambi: effective draws of the slowest parameter a second of processor time.

python -m benches.posterior                                     # hlmrs alone, or beside R's packages where they are
python -m benches.posterior --python PYTHON                     # bambi too, by an interpreter that has it and nutpie
python -m benches.posterior --only Contraception --peers brms
python -m benches.posterior --only InstEval VerbAgg             # no peers

hlmrs is timed in this process, warm, from a fit to the draws of all parameters; the fit itself takes milliseconds.
What its draws are worth is measured by the spread of posterior means over 200 seeds; where one takes seconds, it is
what the verdict says. The peers run four chains of 2,000 iterations on one core, half of them warm-up; compilation is
shown apart, and their effective draws are the bulk ones. Priors are brms's, flat for coefficients; those of rstanarm's
covariances are its own. Where priors are the same, posterior means must agree within Monte Carlo error: the second
table has the largest difference, in standard errors.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import hlmrs

from ..machine import processor
from ..peers.environment import r_versions
from ..results.markdown import table
from .measured import Measured, Parameter, Seconds, differences
from .peers import of_peer
from .workloads import BY_DEFAULT, WORKLOADS, Workload

HEADS = (
    "model",
    "package",
    "compilation, processor s",
    "sampling, processor s",
    "sampling, s",
    "effective draws",
    "effective draws a second",
    "hlmrs over it",
)
AGREEMENT = ("model", "package", "standard errors apart", "of", "agrees")
PEERS = ("rstanarm", "brms", "bambi")
REPEATS, LONG = 200, 3.0  # seeds, and the seconds from which one is enough
VERSION = f"hlmrs {hlmrs.__version__}"
FURTHEST = 4.0  # standard errors that the means of up to a dozen parameters may be apart


def own(workload: Workload) -> tuple[Measured, float | None]:
    """Return what is measured of hlmrs, and the scale of the half t priors of a linear model."""
    data = hlmrs.datasets.load(workload.dataset)
    if workload.family == "gaussian":
        fit: Any = hlmrs.lmer(workload.formula, data)
    else:
        fit = hlmrs.glmer(workload.formula, data, family=workload.family)
    scale = scale_of(data[workload.formula.split("~")[0].strip()]) if workload.family == "gaussian" else None
    priors = priors_of(fit, scale)
    post, first = drawn(fit, priors, 0)
    if first.wall > LONG:
        return Measured(VERSION, Seconds(0, 0), first, as_claimed(post)), scale
    found = [drawn(fit, priors, seed) for seed in range(1, 1 + REPEATS)]
    walls, processors = zip(*(seconds for _, seconds in found), strict=True)
    spent = Seconds(statistics.median(walls), statistics.median(processors))
    return Measured(VERSION, Seconds(0, 0), spent, as_spread([one.summary() for one, _ in found])), scale


def scale_of(response: Any) -> float:
    """Return the scale that brms gives to the half t priors of standard deviations."""
    values = np.asarray(response, float)
    return max(2.5, round(1.4826 * float(np.median(abs(values - np.median(values)))), 1))


def priors_of(fit: Any, scale: float | None) -> Any:
    """Return brms's priors; of a linear model with a flat intercept, which all packages have."""
    if scale is None:
        return "brms"
    half_t = hlmrs.HalfStudentT(3, scale)
    coefficients = dict.fromkeys(fit.tidy()["term"], hlmrs.Flat())
    return {**coefficients, "sd": half_t, "sigma": half_t}


def drawn(fit: Any, priors: Any, seed: int) -> tuple[Any, Seconds]:
    """Return a posterior with all its draws: coefficients are drawn when they are first asked for."""
    wall, spent = time.perf_counter(), time.process_time()
    post = fit.posterior(priors=priors, seed=seed)
    _ = post.draws
    return post, Seconds(time.perf_counter() - wall, time.process_time() - spent)


def as_spread(summaries: Sequence[Any]) -> dict[str, Parameter]:
    """Return means over seeds, and what the draws of a seed are worth by how far the means of seeds are apart."""
    means, sds = (np.array([np.array(one[column]) for one in summaries]) for column in ("mean", "sd"))
    spread = means.std(axis=0, ddof=1)
    values = zip(means.mean(axis=0), spread / np.sqrt(len(means)), (sds.mean(axis=0) / spread) ** 2, strict=True)
    return {name: Parameter(*map(float, one)) for name, one in zip(summaries[0]["parameter"], values, strict=True)}


def as_claimed(post: Any) -> dict[str, Parameter]:
    """Return means, their Monte Carlo errors and what the draws are worth as the posterior itself has them."""
    table = post.summary()
    values = zip(table["mean"], table["mcse"], strict=True)
    return {name: Parameter(*one, post.verdict.effective) for name, one in zip(table["parameter"], values, strict=True)}


def rows(name: str, results: Mapping[str, Measured]) -> list[list[str]]:
    """Return a row for every package."""
    own_rate = results["hlmrs"].rate
    return [
        [
            name,
            package,
            f"{one.compilation.processor:.0f}" if one.compilation.processor else "",
            f"{one.sampling.processor:.2g}" if one.sampling.processor < 10 else f"{one.sampling.processor:.0f}",
            f"{one.sampling.wall:.2g}" if one.sampling.wall < 10 else f"{one.sampling.wall:.0f}",
            f"{one.effective:,.0f}",
            f"{float(f'{one.rate:.2g}'):,g}",
            f"{float(f'{own_rate / one.rate:.2g}'):,g}" if package != "hlmrs" else "",
        ]
        for package, one in results.items()
    ]


def agreements(name: str, results: Mapping[str, Measured]) -> list[list[str]]:
    """Return a row for every peer: the parameter whose means are furthest apart."""
    found = []
    for package, one in results.items():
        if package != "hlmrs":
            apart = differences(results["hlmrs"], one)
            worst = max(apart, key=lambda parameter: apart[parameter])
            verdict = "other priors" if package == "rstanarm" else "yes" if apart[worst] < FURTHEST else "NO"
            found.append([name, package, f"{apart[worst]:.1f}", f"`{worst}`".replace("|", "\\|"), verdict])
    return found


def present(asked: list[str], python: str | None) -> list[str]:
    """Return the peers asked for that are there."""
    there = {*r_versions([package for package in asked if package != "bambi"]), *(["bambi"] if python else [])}
    return [package for package in asked if package in there]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--python", help="an interpreter that has bambi and nutpie")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(BY_DEFAULT))
    arguments = parser.parse_args()
    peers, versions = present(arguments.peers, arguments.python), {}
    measured_rows: list[list[str]] = []
    agreement_rows: list[list[str]] = []
    for name in arguments.only:
        workload = WORKLOADS[name]
        mine, scale = own(workload)
        results = {"hlmrs": mine}
        print(" | ".join(rows(name, results)[0]), flush=True)
        for package in (package for package in peers if package in workload.peers):
            results[package] = of_peer(package, workload, scale, arguments.python)
            print(" | ".join(rows(name, results)[-1] + agreements(name, results)[-1][2:]), flush=True)
        versions |= {package: one.version for package, one in results.items()}
        measured_rows += rows(name, results)
        agreement_rows += agreements(name, results)
    print(f"Machine: {processor()}; {'; '.join(versions.values())}.\n")
    print(table(HEADS, measured_rows), table(AGREEMENT, agreement_rows), sep="\n")


if __name__ == "__main__":
    main()
