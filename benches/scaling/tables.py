"""The tables of growth, with fitted exponents."""

from typing import Any

import numpy as np

from ..results import Store, table
from ..results.markdown import duration, ratio, size
from ..results.report import machine_line
from .axes import AXES, Axis

_HOW = """\
Each table lets one property of a design grow. Time is from data frame to fitted model, the median of warm runs; memory
is the peak of the first fit less what was resident before. The exponent e of cost = c * work^e is fitted by least
squares to the logarithms, over all values and over the two largest: a call's constants flatten the first where values
are small. The numbers are written by `python -m benches.scaling`."""


def report(store: Store) -> str:
    """Return the tables of all axes that have results, as Markdown."""
    return "\n\n".join([machine_line(store.machine), _HOW, *(_axis(axis, store) for axis in AXES)])


def _axis(axis: Axis, store: Store) -> str:
    counts = sorted({int(count) for entry in store.workloads.values() for count in entry["results"]})
    points = [(value, store.workloads.get(axis.workload(value).name)) for value in axis.values]
    done = [(value, entry) for value, entry in points if entry and _complete(entry, counts)]
    heads = [axis.name, *(f"{_threads(count)}" for count in counts), "speed-up", "peak memory", "evaluations"]
    rows = [_row(value, entry, counts) for value, entry in done]
    if len(done) > 1:
        rows += [_exponents("exponent", done, counts), _exponents("of the two largest", done[-2:], counts)]
    return f"## {axis.name[0].upper()}{axis.name[1:]}\n\n{axis.about}.\n\n{table(heads, rows)}"


def _complete(entry: dict[str, Any], counts: list[int]) -> bool:
    return all("seconds" in entry["results"].get(str(count), {}) for count in counts)


def _row(value: int, entry: dict[str, Any], counts: list[int]) -> list[str]:
    results = [entry["results"][str(count)] for count in counts]
    return [
        f"{value:,}",
        *(duration(result["seconds"]) for result in results),
        ratio(results[0]["seconds"] / results[-1]["seconds"]),
        size(results[-1]["peak_bytes"]),
        str(results[-1]["evaluations"]),
    ]


def _exponents(title: str, done: list[tuple[int, dict[str, Any]]], counts: list[int]) -> list[str]:
    values = [value for value, _ in done]
    times = [[entry["results"][str(count)]["seconds"] for _, entry in done] for count in counts]
    memory = [max(entry["results"][str(counts[-1])]["peak_bytes"], 1) for _, entry in done]
    return [title, *(_exponent(values, cost) for cost in times), "", _exponent(values, memory), ""]


def _exponent(values: list[int], costs: list[float]) -> str:
    return f"{np.polyfit(np.log(values), np.log(costs), 1)[0]:.2f}"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"
