"""Power as it is computed, beside closed forms of balanced designs and beside simulated data sets."""
