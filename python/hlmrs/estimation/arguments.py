"""Keyword arguments that a function does not have."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import suggestion


def refuse_unknown(function: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Answer an unknown keyword with the nearest known one."""
    for name in given:
        if name not in known:
            hint = suggestion(name, known) or f"; its options are {', '.join(known)}"
            raise TypeError(f"{function}() has no argument {name!r}{hint}")


def take_alias(function: str, given: dict[str, Any], alias: str, name: str, value: Any, default: Any) -> Any:
    """Return the value of an argument that may have been given under another name, but not under both."""
    if alias not in given:
        return value
    if value != default:
        raise TypeError(f"{function}() was given both {alias}= and {name}=, which mean the same")
    return given.pop(alias)
