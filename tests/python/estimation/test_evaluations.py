"""The search is short: starts, gradient and curvature are good enough to find the classics in a few evaluations.

The numbers are those of the search as it is, and two more for the rounding of other machines.  A wrong curvature or a
bad start is seen here alone: the optimum is found in the end, after ten or a hundred times as many.
"""

import pytest

import hlmrs

EVALUATIONS = [
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)", 8),
    ("sleepstudy", "Reaction ~ Days + (1 | Subject)", 5),
    ("Dyestuff", "Yield ~ 1 + (1 | Batch)", 5),
    ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", 11),
    ("Pastes", "strength ~ 1 + (1 | batch/cask)", 10),
    ("Hsb82", "mAch ~ meanses * cses + sector + (cses | school)", 5),
    ("Machines", "score ~ Machine + (0 + Machine | Worker)", 14),
    ("Machines", "score ~ Machine + cs(0 + Machine | Worker)", 11),
    ("egsingle", "math ~ year + (year | childid) + (year | schoolid)", 15),
    ("Orthodont", "distance ~ age * Sex + (age | Subject)", 9),
    ("Oats", "yield ~ Variety * nitro + (1 | Block/Variety)", 6),
    ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)", 3),
]


@pytest.mark.parametrize(("name", "formula", "evaluations"), EVALUATIONS)
def test_the_classics_are_found_in_a_few_evaluations(name, formula, evaluations):
    verdict = hlmrs.lmer(formula, hlmrs.datasets.load(name)).verdict
    assert verdict.converged
    assert verdict.evaluations <= evaluations + 2
