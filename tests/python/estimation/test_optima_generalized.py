"""Generalized fits called converged are the lowest optima; a share of what `benches/optima_generalized.py` runs."""

import pytest

from benches import optima_generalized

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.errors.HlmrsWarning")
MODELS = optima_generalized.models()


@pytest.mark.parametrize("seed", range(0, len(MODELS), 14))
def test_fits_of_all_families_are_not_above_fits_from_other_starts(seed):
    assert optima_generalized.gap(MODELS[seed], seed)[1] < optima_generalized.TOLERANCE
