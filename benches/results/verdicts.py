"""What the measurements of one workload say: the optimum, who reached it, the floor."""

from typing import Any

SAME = 0.01  # a criterion within this of the lowest has reached the optimum

Facts = dict[str, Any]


def measured(facts: Facts) -> dict[str, Facts]:
    """Return the results that have a time, by package."""
    return {name: result for name, result in facts["results"].items() if "seconds" in result}


def lowest(facts: Facts) -> float | None:
    """Return the lowest criterion that anyone reached."""
    reached = [result["criterion"] for result in measured(facts).values() if "criterion" in result]
    return min(reached, default=None)


def shortfall(facts: Facts, name: str) -> float | None:
    """Return how far above the lowest a package's criterion is."""
    result, best = facts["results"][name], lowest(facts)
    return None if best is None or "criterion" not in result else result["criterion"] - best


def best_exact_peer(facts: Facts) -> str | None:
    """Return the fastest package, hlmrs left out, that reached the optimum."""
    exact = {}
    for name, result in measured(facts).items():
        behind = shortfall(facts, name)
        if name != "hlmrs" and behind is not None and behind <= SAME:
            exact[name] = result["seconds"]
    return min(exact, key=exact.__getitem__, default=None)


def floor(facts: Facts, machine: Facts) -> float | None:
    """Return the seconds of one scan of the columns and of the factorizations of hlmrs' evaluations, at full rate."""
    own = measured(facts).get("hlmrs", {})
    if "flops" not in own or not machine:
        return None
    rate = machine["rates"][str(machine["threads"])]
    factored = own["evaluations"] * own["flops"] / (1e9 * rate["cholesky_gflops"])
    return factored + facts["column_bytes"] / (1e9 * rate["scan_gbytes"])
