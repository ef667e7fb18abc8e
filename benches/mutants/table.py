"""What was tried, as text: how many of each kind were noticed, and those that lived."""

from collections import Counter
from typing import Any

from .mutant import Mutant

Outcomes = dict[int, dict[str, Any]]


def table(mutants: dict[int, Mutant], outcomes: Outcomes, reasons: dict[str, str]) -> str:
    """Return shares by language and kind, then a line for each survivor with the reason that is known."""
    tried = {number: mutant for number, mutant in mutants.items() if number in outcomes}
    return "\n".join([*_shares(tried, outcomes), "", *_survivors(tried, outcomes, reasons)])


def key(mutant: Mutant) -> str:
    """Return what names a mutant in the list of reasons, whatever the line it stands on."""
    return f"{mutant.path}  {mutant.kind}: {' '.join(mutant.before.split())} -> {' '.join(mutant.after.split())}"


def _shares(tried: dict[int, Mutant], outcomes: Outcomes) -> list[str]:
    counts: dict[tuple[str, str], Counter[bool]] = {}
    for number, mutant in tried.items():
        language = "Python" if mutant.path.endswith(".py") else "Rust"
        for row in ((language, mutant.kind), (language, "all"), ("both", "all")):
            counts.setdefault(row, Counter())[bool(outcomes[number]["noticed"])] += 1
    lines = ["| language | kind | mutants | noticed | share |", "|---|---|---|---|---|"]
    for (language, kind), count in sorted(counts.items()):
        share = f"{100 * count[True] / count.total():.1f} %"
        lines.append(f"| {language} | {kind} | {count.total()} | {count[True]} | {share} |")
    return lines


def _survivors(tried: dict[int, Mutant], outcomes: Outcomes, reasons: dict[str, str]) -> list[str]:
    lines = ["| survivor | files of tests that were tried | reason |", "|---|---|---|"]
    for number, mutant in tried.items():
        outcome = outcomes[number]
        if not outcome["noticed"]:
            reason = reasons.get(key(mutant), "not finished" if outcome["unfinished"] else "")
            lines.append(f"| `{str(mutant).replace('|', chr(92) + '|')}` | {len(outcome['blind'])} | {reason} |")
    return lines
