"""Formulas: any text and any tokens are read or refused soon, what is read is written and read again, and fitted."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import hlmrs
from formula import test_fuzz

EXAMPLES = 100
"""A case is so many formulas."""
ONLY_MADE = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TOKENS = st.lists(st.sampled_from(test_fuzz.TOKENS), max_size=40)
BYTES = st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape"))


def many(told: str, check: Callable[[Any], None], *strategies: st.SearchStrategy[Any]) -> Callable[[int], None]:
    """Return an attack that checks examples, the same ones for the same seed."""

    def attack(number: int) -> None:
        seed(number)(ONLY_MADE(given(st.tuples(*strategies))(lambda made: check(*made))))()

    attack.__doc__ = f"{EXAMPLES} formulas: {told}."
    return attack


def of(test: Any) -> Callable[..., None]:
    """Return the check within a test of Hypothesis."""
    return test.hypothesis.inner_test  # type: ignore[no-any-return]


@cache
def data() -> dict[str, Any]:
    """Return a column for every name in the formulas."""
    rng, n = np.random.default_rng(1), 60
    numbers = ("x", "z", "a.b", "a b", "w")
    labels = {"T": 2, "f": 3, "g": 8, "h": 4, "k": 5, "my group": 6}
    columns: dict[str, Any] = {name: rng.normal(size=n) for name in numbers}
    columns |= {name: rng.choice(list("abcdefgh"[:size]), n) for name, size in labels.items()}
    return columns | {"y": np.exp(rng.normal(size=n)), "s": rng.integers(0, 5, n), "n": rng.integers(5, 9, n)}


def fitted(response: str, right_side: str) -> None:
    """Fit any formula to these data: a fit with a summary, or a typed error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = hlmrs.lmer(f"{response} ~ {right_side}", data(), control=hlmrs.Control(max_evaluations=30))
            str(fit.summary())
        except hlmrs.HlmrsError:
            return


SOON = "read or refused with a place, soon"
TEXT = of(test_fuzz.test_any_text_is_read_or_refused)
GRAMMAR = (test_fuzz.responses, test_fuzz.right_sides)
ATTACKS = {
    "formulas: texts": many(f"any text, {SOON}", TEXT, st.text(max_size=200)),
    "formulas: bytes": many(f"any bytes, {SOON}", TEXT, BYTES),
    "formulas: tokens": many(f"any tokens, {SOON}", of(test_fuzz.test_any_tokens_are_read_or_refused), TOKENS),
    "formulas: grammar": many(
        "what is read is written and read again", of(test_fuzz.test_what_is_read_is_written_and_read_again), *GRAMMAR
    ),
    "formulas: fitted": many("a fit with its summary, or a typed error", fitted, *GRAMMAR),
}
