"""The package as it is imported: quickly, and without the libraries that it can work with."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import hlmrs
from hlmrs.cli import main
from hlmrs.page.parts.estimation import software

ROOT = Path(__file__).parents[2]
HEAVY = ("polars", "pandas", "pyarrow", "duckdb", "matplotlib", "formulaic", "narwhals", "scipy")

IMPORT = f"""
import sys, time, numpy
begun = time.perf_counter()
import hlmrs
took = time.perf_counter() - begun
data = {{"y": [1., 2., 4., 3., 6., 7.5], "x": [1., 2., 3., 1., 2., 3.], "g": list("aabbcc")}}
hlmrs.lmer("y ~ x + (1 | g)", data).summary()
print([name for name in {HEAVY} if name in sys.modules], took)
"""


def test_importing_and_fitting_loads_no_other_library():
    runs = [
        subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    loaded, times = zip(*(run.stdout.strip().rsplit(" ", 1) for run in runs), strict=True)
    assert set(loaded) == {"[]"}
    assert min(map(float, times)) < 0.05


def test_names_are_there_and_documented():
    assert hlmrs.__version__ == re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    for name in hlmrs.__all__:
        assert getattr(hlmrs, name).__doc__


def test_the_readme_can_be_pasted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_what_needs_matplotlib_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"))
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"reports need matplotlib: pip install 'hlmrs\[plot\]'"):
        fit.report(tmp_path / "report.html")
    with pytest.raises(ImportError, match=r"plots need matplotlib: pip install 'hlmrs\[plot\]'"):
        fit.plot.caterpillar("Subject")
    assert main(["demo", "--out", str(tmp_path / "demo.html")]) == 2
    assert "reports need matplotlib: pip install 'hlmrs[plot]'" in capsys.readouterr().err


def test_the_readme_names_every_extra() -> None:
    table = re.findall(r"^\| (`.*?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(re.findall(r"`(\w+)`", " ".join(table))) == sorted(project["optional-dependencies"])


def test_errors_and_warnings_have_one_base_each():
    for name in hlmrs.__all__:
        thing = getattr(hlmrs, name)
        if name.endswith("Error"):
            assert issubclass(thing, hlmrs.HlmrsError)
        if name.endswith("Warning"):
            assert issubclass(thing, hlmrs.HlmrsWarning)


def test_sources_that_are_not_installed_have_the_version_of_the_sources_or_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("hlmrs.version.installed_version", missing)
    assert hlmrs.__version__ == re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    monkeypatch.setattr("hlmrs.version._SOURCES", tmp_path / "Cargo.toml")
    assert hlmrs.__version__ == "unknown"
    assert "hlmrs unknown" in software(None)
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
