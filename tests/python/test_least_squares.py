"""gls() and models of residuals: what kind of fit there is, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

import hlmrs

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")
FORMULA = "Reaction ~ Days + (1 | Subject)"


@pytest.mark.parametrize(
    ("dispersion", "kind"),
    [("~ Days", hlmrs.LinearMixedFit), ("~ Days + (1 | Subject)", hlmrs.GeneralizedMixedFit)],
)
def test_a_dispersion_with_random_effects_alone_makes_a_fit_generalized(dispersion: str, kind: type) -> None:
    assert type(hlmrs.lmer(FORMULA, SLEEP, dispersion=dispersion)) is kind


@pytest.mark.parametrize("function", [hlmrs.gls, hlmrs.lmer])
@pytest.mark.parametrize("given", [("Reaction ~ Days",), (SLEEP, "Reaction ~ Days")])
def test_a_model_of_residuals_without_formula_or_data_is_refused(
    function: Callable[..., Any], given: tuple[Any, ...]
) -> None:
    with pytest.raises(hlmrs.OptionError, match=r"takes a formula, such as .*, and a data frame"):
        function(*given, residual="ar1(Days | Subject)")
