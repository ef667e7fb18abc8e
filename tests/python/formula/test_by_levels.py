"""``(1 | g, by=arm)``: random intercepts with a variance of their own in every level of a factor."""

import numpy as np
import polars as pl
import pytest

import hlmrs


def trial() -> pl.DataFrame:
    """Groups that each lie in one arm, whose intercepts vary more in the second; `dose` numbers the arms."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(40), 6)
    arm = g % 2
    x = rng.normal(size=240)
    y = 1 + x + arm + np.where(arm == 1, 3.0, 0.7) * rng.normal(size=40)[g] + rng.normal(size=240)
    names = np.array(["drug", "placebo"])[arm]
    return pl.DataFrame({"y": y, "x": x, "arm": names, "dose": arm * 10.0, "g": [f"g{k}" for k in g]})


DATA = trial()


@pytest.mark.parametrize("by", ["arm", "dose"])
@pytest.mark.parametrize("reml", [True, False])
def test_it_is_the_diagonal_structure_of_the_levels(by: str, reml: bool) -> None:
    short = hlmrs.lmer(f"y ~ x + arm + (1 | g, by={by})", DATA, reml=reml)
    assert hlmrs.lmer(f"y ~ x + arm + (1 || g, by={by})", DATA, reml=reml).criterion == short.criterion
    long = hlmrs.lmer(f"y ~ x + arm + diag(0 + factor({by}) | g)", DATA, reml=reml)
    assert short.criterion == long.criterion
    np.testing.assert_array_equal(short.tidy()["df"], long.tidy()["df"])
    assert short.n_params == 3 + 2 + 1
    sd = short.varcorr()["sd"].to_list()
    assert sd[1] > 2 * sd[0]
    again = short.update(". ~ . - x")
    assert again.n_params == short.n_params - 1


def test_the_criterion_is_that_of_dense_algebra() -> None:
    fit = hlmrs.lmer("y ~ x + arm + (1 | g, by=arm)", DATA, reml=False)
    variances = dict(zip(["drug", "placebo"], fit.varcorr()["variance"].to_list()[:2], strict=True))
    g, y = DATA["g"].to_numpy(), DATA["y"].to_numpy()
    own = np.array([variances[arm] for arm in DATA["arm"]])
    v = np.where(g[:, None] == g, own, 0.0) + fit.sigma**2 * np.eye(240)
    x = np.column_stack([np.ones(240), DATA["x"], DATA["arm"] == "placebo"])
    r = y - x @ np.linalg.solve(x.T @ np.linalg.solve(v, x), x.T @ np.linalg.solve(v, y))
    assert fit.criterion == pytest.approx(np.linalg.slogdet(2 * np.pi * v)[1] + r @ np.linalg.solve(v, r), abs=1e-8)


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("(1 | g, at=arm)", "takes by= alone"),
        ("(1 | g, arm)", "takes by= alone"),
        ("(1 | g, by=log(x))", "by= takes a column"),
        ("(x | g, by=factor(arm))", "by= takes a column"),
        ("(x | g, by=dummy(arm))", "by= takes a column"),
        ('(x | g, by=dummy(arm, "none"))', "no level 'none'"),
        ("(1 | g, by=arm, by=arm)", "a comma only parts"),
        ("(x, by=arm)", "a comma only parts"),
    ],
)
def test_other_forms_are_refused_with_the_one_there_is(term: str, says: str) -> None:
    with pytest.raises(hlmrs.HlmrsError, match=says):
        hlmrs.lmer(f"y ~ x + {term}", DATA)


def test_a_level_that_is_no_column_is_named() -> None:
    for effects in ("1", "x"):
        with pytest.raises(hlmrs.HlmrsError, match="'arms'"):
            hlmrs.lmer(f"y ~ x + ({effects} | g, by=arms)", DATA)
