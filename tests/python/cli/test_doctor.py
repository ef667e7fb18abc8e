"""The command that shows what a bug report needs."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hlmrs
from hlmrs.cli import machine, main

GOLDEN = Path(__file__).parents[2] / "golden" / "cases" / "lmm_sleep_slope_reml.json"


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["doctor", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_versions_threads_and_room_are_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HLMRS_NUM_THREADS", "3")
    found = shown(capsys)
    assert found["software"]["hlmrs"] == hlmrs.__version__
    assert found["libraries"]["numpy"]
    assert found["threads"]["used by hlmrs"] == 3
    assert found["threads"]["HLMRS_NUM_THREADS"] == "3"
    assert 0 < found["room"]["memory free"] <= found["room"]["memory"]


def test_every_library_of_the_extras_is_told(capsys: pytest.CaptureFixture[str]):
    project = Path(__file__).parents[3] / "pyproject.toml"
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {re.split(r"[\[>=<]", one)[0] for needed in extras.values() for one in needed} - {"hlmrs"}
    assert named <= {*shown(capsys)["libraries"]}


def test_blas_is_told_of_numpy_and_of_scipy(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    found = shown(capsys)
    scipy = pytest.importorskip("scipy").show_config(mode="dicts")["Build Dependencies"]["blas"]
    assert found["BLAS of SciPy"] == {"name": scipy["name"], "version": scipy["version"]}
    assert found["BLAS of NumPy"]["name"]
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    assert shown(capsys)["BLAS of SciPy"] == {}
    assert main(["doctor"]) == 0
    assert "SciPy" not in capsys.readouterr().out


def test_the_small_fit_is_held_against_lme4(capsys: pytest.CaptureFixture[str]):
    trial = shown(capsys)["trial fit"]
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert trial["known"] == pytest.approx(golden["reference"]["criterion"], abs=1e-9)
    assert trial["model"].startswith(golden["formula"])
    assert trial["right"]


def test_a_wrong_number_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules["hlmrs.cli.doctor"], "_CRITERION", 1743.7)
    assert main(["doctor"]) == 1
    assert "right           no" in capsys.readouterr().out


def test_the_text_fits_a_terminal_and_names_no_folder(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "right           yes" in text
    assert str(Path.home()) not in text
    assert "not known" not in text.split("Libraries")[1].split("Processor")[0]


def test_no_command_at_all_is_answered_with_all_commands(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 2
    told = capsys.readouterr().err
    assert all(command in told for command in ("fit", "describe", "report", "doctor"))


def test_nothing_is_loaded_for_it():
    heavy = ("polars", "pandas", "pyarrow", "scipy", "sklearn", "matplotlib", "dask")
    script = f"""
import sys
from hlmrs.cli import main
main(["doctor"])
print([name for name in {heavy} if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_what_the_system_does_not_tell_is_not_known(monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object) -> None:
        raise OSError("no such thing")

    monkeypatch.setattr("os.sysconf", refused)
    monkeypatch.setattr("shutil.disk_usage", refused)
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    room = machine.facts()["room"]
    assert room["memory"] is None
    assert room["temporary files"] is None
    assert machine.facts()["processor"]["processors for this process"] is None


def test_instructions_are_those_that_the_processor_has():
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists() or "flags\t" not in cpuinfo.read_text(encoding="utf-8"):
        pytest.skip("the system lists no flags")
    flags = next(line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("flags"))
    known = {"AVX2": "avx2", "FMA": "fma", "AVX-512F": "avx512f"}
    assert machine.processor_instructions() == [name for name, flag in known.items() if flag in flags.split()]
