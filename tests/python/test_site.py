"""The site of docs/: its examples run and fail loudly, its reference is whole, nothing loads from outside."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
EXTENSIONS = ROOT / "docs" / "_extensions"
PAGES = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}


@pytest.fixture
def extension(monkeypatch):
    """An extension of the site, by its name."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(EXTENSIONS)
    return __import__


def run_page(tmp_path, *blocks, before=""):
    given = json.dumps({"name": "page", "before": before, "blocks": blocks})
    command = [sys.executable, str(EXTENSIONS / "run_page.py"), str(tmp_path)]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def test_what_a_block_prints_gives_warns_of_and_draws_is_shown_in_its_order(tmp_path):
    first = "print('a')\n1 + x\nimport warnings\nwarnings.warn('careful')"
    second = "import matplotlib.pyplot as p\n_, axes = p.subplots()\naxes.hlmrs_alt = 'a line'\naxes\naxes.plot([1])"
    done = run_page(tmp_path, first, second, before="x = 1")
    assert json.loads(done.stdout) == [
        [["text", "a"], ["text", "2"], ["warning", "UserWarning: careful"]],
        [["figure", str(tmp_path / "page-1.png"), "a line"]],
    ]
    assert (tmp_path / "page-1.png").stat().st_size > 0


def test_an_example_that_fails_ends_with_its_place(tmp_path):
    done = run_page(tmp_path, "a = 1", "b = 2\na / 0")
    assert done.returncode
    assert "<page, example 2>" in done.stderr
    assert "a / 0" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_what_pages_load_from_elsewhere_is_found_and_links_are_not(extension, tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="https://a.org">a</a><script src="https://b.org/b.js"></script><link rel="canonical" href="https://c.org">'
        '<link href="//d.org/d.css" rel="stylesheet"><img alt="" src="_static/e.png">'
    )
    (tmp_path / "b.css").write_text('@import "https://f.org/f.css"; a { background: url(data:image/png;base64,aa) }')
    found = extension("nothing_from_outside").outside(tmp_path)
    assert found == ["a.html: https://b.org/b.js", "a.html: //d.org/d.css", "b.css: https://f.org/f.css"]


def test_the_reference_has_every_public_name(extension, tmp_path):
    extension("reference").write_pages(SimpleNamespace(srcdir=tmp_path, config=napoleon()))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (tmp_path / "reference").glob("*.rst"))
    written = set(re.findall(r"^\.\. py:\w+:: ([\w.]+)", text, re.M))
    parameters = r"attribute:: (\w+)|(?:\*|:Parameters:) [*][*]([\w, ]+)[*][*]"
    described = {name for a, b in re.findall(parameters, text) for name in (a or b).split(", ")}
    listed = (ROOT / "tests/python/public_api.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("(")[0] for line in listed}
    assert {name for name in names - written if name.split(".")[-1] not in described} == set()


def napoleon():
    from sphinx.ext.napoleon import Config

    return Config(napoleon_google_docstring=False, napoleon_use_rtype=False, napoleon_use_param=False)


def test_every_page_is_in_the_contents_once():
    text = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    listed = [
        line for tree in re.findall(r"```{toctree}\n(.*?)```", text, re.S) for line in tree.split("\n\n")[1].split()
    ]
    assert sorted(name for name in listed if not name.startswith("reference/")) == sorted(PAGES)


def test_the_gallery_has_every_picture():
    text = (ROOT / "docs/pictures.md").read_text(encoding="utf-8")
    listed = (ROOT / "tests/python/public_api.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"^LinearMixedFit\.plot\.(\w+)$", listed, re.M))
    assert len(names) > 15
    assert {name for name in names if f".plot.{name}(" not in text} == set()
