"""Each mutant is switched on, and its tests are run until one fails."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .workshop import Workshop

PATIENCE = 5.0
"""A mutant is noticed by time if its tests take so many times longer than without it, and two minutes."""
MEASURES = "monotonic|perf_counter|process_time|statm|VmRSS|benches.attack"
OFF = -1
Outcome = dict[str, Any]
"""`noticed` (by which test, or "time"; None: it lives), files that are `blind` to it, `seconds`, `unfinished`."""


class Trials:
    """The tests that reach each mutant, and the running of them."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.rust = {name: test for name, test in workshop.read("reach-rust").items() if test["passed"]}
        files = workshop.read("reach-python")
        self.python = {path: file["tests"] for path, file in files.items()}
        self.digests = {path: file["digest"] for path, file in files.items()}
        self.reaching = _reaching(self.python)
        self.programs = workshop.read("rust-tests")

    def of(self, number: int, path: str, known: Outcome, seconds: float) -> Outcome:
        """Try one mutant: the Rust tests that reach it, then files of Python tests, the quickest first.

        Files that did not notice it before, as they are now, are left out.
        """
        begun, blind = time.monotonic(), dict(known.get("blind", {}))
        noticed, unfinished = None, False
        for name, digest, stage in self._stages(number, path):
            if blind.get(name) == digest:
                continue
            if unfinished := time.monotonic() - begun > seconds:
                break
            if noticed := stage():
                break
            blind[name] = digest
        took = round(known.get("seconds", 0.0) + time.monotonic() - begun, 1)
        return {"noticed": noticed, "blind": blind, "seconds": took, "unfinished": unfinished}

    def is_known(self, number: int, path: str, known: Outcome) -> bool:
        """Return whether there is nothing more to try."""
        stages = self._stages(number, path)
        return bool(known.get("noticed") or all(known["blind"].get(name) == digest for name, digest, _ in stages))

    def cost(self, number: int, path: str) -> float:
        """Return the seconds of all Python tests that reach a mutant."""
        return sum(_seconds(self.python[file], names) for file, names in self._files(number, path))

    def _stages(self, number: int, path: str) -> Iterator[tuple[str, str, Callable[[], str | None]]]:
        """Yield name, digest and run of everything that reaches a mutant."""
        for k, program in enumerate(self.programs):
            names = [n for n, t in self.rust.items() if n.startswith(f"{k} ") and number in t["reached"]]
            if names:
                yield Path(program).name, "", partial(self._rust, number, program, names)
        for file, names in self._files(number, path):
            yield file, self.digests[file], partial(self._confirmed, number, file, names)

    def _files(self, number: int, path: str) -> list[tuple[str, list[str]]]:
        """Return the tests of each file that reach the mutant; the quickest file first, its own room before others."""
        found = []
        for file, names in self.reaching.get(number, {}).items():
            room = _room(path) in file
            found.append((_seconds(self.python[file], names) * (0.2 if room else 1.0), file, names))
        return [(file, names) for _, file, names in sorted(found)]

    def _rust(self, number: int, program: str, names: list[str]) -> str | None:
        bare = [name.split(" ", 1)[1] for name in names]
        limit = _limit(sum(self.rust[name]["seconds"] for name in names))
        environment = self.workshop.environment | {"HLMRS_MUTANT": str(number)}
        with subprocess.Popen(
            [program, "--exact", *bare], cwd=self.workshop.copy, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                output, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return "time"
        failed = [line.split()[1] for line in output.splitlines() if line.startswith("test ") and "FAILED" in line]
        return (failed or ["abort"])[0] if process.returncode else None

    def _confirmed(self, number: int, file: str, names: list[str]) -> str | None:
        """Return the first test that fails with the mutant; where time or memory is measured, and passes without it."""
        noticed = self._pytest(number, file, names)
        if noticed in names and self._measures(file) and self._pytest(OFF, file, [noticed]):
            return self._confirmed(number, file, [name for name in names if name != noticed])
        return noticed

    def _measures(self, file: str) -> bool:
        """Return whether tests of a file may fail because the machine is busy."""
        return bool(re.search(MEASURES, (self.workshop.copy / file).read_text()))

    def _pytest(self, number: int, file: str, names: list[str]) -> str | None:
        """Return the first test that fails, in a process of its own."""
        limit = _limit(_seconds(self.python[file], names))
        answer = self.workshop.folder / "trial.json"
        answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _child(self.workshop, number, file, names, str(answer))
        status = _waited(child, limit)
        if status is None:
            return "time"
        if answer.exists():
            return json.loads(answer.read_text())
        if number == OFF:
            raise RuntimeError(f"{file}: the process ended with {status} without a mutant")
        self._pytest(OFF, file, names[:1])
        return f"{file}: the process ended with {status}"


def _reaching(files: dict[str, Any]) -> dict[int, dict[str, list[str]]]:
    """Return, by mutant and file, the tests that reach it: all of a file whose import does."""
    found: dict[int, dict[str, list[str]]] = {}
    for file, tests in files.items():
        passing = [name for name, test in tests.items() if test["passed"] and not name.startswith("import ")]
        for name in passing:
            for number in tests[name].get("reached", []):
                found.setdefault(number, {}).setdefault(file, []).append(name)
        for name in tests.keys() - set(passing):
            for number in tests[name].get("reached", []) if name.startswith("import ") and passing else []:
                found.setdefault(number, {})[file] = passing
    return found


def preload() -> None:
    """Import what the tests import, so that children which are forked need not."""
    import duckdb  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
    import polars  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pytest  # noqa: F401


class _Chosen:
    """A plugin that keeps some tests, and the first that fails."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.failed = set(names), None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep the tests that reach the mutant."""
        items[:] = [item for item in items if item.nodeid in self.names]

    def pytest_collectreport(self, report: Any) -> None:
        """Note a file that cannot be imported."""
        if report.failed:
            self.failed = self.failed or f"import of {report.nodeid}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a test that fails."""
        if report.failed:
            self.failed = self.failed or report.nodeid


def _child(workshop: Workshop, number: int, file: str, names: list[str], answer: str) -> None:
    """Run the tests with the mutant on, write the first that failed, and end this process."""
    os.setsid()
    os.chdir(workshop.copy)
    os.environ.update(workshop.environment | {"HLMRS_MUTANT": str(number)})
    sys.path.insert(0, str(workshop.copy / "python"))
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    import pytest

    chosen = _Chosen(names)
    pytest.main(["-x", "-q", "-p", "no:cacheprovider", file], plugins=[chosen])
    Path(answer).write_text(json.dumps(chosen.failed))
    os._exit(0)


def _waited(child: int, limit: float) -> int | None:
    """Return how the child ended; None if it was stopped because it took too long."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _room(path: str) -> str:
    """Return the room of a file, by whose name the folder of its tests goes."""
    parts = Path(path).parts
    return "/".join(parts[2:3] if path.endswith(".py") else parts[1:2])


def _seconds(tests: dict[str, Any], names: list[str]) -> float:
    return sum(tests[name].get("seconds", 0.0) for name in names)


def _limit(seconds: float) -> float:
    return PATIENCE * seconds + 120.0
