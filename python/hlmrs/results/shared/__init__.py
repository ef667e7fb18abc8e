"""What fits of several kinds have in common.

``means`` makes tables of marginal means, contrasts and slopes, whatever they are tested by; ``checks_of_optimum`` are
the checks of all fits with random effects.
"""
