"""Correlations of residuals by lag beside those of the model; of uneven times the variogram."""

from typing import Any

import numpy as np

from ...diagnostics import Lags, Series, lag_correlations, series_of
from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError
from ...estimation import Estimate
from ..words import named, percent

_LISTED = 8


def residual_correlation(estimate: Estimate, group: str | None, order: Any, level: float) -> Picture:
    """Return correlations by lag where rows are at the same distances, else semivariances in bins of distances."""
    series = series_of(estimate, group, order)
    lags = lag_correlations(estimate, series)
    if not len(lags.lag):
        raise OptionError(f"no group of {series.group} has two rows, or too few of them have, to correlate residuals")
    width = lags.quantiles(level) * lags.std_error
    ends = np.clip(lags.correlation - width, -1, 1), np.clip(lags.correlation + width, -1, 1)
    table = _correlations(lags, ends) if lags.is_exact else _semivariances(lags, ends)
    response, within = named(estimate), f"within {named(estimate, series.group)}"
    what = "correlation of residuals by lag" if lags.is_exact else "variogram of residuals"
    title = f"{response}: {what}, {within}"
    miss = int(((lags.fitted < ends[0]) | (lags.fitted > ends[1])).sum())
    of = "lags" if lags.is_exact else "bins"
    finding = f"The model is outside of the {percent(level)} interval at {miss} of {len(lags.lag)} {of}."
    note = f"{finding} {_pairs(lags)}"
    if series.is_thinned:
        note += " Of very many pairs some are taken, of rows near each other."
    y = "Correlation" if lags.is_exact else "Semivariance (1 - correlation)"
    further = {"interval": percent(level), "reference": 0.0 if lags.is_exact else 1.0}
    return Picture(
        "lags", table, title, _along(estimate, series, lags), y, f"{title}. {_alt(lags)} {finding}", note, further
    )


def _correlations(lags: Lags, ends: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "lag": lags.lag,
        "pairs": lags.pairs,
        "correlation": lags.correlation,
        "std_error": lags.std_error,
        "conf_low": ends[0],
        "conf_high": ends[1],
        "fitted": lags.fitted,
    }


def _semivariances(lags: Lags, ends: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "distance": lags.lag,
        "pairs": lags.pairs,
        "semivariance": 1 - lags.correlation,
        "std_error": lags.std_error,
        "conf_low": 1 - ends[1],
        "conf_high": 1 - ends[0],
        "fitted": 1 - lags.fitted,
    }


def _along(estimate: Estimate, series: Series, lags: Lags) -> str:
    """Say what lags are counted in."""
    if series.time_name is None:
        return "Lag (rows)"
    if series.counts_visits:
        return f"Lag (places of {named(estimate, series.time_name)})"
    return f"{'Lag' if lags.is_exact else 'Distance'} ({named(estimate, series.time_name)})"


def _pairs(lags: Lags) -> str:
    n = lags.pairs
    if len(n) == 1 or n.min() == n.max():
        return f"{n[0]:,} pairs of rows{' each' if len(n) > 1 else ''}."
    if len(n) <= _LISTED:
        return f"Pairs of rows: {', '.join(f'{k:,}' for k in n)}."
    return f"{n.min():,} to {n.max():,} pairs of rows each."


def _alt(lags: Lags) -> str:
    first, last = (f"{short(float(lags.correlation[k]))} at {short(float(lags.lag[k]))}" for k in (0, -1))
    model = f"{short(float(lags.fitted[0]))} to {short(float(lags.fitted[-1]))}"
    return f"Correlations go from {first} to {last}, those of the model from {model}."
