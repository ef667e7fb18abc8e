"""The report: a summary against goals, peers and the floor, then every package on every workload."""

from collections.abc import Iterable
from typing import Any

from . import verdicts
from .markdown import duration, ratio, size, table
from .store import Store

_HOW = """\
Times are from data frame to fitted model: the median of warm runs in a process of its own, after a small model
has loaded what the package loads late; all of one workload on this machine. hlmrs is named by a digest of the compiled
core that was measured. Memory is the peak resident memory of the first fit less what was resident
before it. The criterion is -2 log-likelihood, or the REML criterion, with all constants; *worse optimum* marks a
package that stopped more than 0.01 above the lowest. The floor is one scan of the columns plus the factorizations of
the evaluations that hlmrs used, at the machine's measured rates. Predicted is the memory that `model().cost` states
before the fit. The numbers are written by `python -m benches`."""


def report(store: Store, order: Iterable[str]) -> str:
    """Return the results as Markdown, the workloads in the order given."""
    measured = {name: store.workloads[name] for name in order if name in store.workloads}
    parts = [machine_line(store.machine), _HOW, "## Summary\n\n" + _summary(measured, store.machine)]
    parts += [_workload(name, facts) for name, facts in measured.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def machine_line(machine: dict[str, Any]) -> str:
    """Return the machine and its rates in a sentence."""
    rates = [
        f"{threads} thread{'s' if threads != '1' else ''}: dgemm {rate['dgemm_gflops']:.0f} and Cholesky "
        f"{rate['cholesky_gflops']:.0f} Gflop/s, scan {rate['scan_gbytes']:.1f} GB/s"
        for threads, rate in machine["rates"].items()
    ]
    return (
        f"Machine: {machine['processor']}, {machine['threads']} threads, {machine['memory_gib']} GiB, "
        f"{machine['system']}. Measured in {'; in '.join(rates)}."
    )


def _summary(workloads: dict[str, Any], machine: dict[str, Any]) -> str:
    heads = ["workload", "rows", "hlmrs", "goal", "floor", "times floor"]
    heads += ["best exact peer", "its time", "ratio", "lme4's ratio", "peak memory", "times columns", "predicted"]
    return table(heads, [_summary_row(name, facts, machine) for name, facts in workloads.items()])


def _summary_row(name: str, facts: dict[str, Any], machine: dict[str, Any]) -> list[str]:
    results = verdicts.measured(facts)
    own, lme4 = results.get("hlmrs", {}), results.get("lme4", {})
    seconds, floor, peer = own.get("seconds"), verdicts.floor(facts, machine), verdicts.best_exact_peer(facts)
    its = results[peer]["seconds"] if peer else None
    met = "" if not (seconds and facts["goal"]) else " (met)" if seconds <= facts["goal"] else " (missed)"
    return [
        name,
        f"{facts['rows']:,}",
        duration(seconds) + _mark(facts, "hlmrs"),
        (duration(facts["goal"]) if facts["goal"] else "") + met,
        duration(floor),
        _over(seconds, floor),
        peer or "none",
        duration(its),
        _over(its, seconds),
        _over(lme4.get("seconds"), seconds),
        size(own.get("peak_bytes")) + (f" (goal: {facts['peak_goal']})" if facts["peak_goal"] else ""),
        _over(own.get("peak_bytes"), facts["column_bytes"]),
        size(own.get("predicted_bytes")),
    ]


def _workload(name: str, facts: dict[str, Any]) -> str:
    own = verdicts.measured(facts).get("hlmrs", {}).get("seconds")
    by_time = sorted(verdicts.measured(facts).items(), key=lambda entry: entry[1]["seconds"])
    heads = ["package", "time", "ratio", "fastest", "CPU", "runs", "peak memory", "evaluations", "above the lowest", ""]
    rows = [_result_row(facts, peer, result, own) for peer, result in by_time]
    lines = [
        f"{peer}: {result.get('failure', result.get('refusal'))}"
        for peer, result in facts["results"].items()
        if "seconds" not in result
    ]
    best = verdicts.lowest(facts)
    about = f"{facts['about']}; columns of {size(facts['column_bytes'])}."
    model = f"`{facts['formula']}`, {'REML' if facts['reml'] else 'ML'}"
    return "\n\n".join(
        [
            f"### {name}",
            f"{about} {model}" + ("" if best is None else f", lowest criterion {best:.5f}."),
            table(heads, rows),
            "Not measured: " + "; ".join(lines) + "." if lines else "",
        ]
    ).strip()


def _result_row(facts: dict[str, Any], peer: str, result: dict[str, Any], own: float | None) -> list[str]:
    behind = verdicts.shortfall(facts, peer)
    notes = [] if result["warm"] else ["one run"]
    notes += [result["note"]] if "note" in result else []
    if "own_criterion" in result and "criterion" in result:
        notes.append(f"its own approximate criterion is off by {result['own_criterion'] - result['criterion']:+.2g}")
    return [
        _label(peer, result["version"]),
        duration(result["seconds"]),
        _over(result["seconds"], own),
        duration(result["fastest"]),
        duration(result["cpu"]),
        str(result["runs"]),
        size(result["peak_bytes"]),
        str(result.get("evaluations") or ""),
        "" if behind is None else f"{behind:.1e}" + _mark(facts, peer),
        "; ".join(notes),
    ]


def _label(peer: str, version: str) -> str:
    """Name a package with its version: hlmrs by the digest of its core, since builds of one version differ."""
    return f"{peer} (core {version.split('+')[1]})" if "+" in version and peer == "hlmrs" else f"{peer} {version}"


def _mark(facts: dict[str, Any], peer: str) -> str:
    if peer not in facts["results"]:
        return ""
    behind = verdicts.shortfall(facts, peer)
    return " **worse optimum**" if behind is not None and behind > verdicts.SAME else ""


def _over(value: float | None, base: float | None) -> str:
    return ratio(value / base) if value and base else ""
