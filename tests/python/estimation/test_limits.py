"""Separation is refused in every family and part, by columns and rows; laws at the end of a family are boundaries."""

import warnings
from functools import cache

import numpy as np
import pytest

import hlmrs
from benches import optima_generalized
from golden import rows

R = np.random.default_rng(1)
N = 300
G = np.repeat(np.arange(30), 10)
X = R.normal(size=N)
U = 0.7 * R.normal(size=30)[G]
A = np.arange(N) % 3 == 0
CATEGORIES = np.digitize(U + X + R.logistic(size=N), [-1, 1]).astype(float)
COUNTS = R.poisson(np.exp(1 + 0.3 * X + 0.5 * U)).astype(float)
ABOVE = np.maximum(COUNTS, 1.0)
SOME = R.random(N) < 0.3
DATA = {"f": np.where(A, "a", "b"), "x": X, "g": [f"g{k}" for k in G]}


def fit(y, formula="y ~ f + (1 | g)", family="poisson", **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(formula, DATA | {"y": y}, family=family, **more)


SEPARATED = {
    "lowest category": (np.where(A, 0, CATEGORIES), {"family": "cumulative", "formula": "y ~ f + x + (1 | g)"}, "'fb'"),
    "highest category": (
        np.where(A, 2, CATEGORIES),
        {"family": "cumulative", "formula": "y ~ x + f + (1 | g)"},
        "'fb'",
    ),
    "probit": (np.where(A, 0, CATEGORIES), {"family": "cumulative", "link": "probit"}, r"'fb', '0\|1 \(threshold\)'"),
    "all zero": (np.where(A, 0, COUNTS), {"family": "nbinom2"}, "'fb'"),
    "tweedie": (np.where(A, 0, COUNTS), {"family": "tweedie"}, "'fb'"),
    "all one": (np.where(A, 1, ABOVE), {"family": "truncated_poisson"}, "'fb'"),
    "zeros alone": (
        np.where(A | SOME, 0, COUNTS),
        {"formula": "y ~ x + (1 | g)", "zero_inflation": "~ f"},
        "zero part",
    ),
    "hurdle, zeros alone": (
        np.where(A | SOME, 0, ABOVE),
        {"formula": "y ~ x + (1 | g)", "family": "truncated_poisson", "zero_inflation": "~ f"},
        "'fb of the zero part'",
    ),
    "hurdle, zeros only elsewhere": (
        np.where(~A & SOME, 0, ABOVE),
        {"formula": "y ~ x + (1 | g)", "family": "truncated_poisson", "zero_inflation": "~ f"},
        "'fb of the zero part'",
    ),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_separation_by_a_level_is_refused_with_its_rows(case):
    y, options, columns = SEPARATED[case]
    with pytest.raises(hlmrs.DesignError, match=rf"{columns}.*no finite estimate") as refusal:
        fit(y, **options)
    assert "100 of 300 rows used (counted from 0: 0, 3, 6, 9, 12, ...)" in str(refusal.value)


def test_separated_trials_are_refused_where_successes_vary_more_than_binomial():
    data = DATA | {"hit": np.where(A, 0, R.binomial(5, 0.4, N)), "miss": np.where(A, 5, 2)}
    with pytest.raises(hlmrs.DesignError, match="100 of 300 rows"):
        hlmrs.glmer("cbind(hit, miss) ~ f + (1 | g)", data, family="betabinomial")


def test_separation_by_a_covariate_is_refused_in_ordered_models_and_zero_parts():
    with pytest.raises(hlmrs.DesignError, match=r"'x'.* 299 of 300 rows"):
        fit((X > 0.2) * 1.0 + (X > 1), "y ~ x + (1 | g)", "cumulative")
    with pytest.raises(hlmrs.DesignError, match=r"'x of the zero part'.* 300 of 300 rows"):
        fit(np.where(X > 0.5, 0, ABOVE), "y ~ f + (1 | g)", "truncated_poisson", zero_inflation="~ x")


def test_a_hurdle_model_of_counts_without_zeros_is_refused():
    with pytest.raises(hlmrs.DesignError, match=r"'\(Intercept\) of the zero part' has no finite.* 300 of 300 rows"):
        fit(ABOVE, "y ~ x + (1 | g)", "truncated_poisson", zero_inflation="~ 1")


@pytest.mark.parametrize("y", [COUNTS, np.where(SOME, 0, COUNTS)])
def test_what_is_not_separated_is_fitted(y):
    for options in ({"family": "nbinom2"}, {"zero_inflation": "~ f"}, {"family": "tweedie"}):
        assert fit(y, **options).verdict.converged
    middle = np.where(A & (CATEGORIES == 1), 0, CATEGORIES)  # no row of a level in the middle is no separation
    ordered = fit(middle, "y ~ f + x + (1 | g)", "cumulative")
    assert ordered.verdict.status == "optimum"
    assert np.isfinite(np.diag(ordered.vcov())).all()


@cache
def limit(family, **more):
    return fit(ABOVE, "y ~ x + (1 | g)", family, **more)


@pytest.mark.parametrize(
    ("family", "part", "more"),
    [
        ("nbinom2", "dispersion", {}),
        ("nbinom1", "dispersion", {}),
        ("poisson", "zero inflation", {"zero_inflation": "~ 1"}),
    ],
)
def test_a_law_at_the_end_of_its_family_is_a_boundary_and_no_verified_optimum(family, part, more):
    at_limit = limit(family, **more)
    assert at_limit.verdict.status == "boundary"
    assert at_limit.verdict.limits == (part,)
    assert str(at_limit.verdict).endswith(f"at a limit: {part}")
    assert at_limit.verdict.converged
    assert not at_limit.verdict.singular
    assert at_limit.loglik == pytest.approx(limit("poisson").loglik, abs=1e-6)


def test_zeros_that_some_rows_do_not_have_are_at_the_limit_for_these():
    found = fit(np.where(~A & SOME, 0, ABOVE), "y ~ x + (1 | g)", zero_inflation="~ 0 + f")
    assert (found.verdict.status, found.verdict.limits) == ("boundary", ("zero inflation",))
    assert "at least for some rows" in " ".join(found.verdict.explain().split())
    table = {row["term"]: row for row in rows(found.tidy(component="zero_inflation"))}
    assert table["fa"]["std_error"] is None or np.isnan(table["fa"]["std_error"])
    assert table["fb"]["std_error"] > 0


def test_the_advice_for_models_without_random_effects_is_of_their_kind():
    y = np.tile([0.0, 1.0], 150)
    with pytest.warns(hlmrs.SingularFitWarning, match="generalized linear model") as caught:
        found = hlmrs.glmer("y ~ x + (1 | g)", DATA | {"y": y}, family="binomial")
    whole = (
        "Without random effects the model is a generalized linear model, "
        "for example one of statsmodels.formula.api.glm."
    )
    assert whole in str(caught[0].message)
    assert whole in " ".join(found.verdict.explain().split())
    assert "least squares" not in " ".join(found.verdict.explain().split())


def test_an_optimum_of_the_points_of_a_quadrature_is_none_of_the_likelihood():
    # pairs of successes and of failures, and one that keeps the variance finite
    data = {"y": np.repeat([0.0, 1.0], 40), "g": [f"g{k}" for k in np.repeat(np.arange(40), 2)]}
    data["y"][0] = 1.0
    with pytest.warns(hlmrs.ConvergenceWarning, match="optimum of the likelihood after .* but of its quadrature"):
        rough = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="binomial", nagq=25)
    assert rough.verdict.status == "rough"
    assert not rough.verdict.converged
    assert "nagq=" in " ".join(rough.verdict.explain().split())


def test_points_that_resolve_the_likelihood_are_not_rough():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(40), 8)
    y = (rng.random(320) < 1 / (1 + np.exp(-1.5 * rng.normal(size=40)[g]))) * 1.0
    for nagq in (7, 8, 25):
        fine = hlmrs.glmer("y ~ 1 + (1 | g)", {"y": y, "g": [f"g{k}" for k in g]}, family="binomial", nagq=nagq)
        assert fine.verdict.status == "optimum"


def test_a_link_that_leaves_no_optimum_is_named():
    """Of groups with means near zero the effect has an edge as best value with identity, two modes with link sqrt."""
    counts = np.ones(49)
    counts[[18, 24, 30, 36, 47]] = [2, 2, 3, 2, 2]
    g = np.repeat(np.arange(9), [6, 4, 5, 10, 7, 8, 2, 4, 3])
    # by rounding the search ends at a point that is no optimum, or at one without a mode
    said = (hlmrs.errors.NumericalError, hlmrs.errors.ConvergenceWarning)
    with pytest.raises(said, match="With link='identity' predictors cannot be negative"):
        hlmrs.glmer("y ~ 1 + (1 | g)", {"y": counts, "g": g}, family="truncated_nbinom1", link="identity")
    model = ("student", "sqrt", "~ 1 + (1 | g)")
    known = optima_generalized.design(np.random.default_rng([3, *"".join(model).encode()]), model[0], model[2])
    # modes on the wrong side of zero are looked for anew
    found = hlmrs.glmer("y ~ 1 + (1 | g)", known, family="student", link="sqrt")
    assert found.verdict.converged
