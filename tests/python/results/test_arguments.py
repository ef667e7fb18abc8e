"""Arguments of a type or a size that they cannot have are answered by name, with their value and what to give."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.errors import ArgumentError

RNG = np.random.default_rng(1)
N = 60
DATA: dict[str, Any] = {
    "y": RNG.poisson(3, N),
    "x": RNG.normal(size=N),
    "f": np.array(["a", "b", "c"])[np.arange(N) % 3],
    "g": np.array([f"g{k}" for k in range(10)])[np.arange(N) % 10],
}


@pytest.fixture(scope="module", params=["linear", "generalized", "marginal"])
def fit(request: pytest.FixtureRequest) -> Any:
    if request.param == "linear":
        return hlmrs.lmer("y ~ x + f + (1 | g)", DATA)
    if request.param == "generalized":
        return hlmrs.glmer("y ~ x + f + (1 | g)", DATA, family="poisson")
    return hlmrs.gee("y ~ x + f", DATA, groups="g", family="poisson")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda fit: fit.emmeans(3), "specs=3: give the name of a variable, or a list of names"),
        (lambda fit: fit.emmeans(None), "specs=None: give the name"),
        (lambda fit: fit.emmeans(["f", 3]), r"specs=\['f', 3\]: give the name"),
        (lambda fit: fit.contrasts(3), "specs=3: give the name"),
        (lambda fit: fit.contrasts(None), "specs=None: give the name"),
        (lambda fit: fit.slopes(3), "variable=3: give the name of one variable"),
        (lambda fit: fit.slopes(["x", "f"]), "variable=.* give the name of one variable"),
        (lambda fit: fit.emmeans("f", by=3), "by=3: give the name"),
        (lambda fit: fit.contrasts("f", by=3), "by=3: give the name"),
        (lambda fit: fit.slopes("x", by=3), "by=3: give the name"),
        (lambda fit: fit.emmeans("f", at=3), "at=3: give a dictionary by names of variables, such as at="),
        (lambda fit: fit.contrasts("f", at=["x"]), r"at=\['x'\]: give a dictionary"),
        (lambda fit: fit.slopes("x", at={1: 2}), r"at={1: 2}: give a dictionary"),
    ],
)
def test_names_and_places_of_another_type_are_answered(fit: Any, call: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{said}"):
        call(fit)


def test_they_are_errors_of_options_and_of_types() -> None:
    assert issubclass(ArgumentError, hlmrs.OptionError)
    assert issubclass(ArgumentError, TypeError)


def test_a_group_is_a_name(fit: Any) -> None:
    if hasattr(fit, "ranef"):
        with pytest.raises(ArgumentError, match="group=3: give the name of a grouping factor; the model has 'g'"):
            fit.ranef(3)
        with pytest.raises(ArgumentError, match="conf_int='yes': give True or False"):
            fit.ranef(conf_int="yes")


def test_weights_of_new_rows_are_as_many_where_no_interval_needs_them() -> None:
    new = {name: values[:5] for name, values in DATA.items()}
    for model in (hlmrs.lmer, hlmrs.glmer):
        options: Any = {} if model is hlmrs.lmer else {"family": "poisson"}
        fit = model("y ~ x + f + (1 | g)", DATA, **options)
        with pytest.raises(hlmrs.DataError, match="weights has 2 values, but the data have 5 rows"):
            fit.predict(new, weights=[1, 2])
        assert len(fit.predict(new, weights=np.ones(5))) == 5


def test_a_mean_over_the_population_is_asked_for_by_true() -> None:
    fit = hlmrs.glmer("y ~ x + f + (1 | g)", DATA, family="poisson")
    with pytest.raises(ArgumentError, match="marginal='yes': give True or False"):
        fit.predict(marginal="yes")
    assert np.array_equal(fit.predict(marginal=np.True_), fit.predict(marginal=True))


@pytest.mark.filterwarnings("ignore::hlmrs.SingularFitWarning")
def test_slopes_take_a_scale_in_any_case_as_means_do() -> None:
    fit = hlmrs.glmer("y ~ x + f + (1 | g)", DATA, family="poisson")
    assert fit.slopes("x", type="RESPONSE").to_dicts() == fit.slopes("x", type="response").to_dicts()
    levels = pl.Enum([str(k) for k in range(5)])
    ordered = pl.DataFrame(DATA).with_columns(y=pl.Series(np.minimum(DATA["y"], 4).astype(str)).cast(levels))
    fit = hlmrs.glmer("y ~ x + f + (1 | g)", ordered, family="cumulative")
    assert fit.slopes("x", type="PROB").to_dicts() == fit.slopes("x", type="prob").to_dicts()
    assert fit.emmeans("f", type="PROB").to_dicts() == fit.emmeans("f", type="prob").to_dicts()


@pytest.mark.parametrize("start", [[np.nan], [np.inf, 1.0]])
def test_a_start_is_of_finite_numbers(start: list[float]) -> None:
    with pytest.raises(hlmrs.OptionError, match=r"start=\[(nan|inf).*: give finite numbers"):
        hlmrs.Control(start=start)


@pytest.mark.parametrize("model", ["lmer", "glmer"])
def test_one_row_is_no_data(model: str) -> None:
    options: Any = {} if model == "lmer" else {"family": "poisson"}
    with pytest.raises(hlmrs.DesignError, match="only one row has all values that the model reads"):
        getattr(hlmrs, model)("y ~ x + (1 | g)", {name: values[:1] for name, values in DATA.items()}, **options)
    missing = DATA | {"x": np.where(np.arange(N) == 4, 1.0, np.nan)}
    with pytest.raises(hlmrs.DesignError, match="only one row has all values that the model reads"):
        getattr(hlmrs, model)("y ~ x + (1 | g)", missing, **options)


@pytest.mark.parametrize("weights", [np.full(N, 1e200), np.where(np.arange(N) == 3, 1e200, 1.0)])
def test_weights_that_leave_the_likelihood_no_digits_are_named(weights: Any) -> None:
    with pytest.raises(hlmrs.NumericalError, match="rounding hides the likelihood, for a row of weight 1e200"):
        hlmrs.glmer("y ~ x + (1 | g)", DATA, family="poisson", weights=weights)


def test_a_large_offset_moves_the_intercept_alone() -> None:
    far = hlmrs.glmer("y ~ x + (1 | g)", DATA, family="poisson", offset=np.full(N, 1e4))
    near = hlmrs.glmer("y ~ x + (1 | g)", DATA, family="poisson")
    assert far.verdict.converged
    assert far.fixef()["x"] == pytest.approx(near.fixef()["x"], abs=1e-6)
    assert far.fixef()["(Intercept)"] + 1e4 == pytest.approx(near.fixef()["(Intercept)"], abs=1e-6)


def test_infinite_responses_are_refused_by_estimating_equations_too() -> None:
    data = DATA | {"y": np.where(np.arange(N) == 7, np.inf, 1.0 + np.arange(N))}
    with pytest.raises(hlmrs.DataError, match=r"is not positive and finite in 1 of 60 rows used .*as inf in row 7"):
        hlmrs.gee("y ~ x", data, groups="g", family="gamma")
