"""A few cases of every attack, and that an attack sees a fault."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hlmrs
from benches.attack import __main__ as command
from benches.attack import columns, scales, together

ROOT = Path(__file__).parents[3]
FEW = [name for name in command.attacks() if name not in together.ONCE and name != "interrupts"]


@pytest.mark.parametrize("name", FEW)
def test_a_few_cases_hold(name):
    for case in range(2 if name.startswith("formulas") else 4):
        command.attacks()[name](case)


def test_the_time_to_stop_is_counted_from_the_key():
    assert together._late(lambda: time.sleep(20), 0.05) < 5
    assert together._late(lambda: None, 20) == 0


def test_memory_stays_what_it_was():
    together.memory(0, fits=600)


def test_dense_algebra_in_extended_precision_is_the_published_criterion():
    sleep = hlmrs.datasets.load("sleepstudy", "dict")
    data = {"y": sleep["Reaction"], "x": sleep["Days"], "g": sleep["Subject"]}
    theta = [0.9667418, 0.01516907, 0.2309097]  # lme4's fit of Reaction ~ Days + (Days | Subject)
    found = scales.dense("y ~ x + (x | g)", data, theta)
    assert float(found["criterion"]) == pytest.approx(1743.6283, abs=2e-4)
    np.testing.assert_allclose(found["beta"].astype(float), [251.4051, 10.46729], rtol=1e-6)
    np.testing.assert_allclose(found["std_error"].astype(float), [6.824556, 1.545789], rtol=2e-5)
    assert float(found["sigma"]) == pytest.approx(25.5918, rel=1e-5)


def test_a_fit_with_wrong_numbers_is_seen(monkeypatch):
    dense = scales.dense
    monkeypatch.setattr(scales, "dense", lambda *given: dense(*given) | {"sigma": 1.0})
    with pytest.raises(AssertionError, match=r"converged, and wrong by .*sigma"):
        scales.scales(0)


def test_a_column_that_an_error_does_not_name_is_seen(monkeypatch):
    def refused(*_, **__):
        raise hlmrs.DataError("something is wrong")

    monkeypatch.setattr(hlmrs, "lmer", refused)
    with pytest.raises(AssertionError, match="the column is not named"):
        columns.arrow(0)


def test_the_command_prints_a_row_and_writes_the_table(tmp_path):
    out = tmp_path / "attack.md"
    run = [sys.executable, "-m", "benches.attack", "20", "--only", "files: bits", "--cases", "3", "--out", str(out)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split("|")[1:3]) == (0, [" files: bits ", " 3 "]), done.stderr
    assert "| files: bits | 3 |" in out.read_text()


def test_a_case_at_fault_and_a_crash_are_told(tmp_path, monkeypatch):
    faults = {0: AssertionError, 1: None, 2: KeyError}

    def attack(case):
        if faults[case]:
            raise faults[case]("told")

    monkeypatch.setattr(command, "attacks", lambda: {"made up": attack})
    monkeypatch.setattr(sys, "argv", ["x", "60", "--cases", "3", "--child", str(tmp_path / "kept")])
    command.main()
    kept = json.loads((tmp_path / "kept").read_text())
    assert (kept["cases"], [text.split(":")[0] for text in kept["faults"]]) == (3, ["case 0", "case 2"])
    crash = [sys.executable, "-c", "import os; os.abort()", "--only", "x", "y"]
    assert "SIGABRT" in command._status(crash, tmp_path / "none")
