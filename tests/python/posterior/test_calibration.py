"""Posteriors are calibrated: of data whose parameters come from the priors, ranks among the draws are uniform."""

import pytest
from scipy.stats import kstest

from benches.calibration import shares

N_DATA = 100


@pytest.mark.parametrize("name", ["one factor", "two crossed", "slopes", "ar1", "bernoulli"])
def test_ranks_of_the_parameters_that_made_the_data_are_uniform(name):
    found, refused = shares(name, N_DATA)
    assert refused == 0
    for parameter, own in found.items():
        assert kstest(own, "uniform").pvalue > 1e-3, parameter
