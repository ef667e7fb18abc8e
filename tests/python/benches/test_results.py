"""What the report says of measurements."""

import json
from pathlib import Path

from benches.peers import PEERS, job_of
from benches.results import Store, inserted, report, table
from benches.results.verdicts import best_exact_peer, floor, shortfall
from benches.workloads import WORKLOADS

MACHINE = {
    "processor": "a processor",
    "threads": 2,
    "memory_gib": 1.0,
    "system": "a system",
    "rates": {"2": {"dgemm_gflops": 80.0, "cholesky_gflops": 50.0, "scan_gbytes": 10.0}},
}


def result(seconds: float, criterion: float) -> dict[str, object]:
    timing = {"seconds": seconds, "cpu": seconds, "fastest": seconds, "runs": 3, "warm": True, "peak_bytes": 1 << 20}
    return timing | {"criterion": criterion, "version": "1"}


def facts() -> dict[str, object]:
    own = result(1.0, 100.0) | {"flops": 5e9, "evaluations": 10}
    results = {"hlmrs": own, "quick": result(0.5, 100.5), "exact": result(4.0, 100.001), "unable": {"refusal": "no"}}
    about = {"about": "rows", "formula": "y ~ 1", "reml": False, "goal": 2.0, "peak_goal": None}
    return about | {"rows": 1_000, "column_bytes": 10_000_000_000, "results": results}


def test_a_faster_but_worse_optimum_is_marked_and_is_not_the_best_peer():
    measured = facts()
    assert best_exact_peer(measured) == "exact"
    assert shortfall(measured, "quick") == 0.5
    store = Store(Path("nowhere.json"))
    store.machine, store.workloads = MACHINE, {"some": measured}
    text = report(store, ["some", "another"])
    assert "| quick 1 | 0.5 s | 0.5 |" in text
    assert text.count("**worse optimum**") == 1
    assert "unable: no" in text


def test_the_floor_is_the_factorizations_and_one_scan():
    assert floor(facts(), MACHINE) == 10 * 5e9 / 50e9 + 1.0


def test_results_are_kept_after_each_measurement(tmp_path: Path):
    store = Store(tmp_path / "results.json")
    store.facts("some", {"rows": 1})
    store.add("some", "hlmrs", "1", {"seconds": 1.0})
    again = Store(tmp_path / "results.json")
    assert again.is_done("some", "hlmrs", "1")
    assert not again.is_done("some", "hlmrs", "2")
    assert json.loads((tmp_path / "results.json").read_text())["workloads"]["some"]["rows"] == 1


def test_what_people_wrote_around_the_results_stays(tmp_path: Path):
    path = tmp_path / "benchmarks.md"
    inserted(path, "Benchmarks", table(["a"], [["1"]]))
    path.write_text(path.read_text() + "\nA profile.\n")
    inserted(path, "Benchmarks", table(["a"], [["2"]]))
    text = path.read_text()
    assert "| 2 |" in text
    assert "| 1 |" not in text
    assert text.endswith("A profile.\n")


def test_a_peer_that_cannot_do_a_model_says_why():
    job = job_of(WORKLOADS["penicillin"], 1.0)
    assert PEERS["hlmrs"].refuses(job) is None
    assert "nested" in (PEERS["nlme"].refuses(job) or "")
    assert "one grouping factor" in (PEERS["mixedlm_rs"].refuses(job) or "")


def test_a_formula_is_taken_apart_for_packages_without_its_language():
    job = job_of(WORKLOADS["sleepstudy"], 1.0)
    assert job["fixed"] == "Reaction ~ Days"
    assert job["terms"] == [["Days", "Subject"]]
    assert job["columns"] == ["Reaction", "Days", "Subject"]
    assert job["column_bytes"] == 180 * (8 + 8 + 4)
