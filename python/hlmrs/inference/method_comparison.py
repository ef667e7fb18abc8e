"""One coefficient by every method, side by side, with what each assumes."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..errors import HlmrsError, HlmrsWarning, OptionError, listed, suggestion
from ..estimation import Estimate
from ..formula.names import find_name
from ..frame import Column, columns_of
from .bootstrap import draw
from .degrees_of_freedom import DDF_METHODS
from .profiles import profiles
from .robust import ROBUST_TYPES
from .uncertainty import TestOptions, uncertainty
from .wald import wald

Row = tuple[float, ...]
_INDEPENDENT = "independent clusters; no model of the variances within them"

NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
_ASSUMES = {
    "satterthwaite": "normal effects and residuals; a t distribution whose df match the variance's uncertainty",
    "kenward-roger": "the same, with standard errors corrected for the estimation of the variances",
    "kenward-roger-linear": "the same, without second derivatives of the residuals' structure",
    "containment": "a balanced design, whose levels count the degrees of freedom",
    "between-within": "nested groups, whose levels count the degrees of freedom",
    "residual": "independent rows: as if groups were no limit",
    "normal": "many groups: variances as if they were known",
    "profile": "normal effects and residuals; the likelihood ratio (of maximum likelihood) is a chi-square",
    "bootstrap": "normal effects and residuals, drawn from the fit; percentiles",
}


def method_table(estimate: Estimate, name: str, n: int, seed: int | None, options: TestOptions) -> dict[str, Column]:
    """Put one coefficient through every method; a method that does not apply says why."""
    level = options.level
    robust = options if options.vcov in ROBUST_TYPES else replace(options, vcov="CR2")
    names = estimate.layout.coef_names
    found = find_name(name, names)
    if found is None:
        raise OptionError(
            f"term={name!r} is not a coefficient{suggestion(name, names)}; there are {listed(names) or 'none'}"
        )
    name, k = found, names.index(found)
    # without a structure of the residuals the linear variant of Kenward and Roger's method is the method
    same = () if estimate.request.residual is not None else ("kenward-roger-linear",)
    methods: dict[str, Callable[[], Row]] = {
        ddf: _wald(estimate, k, TestOptions(ddf=ddf, level=level)) for ddf in DDF_METHODS if ddf not in same
    }
    methods[robust.vcov] = _wald(estimate, k, robust)
    methods["profile"] = lambda: _profile(estimate, name, level)
    methods["bootstrap"] = lambda: _bootstrap(estimate, k, level, n, seed)
    rows = [(method, *_tried(method, row)) for method, row in methods.items()]
    return columns_of(("method", *NUMBERS, "assumes"), rows, ("method", "assumes"))


def _tried(method: str, row: Callable[[], Row]) -> tuple[float | str, ...]:
    """Return the numbers of a method, and what it assumes or why there are none."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", HlmrsWarning)
        try:
            numbers = row()
        except HlmrsError as error:
            return *(np.nan,) * len(NUMBERS), f"not available: {error}"
    notes = [str(w.message) for w in raised if issubclass(w.category, HlmrsWarning)]
    return *numbers, "; ".join([_ASSUMES.get(method, _INDEPENDENT), *dict.fromkeys(notes)])


def _wald(estimate: Estimate, k: int, options: TestOptions) -> Callable[[], Row]:
    def row() -> Row:
        unit = np.eye(len(estimate.core.beta))[k : k + 1]
        tests = wald(*uncertainty(estimate, options).rows(unit), options.level)
        return tuple(float(column[0]) for column in tests.columns(*NUMBERS).values())

    return row


def _profile(estimate: Estimate, name: str, level: float) -> Row:
    (found,) = profiles(estimate, level, [name])
    return found.estimate, np.nan, np.nan, np.nan, np.nan, found.low, found.high


def _bootstrap(estimate: Estimate, k: int, level: float, n: int, seed: int | None) -> Row:
    boot = draw(estimate, n, "parametric", seed, None)
    low, high = (np.asarray(boot.intervals("percentile", level)[side])[k] for side in ("conf_low", "conf_high"))
    spread = float(np.nanstd(boot.values[:, k], ddof=1)) if n > 1 else np.nan
    return float(boot.estimate[k]), spread, np.nan, np.nan, np.nan, float(low), float(high)
