"""What crosses between Python and the core: arrays and typed records; texts of the core are for the core alone."""

import ast
from pathlib import Path

import hlmrs
from hlmrs import _core

PACKAGE = Path(hlmrs.__file__).parent
STUB = ast.parse((PACKAGE / "_core.pyi").read_text(encoding="utf-8"))


def members(node: ast.ClassDef) -> set[str]:
    return {part.name for part in node.body if isinstance(part, ast.FunctionDef)}


def test_no_text_of_the_core_is_opened():
    readers = {path.name for path in PACKAGE.rglob("*.py") if "json.load" in path.read_text(encoding="utf-8")}
    assert readers == {"storage.py", "catalogue.py"}  # the header of a saved fit, the list of data sets


def test_every_record_has_a_type():
    assert not [node for node in ast.walk(STUB) if isinstance(node, ast.Name) and node.id == "Any"]


def test_what_the_stub_declares_is_there_and_nothing_else():
    classes = [node for node in STUB.body if isinstance(node, ast.ClassDef) and node.decorator_list]
    functions = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef)}
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert public == functions | {node.name for node in classes} | {"LARGEST_INVERSE"}
    for node in classes:
        own = {name for name in vars(getattr(_core, node.name)) if not name.startswith("_")}
        assert own == {name for name in members(node) if not name.startswith("_")}, node.name
