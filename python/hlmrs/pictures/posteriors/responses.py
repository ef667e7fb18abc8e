"""The response beside replicated ones."""

from ...display import Picture
from ...estimation.generalized import GeneralizedEstimate
from ...posterior import Draws, observed, replicates
from ..checks.predictive import predictive_panels, shares_of_trials


def posterior_predictive(draws: Draws, group: str | None, n: int) -> list[Picture]:
    """Return the distribution of the response, and of the means of groups; of successes their shares of the trials."""
    estimate, y, again = draws.estimate, observed(draws), replicates(draws, n)
    if isinstance(estimate, GeneralizedEstimate) and estimate.response.trials is not None:
        y, again = shares_of_trials(y, again, estimate.response.trials)
    return predictive_panels(estimate, group, y, again)
