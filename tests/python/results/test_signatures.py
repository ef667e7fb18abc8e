"""Defaults in signatures are those that hold for the kind of fit."""

from inspect import signature

import pytest

import hlmrs

CALLED = {
    "tidy": lambda fit: fit.tidy,
    "emmeans": lambda fit: fit.emmeans,
    "pairs": lambda fit: fit.marginal.pairs,
    "johnson_neyman": lambda fit: fit.marginal.johnson_neyman,
    **{
        name: lambda fit, name=name: getattr(fit.plot, name)
        for name in ("effect", "interaction", "trajectories", "coefs")
    },
    **{
        f"{name}.data": lambda fit, name=name: getattr(fit.plot, name).data
        for name in ("effect", "interaction", "trajectories", "coefs")
    },
}


@pytest.fixture(scope="module")
def fits():
    data = hlmrs.datasets.load("cbpp", "polars")
    return {
        "satterthwaite": hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars")),
        "normal": hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial"),
    }


@pytest.mark.parametrize("ddf", ["satterthwaite", "normal"])
@pytest.mark.parametrize("named", CALLED.values(), ids=CALLED)
def test_degrees_of_freedom_are_those_of_the_kind_of_fit(fits, named, ddf):
    assert signature(named(fits[ddf])).parameters["ddf"].default == ddf


def test_plots_of_generalized_fits_answer_by_their_own_names(fits):
    with pytest.raises(TypeError, match=r"^effect\(\) has no argument 'bye'"):
        fits["normal"].plot.effect("period", bye="herd")
    with pytest.raises(TypeError, match=r"^effect.data\(\) has no argument 'bye'"):
        fits["normal"].plot.effect.data("period", bye="herd")
