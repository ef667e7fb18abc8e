"""What crosses between Python and the core: arrays and typed records; texts of the core are for the core alone."""

from pathlib import Path

import hlmrs

PACKAGE = Path(hlmrs.__file__).parent


def test_no_text_of_the_core_is_opened():
    readers = {path.name for path in PACKAGE.rglob("*.py") if "json.load" in path.read_text(encoding="utf-8")}
    assert readers == {"storage.py", "catalogue.py"}  # the header of a saved fit, the list of data sets
