"""Results in one JSON file, written after each measurement, so that a run can be taken up where it ended."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Store:
    """Results by workload and package.

    Parameters
    ----------
    path : Path
        The file; read where it exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.machine: dict[str, Any] = kept.get("machine", {})
        self.workloads: dict[str, dict[str, Any]] = kept.get("workloads", {})

    def result(self, workload: str, peer: str) -> dict[str, Any]:
        """Return a package's result, empty where there is none."""
        return self.workloads.get(workload, {}).get("results", {}).get(peer, {})

    def is_done(self, workload: str, peer: str, version: str) -> bool:
        """Whether this version of a package has its result."""
        return self.result(workload, peer).get("version") == version

    def facts(self, workload: str, facts: dict[str, Any]) -> None:
        """Keep what is known of a workload beside its results."""
        self.workloads.setdefault(workload, {"results": {}}).update(facts)

    def add(self, workload: str, peer: str, version: str, result: dict[str, Any]) -> None:
        """Keep a result and write the file."""
        today = datetime.now(UTC).date().isoformat()
        self.workloads[workload]["results"][peer] = {"version": version, "date": today} | result
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"machine": self.machine, "workloads": self.workloads}, indent=1) + "\n")
        partial.replace(self.path)
