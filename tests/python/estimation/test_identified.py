"""Models that the data cannot identify are called flat, and what is advised instead is identified."""

import numpy as np
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.errors.HlmrsWarning")


def grouped(n_groups=12, size=8, seed=31):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_groups), size)
    n = len(g)
    x, z = rng.normal(size=(2, n))
    effects = rng.normal(size=(3, n_groups))
    y = 1 + x + effects[0][g] + 0.8 * effects[1][g] * x + 0.8 * effects[2][g] * z + rng.normal(size=n)
    t = np.tile(np.arange(2), n // 2)
    y = y + rng.normal(size=(n_groups, 2))[g, t]
    return {"y": y, "x": x, "z": z, "g": g, "h": g + 100, "t": [f"t{k}" for k in t]}


@pytest.mark.parametrize("last", [None, 0.0, 0.02, 0.3, 0.9, 3.0])
def test_both_terms_of_a_ridge_are_named_however_small_one_is(last):
    sleep = hlmrs.datasets.load("sleepstudy", "polars")
    start = None if last is None else [0.9, 0.0, 0.2, last]
    control = hlmrs.Control(start=start)
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject) + (1 | Subject)", sleep, control=control)
    assert fit.verdict.flat_terms == ("(1 + Days | Subject)", "(1 | Subject)")
    assert "cannot be told apart" in " ".join(fit.verdict.explain().split())
    assert fit.verdict.suggestions == {"(1 | Subject)": ""}


def changed(formula, suggestions):
    """The formula with terms replaced by what is suggested."""
    for term, instead in suggestions.items():
        assert term in formula
        formula = formula.replace(f" + {term}", f" + {instead}" if instead else "")
    return formula


RIDGES = {
    "a relabelled factor": ("y ~ x + (1 | g) + (1 | h)", True),
    "an intercept twice": ("y ~ x + (1 + x | g) + (1 | g)", True),
    "a slope twice": ("y ~ x + (1 + x | g) + (0 + x | g)", True),
    "one class in each school": ("y ~ x + (1 | g) + (1 | g:h)", True),
    "slopes of a relabelled factor": ("y ~ x + (1 + x | g) + (1 | h)", True),
    "two terms with an intercept": ("y ~ x + z + (1 + x | g) + (1 + z | g)", False),
    "a structure beside an intercept": ("y ~ x + homcs(0 + t | g) + (1 | g)", True),
}


@pytest.mark.parametrize("kind", RIDGES)
def test_a_ridge_is_found_and_the_advice_is_an_identified_model(kind):
    formula, is_same_model = RIDGES[kind]
    data = grouped()
    fit = hlmrs.lmer(formula, data)
    assert fit.verdict.status == "flat", fit.verdict
    assert fit.verdict.flat_terms
    assert fit.verdict.suggestions
    advised = hlmrs.lmer(changed(formula, fit.verdict.suggestions), data)
    assert advised.verdict.status in ("optimum", "boundary")
    assert advised.n_params <= fit.n_params
    if is_same_model:
        assert advised.criterion == pytest.approx(fit.criterion, abs=1e-5)
        assert advised.n_params < fit.n_params
    else:
        assert advised.criterion <= fit.criterion + 1e-5


def test_a_term_with_a_multiple_of_its_effect_is_advised_without_it():
    data = grouped()
    data["x2"] = 3 * data["x"] - 1
    fit = hlmrs.lmer("y ~ x + (1 + x + x2 | g)", data)
    ((term, instead),) = fit.verdict.suggestions.items()
    assert (fit.verdict.status, instead) == ("flat", "(1 + x | g)")
    advised = fit.update(f"~ . - {term} + {instead}")
    assert advised.criterion == pytest.approx(fit.criterion, abs=1e-5)
    assert advised.n_params == fit.n_params - 3


def test_variances_that_only_their_sum_is_known_of_are_advised_uncorrelated():
    """Of groups treated or not, two variances are identified, and no covariance."""
    data = grouped()
    data["treated"] = (data["g"] % 2).astype(float)
    fit = hlmrs.lmer("y ~ treated + (treated | g)", data)
    assert "residual" not in " ".join(fit.verdict.explain().split())
    ((term, instead),) = fit.verdict.suggestions.items()
    advised = fit.update(f"~ . - {term} + {instead}")
    assert advised.verdict.status in ("optimum", "boundary")
    assert advised.n_params == fit.n_params - 1


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e5])
def test_well_identified_variances_are_never_flat(scale):
    """The relative standard deviation of the groups from a thousandth to a hundred thousand of the residual's."""
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(30), 10)
    y = scale * rng.normal(size=30)[g] + rng.normal(size=300)
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", {"y": y, "g": g})
    assert fit.verdict.status in ("optimum", "boundary")
    assert fit.verdict.flat_terms == ()


def test_two_slopes_with_intercepts_of_different_factors_are_identified():
    data = grouped()
    data["h"] = np.random.default_rng(3).integers(0, 9, len(data["g"]))
    assert hlmrs.lmer("y ~ x + (x | g) + (1 | h)", data).verdict.status in ("optimum", "boundary")


def test_variances_of_zero_alone_are_not_flat():
    rng = np.random.default_rng(8)
    data = {"y": rng.normal(size=60), "x": rng.normal(size=60), "g": np.repeat(np.arange(3), [56, 3, 1])}
    fit = hlmrs.lmer("y ~ x + (x | g)", data)
    assert fit.verdict.status in ("optimum", "boundary")


@pytest.mark.parametrize("seed", range(40))
def test_small_variances_are_identified(seed):
    """Standard deviations of 0.02 to 0.3 of the residual's, crossed, with slopes: nothing here is a ridge."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 300))
    g, h = rng.integers(0, 12, n), rng.integers(0, 7, n)
    x = rng.normal(size=n)
    sds = 10 ** rng.uniform(-1.7, -0.5, 3)
    y = x + sds[0] * rng.normal(size=12)[g] + sds[1] * rng.normal(size=12)[g] * x + sds[2] * rng.normal(size=7)[h]
    data = {"y": y + rng.normal(size=n), "x": x, "g": g, "h": h + 100}
    for formula in ("y ~ x + (1 | g)", "y ~ x + (x | g) + (1 | h)", "y ~ x + (x || g) + (x | h)"):
        assert hlmrs.lmer(formula, data).verdict.flat_terms == ()


def test_relabelled_factors_are_named_where_their_variance_is_zero():
    """No ridge passes through an optimum where both variances are zero; the covariances of the rows are the same."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(10), 6)
    y = rng.normal(size=60)
    # groups differ by less than their rows alone would make them
    y -= np.repeat([0.9 * y[g == k].mean() for k in range(10)], 6)
    fit = hlmrs.lmer("y ~ 1 + (1 | g) + (1 | h)", {"y": y, "g": g, "h": 50 - g})
    np.testing.assert_array_equal(fit.theta, 0.0)
    assert (fit.verdict.status, fit.verdict.flat_terms) == ("flat", ("(1 | g)", "(1 | h)"))


def test_fewer_groups_than_effects_are_no_ridge():
    """Of two groups the response says nothing of some covariances of three effects; the criterion changes with them."""
    rng = np.random.default_rng(8)
    g = np.repeat([0, 1], 20)
    data = {"y": rng.normal(size=40), "x": rng.normal(size=40), "z": rng.normal(size=40), "g": g}
    assert hlmrs.lmer("y ~ 1 + (x + z | g)", data).verdict.status == "boundary"
    balanced = {"y": np.tile([0.0, 1.0, 3.0, 1.0], 30), "g": np.repeat(np.arange(30), 4)}
    assert hlmrs.lmer("y ~ 1 + (1 | g)", balanced).verdict.status == "boundary"


def test_a_response_without_residuals_is_refused():
    """With sigma to zero the criterion (n - p) log sigma^2 + ... falls without end."""
    rng = np.random.default_rng(9)
    g = np.repeat(np.arange(1, 9), 6)
    x = rng.normal(size=48)
    for y in (2 * x + g**2.0, np.repeat(rng.normal(size=8), 6), 3 * x, 1e6 + 2 * x + g):
        with pytest.raises(hlmrs.NumericalError, match="reproduces the response"):
            hlmrs.lmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g})


@pytest.mark.parametrize(("size", "status"), [(1e-4, "optimum"), (1e-5, "optimum"), (1e-6, "exact")])
def test_small_residuals_are_right_and_named(size, status):
    """Held against least squares within groups, to which the fit tends where groups are this far apart."""
    rng = np.random.default_rng(3)
    n = 70
    g, x, u, e = rng.integers(9, size=n), rng.normal(size=n), rng.normal(size=9), rng.normal(size=n)
    y = 1 + x + u[g] + size * e
    dummies = np.column_stack([x, (g[:, None] == np.arange(9)) * 1.0])
    rest = y - dummies @ np.linalg.lstsq(dummies, y, rcond=None)[0]
    fit = hlmrs.lmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": g})
    assert fit.sigma == pytest.approx(np.sqrt(rest @ rest / (n - 10)), rel=0.02)
    assert fit.verdict.status == status


@pytest.mark.parametrize("size", [1e-7, 1e-8, 1e-9, 1e-12])
def test_residuals_that_rounding_hides_are_refused(size):
    rng = np.random.default_rng(3)
    g, x, u, e = rng.integers(9, size=70), rng.normal(size=70), rng.normal(size=9), rng.normal(size=70)
    with pytest.raises(hlmrs.NumericalError, match="reproduces the response"):
        hlmrs.lmer("y ~ x + (1 | g)", {"y": 1 + x + u[g] + size * e, "x": x, "g": g})


def test_many_rows_hide_no_residuals():
    """The error of the residual variance is relative to its size: it does not grow with the number of rows."""
    rng = np.random.default_rng(4)
    n = 200_000
    g = rng.integers(50, size=n)
    y = 1e4 * rng.normal(size=50)[g] + rng.normal(size=n)
    fit = hlmrs.lmer("y ~ 1 + (1 | g)", {"y": y, "g": g})
    assert (fit.verdict.status, fit.sigma) == ("optimum", pytest.approx(1.0, rel=0.01))


@pytest.mark.parametrize(("centre", "status"), [(1e6, "optimum"), (1e9, "optimum"), (1e14, None)])
def test_digits_that_a_response_far_from_zero_has_not_are_said_to_be_lost(centre, status):
    """Numbers near 1e14 have steps of 1/64: residuals of 1e-4 are not in them, those near 1e9 have steps of 1e-7."""
    rng = np.random.default_rng(6)
    g = np.repeat(np.arange(12), 10)
    y = centre + (rng.normal(size=12)[g] + rng.normal(size=120)) * (1.0 if status else 1e-4)
    data = {"y": y, "g": g, "one": np.ones(120)}
    if status is None:
        with pytest.raises(hlmrs.DesignError, match="'y' is 100000000000000 in every row used"):
            hlmrs.lmer("y ~ 1 + (1 | g)", data)
        return
    fits = [hlmrs.lmer(formula, data) for formula in ("y ~ 1 + (1 | g)", "y ~ 0 + one + (1 | g)")]
    rest = y - np.array([y[g == k].mean() for k in range(12)])[g]
    for fit in fits:
        assert fit.verdict.status == status
        assert fit.sigma == pytest.approx(np.sqrt(rest @ rest / 108), rel=1e-6)


@pytest.mark.parametrize("power", [-150, -90, -60, 60, 100, 150])
def test_the_unit_of_the_response_does_not_matter(power):
    rng = np.random.default_rng(0)
    g, x = rng.integers(9, size=70), rng.normal(size=70)
    y = 1 + x + rng.normal(size=9)[g] + 0.5 * rng.normal(size=9)[g] * x + rng.normal(size=70)
    one, other = (hlmrs.lmer("y ~ x + (x | g)", {"y": y * c, "x": x, "g": g}) for c in (1.0, 10.0**power))
    assert other.criterion - 2 * 68 * power * np.log(10) == pytest.approx(one.criterion, abs=1e-6)
    np.testing.assert_allclose(other.theta, one.theta, atol=1e-5)


def test_uncorrelated_effects_of_a_factor_are_advised_as_diag():
    """Two bars before a factor keep the correlations of its levels."""
    rng = np.random.default_rng(2)
    g, f = np.repeat(np.arange(12), 9), np.tile(["a", "b", "c"], 36)
    data = {"y": rng.normal(size=12)[g] + (f == "b") * 0.4 + rng.normal(size=108), "f": f, "g": g}
    fit = hlmrs.lmer("y ~ f + (0 + f | g)", data)
    assert fit.verdict.suggestions == {"(0 + f | g)": "diag(0 + f | g)"}
    advised = hlmrs.lmer("y ~ f + diag(0 + f | g)", data)
    assert (fit.n_params, advised.n_params) == (10, 7)


SAME_COVARIANCES = (
    "(x | g) + (z | g)",
    "(k | g) + (1 | g:k)",
    "(between | g)",
    "homcs(0 + k | g) + (1 | g)",
    "(x | g) + (0 + x2 | g2)",
    "(0 + b | g) + (0 + I(1 - b) | g) + (1 | gb)",
)


@pytest.mark.parametrize("seed", [1, 2, 6, 7, 8, 12, 13])
@pytest.mark.parametrize("random", SAME_COVARIANCES)
def test_terms_with_the_same_covariances_of_rows_are_flat_wherever_the_search_ends(random, seed):
    """By theory: the covariances of the rows depend on sums of these terms' parameters alone."""
    rng = np.random.default_rng(seed)
    n_groups, size = [(16, 12), (8, 12), (30, 6)][seed % 3]
    g = np.repeat(np.arange(n_groups), size)
    x, z = rng.normal(size=(2, len(g)))
    b = np.arange(len(g)) % 2
    k = np.arange(len(g)) % (2 if "g:k" in random else 3)

    def effects(levels):
        return rng.normal(size=levels.max() + 1)[levels]

    between = (np.arange(n_groups) % 2)[g]
    y = x + effects(g) * (2 + between) + effects(g) * x + effects(g) * z + effects(2 * g + b) + effects(3 * g + k)
    data = {
        "y": y + 0.7 * rng.normal(size=len(g)), "x": x, "z": z, "b": b.astype(float), "g": g, "k": [f"k{v}" for v in k],
        "between": between.astype(float), "x2": 2 * x, "g2": [f"g{v * 7 % 31}" for v in g], "gb": 2 * g + b,
    }  # fmt: skip
    assert hlmrs.lmer(f"y ~ x + {random}", data).verdict.status == "flat"


def test_groups_whose_means_are_all_fixed_say_what_a_test_between_them_is_worth():
    rng = np.random.default_rng(3)
    data = {"g": ["a", "b"] * 30, "w": [0.0, 1.0] * 30, "x": list(rng.normal(size=60)), "y": list(rng.normal(size=60))}
    with pytest.warns(hlmrs.ConvergenceWarning, match="each of the 2 groups of g a mean of its own") as said:
        fit = hlmrs.lmer("y ~ w + x + (1 | g)", data)
    assert "statsmodels" not in str(said[0].message)
    assert np.isnan([fit.icc().adjusted, fit.icc().by_group["g"]]).all()
    assert "do not identify (1 | g), so that the shares are not known" in str(fit.icc())
    text = " ".join(str(fit.text()).split())
    assert "The data do not identify the variances of (1 | g)." in text
    assert "intraclass" not in text
    more = {**data, "g": [f"g{k % 6}" for k in range(60)]}
    assert "a mean of its own" not in " ".join(hlmrs.lmer("y ~ w + x + (1 | g)", more).verdict.explain().split())
