"""Public names and signatures are those in public_api.txt, so that a change of them is seen and meant.

``python tests/python/test_public_api.py`` writes the file anew.
"""

import inspect
import typing
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import hlmrs

HAS_SKLEARN = any(distributions(name="scikit-learn"))
FILE = Path(__file__).with_name("public_api.txt")


def public_api() -> Iterator[str]:
    for name in sorted(hlmrs.__all__):
        yield from described(name, getattr(hlmrs, name))
    if HAS_SKLEARN:
        yield from described("sklearn", hlmrs.sklearn)


def described(name: str, thing: Any) -> Iterator[str]:
    """Yield a line for a function, or for a class and each of its members."""
    if isinstance(thing, ModuleType):
        for inner in sorted(thing.__all__):
            yield from described(f"{name}.{inner}", getattr(thing, inner))
    elif isinstance(thing, type) and issubclass(thing, Exception):
        yield f"{name}({', '.join(base.__name__ for base in thing.__bases__)})"
    else:
        yield f"{name}{signature(thing)}"
        if isinstance(thing, type):
            yield from members(name, thing)


def members(name: str, kind: type) -> Iterator[str]:
    for member in sorted(dir(kind)):
        found = inspect.getattr_static(kind, member)
        if member.startswith("_") or is_of_sklearn(kind, member):
            continue
        if isinstance(found, property):
            yield f"{name}.{member}"
            yield from accessor(f"{name}.{member}", typing.get_type_hints(found.fget).get("return"))
        elif callable(getattr(kind, member)):
            yield f"{name}.{member}{signature(getattr(kind, member))}"
        else:
            yield f"{name}.{member}"


def is_of_sklearn(kind: type, member: str) -> bool:
    """Tell what scikit-learn gives to its estimators."""
    owner = next((base.__module__ for base in kind.__mro__ if member in vars(base)), "")
    return "sklearn." in {owner[:8], type(inspect.getattr_static(kind, member)).__module__[:8]}


def accessor(name: str, kind: Any) -> Iterator[str]:
    """Yield what a property gives, where that is an object with methods of the fit."""
    kind = typing.get_origin(kind) or kind
    if isinstance(kind, type) and kind.__module__.startswith("hlmrs.results"):
        if any("__call__" in vars(base) for base in kind.__mro__):
            yield f"{name}{signature(kind.__call__)}"
        yield from members(name, kind)


def signature(thing: Any) -> str:
    """Write the parameters and their defaults."""
    found = [one.replace(annotation=inspect.Parameter.empty) for one in inspect.signature(thing).parameters.values()]
    return str(inspect.Signature([one for one in found if one.name != "self"]))


def documented() -> Iterator[tuple[str, Any]]:
    """Yield functions, classes and methods, those of what a fit groups too; no errors and warnings."""
    public = [thing for thing in (getattr(hlmrs, name) for name in hlmrs.__all__) if not isinstance(thing, ModuleType)]
    public += [getattr(hlmrs.sklearn, name) for name in hlmrs.sklearn.__all__] if HAS_SKLEARN else []
    mine = [thing for thing in public if not (inspect.isclass(thing) and issubclass(thing, Exception))]
    grouped = [
        typing.get_type_hints(getattr(hlmrs.LinearMixedFit, name).fget)["return"] for name in ("check", "variance")
    ]
    yield from ((thing.__name__, thing) for thing in mine if callable(thing))
    for kind in [*filter(inspect.isclass, mine), *map(typing.get_origin, grouped)]:
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and not is_of_sklearn(kind, name):
                yield f"{kind.__name__}.{name}", method


def test_everything_public_has_an_example() -> None:
    assert [name for name, thing in documented() if ">>>" not in (inspect.getdoc(thing) or "")] == []


def test_public_names_and_signatures_are_those_written_down() -> None:
    written = FILE.read_text(encoding="utf-8").splitlines()
    assert list(public_api()) == [line for line in written if HAS_SKLEARN or not line.startswith("sklearn.")]


if __name__ == "__main__":
    FILE.write_text("\n".join(public_api()) + "\n", encoding="utf-8")
