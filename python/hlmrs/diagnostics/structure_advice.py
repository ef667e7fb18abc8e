"""The structure of residuals to try, as formula text that can be copied."""

from dataclasses import dataclass

import numpy as np

from ..estimation import Estimate
from ..formula import ResidualTerm
from .lag_pattern import patterns_beside_intercepts, patterns_of_errors
from .lags import Lags
from .series import Series

_NEAR = 2.0
"""Patterns whose scores differ by less are not told apart."""
_MOST_VISITS = 12
_AS_AUTOREGRESSION = "the correlations fall with the lag as those of an autoregression"
_HAS = {
    "cs": {"constant"},
    "ar1": {"falls"},
    "car1": {"falls"},
    "exp": {"falls"},
    "gau": set(),
    "sph": set(),
    "arma": {"falls", "falls from below one"},
    "toep": {"any"},
    "ad": {"falls"},
    "corr": {"any"},
}
"""Patterns that the correlations of a structure have already."""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes structures over the times of a series, of the kind that they have."""

    series: Series
    lags: Lags
    heterogeneous: bool

    def of(self, structure: str, options: str = "", text: str | None = None) -> str:
        has_own = structure in ("ar1", "cs", "toep", "ad")
        name = structure + "h" * (self.heterogeneous and has_own)
        return f'residual="{name}({text or self.series.text}{options})"'

    @property
    def is_whole(self) -> bool:
        time = self.series.time
        return self.lags.is_exact and bool(np.all(time == np.round(time)))

    @property
    def autoregression(self) -> str:
        return self.of("ar1" if self.is_whole else "car1")

    @property
    def constant(self) -> str:
        by_visit = self.heterogeneous and self.series.time_name is not None
        return self.of("cs", text=None if by_visit else f"1 | {self.series.group_text}")

    @property
    def from_below(self) -> str:
        in_places = self.series.time_name is None or self.series.counts_visits
        return self.of("arma", ", p=1, q=1") if in_places else self.of("exp", ", nugget=True")

    @property
    def any(self) -> str:
        n = len(np.unique(self.series.time))
        if n <= _MOST_VISITS:
            return f"{self.of('toep')}, or {self.of('us')}"
        return self.of("arma", ", p=2, q=1") if self.is_whole else self.of("exp", ", nugget=True")


def structure_to_try(estimate: Estimate, series: Series, lags: Lags) -> str:
    """Return which structure has correlations like those of the residuals, in words; nothing where none is told."""
    if not len(lags.lag) or not np.isfinite(lags.correlation).all():
        return ""
    residual = estimate.request.residual
    term = None if residual is None else residual.term
    write = _Writer(series, lags, term is not None and term.kind.by_visit)
    columns = [name for random in estimate.layout.random if _group(estimate, random.group) == series.group
               for name in random.columns]  # fmt: skip
    if "(Intercept)" in columns:
        return _beside_intercepts(write, lags, term, has_slope=len(columns) > 1)
    has = set() if term is None else _HAS[term.kind.correlation] | ({"falls from below one"} if term.nugget else set())
    best = next((found for found in patterns_of_errors(lags) if found.kind not in has), None)
    return "" if best is None else _words(write, best.kind)


def _group(estimate: Estimate, index: int) -> str:
    return estimate.layout.groups[index].name


def _words(write: _Writer, kind: str) -> str:
    group = write.series.group_text
    if kind == "constant":
        return f"the correlations are the same at all lags: try {write.constant}, or a random intercept (1 | {group})"
    if kind == "falls":
        return f"{_AS_AUTOREGRESSION}: try {write.autoregression}"
    if kind == "falls to a constant":
        beside = f"lmer() with (1 | {group}) beside {write.autoregression}"
        return f"the correlations fall with the lag, but not to zero: try {beside}"
    if kind == "falls from below one":
        return f"the correlations fall with the lag, from less than one: try {write.from_below}"
    return f"the correlations follow no simple pattern: try {write.any}"


def _beside_intercepts(write: _Writer, lags: Lags, term: ResidualTerm | None, *, has_slope: bool) -> str:
    """Say whether correlations fall as those of an autoregression, or as random slopes make them."""
    named = write.series.time_name is not None and not write.series.counts_visits
    if term is not None and "falls" in _HAS[term.kind.correlation]:
        return f"try {write.any}"
    autoregression = f"try {write.autoregression}"
    if has_slope or not named or len(lags.lag) < 3:
        return f"{autoregression}, or a random slope in time" if not has_slope else autoregression
    first, second = patterns_beside_intercepts(lags, has_slope=False)
    slope = f"random slopes, ({write.series.text})"
    if second.score - first.score < _NEAR:
        return f"{autoregression}, or {slope}, which the correlations by lag do not tell apart"
    if first.kind == "slope":
        return f"the correlations fall ever faster with the lag: try {slope}"
    return f"{_AS_AUTOREGRESSION}: {autoregression}"
