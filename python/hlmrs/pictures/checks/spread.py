"""Standard deviations of residuals by visit, by level of a factor or in bins, beside those of the model."""

import numpy as np

from ...diagnostics import Spread, spread_by
from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ..words import named, percent


def residual_sd(estimate: Estimate, by: str | None, level: float) -> Picture:
    """Return the standard deviations, with intervals."""
    found = spread_by(estimate, by)
    low, high = found.interval(level)
    table = {
        "level": found.labels,
        "rows": found.rows,
        "residual_sd": found.sd,
        "conf_low": low,
        "conf_high": high,
        "fitted": found.fitted,
    }
    where = found.name if found.name == "fitted values" else named(estimate, found.name)
    title = f"{named(estimate)}: standard deviation of residuals by {where}"
    miss = int(((found.fitted < low) | (found.fitted > high)).sum())
    what = "bins" if found.in_bins else "levels"
    note = f"The model is outside of the {percent(level)} interval in {miss} of {len(found.sd)} {what}."
    if found.in_bins:
        note += f" Bins of {where} have as many rows."
    x = "Fitted values" if found.name == "fitted values" else where
    further = {"interval": percent(level)}
    return Picture("spread", table, title, x, "Standard deviation", f"{title}. {_alt(found)} {note}", note, further)


def _alt(found: Spread) -> str:
    low, high = int(np.argmin(found.sd)), int(np.argmax(found.sd))
    words = [
        f"{short(float(found.sd[k]))} ({found.labels[k]}), {short(float(found.fitted[k]))} by the model"
        for k in (low, high)
    ]
    return f"The smallest is {words[0]}; the largest {words[1]}."
