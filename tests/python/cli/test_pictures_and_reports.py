"""The commands that compare, draw and write reports."""

import re
from pathlib import Path

import pytest

import hlmrs
from hlmrs.cli import main

SMALL, LARGE = "Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)"


@pytest.fixture
def csv(tmp_path: Path) -> str:
    path = tmp_path / "sleep.csv"
    hlmrs.datasets.load("sleepstudy", "polars").write_csv(path)
    return str(path)


def test_models_are_compared(csv: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", SMALL, LARGE, csv, "--table"]) == 0
    out = capsys.readouterr().out
    data = hlmrs.datasets.load("sleepstudy")
    assert str(hlmrs.compare(hlmrs.lmer(SMALL, data), hlmrs.lmer(LARGE, data))) in out
    assert str(hlmrs.table(hlmrs.lmer(SMALL, data), hlmrs.lmer(LARGE, data))) in out


def test_a_picture_is_drawn_into_a_file(csv: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.png"
    assert (
        main(["plot", "caterpillar", LARGE, csv, "--out", str(path), "--with", "term=Days", "--with", "level=0.9"]) == 0
    )
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "slopes of Days of 18 groups of Subject" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["caterpiller", LARGE], "did you mean 'caterpillar'"),
        (["caterpillar", LARGE, "--with", "term"], "write NAME=VALUE"),
        (["caterpillar", LARGE, "--with", "group=school"], "school"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    csv: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    path = tmp_path / "picture.png"
    assert main(["plot", *arguments[:2], csv, "--out", str(path), *arguments[2:]]) == 2
    assert says in capsys.readouterr().err
    assert not path.exists()


def test_a_report_is_written(csv: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.html"
    assert main(["report", LARGE, csv, "--before", SMALL, "--out", str(path), "--title", "Sleep"]) == 0
    assert re.fullmatch(rf"{re.escape(str(path))}: [\d,]+ KB\n", capsys.readouterr().out)
    html = path.read_text(encoding="utf-8")
    assert "<title>Sleep</title>" in html
    assert SMALL in html


def test_a_report_in_a_folder_that_is_not_there_is_an_error(
    csv: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", SMALL, csv, "--out", str(tmp_path / "none" / "report.html")]) == 2
    assert capsys.readouterr().err.startswith(f"hlmrs: there is no folder {str(tmp_path / 'none')!r}: make it first")


def test_a_fit_that_does_not_converge_has_its_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = [f"{g},{x},{int(x >= 0)}" for g in range(6) for x in (-2, -1, 1, 2)]
    path.write_text("g,x,y\n" + "\n".join(rows) + "\n")
    assert main(["compare", "y ~ 1 + (1 | g)", "y ~ x + (1 | g)", str(path), "--family", "binomial"]) == 2
