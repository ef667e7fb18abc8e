"""Equations of levels: of fits, by hand; read again they are the same model."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS
from generalized_models import fit_of as generalized_fit_of
from kinds_of_models import KINDS, fit_of

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def lines(fit, **options):
    """Headings of the equations, each with its lines."""
    text = str(fit.equations(**options))
    return {block.split("\n")[0]: [line.strip() for line in block.split("\n")[1:]] for block in text.split("\n\n")}


def three_levels(seed=1):
    rng = np.random.default_rng(seed)
    school, room, row = np.divmod(np.arange(480), 48)[0], np.arange(480) // 8, np.arange(480)
    data = {"s": school, "c": room, "x": rng.normal(size=480), "w": rng.normal(size=60)[room]}
    data |= {"z": rng.normal(size=10)[school], "y": rng.normal(size=480) + rng.normal(size=60)[room]}
    return pl.DataFrame(data | {"row": row})


def test_the_intercepts_and_slopes_model_of_the_high_school_data():
    """The model of Raudenbush and Bryk (2002), page 80."""
    fit = hlmrs.lmer("mAch ~ sector * cses + meanses * cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
    found = lines(fit)
    assert found["Level 1"] == ["mAch_ij = β0j + β1j*(cses_ij) + rij"]
    assert found["Level 2 (school)"] == [
        "β0j = γ00 + γ01*(sectorCatholic_j) + γ02*(meanses_j) + u0j",
        "β1j = γ10 + γ11*(sectorCatholic_j) + γ12*(meanses_j) + u1j",
    ]
    assert found["Distributions"] == ["rij ~ N(0, σ²)", "(u0j, u1j) ~ N(0, [τ00 τ01; τ01 τ11])"]


def test_three_levels_have_the_letters_of_hlm():
    fit = hlmrs.lmer("y ~ x * w + x * z + (x | c) + (1 + x | s)", three_levels())
    found = lines(fit)
    assert found["Level 1"] == ["y_ijk = π0jk + π1jk*(x_ijk) + eijk"]
    assert found["Level 2 (c)"] == ["π0jk = β00k + β01k*(w_jk) + r0jk", "π1jk = β10k + β11k*(w_jk) + r1jk"]
    assert found["Level 3 (s)"] == [
        "β00k = γ000 + γ001*(z_k) + u00k",
        "β01k = γ010",
        "β10k = γ100 + γ101*(z_k) + u10k",
        "β11k = γ110",
    ]


def test_factors_that_cross_share_a_level():
    rng = np.random.default_rng(2)
    item, person = np.meshgrid(np.arange(12), np.arange(20))
    data = {"item": item.ravel(), "person": person.ravel(), "hard": rng.normal(size=12)[item.ravel()]}
    data["y"] = rng.normal(size=240) + rng.normal(size=20)[person.ravel()]
    fit = hlmrs.lmer("y ~ hard + (hard | person) + (1 | item)", data)
    found = lines(fit)
    assert found["Level 2 (person, item)"] == ["β0jk = γ00 + γ01*(hard_k) + u0j + u01j*(hard_k) + v0k"]


def test_estimates_stand_in_the_place_of_parameters():
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    found = lines(fit, estimates=True)
    assert found["Level 2 (Subject)"] == ["β0j = 251.4 + u0j", "β1j = 10.47 + u1j"]
    assert found["Combined"] == ["Reaction_ij = 251.4 + 10.47*(Days_ij) + u0j + u1j*(Days_ij) + rij"]
    assert found["Distributions"] == ["rij ~ N(0, 654.9)", "(u0j, u1j) ~ N(0, [612.1 9.604; 9.604 35.07])"]


def test_predictors_are_at_home_where_they_are_constant():
    data = three_levels()
    fit = hlmrs.lmer("y ~ between(x, c) + within(x, c) + I(w * z) + I(x * z) + log(1 + z^2) + (1 | c) + (1 | s)", data)
    combined = " ".join(lines(fit)["Combined"])
    units = dict(re.findall(r"\*\(([^ ].*?)_([ijk]+)\)(?= |$)", combined))
    expected = {"between(x, c)": "jk", "within(x, c)": "ijk", "I(w * z)": "jk", "I(x * z)": "ijk", "log(1 + z^2)": "k"}
    assert units == expected


def test_an_effect_of_every_row_is_no_home_of_predictors():
    rng = np.random.default_rng(4)
    data = {"y": rng.poisson(3, 60), "x": rng.normal(size=60), "row": np.arange(60), "g": np.repeat(np.arange(12), 5)}
    fit = hlmrs.glmer("y ~ x + (1 | g) + (1 | row)", data, family="poisson")
    assert lines(fit)["Level 1"] == ["log(μijk) = π0jk + π1jk*(x_ijk)"]


@pytest.mark.parametrize("kind", [*KINDS, *MODELS])
def test_every_kind_of_model_has_equations_in_every_language(kind):
    fit = fit_of(kind) if kind in KINDS else generalized_fit_of(kind)
    equations = fit.equations(estimates=True)
    assert max(map(len, str(equations).splitlines())) <= 100
    assert equations.to_latex().count("{") == equations.to_latex().count("}")
    assert ElementTree.fromstring(equations.to_mathml()).tag == "math"
    assert equations.to_mathml() in equations._repr_html_()


@pytest.mark.parametrize(
    "formula", ["y ~ x * w + (x | c)", "y ~ x + w + z + (1 | c) + (x | s)", "y ~ x:w + z + offset(0.5 * x) + (1 | s)"]
)
def test_what_is_printed_is_read_again_and_fits_the_same(formula):
    data = three_levels()
    fit = hlmrs.lmer(formula, data)
    groups = sorted(fit.n_groups, key=lambda name: -fit.n_groups[name])
    again = hlmrs.levels(str(fit.equations()), groups=groups)
    assert hlmrs.lmer(again.formula, data).criterion == pytest.approx(fit.criterion, abs=1e-6)


def test_generalized_models_state_distribution_link_and_parts():
    data = hlmrs.datasets.load("cbpp")
    fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    found = lines(fit)
    assert found["Response"] == ["cbind(incidence, size - incidence)_ij ~ binomial(μij)"]
    assert found["Level 1"] == ["logit(μij) = β0j + β1j*(period2_ij) + β2j*(period3_ij) + β3j*(period4_ij)"]


def test_parts_of_a_generalized_model_have_equations():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(20), 15)
    x = rng.normal(size=300)
    y = rng.negative_binomial(3, 0.4, 300) * (rng.random(300) > 0.3)
    data = {"y": y, "x": x, "g": g}
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="nbinom2", zero_inflation="~ x", dispersion="~ x")
    found = lines(fit)
    assert found["Response"] == ["y_ij ~ zero-inflated nbinom2(μij, φij, pij)"]
    assert found["Zero part"] == ["logit(pij) = ζ0 + ζ1*(x_ij)"]
    assert found["Dispersion"] == ["log(φij) = δ0 + δ1*(x_ij)"]


def test_a_hurdle_model_is_called_one_and_its_parts_have_letters_of_their_own():
    rng = np.random.default_rng(4)
    g, h = np.repeat(np.arange(20), 30), np.tile(np.arange(30), 20)
    zero = rng.random(600) < 1 / (1 + np.exp(1 - rng.normal(size=30)[h]))
    y = np.where(zero, 0, 1 + rng.poisson(np.exp(0.5 + 0.5 * rng.normal(size=20)[g])))
    data = {"y": y, "x": rng.normal(size=600), "g": g, "h": h}
    options = {"family": "truncated_poisson", "zero_inflation": "~ x + (1 | h)"}
    found = lines(hlmrs.glmer("y ~ x + (1 | g)", data, **options))
    assert found["Response"] == ["y_ij ~ hurdle with truncated poisson(μij, pij)"]
    assert found["Distributions"] == ["u0j ~ N(0, τ00)"]
    assert found["Zero part"] == ["logit(pij) = ζ00 + ζ10*(x_ij) + a0k", "a0k ~ N(0, ω00)"]
    positive = hlmrs.glmer("y ~ x + (1 | g)", {**data, "y": 0.5 * y}, **options | {"family": "gamma", "link": "log"})
    assert lines(positive)["Response"] == ["y_ij ~ hurdle with gamma(μij, φ, pij)"]


def test_ordered_responses_have_thresholds():
    fit = generalized_fit_of("ordered")
    found = lines(fit, estimates=True)
    assert found["Response"][0] == "logit(P(grade_ij ≤ c)) = θc − ηij"
    assert [line.split(" = ")[0] for line in found["Response"][1:]] == ["θ[low|mid]", "θ[mid|high]"]
    assert found["Level 1"] == ["ηij = β0j + β1j*(x_ij) + β2j*(fb_ij) + β3j*(fc_ij)"]


def test_a_marginal_model_has_its_mean_and_working_correlation():
    data = hlmrs.datasets.load("Contraception")
    fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial", correlation="exchangeable")
    found = lines(fit)
    assert found["Mean"] == ["logit(μi) = β0 + β1*(age_i) + β2*(urbanY_i)"]
    assert found["Working correlation of rows i and k of one district: exchangeable"] == ["corr(use_i, use_k) = ρik"]


def test_a_fit_without_its_rows_says_so(tmp_path):
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    fit.save(tmp_path / "a.fit")
    with pytest.raises(hlmrs.FitStateError, match="without its data"):
        hlmrs.load(tmp_path / "a.fit").equations()


def test_long_sums_go_on_in_further_lines():
    fit = hlmrs.lmer("mAch ~ (sector + meanses) * cses + minrty + (cses | school)", hlmrs.datasets.load("Hsb82"))
    equations = fit.equations(estimates=True)
    lines_of_latex = equations.to_latex().splitlines()
    combined = next(k for k, line in enumerate(lines_of_latex) if "Combined" in line)
    assert lines_of_latex[combined + 1].startswith(r"& \quad  ")
    total = sum(line.count(" + ") + line.count(" - ") for line in lines_of_latex[combined : combined + 2])
    assert total == 9  # seven coefficients, two random effects and the residual
    rows = ElementTree.fromstring(equations.to_mathml()).findall("./mtable/mtr")
    assert len(rows) == len(lines_of_latex) - 2
    assert max(len(row.findall("mtd")) for row in rows) == 4
