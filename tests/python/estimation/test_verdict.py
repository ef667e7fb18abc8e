"""Verdicts in plain words: which terms, what it means, what to consider."""

from dataclasses import replace

import numpy as np
import pytest

import hlmrs
from hlmrs.estimation.layout import Layout, RandomTermLayout
from hlmrs.estimation.verdict import verdict_of
from hlmrs.formula import parse

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")


def layout(*terms):
    random = [RandomTermLayout(name, 0, columns, structure) for name, columns, structure in terms]
    return Layout("y", [], [], [], [], {}, [], random, 0, 0, {})


def verdict(status, boundary=(), flat=(), redundant=None, reason="", terms=(), moments=()):
    core = {
        "status": status,
        "evaluations": 9,
        "expected_decrease": 0.0,
        "boundary": list(boundary),
        "flat": list(flat),
        "redundant": redundant,
        "tried": 0,
        "sigma_vanishes": False,
        "reason": reason,
    }
    random = [term for name, *_ in terms for term in parse(f"y ~ 1 + {name}").random]
    return verdict_of(core, layout(*terms), random, lambda: moments)


SLOPE = ("(1 + x | g)", ["(Intercept)", "x"], "us")


def test_an_optimum():
    got = verdict("optimum")
    assert (got.converged, got.singular) == (True, False)
    assert got.explain() == "Converged after 9 evaluations at a verified optimum."


UNCORRELATED = "its limit; consider uncorrelated effects, (1 + x || g)"


@pytest.mark.parametrize(
    ("rank", "directions", "says"),
    [
        (0, [[1, 0], [0, 1]], "all its variances are estimated as zero; the model without this term fits as well"),
        (1, [[0.0, 1.0]], "the variance of x is estimated as zero; consider the term without it, (1 | g)"),
        (1, [[-0.5, 1.0]], f"the correlation of (Intercept) and x is estimated as 1, {UNCORRELATED}"),
        (1, [[1.0, 0.25]], f"the correlation of (Intercept) and x is estimated as -1, {UNCORRELATED}"),
    ],
)
def test_a_boundary_names_the_term_and_the_simpler_model(rank, directions, says):
    got = verdict("boundary", [{"term": 0, "rank": rank, "directions": directions}], terms=[SLOPE])
    assert got.converged
    assert got.singular_terms == ("(1 + x | g)",)
    assert says in " ".join(got.explain().split())


def test_combinations_of_several_effects_are_spelled_out():
    boundary = {"term": 0, "rank": 2, "directions": [[-0.25, 1.0, 0.0005, 0.3]]}
    term = ("(1 + x + f | g)", ["(Intercept)", "x", "fb", "fc"], "us")
    text = " ".join(verdict("boundary", [boundary], terms=[term]).explain().split())
    assert "(-0.25 (Intercept) + x + 0.0005 fb + 0.3 fc is the same in every group)" in text


def test_one_evaluation_and_one_point_are_spoken_of_in_the_singular():
    fit = hlmrs.gls("distance ~ age", hlmrs.datasets.load("Orthodont", "polars"), residual="cs(1 | Subject)")
    alone = replace(fit.verdict, evaluations=1, tried=1)
    assert "after 1 evaluation at" in str(alone)
    assert "from 1 point far from it" in alone.explain()


def test_several_combinations_are_spoken_of_in_the_plural():
    boundary = {"term": 0, "rank": 1, "directions": [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]}
    got = verdict("boundary", [boundary], terms=[("(1 + x + z | g)", ["(Intercept)", "x", "z"], "us")])
    assert "2 combinations of its effects have no variance ((Intercept) + x; x + z are each the same" in " ".join(
        got.explain().split()
    )
    boundary = {"term": 0, "rank": 1, "directions": [[0, 1.0, 0.0], [0.0, 0.0, 1.0]]}
    got = verdict("boundary", [boundary], terms=[("(1 + x + z | g)", ["(Intercept)", "x", "z"], "us")])
    assert "the variances of x, z are estimated as zero; consider the term without them, (1 | g)." in " ".join(
        got.explain().split()
    )


def test_names_with_signs_in_them_are_read_from_the_formula():
    boundary = {"term": 0, "rank": 1, "directions": [[0.0, 1.0]]}
    term = ("(1 + I(x + 1) | `a | b`)", ["(Intercept)", "I(x + 1)"], "us")
    assert verdict("boundary", [boundary], terms=[term]).suggestions == {"(1 + I(x + 1) | `a | b`)": "(1 | `a | b`)"}


def test_part_of_a_factor_is_not_called_the_term_without_it():
    boundary = {"term": 0, "rank": 2, "directions": [[0.0, 0.0, 1.0]]}
    got = verdict("boundary", [boundary], terms=[("(1 + f | g)", ["(Intercept)", "fb", "fc"], "us")])
    assert "the variance of fc is estimated as zero; consider uncorrelated effects, diag(1 + f | g)" in " ".join(
        got.explain().split()
    )
    assert "without it" not in " ".join(got.explain().split())


@pytest.mark.parametrize("rank", [0, 1])
def test_of_terms_that_are_not_identified_zeros_are_no_advice(rank):
    boundary = {"term": 0, "rank": rank, "directions": [[1.0, 0.0], [0.0, 1.0]][rank:]}
    two = [SLOPE, ("(0 + x | g)", ["x"], "us")]
    got = verdict("flat", [boundary], flat=[0, 1], redundant=1, terms=two)
    assert got.suggestions == {"(0 + x | g)": ""}
    assert len(got.advice) == 1


def test_effects_that_depend_on_others_are_named_and_left_out():
    x = np.random.default_rng(1).normal(size=(50, 1))
    z = np.hstack([np.ones((50, 1)), x, 2 * x - 1])
    term = ("(1 + ses + ses2 | school)", ["(Intercept)", "ses", "ses2"], "us")
    got = verdict("flat", flat=[0], terms=[term], moments=[z.T @ z / 50])
    assert "ses2 is a combination of the effects before it. Consider the same model without it" in " ".join(
        got.explain().split()
    )
    assert got.suggestions == {"(1 + ses + ses2 | school)": "(1 + ses | school)"}
    assert "residual" not in " ".join(got.explain().split())


def test_no_term_is_suggested_in_its_own_place():
    two = [SLOPE, ("(1 | g)", ["(Intercept)"], "us")]
    assert verdict("flat", flat=[0, 1], terms=two).suggestions == {"(1 | g)": ""}


def test_a_model_without_its_only_random_term_is_one_for_least_squares():
    boundary = {"term": 0, "rank": 0, "directions": [[1.0]]}
    got = verdict("boundary", [boundary], terms=[("(1 | g)", ["(Intercept)"], "us")])
    assert got.suggestions == {}
    assert got.advice[-1] == (
        "Without random effects the model is one for least squares: hlmrs.gls fits it, with residual= and "
        "dispersion= too."
    )


def test_the_search_for_lower_optima_is_told_and_not_warned_of():
    rng = np.random.default_rng(4)
    data = {"y": rng.normal(size=60), "x": np.tile([0.0, 1.0, 3.0], 20), "g": np.repeat(np.arange(10), 6)}
    data["x2"] = [2 * x + 1 for x in data["x"]]
    with pytest.warns(hlmrs.ConvergenceWarning) as warned:
        fit = hlmrs.lmer("y ~ x + (x + x2 | g) + (1 | g)", data)
    assert fit.verdict.tried
    assert f"from {fit.verdict.tried} points far from it; none was found" in " ".join(fit.verdict.explain().split())
    assert "looked for" not in str(warned[0].message)


def test_structured_terms_are_not_told_to_use_two_bars():
    got = verdict(
        "boundary", [{"term": 0, "rank": 1, "directions": [[1, -1]]}], terms=[("cs(0 + f | g)", ["fa", "fb"], "cs")]
    )
    assert "||" not in " ".join(got.explain().split())


def test_a_flat_direction_names_the_terms():
    got = verdict("flat", flat=[0, 1], terms=[SLOPE, ("(1 | h)", ["(Intercept)"], "us")])
    assert got.converged
    assert "cannot be told apart" in " ".join(got.explain().split())
    assert "(1 + x | g), (1 | h)" in str(got)


def test_a_search_that_stopped_says_why():
    got = verdict("not-converged", reason="the limit of evaluations was reached")
    assert not got.converged
    assert str(got) == "not converged after 9 evaluations: the limit of evaluations was reached"
    assert "start=fit.theta" in " ".join(got.explain().split())


def test_a_limit_of_evaluations_ends_in_a_warning_and_a_fit():
    with pytest.warns(hlmrs.ConvergenceWarning, match="[Nn]ot converged"):
        fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, control=hlmrs.Control(max_evaluations=2))
    assert not fit.verdict.converged
    assert "NOT converged" in repr(fit)
    again = fit.update(control=hlmrs.Control(start=fit.theta))
    assert again.criterion == pytest.approx(1743.628272, abs=1e-5)


def test_both_optimizers_agree():
    for formula in ("Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (Days || Subject)"):
        fits = [
            hlmrs.lmer(formula, SLEEP, control=hlmrs.Control(optimizer=name)) for name in ("trust-region", "bobyqa")
        ]
        assert fits[0].criterion == pytest.approx(fits[1].criterion, abs=1e-6)
        assert all(fit.verdict.status == "optimum" for fit in fits)


def test_a_start_of_the_wrong_length_is_refused():
    with pytest.raises(hlmrs.HlmrsError, match="start"):
        hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP, control=hlmrs.Control(start=[1.0]))


def test_results_do_not_depend_on_threads_or_the_order_of_rows():
    data = hlmrs.datasets.load("Penicillin", "polars")
    formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    one, four = (hlmrs.lmer(formula, data, control=hlmrs.Control(n_threads=n)) for n in (1, 4))
    assert one.criterion == four.criterion
    np.testing.assert_array_equal(one.beta, four.beta)
    np.testing.assert_array_equal(one.theta, four.theta)
    shuffled = hlmrs.lmer(formula, data.sample(fraction=1.0, shuffle=True, seed=1))
    assert shuffled.criterion == pytest.approx(one.criterion, abs=1e-8)


@pytest.mark.parametrize(("column", "other"), [("(Intercept)", "x"), ("x", "(Intercept)")])
def test_the_one_effect_without_variance_is_named(column, other):
    rng = np.random.default_rng(4)
    g, x = np.repeat(np.arange(15), 8), np.tile([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0], 15)
    own = rng.normal(size=15)[g] * (x if column == "(Intercept)" else 1)
    noise = rng.normal(size=(15, 8))
    noise -= noise.mean(axis=1, keepdims=True)  # groups have equal means, and equal slopes
    noise -= np.outer(noise @ x[:8] / (x[:8] @ x[:8]), x[:8])
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("y ~ x + diag(x | g)", {"y": own + noise.ravel(), "x": x, "g": g})
    (advice,) = fit.verdict.advice
    assert f"variance of {column} is estimated as zero" in advice
    assert f"variance of {other}" not in advice
