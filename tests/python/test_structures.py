"""What is known of a covariance structure stands in its own file in ``rust/covariance/``."""

import ast
import re
from pathlib import Path

from hlmrs._core import structures

ROOT = Path(__file__).parents[2]
# working correlations of estimating equations have names of their own, some of them the same
WORKING_CORRELATIONS = ("equations.py", "marginal_models.py", "options.py", "waves.py")


def test_no_rust_file_outside_the_room_tells_structures_apart() -> None:
    listed = (ROOT / "rust/covariance/mod.rs").read_text(encoding="utf-8")
    names = re.findall(r"^    \w+::(\w+),$", listed, re.MULTILINE)
    assert len(names) == len(structures())
    one = re.compile(rf"\bStructure::({'|'.join(names)})\b")
    files = [path for path in (ROOT / "rust").rglob("*.rs") if "covariance" not in path.parts]
    code = {path: path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in files}
    assert [str(path) for path, text in code.items() if one.search(text)] == []


def test_python_names_no_structure_but_that_of_a_plain_bar() -> None:
    names = {structure.name for structure in structures()}
    found = [
        (path.name, node.value)
        for path in (ROOT / "python/hlmrs").rglob("*.py")
        if path.name not in WORKING_CORRELATIONS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert found == [("random_term.py", "us")]


def test_special_cases_are_structures_themselves() -> None:
    known = {structure.name: structure for structure in structures()}
    assert all(name in known for structure in known.values() for name in structure.contains)
    assert [name for name, structure in known.items() if structure.unrestricted] == ["us"]
    assert [name for name, structure in known.items() if structure.independent] == ["diag"]
