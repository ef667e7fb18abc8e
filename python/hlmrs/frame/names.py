"""Columns of the caller beside those of a result: a result's columns keep their names, so that they are found.

A variable that is named like one of them, ``estimate`` or ``level``, loses nothing: its column is ``estimate_``.
"""

from collections.abc import Collection, Iterable, Mapping

from .kind import Column


def new_names(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Return another name for each of the names that are taken: the same with underscores at its end."""
    names = list(names)
    found: dict[str, str] = {}
    for name in names:
        if name in taken:
            new = f"{name}_"
            while new in taken or new in names or new in found.values():
                new += "_"
            found[name] = new
    return found


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which no two are the same: later ones get underscores."""
    names = list(names)
    out: list[str] = []
    for name in names:
        out.append(new_names([name], {*out, *names})[name] if name in out else name)
    return out


def aside(variables: Mapping[str, Column], result: Collection[str]) -> dict[str, Column]:
    """Return columns of the caller's variables under names that the result has not."""
    new = new_names(variables, result)
    return {new.get(name, name): column for name, column in variables.items()}
