"""Every crate that is linked is named in the notices."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = set(re.findall(r"^\| ([\w-]+) \|", (ROOT / "THIRD-PARTY-NOTICES.md").read_text(encoding="utf-8"), re.M))


@pytest.mark.skipif(shutil.which("cargo") is None, reason="asks cargo for the crates")
def test_every_linked_crate_is_named():
    command = "cargo tree --locked --edges normal --features python --prefix none --format {p}"
    tree = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    linked = {line.split()[0] for line in tree.splitlines() if line} - {"hlmrs"}
    assert len(linked) > 50
    assert not linked - NAMED
