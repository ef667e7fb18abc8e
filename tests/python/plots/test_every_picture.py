"""Every picture of every kind of model is drawn, or refused with the reason."""

import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import polars as pl
import pytest

import golden
import hlmrs
from kinds_of_models import fit_of

mpl.use("Agg")

LINEAR = ("slopes", "crossed", "nested", "variance of zero", "no fixed effects", "arrow", "missing values", "ar1")
ANY = {
    "caterpillar": lambda plot, x: plot.caterpillar(),
    "ranks": lambda plot, x: plot.ranks(),
    "effect": lambda plot, x: plot.effect(x),
    "by_group": lambda plot, x: plot.by_group(x, groups=3),
    "spaghetti": lambda plot, x: plot.spaghetti(x),
    "within_between": lambda plot, x: plot.within_between(x),
    "trajectories": lambda plot, x: plot.trajectories(x),
    "residuals": lambda plot, x: plot.residuals(seed=1),
    "quantiles": lambda plot, x: plot.quantiles(seed=1),
    "predictive": lambda plot, x: plot.predictive(n=5, seed=1),
    "influence": lambda plot, x: plot.influence(),
    "variance": lambda plot, x: plot.variance(),
    "coefs": lambda plot, x: plot.coefs(intercept=True),
    "structure": lambda plot, x: plot.structure(),
    "diagnostics": lambda plot, x: plot.diagnostics(),
}
"""Pictures that all fits have, of a fit and one of its covariates."""

OF_LINEAR = ANY | {
    "shrinkage": lambda plot, x: plot.shrinkage(),
    "profile": lambda plot, x: plot.profile(["sigma"]),
    "residual_correlation": lambda plot, x: plot.residual_correlation(),
    "residual_sd": lambda plot, x: plot.residual_sd(),
}

NO_COVARIATE = ("crossed", "nested", "variance of zero")
REFUSED = {
    "effect": ((*NO_COVARIATE, "no fixed effects"), "no variable 'x'"),
    "trajectories": ((*NO_COVARIATE, "no fixed effects"), "no variable 'x'"),
    "by_group": (NO_COVARIATE, "no such variable"),
    "spaghetti": (NO_COVARIATE, "no such variable"),
    "within_between": (NO_COVARIATE, "no such variable"),
    "coefs": (("no fixed effects",), "no coefficients"),
}
"""What is refused of which kinds, and what the reason says."""


def drawn(draw, fit, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        found = draw(fit.plot, x)
    plt.close("all")
    return found


@pytest.mark.parametrize("kind", LINEAR)
def test_linear_fits_have_every_picture_or_the_reason_why_not(kind):
    fit = fit_of(kind)
    x = "age" if kind == "ar1" else "x"
    for picture, draw in OF_LINEAR.items():
        kinds, why = REFUSED.get(picture, ((), ""))
        if kind not in kinds:
            assert drawn(draw, fit, x), picture
        else:
            with pytest.raises(hlmrs.OptionError, match=why):
                drawn(draw, fit, x)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cumulative"])
def test_generalized_fits_have_every_picture_but_those_of_linear_ones(family):
    data = golden.data("sleepstudy", "polars").with_columns(
        late=(pl.col("Reaction") > 300).cast(pl.Int64),
        count=(pl.col("Reaction") / 100).round().cast(pl.Int64),
        speed=pl.when(pl.col("Reaction") > 350).then(pl.lit("slow")).when(pl.col("Reaction") > 270)
        .then(pl.lit("mid")).otherwise(pl.lit("fast")).cast(pl.Enum(["fast", "mid", "slow"])),
    )  # fmt: skip
    response = {"binomial": "late", "poisson": "count", "cumulative": "speed"}[family]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.glmer(f"{response} ~ Days + (1 | Subject)", data, family=family)
    for picture, draw in ANY.items():
        assert drawn(draw, fit, "Days"), picture
    assert not hasattr(type(fit.plot), "shrinkage")


def test_a_saved_fit_draws_what_needs_no_rows_and_says_what_does(tmp_path):
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))
    fit.save(tmp_path / "fit")
    saved = hlmrs.load(tmp_path / "fit")
    table = saved.plot.caterpillar.data(term="Days")
    assert table["estimate"].to_list() == fit.plot.caterpillar.data(term="Days")["estimate"].to_list()
    assert saved.plot.coefs()
    with pytest.raises(hlmrs.FitStateError, match="saved without its data"):
        saved.plot.residuals()
    plt.close("all")


def test_plot_itself_draws_nothing_and_lists_its_pictures():
    fit = fit_of("slopes")
    assert all(f".{name}: " in repr(fit.plot) for name in OF_LINEAR)
    offered = ", ".join(sorted([*OF_LINEAR, "interaction"]))
    with pytest.raises(hlmrs.OptionError, match=f"call one of its plots, .*: {offered}"):
        fit.plot()
    with pytest.raises(AttributeError, match=f"no plot 'nothing'; it has {offered}$"):
        fit.plot.nothing()
    with pytest.raises(AttributeError, match="no plot 'catapillar'; did you mean 'caterpillar'"):
        fit.plot.catapillar()
    assert not hasattr(fit.plot, "nothing")


def test_a_call_that_does_not_fit_is_answered_under_the_name_of_the_picture():
    plot = fit_of("slopes").plot
    with pytest.raises(TypeError, match=r"^caterpillar\(\) has no argument 'levels'; did you mean 'level'"):
        plot.caterpillar(levels=0.9)
    with pytest.raises(TypeError, match=r"^effect\.data\(\) has no argument 'weight'; did you mean 'weights'"):
        plot.effect.data("x", weight="equal")
