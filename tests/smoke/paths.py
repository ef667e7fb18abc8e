"""Whether a wheel holds paths of the machine that built it: ``python tests/smoke/paths.py dist/*.whl``."""

import re
import sys
from pathlib import Path
from zipfile import ZipFile

_OWN = [re.escape(folder) for folder in {str(Path.home()), str(Path.cwd())} - {"/"}]
_FOLDER = "|".join([*_OWN, r"[/\\](?:home|Users|root)[/\\]"])
_PATH = re.compile(f"[ -~]{{0,80}}(?:{_FOLDER})[ -~]{{0,80}}".encode())


def paths(wheel: str) -> list[str]:
    """Return each place of a wheel that names a folder of a person or of the build."""
    with ZipFile(wheel) as files:
        found = [(name, text) for name in files.namelist() for text in _PATH.findall(files.read(name))]
    return [f"{wheel}: {name}: {text.decode()}" for name, text in found]


if __name__ == "__main__":
    faults = [place for wheel in sys.argv[1:] for place in paths(wheel)]
    sys.exit("\n".join(faults) or 0)
