"""The table of inference beside R."""

from typing import Any

import numpy as np

from ..results import Store, table
from ..results.markdown import duration, ratio
from ..results.report import machine_line

_HOW = """\
Each time is that of the method alone, on a fitted model that has nothing inferred yet: the median of warm runs, one
process each, both with the same number of threads where they can use them. Satterthwaite and Kenward-Roger are for all
coefficients, against lmerTest and pbkrtest; profiles are of all parameters, against `confint(profile(model))` of lme4;
the bootstrap is 1,000 parametric refits, against `bootMer`. The last column is the largest relative difference of the
results: degrees of freedom, bounds of the fixed effects, or the bootstrap's standard errors, whose own sampling error
is about 3 %. The numbers are written by `python -m benches.inference`."""


def report(store: Store) -> str:
    """Return the table as Markdown."""
    heads = ["model", "method", "hlmrs", "R", "ratio", "peer", "difference", ""]
    rows = [_row(facts) for facts in store.workloads.values()]
    return "\n\n".join([machine_line(store.machine), _HOW, table(heads, rows)])


def _row(facts: dict[str, Any]) -> list[str]:
    results = facts["results"]
    own = results.get("hlmrs", {})
    package, peer = next(((name, result) for name, result in results.items() if name != "hlmrs"), ("", {}))
    both = "seconds" in own and "seconds" in peer
    sides = [("hlmrs", own), (package, peer)]
    notes = {f"{name}: {side[key]}" for name, side in sides for key in ("failure", "note") if key in side}
    return [
        facts["model"],
        facts["method"],
        duration(own.get("seconds")),
        duration(peer.get("seconds")),
        ratio(peer["seconds"] / own["seconds"]) if both else "",
        f"{package} {peer.get('version', '')}",
        _difference(own["inferred"], peer["inferred"]) if both else "",
        "; ".join(sorted(notes)),
    ]


def _difference(own: list[float], other: list[float]) -> str:
    a, b = np.atleast_1d(own), np.atleast_1d(other)
    return f"{np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-8)):.1e}" if a.shape == b.shape else "not comparable"
