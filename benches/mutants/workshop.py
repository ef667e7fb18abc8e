"""The mutated copy of the repository: every sampled mutant is in one build, behind a switch."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import python_sites, rust_sites
from .mutant import Edit, Mutant, applied, sample

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
COPIED = (
    "rust", "python", "tests", "benches", "docs", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "LICENSE",
    "Cargo.toml", "Cargo.lock", "Makefile", "pyproject.toml", "rustfmt.toml", "THIRD-PARTY-NOTICES.md",
)  # fmt: skip
_IMPORTED = ("from importlib import import_module", "from . import _mutants")
_MARK = "of-mutants"
SPARE = 1.4
"""Of so many times the mutants of Rust that are wanted, some do not compile."""


class Workshop:
    """A folder outside the repository with the mutated copy, the list of its mutants and what is known of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.copy = self.folder / "copy"
        self.environment = os.environ | {
            "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(self.folder / "target")),
            "PYO3_PYTHON": sys.executable,
            "PYTHONPATH": str(self.copy / "python"),
        }

    def prepare(self, n: int, seed: int) -> None:
        """Draw n mutants, half of them in Rust, and build them."""
        if self.folder.exists():
            if any(self.folder.iterdir()) and not (self.folder / _MARK).exists():
                raise SystemExit(f"{self.folder} is not empty and none of a workshop: name a new folder")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / _MARK).touch()
        rust = sample(rust_sites.mutants(ROOT), int(n / 2 * SPARE), seed)
        python = sample(python_sites.mutants(ROOT), n - n // 2, seed)
        self._copy_all(COPIED)
        self._put("lib.rs", HERE / "switch.rs", "rust/mutants.rs")
        self._put("__init__.py", HERE / "switch.py", "python/hlmrs/_mutants.py")
        kept = self._compilable(rust)
        self.write("mutants", {str(k): _plain(mutant) for k, mutant in _chosen(kept, python, n // 2, seed).items()})
        self._write_python({k: m for k, m in self.mutants().items() if m.path.endswith(".py")})
        self._build()

    def mutants(self) -> dict[int, Mutant]:
        """Return the mutants by number."""
        return {int(number): _mutant(plain) for number, plain in self.read("mutants").items()}

    def read(self, name: str) -> Any:
        """Return what was kept under a name; an empty dictionary if nothing was."""
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def write(self, name: str, value: Any) -> None:
        """Keep something under a name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.json").write_text(json.dumps(value, indent=0))

    def renew_tests(self) -> None:
        """Take the Python tests as they are now."""
        self._copy_all(["tests/python", "tests/golden"])

    def _copy_all(self, names: Iterable[str]) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "*.so", ".cache", ".venv*")
        for name in names:
            source, target = ROOT / name, self.copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            elif source.exists():
                shutil.copy2(source, target)

    def _put(self, entrance: str, switch: Path, place: str) -> None:
        """Put the switch into the copy, and name it in the entrance of its language."""
        shutil.copy2(switch, self.copy / place)
        path = (self.copy / place).parent / entrance
        text = path.read_text()
        first, named = ("pub mod model;", "pub mod mutants;") if entrance == "lib.rs" else _IMPORTED
        path.write_text(text.replace(first, f"{named}\n{first}", 1))

    def _compilable(self, mutants: list[Mutant]) -> dict[int, Mutant]:
        """Return the mutants that the compiler accepts, which are then in the copy."""
        kept = dict(enumerate(mutants))
        while True:
            regions = self._write_rust(kept)
            wrong = {number for place in self._errors() for number in _nearest(place, regions)}
            print(f"{len(kept)} mutants, {len(wrong)} do not compile", flush=True)
            if not wrong:
                return kept
            kept = {number: mutant for number, mutant in kept.items() if number not in wrong}

    def _write_rust(self, mutants: dict[int, Mutant]) -> dict[str, list[tuple[int, int, int]]]:
        """Write the mutated files of Rust; return where in them each mutant is."""
        regions = {}
        for path in sorted((ROOT / "rust").rglob("*.rs")):
            name = str(path.relative_to(ROOT))
            here = {number: mutant for number, mutant in mutants.items() if mutant.path == name}
            if name == "rust/lib.rs":
                continue
            text = applied(path.read_bytes(), here, lambda number: f"crate::mutants::on({number})")
            if (self.copy / name).read_bytes() != text:
                (self.copy / name).write_bytes(text)
            regions[name] = _regions(here)
        return regions

    def _write_python(self, mutants: dict[int, Mutant]) -> None:
        by_path: dict[str, dict[int, Mutant]] = defaultdict(dict)
        for number, mutant in mutants.items():
            by_path[mutant.path][number] = mutant
        for name, here in by_path.items():
            text = applied((ROOT / name).read_bytes(), here, lambda number: f"_mutant_on({number})")
            if name == "python/hlmrs/__init__.py":
                text = text.replace(_IMPORTED[0].encode(), "\n".join(reversed(_IMPORTED)).encode(), 1)
            (self.copy / name).write_bytes(text)

    def cargo(self, *arguments: str) -> list[Any]:
        """Run cargo in the copy; return its messages."""
        command = [os.environ.get("CARGO", "cargo"), *arguments, *_profile(), "--message-format=json"]
        done = subprocess.run(command, cwd=self.copy, env=self.environment, capture_output=True, text=True)
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode and not messages:
            raise RuntimeError(done.stderr)
        return messages

    def _errors(self) -> list[tuple[str, int]]:
        """Return file and byte of every error of the compiler."""
        messages = self.cargo("check", "--lib", "--features", "python")
        errors = [
            m["message"] for m in messages if m["reason"] == "compiler-message" and m["message"]["level"] == "error"
        ]
        return [
            (span["file_name"], span["byte_start"]) for error in errors for span in error["spans"] if span["is_primary"]
        ]

    def _build(self) -> None:
        """Build the extension into the copy of the package, and the tests of Rust."""
        for message in self.cargo("build", "--lib", "--features", "python"):
            for name in message.get("filenames", []):
                if name.endswith("libhlmrs.so"):
                    shutil.copy2(name, self.copy / "python" / "hlmrs" / "_core.abi3.so")
        tests = [m["executable"] for m in self.cargo("test", "--no-run") if m.get("executable")]
        self.write("rust-tests", [shutil.copy2(name, self.folder) for name in tests])


def _profile() -> list[str]:
    """Return the options of cargo: some optimization of hlmrs, which is built once and run often."""
    name = os.environ.get("HLMRS_PROFILE", "release")
    return ["--profile", name, "--config", f"profile.{name}.package.hlmrs.opt-level=1"]


def _chosen(rust: dict[int, Mutant], python: list[Mutant], n_rust: int, seed: int) -> dict[int, Mutant]:
    """Return as many mutants as are wanted; those of Python are numbered after those of Rust."""
    wanted = set(map(id, sample(rust.values(), n_rust, seed)))
    first = max(rust, default=-1) + 1
    return {k: m for k, m in rust.items() if id(m) in wanted} | dict(enumerate(python, first))


def _regions(mutants: dict[int, Mutant]) -> list[tuple[int, int, int]]:
    """Return the first and the last byte of each mutant in the mutated file, and its number."""
    edits = sorted((edit.start, number, edit) for number, mutant in mutants.items() for edit in mutant.edits)
    shift, places = 0, defaultdict(list)
    for _, number, edit in edits:
        grown = len(edit.text.replace(b"@on@", f"crate::mutants::on({number})".encode())) - (edit.end - edit.start)
        places[number] += [edit.start + shift, edit.end + shift + grown]
        shift += grown
    return [(min(found), max(found), number) for number, found in places.items()]


def _nearest(place: tuple[str, int], regions: dict[str, list[tuple[int, int, int]]]) -> list[int]:
    """Return the innermost mutant around an error, or the nearest in its file."""
    name, byte = place
    here = regions.get(name, [])
    around = [(last - first, number) for first, last, number in here if first <= byte <= last]
    if around:
        return [min(around)[1]]
    apart = [(min(abs(byte - first), abs(byte - last)), number) for first, last, number in here]
    if not apart:
        raise RuntimeError(f"{name}, byte {byte}: an error of the compiler that no mutant explains")
    return [min(apart)[1]]


def _plain(mutant: Mutant) -> dict[str, Any]:
    edits = [[edit.start, edit.end, edit.text.decode()] for edit in mutant.edits]
    return {**{name: getattr(mutant, name) for name in ("path", "line", "kind", "before", "after")}, "edits": edits}


def _mutant(plain: dict[str, Any]) -> Mutant:
    edits = tuple(Edit(start, end, text.encode()) for start, end, text in plain["edits"])
    return Mutant(**{**plain, "edits": edits})
