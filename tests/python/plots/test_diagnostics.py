"""Plots draw the panels asked for, each from the table that goes with it."""

import matplotlib as mpl
import pytest

import golden
import hlmrs
from hlmrs import OptionError


def test_plots_have_the_panels_asked_for():
    mpl.use("Agg")
    fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", golden.data("Pastes", "polars"))
    titles = [
        axis.get_title(loc="left") for axis in fit.plot.diagnostics(["qq", "random", "influence"], group="batch").axes
    ]
    assert titles == [
        "Quantiles of residuals",
        "(Intercept) | batch",
        "(Intercept) | batch:cask",
        "Influence of batch",
    ]
    with pytest.raises(OptionError, match="'fitted', 'qq', 'scale', 'random', 'influence'"):
        fit.plot.diagnostics("all")
    mpl.pyplot.close("all")


def test_every_panel_has_the_table_that_it_draws():
    data = golden.data("Pastes", "polars")
    fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", data)
    fitted, quantiles, scale = (fit.plot.diagnostics.data(panel) for panel in ("fitted", "qq", "scale"))
    assert fitted["residual"].to_list() == fit.resid("studentized").tolist()
    assert fitted["fitted"].to_list() == fit.fitted.tolist()
    assert quantiles["residual"].to_list() == sorted(fitted["residual"])
    assert scale["root_size"].to_list() == fitted["residual"].abs().sqrt().to_list()
    effects, modes = fit.plot.diagnostics.data("random"), fit.ranef()
    assert effects.height == modes.height
    assert sorted(effects["estimate"]) == sorted(modes["estimate"])
    distances = fit.plot.diagnostics.data("influence", group="batch")
    assert distances["cooks_distance"].to_list() == fit.influence("batch").cooks_distance.tolist()
    with pytest.raises(OptionError, match="'fitted', 'qq', 'scale', 'random', 'influence'"):
        fit.plot.diagnostics.data("all")
