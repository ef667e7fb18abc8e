"""What a page is about: a fit, models beside it, and what only the results' room can tell of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Subject:
    """A fit and what belongs to it.

    ``has_residual``: whether it is linear, with a covariance of its residuals or without random effects;
    ``residual_groups`` are those within which residuals are correlated.
    ``parts`` name those beside the mean's; ``models`` are those fitted before it, in their order; ``description``
    describes the data, None where there are no rows; ``variables`` are those of the fixed part and ``interactions``
    pairs of them.  ``null_of`` fits the null model to the same rows, ``call_of`` writes the code that makes a fit
    again; ``compare`` and ``table`` put models side by side.
    """

    fit: Any
    is_linear: bool
    has_residual: bool
    residual_groups: Sequence[str]
    parts: Sequence[str]
    models: Sequence[Any]
    description: Any
    variables: Sequence[str]
    interactions: Sequence[tuple[str, str]]
    null_of: Callable[[Any], Any]
    call_of: Callable[[Any], str]
    compare: Callable[..., Any]
    table: Callable[..., Any]

    @property
    def response(self) -> str:
        """The left side of the formula."""
        return str(self.fit.formula).partition("~")[0].strip()

    @property
    def groups(self) -> list[str]:
        """Names of the grouping factors of random effects."""
        return list(self.fit.n_groups)

    @property
    def named_parts(self) -> str:
        """The parts of the model beside the mean's, as words."""
        return " and ".join(f"the {part.lower()}" for part in self.parts)

    @cached_property
    def null(self) -> Any:
        """The mean of an intercept alone, fixed and random in every grouping factor; other parts stay as they are."""
        return self.null_of(self.fit)

    def sequence(self) -> list[Any]:
        """Return the null model, those given, and the fit; none twice."""
        by_call = {self.call_of(model): model for model in (self.null, *self.models, self.fit)}
        return list(by_call.values())


def column(table: Any, name: str) -> list[Any]:
    """Return a column of a frame of any library."""
    return list(np.asarray(table[name]).tolist())
