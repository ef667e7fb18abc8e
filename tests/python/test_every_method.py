"""Every method of inference, for every kind of model, gives finite numbers or refuses with the reason."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
import pytest

import hlmrs
from golden import library, rows
from kinds_of_models import KINDS, fit_of
from methods_of_inference import METHODS

CROSSED = ("crossed", "crossed with slopes", "slopes that cross, weighted", "three crossed terms")
NO_TERMS = ("variance of zero", "intercept only", "crossed", "nested", "no fixed effects")
NO_COVARIATE = (*NO_TERMS, "cs", "homcs", "toep", "rr", "factor slopes", "cells only", "within and between")

REFUSALS: list[tuple[str, tuple[str, ...], str]] = [
    ("kenward-roger", ("by maximum likelihood",), "REML"),
    ("kenward-roger", ("cs", "toep", "ar1", "ou", "rr"), "linear in their parameters"),
    ("between-within", CROSSED, "nested"),
    ("containment", ("ar1", "ou"), "no degrees of freedom"),
    ("CR2", CROSSED, "cross"),
    ("CR3", CROSSED, "cross"),
    ("test", ("no fixed effects",), "no coefficient"),
    ("inference", ("no fixed effects",), "not a coefficient"),
    ("emmeans", NO_TERMS, "no variable"),
    ("contrasts", NO_TERMS, "no variable"),
    ("pairs", NO_TERMS, "no variable"),
    ("slopes", NO_COVARIATE, "no variable"),
    ("johnson_neyman", (*NO_COVARIATE, "ar1", "ou"), "no variable"),
    ("johnson_neyman", tuple(KINDS), "no product of both"),
    ("compare", ("missing values",), "same rows"),
]
"""What is refused: a word of the method's name, kinds of models, and what the reason says."""

MISSING: dict[str, set[str]] = {
    "inference": {"estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"},
    "compare": {"chisq", "df", "p_value"},
    "variance_decomposition": {"share_of_level"},
    "variance_reduction": {"reduction"},
}
"""Columns that lack a number in some rows: what the row's text says, a row without a test, a share of nothing."""

UNDETERMINED = ("dependent columns", "empty cell")
"""Kinds in which the data do not determine every coefficient or mean."""


def refusal(kind: str, method: str) -> str | None:
    """Return what the refusal of a method says; None where it must give numbers."""
    words = method.split()
    if kind in NO_TERMS and words[0] in ("anova", "drop1") and not words[1].startswith("CR"):
        return None  # there is nothing to test
    if any(word == words[0] and kind in kinds and text == "no variable" for word, kinds, text in REFUSALS):
        return "no variable"  # noticed before anything else
    return next((text for word, kinds, text in REFUSALS if word in words and kind in kinds), None)


def numbers(result: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the numbers of a result: of an array, of a record, or of a frame's columns."""
    if isinstance(result, np.ndarray):
        yield "array", result
    elif is_dataclass(result):
        yield from _of_record(asdict(result))
    elif not isinstance(result, str):
        table = rows(result)
        for name in table[0] if table else []:
            values = [row[name] for row in table]
            if any(isinstance(value, float | int) for value in values):
                yield name, np.array([np.nan if value is None else value for value in values], dtype=float)


def _of_record(record: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _of_record(value)
        elif value is not None and not isinstance(value, str):
            yield name, np.atleast_1d(np.asarray(value, dtype=float))


def unexpected(kind: str, method: str, result: Any) -> Iterator[str]:
    """Yield the columns whose numbers are not finite though they should be."""
    for name, values in numbers(result):
        endless = name in ("df", "den_df") and ("normal" in method or method == "inference")
        fine = np.isfinite(values) | (endless & np.isposinf(values))
        if name not in MISSING.get(method.split()[0], ()) and kind not in UNDETERMINED and not fine.all():
            yield f"{method}: {name} is {values}"


def faults(kind: str, method: str) -> Iterator[str]:
    """Yield what is wrong with one method for one kind of model."""
    fit, why = fit_of(kind), refusal(kind, method)
    try:
        result = METHODS[method](fit)
    except hlmrs.HlmrsError as error:
        if why is None or not re.search(why, str(error)) or "internal error" in str(error):
            yield f"{method}: {type(error).__name__}: {error}"
    except Exception as error:
        yield f"{method}: {type(error).__name__}: {error}"
    else:
        if why is not None:
            yield f"{method}: was to refuse: {why}"
        yield from unexpected(kind, method, result)


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_gives_finite_numbers_or_the_reason_why_not(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        assert [fault for method in METHODS for fault in faults(kind, method)] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "no fixed effects"])
def test_a_method_that_cannot_be_had_says_so_in_the_panel(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        panel = rows(METHODS["inference"](fit_of(kind)))
    for row in panel:
        assert (row["conf_low"] is None) == row["assumes"].startswith("not available"), row


@pytest.mark.parametrize("kind", ["pandas", "dict", "slopes"])
def test_every_table_is_of_the_callers_kind(kind: str) -> None:
    fit = fit_of(kind)
    own = library(fit.glance())
    assert own == {"pandas": "pandas", "dict": "dict", "slopes": "polars"}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        results = {name: method(fit) for name, method in METHODS.items() if refusal(kind, name) is None}
    frames = {name: result for name, result in results.items() if not isinstance(result, str | np.ndarray)}
    assert {name for name, result in frames.items() if library(result) not in (own, "hlmrs")} == set()
