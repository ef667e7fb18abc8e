"""The version of the package."""

import re
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

UNKNOWN = "unknown"
_SOURCES = Path(__file__).parents[2] / "Cargo.toml"


def package_version() -> str:
    """Return the version that is installed, or that of the sources that the package runs from, or ``"unknown"``."""
    try:
        return installed_version("hlmrs")
    except PackageNotFoundError:
        return _version_of(_SOURCES)


def _version_of(sources: Path) -> str:
    """Read the version in Cargo.toml, which the package is built from."""
    try:
        found = re.search(r'^name = "hlmrs"\nversion = "(.*)"', sources.read_text(encoding="utf-8"), re.M)
    except OSError:
        return UNKNOWN
    return found[1] if found else UNKNOWN
