"""Lazy predictions and expressions of generalized models give what predict gives, row by row."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly, rows_of_groups

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")

TYPES = ("response", "link", "conditional", "zprob", "disp")
NEW = rows_of_groups(20, 5, seed=9).with_columns(
    x=pl.when(pl.int_range(pl.len()) % 17 == 0).then(None).otherwise("x"),
    h=pl.when(pl.int_range(pl.len()) % 19 == 0).then(pl.lit("new")).otherwise("h"),
)
POSITIVE = data_of().filter(pl.col("count") > 0)
FAMILIES = {
    "cloglog": ("win ~ x + (1 | g)", data_of(), {"family": "binomial", "link": "cloglog"}),
    "cauchit": ("grade ~ x + (1 | g)", data_of(), {"family": "cumulative", "link": "cauchit"}),
    "sqrt": ("count ~ x + (1 | g)", data_of(), {"family": "poisson", "link": "sqrt"}),
    "inverse": ("time ~ 1 + (1 | g)", data_of(), {"family": "gamma", "link": "inverse"}),
    "gaussian": ("time ~ x + (1 | g)", data_of(), {"family": "gaussian", "link": "log"}),
    "truncated_poisson": ("count ~ x + (1 | g)", POSITIVE, {"family": "truncated_poisson"}),
    "truncated_nbinom2": ("count ~ x + (1 | g)", POSITIVE, {"family": "truncated_nbinom2", "dispersion": "~ x"}),
    "hurdle": ("count ~ x + (1 | g)", data_of(), {"family": "truncated_nbinom1", "zero_inflation": "~ x"}),
    "tweedie": ("count ~ x + (1 | g)", data_of(), {"family": "tweedie"}),
}


def has_type(fit, kind):
    part = {"zprob": "zero_inflation", "disp": "dispersion"}.get(kind)
    return part is None or part in fit._estimate.parts


def fits():
    yield from ((name, lambda name=name: fit_of(name)) for name in MODELS)
    for name, (formula, data, options) in FAMILIES.items():
        yield name, lambda f=formula, d=data, o=options: quietly(lambda: hlmrs.glmer(f, d, **o))


@pytest.mark.parametrize(("name", "make"), list(fits()), ids=[*MODELS, *FAMILIES])
def test_queries_and_expressions_give_the_numbers_of_predict(name, make):
    fit = make()
    for kind in filter(lambda kind: has_type(fit, kind), TYPES):
        for random_effects in (True, False):
            options = {"type": kind, "random_effects": random_effects, "new_levels": "population"}
            want = fit.predict(NEW, **options)
            lazy = fit.predict(NEW.lazy(), **options)
            assert "MAP_BATCHES" not in lazy.explain().upper().replace(" ", "_")
            for engine in ("in-memory", "streaming"):
                scored = lazy.collect(engine=engine)
                assert scored.drop("prediction").equals(NEW)
                got = scored["prediction"].fill_null(float("nan")).to_numpy()
                np.testing.assert_allclose(got, want, rtol=1e-11, err_msg=f"{name} {kind}")
        got = NEW.with_columns(own=fit.to_polars_expr(type=kind))["own"].fill_null(float("nan")).to_numpy()
        np.testing.assert_allclose(got, want, rtol=1e-11, err_msg=f"{name} {kind}")


def test_probabilities_of_categories_are_columns():
    fit = fit_of("ordered")
    want = fit.predict(NEW, type="prob", new_levels="population")
    scored = fit.predict(NEW.lazy(), type="prob", new_levels="population").collect()
    names = ["prediction_low", "prediction_mid", "prediction_high"]
    assert scored.columns[-3:] == names
    np.testing.assert_array_equal(scored.select(names).to_numpy(), want.to_numpy())
    want = fit.predict(NEW, type="prob", random_effects=False)
    for category in ("low", "mid", "high"):
        got = NEW.select(p=fit.to_polars_expr(type="prob", category=category))["p"]
        np.testing.assert_allclose(got.fill_null(float("nan")).to_numpy(), want[category], rtol=1e-10)


def test_what_is_no_expression_is_computed_batch_by_batch():
    probit = fit_of("cbind").update(link="probit")
    lazy = probit.predict(NEW.lazy(), new_levels="population")
    want = probit.predict(NEW, new_levels="population")
    np.testing.assert_allclose(lazy.collect()["prediction"].to_numpy(), want, rtol=1e-14)
    marginal = fit_of("cbind").predict(NEW.lazy(), marginal=True).collect()["prediction"].to_numpy()
    np.testing.assert_allclose(marginal, fit_of("cbind").predict(NEW, marginal=True), rtol=1e-14)
    offset = np.linspace(0, 1, NEW.height)
    shifted = fit_of("cbind").predict(NEW.lazy(), offset=offset, new_levels="population").collect()["prediction"]
    want = fit_of("cbind").predict(NEW, offset=offset, new_levels="population")
    np.testing.assert_allclose(shifted.to_numpy(), want, rtol=1e-14)
    both = fit_of("zero part").update(zero_inflation="~ f + (1 | g)")
    lazy = both.predict(NEW.lazy(), new_levels="population")
    want = both.predict(NEW, new_levels="population")
    np.testing.assert_allclose(lazy.collect()["prediction"].to_numpy(), want, rtol=1e-12)


def test_what_cannot_be_is_refused_with_the_reason():
    with pytest.raises(hlmrs.OptionError, match="no function for the inverse of link 'probit'"):
        fit_of("cbind").update(link="probit").to_polars_expr()
    with pytest.raises(hlmrs.OptionError, match="'low', 'mid', 'high'"):
        fit_of("ordered").to_polars_expr(type="prob")
    with pytest.raises(hlmrs.OptionError, match="is for type='prob'"):
        fit_of("ordered").to_polars_expr(category="low")
    with pytest.raises(hlmrs.OptionError, match="text"):
        fit_of("ordered").predict(NEW.lazy(), type="class")
    for kind in ("zprob", "disp", "prob", "class"):
        with pytest.raises(hlmrs.OptionError, match="has no"):
            fit_of("cbind").to_polars_expr(type=kind)
    with pytest.raises(hlmrs.DataError, match="'x'"):
        fit_of("cbind").predict(NEW.lazy().drop("x"))
    with pytest.raises(hlmrs.DataError, match="g15"):
        fit_of("cbind").predict(NEW.lazy()).collect()


def test_a_fit_to_a_query_is_that_to_its_rows():
    for name in ("cbind", "zero part", "ordered"):
        formula, options = MODELS[name]
        fit = quietly(lambda: hlmrs.glmer(formula, data_of().lazy(), **options))  # noqa: B023
        assert fit.criterion == fit_of(name).criterion
        assert isinstance(fit.tidy(), pl.DataFrame)


@pytest.mark.parametrize("family", ["truncated_poisson", "truncated_nbinom1", "truncated_nbinom2", "truncated_genpois"])
def test_counts_above_zero_of_small_means_keep_their_digits(family):
    fit = quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", POSITIVE, family=family))
    slope = float(fit.beta[1])
    # linear predictors from -30 on
    new = pl.DataFrame({"x": (np.array([-30.0, -20.0, -10.0, 0.0]) - fit.beta[0]) / slope, "g": ["g1"] * 4})
    want = fit.predict(new, random_effects=False)
    got = new.select(own=fit.to_polars_expr())["own"].to_numpy()
    np.testing.assert_allclose(got, want, rtol=1e-12)
