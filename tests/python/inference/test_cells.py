"""Cells of the fixed part: their cross-products are those of the model matrix, whatever the coding."""

import warnings

import numpy as np
import pytest

import hlmrs
from hlmrs.inference import cell_design

MODELS = [
    ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", {"recipe": "sum", "temperature": "poly"}),
    ("cake", "angle ~ 0 + recipe:temp + temperature + (1 | recipe:replicate)", {}),
    ("Hsb82", "mAch ~ poly(ses, 2) * sector * sx + log(meanses + 3) + (1 | school)", {"sx": "helmert"}),
]


@pytest.mark.parametrize(("name", "formula", "contrasts"), MODELS, ids=lambda m: str(m))
def test_the_model_matrix_is_the_cells_times_the_coding(name, formula, contrasts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer(formula, hlmrs.datasets.load(name, "polars"), contrasts=contrasts)
    x = fit._estimate.rows.model_matrix()
    np.testing.assert_allclose(cell_design(fit._estimate).xx, x.T @ x, rtol=1e-9, atol=1e-9 * len(x))


def test_an_interaction_contains_its_factors_but_not_a_covariate():
    data = hlmrs.datasets.load("Orthodont", "polars")
    design = cell_design(hlmrs.lmer("distance ~ age * Sex + (1 | Subject)", data)._estimate)
    age, sex, both = design.terms[1:]
    assert both.contains(age)
    assert not both.contains(sex)
    assert sex.is_marginal_to(both)
