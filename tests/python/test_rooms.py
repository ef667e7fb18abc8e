"""The picture in CONTRIBUTING.md is the import graph of the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^  (\w+)(\.py|\.rs|/)?\s+\[(\d+)\]")


def picture() -> dict[str, dict[str, int]]:
    """Rooms and floors of each part of the tree, as drawn."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts: dict[str, dict[str, int]] = {}
    for line in text.split("```")[1].splitlines():
        if re.fullmatch(r"\S+/", line):
            part = parts.setdefault(line.rstrip("/"), {})
        elif match := LINE.match(line):
            part[match[1]] = int(match[3])
    return parts


PICTURE = picture()


def rooms_on_disk(folder: Path, suffix: str, entrances: set[str]) -> dict[str, list[Path]]:
    rooms = {
        path.name if path.is_dir() else path.stem: sorted(path.rglob(f"*{suffix}")) if path.is_dir() else [path]
        for path in folder.iterdir()
        if path.name not in entrances and (path.is_dir() or path.suffix == suffix)
    }
    return {name: files for name, files in rooms.items() if files}


def python_imports(path: Path, package: Path) -> set[str]:
    """Rooms that a module of the package imports, at any depth of the code."""
    depth = len(path.relative_to(package).parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hlmrs."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("hlmrs.")}
    return found


def rust_imports(path: Path) -> set[str]:
    """Rooms that a Rust file names after `crate::`; `Error` and `Result` are those of `error`."""
    code = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for group, single in re.findall(r"\bcrate::(?:\{([^;]*?)\}\s*;|(\w+))", code):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"\{[^{}]*\}", "", group))) if group else {single}
    return {"error" if name in ("Error", "Result") else name for name in names}


def graph(part: str) -> dict[str, set[str]]:
    folder = ROOT / part
    if part == "rust":
        rooms = rooms_on_disk(folder, ".rs", {"lib.rs"})
        edges = {name: set().union(*map(rust_imports, files)) for name, files in rooms.items()}
    else:
        rooms = rooms_on_disk(folder, ".py", {"__init__.py", "__main__.py", "__pycache__"})
        edges = {name: set().union(*(python_imports(file, folder) for file in files)) for name, files in rooms.items()}
    return {name: targets - {name} for name, targets in edges.items()}


@pytest.mark.parametrize("part", PICTURE)
def test_every_room_is_in_the_picture_and_every_drawn_room_is_there(part: str) -> None:
    assert set(graph(part)) | {"_core"} & set(PICTURE[part]) == set(PICTURE[part])


@pytest.mark.parametrize("part", PICTURE)
def test_rooms_import_only_from_lower_floors(part: str) -> None:
    floors = PICTURE[part]
    upward = [
        f"{name} [{floors[name]}] imports {target} [{floors[target]}]"
        for name, targets in graph(part).items()
        for target in targets & set(floors)
        if floors[target] >= floors[name]
    ]
    assert not upward


def test_the_picture_was_read() -> None:
    assert set(PICTURE) == {"python/hlmrs", "rust"}
    assert all(len(rooms) > 8 for rooms in PICTURE.values())


def test_imports_are_found(tmp_path: Path) -> None:
    rust = tmp_path / "a.rs"
    rust.write_text("use crate::linalg::dense;\nuse crate::{Error, design::{Batch, Rows}, fit};\n// crate::objective\n")
    assert rust_imports(rust) == {"linalg", "error", "design", "fit"}
    python = tmp_path / "room" / "b.py"
    python.parent.mkdir()
    python.write_text("from .. import errors\nfrom ..frame.kind import Frame\nfrom .near import x\nimport hlmrs.fit\n")
    assert python_imports(python, tmp_path) == {"errors", "frame", "fit"}


PACKAGES = sorted((ROOT / "python" / "hlmrs").rglob("__init__.py"))


@pytest.mark.parametrize("entrance", PACKAGES, ids=lambda path: path.parent.name)
def test_the_docstring_of_a_package_says_what_is_in_it(entrance: Path) -> None:
    """If it names any of its modules it names them all."""
    found = {
        path.stem
        for path in entrance.parent.iterdir()
        if (path.suffix == ".py" and path != entrance) or (path / "__init__.py").exists()
    }
    text = ast.get_docstring(ast.parse(entrance.read_text(encoding="utf-8"))) or ""
    named = {name for name in found if f"``{name}``" in text}
    assert named in (found, set())


def test_every_bench_is_in_the_table_of_benches() -> None:
    """But for what runs inside of a measured process, and what makes its data."""
    commands = {path.parent.name for path in (ROOT / "benches").glob("*/__main__.py")} - {"fitters", "workloads"}
    files = [path for path in (ROOT / "benches").glob("*.py") if path.stem != "__main__"]
    commands |= {path.stem for path in files if "__main__" in path.read_text(encoding="utf-8")}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Benches")[1].split("\n## ")[0]
    named = re.findall(r"`python -m benches\.(\w+)|`python benches/(\w+)\.py|`make (\w+)`", text)
    assert {"".join(names) for names in named} == commands
