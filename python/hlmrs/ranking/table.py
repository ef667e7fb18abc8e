"""The ranking as a table and in words."""

import numpy as np

from ..diagnostics import group_residuals
from ..errors import OptionError
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column
from ..inference import group_index, two_sided_quantile
from ..prediction.response_scale import response_scale
from .effects import GroupEffects, group_effects
from .ranks import Ranks, ranks_of

_SURE = 0.95


def ranking_table(
    estimate: Estimate, group: str | None, term: str | None, level: float
) -> tuple[dict[str, Column], str, str]:
    """Tabulate the groups from the lowest rank on; return also what it is of, and what it says."""
    found = group_effects(estimate, group, term)
    of = ranks_of(found.estimate, found.std_error, level)
    order = np.argsort(of.expected, kind="stable")
    columns = {
        "n": estimate.group_rows[group_index(estimate, found.group)][order],
        **_least_squares(estimate, found, order),
        "estimate": found.estimate[order],
        "std_error": found.std_error[order],
        **_means(estimate, found, order, level),
        "reliability": found.reliability[order],
        **of.columns(order),
    }
    return (
        found.table(order, columns),
        f"Ranks of {found.group} by {found.term}, 1 the lowest",
        finding(found, of, level),
    )


def _least_squares(estimate: Estimate, found: GroupEffects, order: np.ndarray) -> dict[str, Column]:
    """Return the estimates of each group's own rows; generalized fits have none."""
    if isinstance(estimate, GeneralizedEstimate):
        return {}
    own = group_residuals(estimate, group_index(estimate, found.group))
    return {"least_squares": own.least_squares[order, own.terms.index(found.term)]}


def _means(estimate: Estimate, found: GroupEffects, order: np.ndarray, level: float) -> dict[str, Column]:
    """Return the mean responses of a generalized fit's groups where the fixed part is the average of all rows.

    Their intervals are those of the groups' effects, turned back by the link.
    """
    has_means = isinstance(estimate, GeneralizedEstimate) and found.term == "(Intercept)"
    if not has_means or estimate.rows_if_kept is None:
        return {}
    try:
        scale = response_scale(estimate, "response")
    except OptionError:  # categories, or a zero part: no mean of this part alone
        return {}
    average = float(estimate.linear_predictor([False] * len(estimate.layout.random)).mean())
    reach = two_sided_quantile(level, np.inf) * found.std_error[order]
    middle = average + found.estimate[order]
    low, high = scale.median(middle - reach), scale.median(middle + reach)
    return {"mean": scale.median(middle), "mean_low": np.minimum(low, high), "mean_high": np.maximum(low, high)}


def finding(found: GroupEffects, of: Ranks, level: float) -> str:
    """Say how many groups can be told apart."""
    n = len(found.levels)
    top, bottom = int((of.top >= _SURE).sum()), int((of.bottom >= _SURE).sum())
    of_top = f"{top:,} {'is' if top == 1 else 'are'}"
    return (
        f"{100 * of.apart:.3g} % of the pairs of groups can be told apart at {100 * level:g} %. With a probability of "
        f"95 % at least, of {n:,} groups {of_top} in the top quarter and {bottom:,} in the bottom quarter."
    )
