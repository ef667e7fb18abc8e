"""The model that a command line asks for, fitted."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from ..errors import DataError, HlmrsError, UndeclaredOrderError
from ..frame.files import Writing, is_labelled, odd_cell, read_file
from ..generalized import glmer
from ..models import lmer
from ..results import GeneralizedMixedFit, LinearMixedFit
from .levels import with_levels

AnyFit = LinearMixedFit[Any] | GeneralizedMixedFit[Any]

_OF_FAMILIES = ("link", "dispersion", "zero_inflation", "thresholds", "nominal", "scale", "nagq")


def fits_of(given: Namespace, formulas: list[str]) -> list[AnyFit]:
    """Fit formulas to the file that is given, which is read once."""
    if "~" in given.file and not all("~" in formula for formula in formulas):
        raise HlmrsError(f"the formula comes first: hlmrs {given.command} {given.file!r} {formulas[0]!r}")
    data, writing = read(given)
    try:
        data = with_levels(data, given.levels)
        return [_fitted(given, formula, data) for formula in formulas]
    except UndeclaredOrderError as error:
        raise DataError(f"{error}; here, --levels COLUMN=LOW,...,HIGH") from error
    except DataError as error:
        raise DataError(f"{error}{odd_cell(given.file, writing, str(error))}") from error


def read(given: Namespace) -> tuple[Any, Writing]:
    """Read the file that is given, and say how it is written; one that has labels is read with them later."""
    writing = Writing(tuple(given.na), given.decimal, _delimiter(given.delimiter))
    return given.file if is_labelled(given.file) else read_file(given.file, writing), writing


def _fitted(given: Namespace, formula: str, data: Any) -> AnyFit:
    """Fit a linear model, or one of the family that was given."""
    both = {name: getattr(given, name) for name in ("weights", "offset", "missing")}
    contrasts = _contrasts(given.contrasts)
    own = {name: getattr(given, name) for name in _OF_FAMILIES if getattr(given, name) is not None}
    if given.family is None:
        dispersion = own.pop("dispersion", None)
        if own:
            option = next(iter(own)).replace("_", "-")
            raise HlmrsError(f"--{option} is of models with another distribution: give --family, such as binomial")
        both["reml"], both["contrasts"] = not given.ml, contrasts
        fit: AnyFit = lmer(formula, data, **both, **({} if dispersion is None else {"dispersion": dispersion}))
        return fit
    return glmer(formula, data, family=given.family, contrasts=contrasts, **own, **both)


def _delimiter(text: str | None) -> str | None:
    found = {"tab": "\t", "\\t": "\t"}.get(text or "", text)
    if found is not None and len(found) != 1:
        raise HlmrsError(f"--delimiter {text!r}: give one character, or 'tab'")
    return found


def _contrasts(pairs: Sequence[str]) -> dict[str, str] | None:
    split = [pair.rpartition("=") for pair in pairs]
    for column, _, coding in split:
        if not column:
            raise HlmrsError(f"--contrasts {coding}: write COLUMN=CODING, such as --contrasts arm=sum")
    return {column: coding for column, _, coding in split} or None
