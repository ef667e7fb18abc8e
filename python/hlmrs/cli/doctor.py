"""What a bug report needs: the machine, and whether a small fit comes out right on it."""

import json
import sys
import time
from argparse import Namespace
from typing import Any

from ..datasets import load as load_data
from ..display.record import Facts, Report, Section
from ..models import lmer
from ..resources import format_bytes
from .exits import NOT_CONVERGED, OK
from .machine import facts

_FORMULA = "Reaction ~ Days + (Days | Subject)"
_CRITERION = 1743.62827195849
"""lme4's REML criterion of the formula for sleepstudy."""
_TOLERANCE = 1e-8
_WARM = 5


def doctor(given: Namespace) -> int:
    """Show what a bug report needs."""
    trial = fit_of_known_number()
    found = {**facts(), "trial fit": trial}
    if given.json:
        json.dump(found, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print(_report(found))
    return OK if trial["right"] else NOT_CONVERGED


def fit_of_known_number() -> dict[str, Any]:
    """Fit a small model whose criterion is known from lme4, the first time and warm."""
    data = load_data("sleepstudy", "dict")
    seconds = []
    for _ in range(1 + _WARM):
        begun = time.perf_counter()
        fit = lmer(_FORMULA, data)
        seconds.append(time.perf_counter() - begun)
    off = abs(fit.criterion - _CRITERION) / _CRITERION
    return {
        "model": f"{_FORMULA}, sleepstudy",
        "criterion": fit.criterion,
        "known": _CRITERION,
        "right": bool(off < _TOLERANCE and fit.verdict.converged),
        "first fit (ms)": 1e3 * seconds[0],
        "next fits (ms)": 1e3 * min(seconds[1:]),
    }


def _report(found: dict[str, dict[str, Any]]) -> Report:
    """Lay out what was found; libraries that are not installed are left out."""
    sections = [
        Section(name[0].upper() + name[1:], Facts([(key, _written(name, key, value)) for key, value in part.items()]))
        for name, part in (
            found | {"libraries": _known(found["libraries"]), "threads": _known(found["threads"])}
        ).items()
        if part
    ]
    return Report("What hlmrs runs on", sections)


def _known(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if value is not None}


def _written(part: str, key: str, value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if part == "room":
        return format_bytes(value)
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if key.endswith("(ms)"):
        return f"{value:.2f}"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
