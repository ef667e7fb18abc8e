"""What is released: one version everywhere, workflows that are pinned and have no more rights than they need."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_one_version_is_written_everywhere():
    version = re.search(r'^version = "(.*)"', read("Cargo.toml"), re.M)[1]
    assert f'name = "hlmrs"\nversion = "{version}"' in read("Cargo.lock")
    assert f"\nversion: {version}\n" in read("CITATION.cff")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_have_few_rights(path: Path):
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v[\d.]+", comment)
    assert "\npermissions: {}\n" in text
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert "secrets." not in text


def test_workflows_call_what_is_there():
    called = {name for path in WORKFLOWS for name in re.findall(r"run: make (\w+)", path.read_text(encoding="utf-8"))}
    assert called
    assert called <= set(re.findall(r"^(\w+):", read("Makefile"), re.M))
