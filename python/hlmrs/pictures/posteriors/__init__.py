"""Draws of a posterior.

``parameters`` has intervals and pairs, ``densities`` densities alone and beside the priors, ``chains`` draws in their
order, ``groups`` ranks, ``responses`` replicated ones.
"""

from .chains import posterior_trace
from .densities import posterior_densities, posterior_priors
from .groups import posterior_ranks
from .parameters import posterior_intervals, posterior_pairs
from .responses import posterior_predictive

__all__ = [
    "posterior_densities",
    "posterior_intervals",
    "posterior_pairs",
    "posterior_predictive",
    "posterior_priors",
    "posterior_ranks",
    "posterior_trace",
]
