"""Lines of what is printed, and names in pictures."""

import numpy as np
import pytest

import hlmrs
from hlmrs.display.text import WIDTH, listed_facts
from hlmrs.plots.canvas import folded


def test_fits_are_printed_in_lines_that_fit():
    data = hlmrs.datasets.load("Orthodont", "polars")
    fit = hlmrs.lmer("distance ~ age + I(age^2) + age:Sex + Sex + (1 | Subject)", data)
    lines = repr(fit).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(repr(fit).split()).startswith(f"LinearMixedFit: {fit.formula}, 108 rows, REML criterion ")


def test_no_line_is_broken_within_a_fact():
    for n in range(20, 90):
        lines = listed_facts("x" * n, ["NOT converged", "REML criterion 1743.628"]).splitlines()
        assert any("NOT converged" in line for line in lines)
        assert any("REML criterion 1743.628" in line for line in lines)


def test_explanations_are_in_lines_that_fit():
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=60), "x": rng.normal(size=60), "g": np.repeat(np.arange(12), 5)}
    with pytest.warns(hlmrs.SingularFitWarning):
        fit = hlmrs.lmer("y ~ x + (x | g)", data)
    assert max(map(len, fit.verdict.explain().splitlines())) <= WIDTH
    whole = fit.to_dict()["verdict"]["explanation"]
    assert " ".join(whole.split()) == " ".join(fit.verdict.explain().split())


@pytest.mark.parametrize("n", [3, 34, 35, 60, 68, 69, 200])
def test_names_have_two_lines_and_their_ends(n):
    name = "a" * (n // 2) + ":" + "z" * (n - n // 2 - 1)
    lines = folded(name).splitlines()
    assert len(lines) <= 2
    assert max(map(len, lines)) <= 34
    assert lines[0].startswith("a")
    assert lines[-1].endswith("z")
    assert ("".join(lines) == name) == (n <= 68)


def test_regressions_and_turned_contrasts_are_answered_with_what_there_is():
    with pytest.raises(hlmrs.OptionError, match="logistic regression is family='binomial'"):
        hlmrs.Family("logistic")
    fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
    with pytest.raises(hlmrs.OptionError, match="'pairwise' has the same differences with the other sign"):
        fit.contrasts("Machine", method="revpairwise")
    with pytest.raises(hlmrs.FormulaError, match="those of Machine are 'MachineB', 'MachineC'"):
        fit.test("Machine = 0")
