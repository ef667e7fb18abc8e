"""The pages of docs/: their examples, run once, and the numbers that their text says of them."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    """The examples of a page."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)


def run(text: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(text, "docs", "exec"), names)
    return names


@cache
def names_of(page: str) -> dict[str, Any]:
    """The names that the examples of a page leave, run once."""
    names: dict[str, Any] = {}
    for block in blocks(page):
        run(block, names)
    return names


def digits(value: float) -> int:
    text = f"{value:.10g}"
    return len(text.partition(".")[2])


def assert_numbers(page: str, pairs: Iterable[tuple[Any, Any]]) -> None:
    """Check what the text of a page says of its examples: numbers, to the digits that are written."""
    text = (DOCS / page).read_text(encoding="utf-8")
    in_text = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    for got, said in pairs:
        for value, written in zip(np.ravel(got), np.ravel(said), strict=True):
            decimals = max(digits(abs(w)) for w in np.ravel(said))
            assert value == pytest.approx(written, abs=0.51 * 10.0**-decimals), (got, said)
            assert abs(written) in in_text, written
