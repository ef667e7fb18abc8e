"""What is known of a covariance structure stands in its own file in ``rust/covariance/``."""

import ast
import re
from pathlib import Path

from hlmrs._core import structures

ROOT = Path(__file__).parents[2]
WORKING_CORRELATIONS = {
    ("report/equations.py", "ar1"),
    ("estimation/equations_request.py", "ar1"),
    ("estimation/equations_request.py", "cs"),
    ("estimation/equations_request.py", "us"),
    ("options.py", "ar1"),
    ("estimation/waves.py", "ar1"),
}
"""Of estimating equations: these have names of their own, some of them the same."""


def test_no_rust_file_outside_the_room_tells_structures_apart() -> None:
    listed = (ROOT / "rust/covariance/mod.rs").read_text(encoding="utf-8")
    names = re.findall(r"^    \w+::(\w+),$", listed, re.MULTILINE)
    assert len(names) == len(structures())
    one = re.compile(rf"\bStructure::({'|'.join(names)})\b")
    files = [path for path in (ROOT / "rust").rglob("*.rs") if "covariance" not in path.parts]
    code = {path: path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in files}
    assert [str(path) for path, text in code.items() if one.search(text)] == []


ABOUT_RESIDUALS = {"repeated_measures.py", "diagnostics/spread.py", "diagnostics/structure_advice.py"}
"""Files that name structures of residuals, of which the checks suggest some."""

ABOUT_THE_FUNCTION = {
    "formula/functions.py",
    "hypotheses/tangents.py",
    "prediction/expression.py",
    "prediction/response_scale.py",
}
"""Files that name the function exp(), as which a structure is called too."""


def test_python_names_no_structure_but_that_of_a_plain_bar() -> None:
    names = {structure.name for structure in structures()}
    package = ROOT / "python/hlmrs"
    found = {
        (path.relative_to(package).as_posix(), node.value)
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    }
    found -= {(path, name) for path, name in found if name == "exp" and path in ABOUT_THE_FUNCTION}
    of_residuals = {(path, name) for path, name in found if "residual" in path or path in ABOUT_RESIDUALS}
    assert found - of_residuals == {("formula/random_term.py", "us")} | WORKING_CORRELATIONS


def test_special_cases_are_structures_themselves() -> None:
    known = {structure.name: structure for structure in structures()}
    assert all(name in known for structure in known.values() for name in structure.contains)
    assert [name for name, structure in known.items() if structure.unrestricted] == ["us"]
    assert [name for name, structure in known.items() if structure.independent] == ["diag"]
