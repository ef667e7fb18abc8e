"""Every crate that is linked on any platform is named in the notices, under its own licence."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTICES = (ROOT / "THIRD-PARTY-NOTICES.md").read_text(encoding="utf-8")
NAMED = dict(re.findall(r"^\| ([\w-]+) \| ([^|]+) \|", NOTICES, re.M)[1:])
DENY = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))


def linked() -> dict[str, str]:
    """Names and licences of all crates but hlmrs, over the platforms that have wheels."""
    command = ["cargo", "tree", "--locked", "--edges", "normal", "--features", "python", "--prefix", "none", "--format"]
    found = {}
    for target in DENY["graph"]["targets"]:
        run = [*command, "{p}|{l}", "--target", target]
        tree = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for line in filter(None, tree.splitlines()):
            crate, _, licence = line.removesuffix(" (*)").partition("|")
            found[crate.split()[0]] = licence.replace("/", " OR ").replace("  ", " ")
    return {name: licence for name, licence in found.items() if name != "hlmrs"}


@pytest.mark.skipif(shutil.which("cargo") is None, reason="asks cargo for the crates")
def test_every_linked_crate_is_named_with_its_licence():
    crates = linked()
    assert len(crates) > 50
    assert {name: NAMED.get(name, "").split(", with parts")[0] for name in crates} == crates


def test_licences_that_are_named_are_allowed():
    parts = {part for licence in NAMED.values() for part in re.split(r" OR | AND |, .*|[()]", licence) if part}
    assert parts <= {*DENY["licenses"]["allow"], "Unlicense"}  # each crate that has it offers MIT too
