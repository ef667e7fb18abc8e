"""Laplace's criterion falls without end where two modes of a random effect meet: fits say so and stay away."""

import json

import polars as pl
import pytest

import hlmrs
from golden import FOLDER

# log-likelihoods at their maximum, by quadrature in both effects of every site
EXACT = json.loads((FOLDER / "poles.json").read_text())["cases"]


@pytest.mark.parametrize("family", EXACT)
def test_a_criterion_without_an_optimum_is_not_followed_to_its_pole(family):
    zeros, exact = EXACT[family]["zero_inflation"], EXACT[family]["loglik"]
    data = pl.read_csv(FOLDER / "data" / "Salamanders.csv")
    with pytest.warns(hlmrs.ConvergenceWarning, match="Laplace's approximation has no optimum") as caught:
        fit = hlmrs.glmer("count ~ mined + spp + (1 | site)", data, family=family, zero_inflation=zeros)
    said = " ".join(str(warning.message) for warning in caught)
    assert not [word for word in ("best dispersion", "best probability", "do not determine", "bobyqa") if word in said]
    assert "Leave out a random effect" in said
    assert fit.verdict.status == "pole"
    assert not fit.verdict.converged
    assert fit.loglik == pytest.approx(exact, abs=0.4)
    assert 1 < fit.dispersion < 3


def test_without_the_random_effect_of_the_zero_part_there_is_an_optimum():
    data = pl.read_csv(FOLDER / "data" / "Salamanders.csv")
    fit = hlmrs.glmer("count ~ mined + spp + (1 | site)", data, family="nbinom2", zero_inflation="~ mined")
    assert fit.verdict.status == "optimum"
