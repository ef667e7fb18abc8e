"""What was asked for of the residuals: a correlation structure, and a model of the log of their standard deviation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from ..errors import ArgumentError, DesignError, FormulaError, choose
from ..formula import ModelSpec, ResidualTerm, parse, parse_residual
from ..formula.expressions import calls_in
from ..options import Ddf, DdfInformation

if TYPE_CHECKING:
    from collections.abc import Sequence

FITTED = "fitted"
"""What stands for the fitted values in a formula of the dispersion."""
_LOGARITHMS = {"log", "log2", "log10"}


@dataclass(frozen=True, slots=True)
class ResidualRequest:
    """A term that correlates residuals, and a formula of the log of their standard deviation.

    `ddf` is the method of degrees of freedom that tests of the fit take where none is named, with its information.
    """

    term: ResidualTerm | None
    dispersion: ModelSpec | None
    ddf: str | None = None
    ddf_information: str | None = None

    @property
    def uses_fitted(self) -> bool:
        """Whether the dispersion depends on fitted values."""
        return self.dispersion is not None and FITTED in self.dispersion.columns()

    @property
    def takes_log_of_fitted(self) -> bool:
        """Whether the dispersion depends on the logarithm of the fitted values."""
        factors = () if self.dispersion is None else tuple(self.dispersion.factors())[1:]
        of_fitted = [own for own in factors if FITTED in {column.name for column in own.columns()}]
        return any(_LOGARITHMS & calls_in(own.expression) for own in of_fitted)

    @property
    def has_one_variance(self) -> bool:
        """Whether all residuals of a weight have the same variance."""
        by_visit = self.term is not None and self.term.kind.by_visit
        return self.dispersion is None and not by_visit

    def columns(self) -> list[str]:
        """Return the columns of the data that it reads."""
        of_term = [] if self.term is None else [column.name for column in self.term.columns()]
        of_dispersion = [] if self.dispersion is None else list(self.dispersion.columns())
        return [name for name in dict.fromkeys([*of_term, *of_dispersion]) if name != FITTED]

    def tested_by(self, ddf: str | None, information: str | None) -> ResidualRequest:
        """Return the same with the method of degrees of freedom that tests of the fit take."""
        if ddf is not None:
            choose("ddf", ddf, get_args(Ddf))
        if information is not None:
            choose("ddf_information", information, get_args(DdfInformation))
        return replace(self, ddf=ddf, ddf_information=information)

    def saved(self) -> dict[str, str]:
        """Return what a file has of it."""
        tests = {"ddf": self.ddf, "ddf_information": self.ddf_information}
        return dict(self.texts()) | {name: value for name, value in tests.items() if value is not None}

    @property
    def is_mmrm(self) -> bool:
        """Whether it is of ``mmrm()``, which alone names the method of tests."""
        return self.ddf is not None and self.term is not None

    @property
    def summary(self) -> str:
        """What was written, as a note beside a formula: ``", residual: ar1(t | id)"``; nothing of nothing."""
        return "".join(f", {name}: {text}" for name, text in self.texts())

    def texts(self) -> list[tuple[str, str]]:
        """Return what was written, by argument."""
        term = [] if self.term is None else [("residual", self.term.text.strip())]
        return term + ([] if self.dispersion is None else [("dispersion", self.dispersion.formula.strip())])


def residual_request(
    residual: str | None, dispersion: str | None, spec: ModelSpec, names: Sequence[str]
) -> ResidualRequest | None:
    """Read what was given; None for nothing beside random terms."""
    if residual is None and dispersion is None and spec.random:
        return None
    term = None if residual is None else parse_residual(residual, names)
    if term is not None:
        _require_identified(term, spec)
    return ResidualRequest(term, None if dispersion is None else _dispersion(dispersion, spec, names))


def columns_named(residual: str | None, dispersion: str | None, spec: ModelSpec) -> list[str]:
    """Return the names that texts of a saved request mention, beside those of its formula."""
    of_term = set() if residual is None else {column.name for column in parse_residual(residual, None).columns()}
    right = "" if dispersion is None else dispersion.partition("~")[2]
    read = set() if dispersion is None else set(parse(f"{spec.response.name} ~ {right}").columns())
    return sorted({*spec.columns(), *of_term, *read} - {FITTED})


def _right_side(text: str, response: str, known: Sequence[str]) -> ModelSpec:
    """Read what stands right of '~'; an error says of which argument it is, and shows the text as it was given."""
    right = text.partition("~")[2]
    try:
        return parse(f"{response} ~ {right}", known)
    except FormulaError as error:
        shift = len(f"{response} ~ ") - (len(text) - len(right))
        place = None if error.position is None else max(error.position - shift, 0)
        raise FormulaError(f"dispersion=: {error.message}", text, place) from None


def _dispersion(text: str, spec: ModelSpec, names: Sequence[str]) -> ModelSpec:
    """Read the right side of a formula; its response is that of the model."""
    if not isinstance(text, str):
        raise ArgumentError(f"dispersion={text!r}: give a formula such as '~ x'")
    left, tilde, _ = text.partition("~")
    if left.strip() or not tilde:
        what = f"{left.strip()!r} stands on its left side" if tilde else "it has no '~'"
        raise FormulaError(f"dispersion= is a right side alone, such as '~ x', and {what}", text, 0)
    response = spec.response.name
    known = [name for name in names if name != FITTED]
    read = _right_side(text, response, [*known, FITTED])
    if FITTED in read.columns() and FITTED in names:
        raise FormulaError(
            f"dispersion={text!r}: {FITTED!r} stands for the fitted values, and the data have a column of this name; "
            "rename the column",
            text,
            text.index(FITTED),
        )
    if read.random:
        raise DesignError(
            f"dispersion={text!r}: random effects of the dispersion have no place beside residual= or in gls(); "
            "lmer(dispersion=) without residual= takes them"
        )
    if not read.intercept:
        raise DesignError(f"dispersion={text!r}: its intercept is the logarithm of sigma; leave '0 +' out")
    if read.splines():
        raise DesignError(f"dispersion={text!r}: splines are not there yet; compute their columns before the fit")
    return ModelSpec(text, read.response, True, read.terms, read.offsets, (), read.notes)


def _require_identified(term: ResidualTerm, spec: ModelSpec) -> None:
    """Refuse random effects that the correlations of residuals of the same groups have in them."""
    own = {factor.name for factor in term.group}
    for random in spec.random:
        same = {factor.name for factor in random.group} == own
        if same and (term.kind.covers == "all" or (random.has_intercept and term.kind.covers == "intercept")):
            raise DesignError(
                f"{random.name} beside residual={term.text!r}: the correlations of the residuals take up those that "
                f"random effects of {term.label!r} make, so that the two cannot be told apart; leave one of them out"
            )
