"""Which test reaches which mutants: a mutant is tried on these tests alone.

A plugin of pytest notes, for every test, what it and the processes that it started reached, how long it took, and
whether it passes in the copy at all.  Rust tests run one by one in processes of their own.
"""

import ctypes
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .workshop import Workshop

Reached = dict[str, Any]
"""By test: `seconds`, whether it `passed`, and the numbers of the mutants that it `reached`."""


class Noter:
    """The plugin; what is reached while a file is imported counts for the file."""

    def __init__(self, folder: Path, n: int) -> None:
        self.folder, self.n = folder, n
        self.tests: Reached = {}

    def taken(self) -> list[int]:
        """Return what was reached since the last call, here and in processes that have ended."""
        from hlmrs import _core, _mutants

        found = set(_mutants.REACHED)
        _mutants.REACHED.clear()
        buffer = (ctypes.c_uint8 * self.n)()
        ctypes.CDLL(_core.__file__).hlmrs_mutants_reached(buffer, self.n)
        found |= {number for number in range(self.n) if buffer[number]}
        for path in self.folder.iterdir():
            found |= set(map(int, path.read_text().split()))
            path.unlink()
        return sorted(found)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Iterator[None]:
        """Note what the import of a file of tests reaches."""
        report = yield
        if isinstance(collector, pytest.Module | pytest.DoctestItem) or hasattr(collector, "path"):
            self.tests.setdefault(f"import {collector.path}", {"seconds": 0.0, "passed": True, "reached": []})
            self.tests[f"import {collector.path}"]["reached"] += self.taken()
        return report  # type: ignore[return-value]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Note what a test reaches."""
        self.taken()
        begun = time.monotonic()
        self.tests[item.nodeid] = {"passed": True}
        result = yield
        self.tests[item.nodeid] |= {"seconds": time.monotonic() - begun, "reached": self.taken()}
        return result  # type: ignore[return-value]

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note that a test does not pass."""
        if not report.passed:
            self.tests[report.nodeid]["passed"] = False


def of_python(workshop: Workshop, seconds: float) -> None:
    """Run the files of tests that have changed since they were last run, each in a process of its own."""
    known: dict[str, Any] = workshop.read("reach-python")
    for path in _files(workshop.copy):
        digest = hashlib.sha256((workshop.copy / path).read_bytes()).hexdigest()
        if known.get(path, {}).get("digest") != digest:
            tests = _noted(workshop, path, seconds)
            known[path] = {"digest": digest, "tests": tests}
            failed = [name for name, test in tests.items() if not test["passed"]]
            print(f"{path}: {len(tests)} tests, {len(failed)} left out {failed[:3]}", flush=True)
            workshop.write("reach-python", known)


def _files(copy: Path) -> list[str]:
    """Return the files that hold tests: the tests, and the modules with examples."""
    tests = (copy / "tests" / "python").rglob("test_*.py")
    examples = (path for path in (copy / "python").rglob("*.py") if ">>>" in path.read_text())
    return [str(path.relative_to(copy)) for path in [*sorted(tests), *sorted(examples)]]


def _noted(workshop: Workshop, path: str, seconds: float) -> Reached:
    """Return what the tests of one file reach; nothing if they take too long."""
    with tempfile.TemporaryDirectory() as folder:
        environment = workshop.environment | {"HLMRS_REACHED": folder}
        answer = workshop.folder / "answer.json"
        answer.unlink(missing_ok=True)
        n = max(workshop.mutants()) + 1
        command = [sys.executable, "-m", "benches.mutants.reach", folder, str(n), str(answer), path]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            subprocess.run(command, cwd=workshop.copy, env=environment, timeout=seconds, **quiet)
        except subprocess.TimeoutExpired:
            print(f"{path}: more than {seconds:.0f} s, left out", flush=True)
        return json.loads(answer.read_text()) if answer.exists() else {}


def of_rust(workshop: Workshop, seconds: float) -> Reached:
    """Return what each Rust test reaches, by its name after the number of its program."""
    if not workshop.read("reach-rust"):
        tests = {}
        for k, program in enumerate(workshop.read("rust-tests")):
            listed = subprocess.run([program, "--list", "--format=terse"], capture_output=True, text=True).stdout
            names = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
            tests |= {f"{k} {name}": _rust_test(workshop, program, name, seconds) for name in names}
        workshop.write("reach-rust", tests)
    return workshop.read("reach-rust")


def _rust_test(workshop: Workshop, program: str, name: str, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        environment = workshop.environment | {"HLMRS_REACHED": folder}
        begun = time.monotonic()
        try:
            command = [program, "--exact", name]
            done = subprocess.run(command, cwd=workshop.copy, env=environment, timeout=seconds, capture_output=True)
        except subprocess.TimeoutExpired:
            return {"seconds": seconds, "passed": False, "reached": []}
        numbers = {int(number) for path in Path(folder).iterdir() for number in path.read_text().split()}
        return {"seconds": time.monotonic() - begun, "passed": not done.returncode, "reached": sorted(numbers)}


def _main(folder: str, n: str, answer: str, path: str) -> None:
    """Run one file of tests and write what they reached."""
    import hlmrs._core  # noqa: F401

    noter = Noter(Path(folder), int(n))
    pytest.main(["-q", "-p", "no:cacheprovider", path], plugins=[noter])
    Path(answer).write_text(json.dumps(noter.tests))
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
