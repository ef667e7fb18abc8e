"""What was asked for of a generalized model: formulas of its parts, family, approximation of the likelihood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from ..errors import ArgumentError, DesignError, FormulaError, OptionError, choose, flag_in
from ..families import WITH_DISPERSION, WITH_ZEROS, Family
from ..formula import ColumnName, ModelSpec, TermFactor, parse
from ..formula.names import find_name
from ..frame import Frame
from ..options import Thresholds
from ..priors import CoefficientPrior, Prior, checked_prior, joined_prior
from .family_spec import core_family
from .penalty import require_prior_of_terms
from .request import Contrast, Request, checked_contrasts, coded, coded_in_formula, make_request

_OTHER_PARTS: dict[str, tuple[str, Sequence[str], str]] = {
    "dispersion": ("dispersion", WITH_DISPERSION, "has no dispersion"),
    "zero_inflation": ("zero_inflation", WITH_ZEROS, "has no zeros of another source"),
    "nominal": ("thresholds", ("cumulative",), "is of no ordered response"),
    "scale": ("scale", ("cumulative",), "is of no ordered response"),
}
"""By argument: the name of the part, families that have it, and what others lack."""
OTHER_PARTS = {argument: part for argument, (part, *_) in _OTHER_PARTS.items()}
"""The parts beside that of the mean, by the argument of their formula."""
_MOST_POINTS = 100
"""Quadrature points in a dimension."""


@dataclass(frozen=True, slots=True)
class GeneralizedRequest:
    """What was asked for: the model of the mean, and of other parts by name.

    `offset_column` is an argument that has become an offset of the formula.  `prior` is of coefficients; the request of
    the mean has that of covariances, of the random terms of all parts.
    """

    mean: Request
    family: Family
    others: Mapping[str, Request]
    approximation: str | dict[str, int] = "laplace"
    offset_column: str | None = None
    thresholds: str = "flexible"
    prior: CoefficientPrior | None = None

    @property
    def given_prior(self) -> Prior | None:
        """The priors of coefficients and covariances as ``prior=`` has them."""
        return joined_prior(self.prior, self.mean.prior)

    def parts(self) -> dict[str, Request]:
        """Return the requests by part, that of the mean first."""
        return {"conditional": self.mean, **self.others}

    def core_family(self, n_categories: int) -> str:
        """Return the family as the core reads it."""
        zero = "part" if "zero_inflation" in self.others else "none"
        own = {"thresholds": self.thresholds, "has_scale": "scale" in self.others}
        return core_family(self.family, zero=zero, n_categories=n_categories, **own)


def make_generalized_request(
    formula: str,
    frame: Frame,
    family: Family,
    formulas: Mapping[str, str | None],
    approximation: str | dict[str, int] = "laplace",
    thresholds: Thresholds = "flexible",
    prior: Prior | None = None,
    **given: Any,
) -> GeneralizedRequest:
    """Check what was asked for, as far as the data are not needed for it; `formulas` of other parts by argument."""
    thresholds = choose("thresholds", thresholds, get_args(Thresholds))
    if thresholds != "flexible" and family.name != "cumulative":
        raise DesignError(f"thresholds={thresholds!r}: family {family.name!r} is of no ordered response")
    others = {}
    for argument, (name, known, what) in _OTHER_PARTS.items():
        text = formulas.get(argument)
        if text is None:
            continue
        if family.name not in known:
            raise DesignError(f"{argument}={text!r}: family {family.name!r} {what}")
        others[name] = _part_spec(argument, text, formula, frame)
    contrasts = given.pop("contrasts")
    of_mean, *of_others = _contrasts_by_part(contrasts, [parse(formula, frame.names), *others.values()])
    of_coefficients, of_covariances = checked_prior(prior)
    given |= {"reml": approximation == "restricted", "contrasts": of_mean, "prior": of_covariances}
    asked = make_request(formula, frame, **given)
    mean = _with_offset(asked)
    plain = replace(mean, weights=None, offset=None, arrays={})
    parts = {
        name: replace(plain, spec=spec, contrasts=checked_contrasts(own, spec))
        for (name, spec), own in zip(others.items(), of_others, strict=True)
    }
    if of_covariances is not None:
        for part in parts.values():
            require_prior_of_terms(part.spec.random)
    column = asked.offset if mean.offset is None else None
    return GeneralizedRequest(mean, family, parts, approximation, column, thresholds, of_coefficients)


def chosen_approximation(nagq: int, information: str, reml: bool = False) -> str | dict[str, int]:
    """Return the approximation as the core reads it."""
    information = choose("information", information, ("observed", "expected"))
    if isinstance(nagq, bool) or not isinstance(nagq, int) or not 0 <= nagq <= _MOST_POINTS:
        raise OptionError(
            f"nagq={nagq!r}: give a number of quadrature points from 1 (Laplace) to {_MOST_POINTS}, or 0 for fixed "
            "effects by penalized likelihood"
        )
    reml = flag_in("reml", reml)
    if (reml or nagq == 0) and (information == "expected" or (reml and nagq != 1)):
        asked = (
            f"reml=True with nagq={nagq}" if reml and nagq != 1 else "information='expected' with reml=True or nagq=0"
        )
        raise OptionError(f"{asked}: these are by Laplace's approximation (nagq=1) with the observed information")
    if reml:
        return "restricted"
    if nagq == 0:
        return "penalized"
    if nagq > 1:
        if information == "expected":
            raise OptionError("information='expected' belongs to Laplace's determinant; quadrature, nagq > 1, has none")
        return {"quadrature": nagq}
    return "laplace" if information == "observed" else "expected"


def _contrasts_by_part(
    contrasts: Mapping[str, Contrast] | None, specs: Sequence[ModelSpec]
) -> list[Mapping[str, Contrast] | None]:
    """Give every part the contrasts of what it has effects of, as in R.

    Those of columns that name groups alone say nothing; the mean is given the unknown ones, and those that the
    formula gives by ``C()``, and refuses them.
    """
    if not isinstance(contrasts, Mapping):
        return [contrasts, *(None for _ in specs[1:])]
    owned = [{name for name in contrasts if find_name(str(name), coded(spec)) is not None} for spec in specs]
    mentioned = [column for spec in specs for column in spec.columns()]
    known = set().union(*owned)
    in_formula = {name for name in contrasts if any(coded_in_formula(name, spec) is not None for spec in specs)}
    unknown = {name for name in contrasts if find_name(str(name), mentioned) is None}
    owned[0] |= (unknown | in_formula) - known
    return [{name: contrasts[name] for name in contrasts if name in own} for own in owned]


def _with_offset(request: Request) -> Request:
    """Make an offset that is a column one of the formula: new rows have their own."""
    name = request.offset
    if name is None or name in request.arrays:
        return request
    factor = TermFactor(f"offset({name})", ColumnName(name, (0, 0)))
    spec = replace(request.spec, offsets=(*request.spec.offsets, factor))
    return replace(request, spec=spec, offset=None)


def _part_spec(name: str, text: str, formula: str, frame: Frame) -> ModelSpec:
    """Read the formula of another part; it has the response of the mean."""
    if not isinstance(text, str):
        raise ArgumentError(f"{name}={text!r}: give a formula such as '~ x + (1 | g)'")
    left, tilde, right = text.partition("~")
    if left.strip() or not tilde:
        what = f"{left.strip()!r} stands on its left side" if tilde else "it has no '~'"
        raise FormulaError(
            f"{name}= is a right side alone, such as '~ x': the response is that of the model, and {what}", text, 0
        )
    response = parse(formula, frame.names).response.name
    spec = parse(f"{response} ~ {right}", frame.names)
    if name == "nominal" and (spec.random or spec.offsets or not spec.intercept):
        raise DesignError(f"nominal={text!r}: thresholds have an intercept, and neither random effects nor an offset")
    if name == "scale" and not (spec.intercept and (spec.terms or spec.random)):
        raise DesignError(
            f"scale={text!r}: name what the scale depends on, such as '~ x'; its intercept is that of the thresholds"
        )
    return replace(spec, formula=text)
