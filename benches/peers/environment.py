"""Where the peers live: R where it is installed, and an environment of their own for those from PyPI."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from .registry import PEERS, Peer

BENCHES = Path(__file__).resolve().parents[1]
VENV = BENCHES / ".venv-peers"


def python_of(peer: Peer) -> Path:
    """Return the interpreter that runs a Python package."""
    return Path(sys.executable) if peer.runs_in == "own" else VENV / "bin" / "python"


def installed(asked: list[str]) -> dict[str, str]:
    """Return the version of every peer asked for that is there; those from PyPI are installed where missing."""
    peers = [PEERS[name] for name in asked]
    found = {"hlmrs": _own_version()} if "hlmrs" in asked else {}
    found |= _from_r([peer for peer in peers if peer.runs_in == "R"])
    return found | _from_pypi([peer for peer in peers if peer.runs_in == "venv"])


def _own_version() -> str:
    """Return the version with a digest of the compiled core, so that a rebuilt one is measured anew."""
    import hlmrs._core

    core = Path(hlmrs._core.__file__).read_bytes()
    return f"{version('hlmrs')}+{hashlib.sha256(core).hexdigest()[:8]}"


def r_versions(packages: list[str]) -> dict[str, str]:
    """Return the versions of the R packages that are installed; none without ``Rscript``."""
    if shutil.which("Rscript") is None:
        return {}
    script = (
        "for (p in commandArgs(TRUE)) if (nzchar(system.file(package = p))) cat(p, format(packageVersion(p)), '\\n')"
    )
    listed = subprocess.run(["Rscript", "-e", script, *packages], capture_output=True, text=True, check=False).stdout
    return dict(line.split() for line in listed.splitlines())


def _from_r(peers: list[Peer]) -> dict[str, str]:
    found = r_versions(["jsonlite", *(peer.package for peer in peers)]) if peers else {}
    return {peer.name: found[peer.package] for peer in peers if peer.package in found and "jsonlite" in found}


def _from_pypi(peers: list[Peer]) -> dict[str, str]:
    if not peers:
        return {}
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    found = _versions(python)
    missing = {peer.package for peer in peers if _plain(peer.package) not in found}
    for package in sorted(missing):  # one at a time: a package without a wheel for this machine leaves the others
        subprocess.run([python, "-m", "pip", "install", "--quiet", package, "pandas", "pyarrow", "patsy"], check=False)
    found = _versions(python) if missing else found
    return {peer.name: found[_plain(peer.package)] for peer in peers if _plain(peer.package) in found}


def _versions(python: Path) -> dict[str, str]:
    command = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ).stdout
    return {_plain(entry["name"]): entry["version"] for entry in json.loads(listed or "[]")}


def _plain(package: str) -> str:
    return package.lower().replace("_", "-")
