"""Hypotheses in words: what they mean, and what is no hypothesis."""

import numpy as np
import pytest

import hlmrs
from hlmrs.hypotheses.equations import read_hypotheses

NAMES = ["(Intercept)", "age", "SexFemale", "age:SexFemale", "poly(x, 2)1", "I(x^2)", "a"]


@pytest.mark.parametrize(
    ("text", "weights", "value"),
    [
        ("age = 10", {"age": 1}, 10),
        ("age", {"age": 1}, 0),
        ("2 * age - SexFemale / 4 = 1", {"age": 2, "SexFemale": -0.25}, 1),
        ("age = age:SexFemale + 3", {"age": 1, "age:SexFemale": -1}, 3),
        ("-(age - 2) * 3 = 0", {"age": -3}, -6),
        ("(Intercept) + Intercept = 1e2", {"(Intercept)": 2}, 100),
        ("poly(x, 2)1 = I(x^2)", {"poly(x, 2)1": 1, "I(x^2)": -1}, 0),
        ("`age:SexFemale` == .5", {"age:SexFemale": 1}, 0.5),
        ("a = 2", {"a": 1}, 2),
    ],
)
def test_an_equation_is_a_row_and_its_value(text, weights, value):
    (found,) = read_hypotheses(text, NAMES)
    np.testing.assert_allclose(found.weights, [weights.get(name, 0.0) for name in NAMES])
    assert found.value == pytest.approx(value)


def test_commas_and_chains_are_several_equations():
    assert len(read_hypotheses("age = SexFemale, a = 0; I(x^2)", NAMES)) == 3
    assert len(read_hypotheses("age = SexFemale = a", NAMES)) == 2


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("Age = 1", "did you mean 'age'", 0),
        ("age = ", "expected the name", 6),
        ("age * a = 1", "not linear", 4),
        ("1 = 2", "no coefficient in it", 0),
        ("age = 1 a", "expected '='", 8),
        ("(age = 1", r"expected '\)'", 5),
        ("age / 0 = 1", "other than zero", 4),
        ("`Age` = 1", "no coefficient 'Age'", 0),
        ("", "expected the name", 0),
        ("((((" * 60, "too deep", 50),
    ],
)
def test_what_is_no_hypothesis_is_refused_at_its_place(text, message, position):
    with pytest.raises(hlmrs.FormulaError, match=message) as caught:
        read_hypotheses(text, NAMES)
    assert caught.value.position == position


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer("distance ~ age * Sex + (age | Subject)", hlmrs.datasets.load("Orthodont", "polars"))


def test_a_joint_test_of_one_hypothesis_is_the_square_of_its_t(fit):
    for ddf in ("satterthwaite", "kenward-roger"):
        t = fit.test("age = 0.7", ddf=ddf)
        f = fit.test("age = 0.7", joint=True, ddf=ddf)
        assert f["statistic"][0] == pytest.approx(t["statistic"][0] ** 2)
        assert f["den_df"][0] == pytest.approx(t["df"][0])
        assert f["p_value"][0] == pytest.approx(t["p_value"][0])


def test_hypotheses_do_not_depend_on_how_they_are_written(fit):
    ways = [
        "age = 0.5, SexFemale = 1",
        "SexFemale - 1 = 0, 2 * age = 1",
        "age + SexFemale = 1.5, age - SexFemale = -0.5",
        "age = 0.5, SexFemale = 1, age + SexFemale = 1.5",
    ]
    tables = [fit.test(way, ddf="kenward-roger") for way in ways]
    for column in ("num_df", "den_df", "statistic", "p_value"):
        assert [table[column][0] for table in tables] == pytest.approx([tables[0][column][0]] * 4, rel=1e-7)


def test_a_matrix_is_a_way_to_write_hypotheses(fit):
    matrix, words = fit.test([[0, 1, 0, 0], [0, 0, 1, -2]]), fit.test("age = 0, SexFemale = 2 * age:SexFemale")
    assert matrix["statistic"][0] == pytest.approx(words["statistic"][0])
    assert matrix["hypothesis"][0] == "age = 0, SexFemale - 2 * age:SexFemale = 0"


@pytest.mark.parametrize(
    ("hypotheses", "message"),
    [
        ([[0, 1]], "a column for each of the 4"),
        ([[0, 0, 0, 0]], "zero or not finite"),
        ("age = 1, age = 2", "contradict"),
    ],
)
def test_what_cannot_be_tested_is_refused(fit, hypotheses, message):
    with pytest.raises(hlmrs.OptionError, match=message):
        fit.test(hypotheses)


def test_satterthwaites_joint_df_depends_on_the_writing_a_little_but_the_statistic_does_not(fit):
    # Fai and Cornelius (1996) part the rows by the eigenvectors of their covariance
    one, other = fit.test("age = 0.5, SexFemale = 1"), fit.test("SexFemale = 1, 2 * age = 1")
    assert one["statistic"][0] == pytest.approx(other["statistic"][0], rel=1e-9)
    assert one["den_df"][0] == pytest.approx(other["den_df"][0], rel=0.01)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("age / SexFemale", lambda b: b["age"] / b["SexFemale"]),
        ("(Intercept) * age - 3 * SexFemale^2", lambda b: b["(Intercept)"] * b["age"] - 3 * b["SexFemale"] ** 2),
        ("exp(age) / (1 + exp(2 * age))", lambda b: np.exp(b["age"]) / (1 + np.exp(2 * b["age"]))),
        ("log((Intercept)) + sqrt(age)", lambda b: np.log(b["(Intercept)"]) + np.sqrt(b["age"])),
        ("2 / age^-2", lambda b: 2 * b["age"] ** 2),
    ],
)
def test_what_is_not_linear_is_tested_by_the_delta_method(fit, text, function):
    beta, names = fit.beta, fit.coef_names

    def at(values):
        return function(dict(zip(names, values, strict=True)))

    step = 1e-6
    slope = [(at(beta + step * e) - at(beta - step * e)) / (2 * step) for e in np.eye(len(beta))]
    table = fit.test(f"{text} = 1.5").to_dicts()[0]
    assert table["estimate"] == pytest.approx(at(beta), rel=1e-9)
    assert table["std_error"] == pytest.approx(np.sqrt(slope @ fit.vcov() @ slope), rel=1e-6)
    assert table["statistic"] == pytest.approx((at(beta) - 1.5) / table["std_error"])
    assert table["conf_low"] < table["estimate"] < table["conf_high"]


def test_a_joint_test_may_have_parts_that_are_not_linear(fit):
    both = fit.test("age * SexFemale = 1, age = 0.7", ddf="normal").to_dicts()[0]
    slopes = np.array([[0, fit.beta[2], fit.beta[1], 0], [0, 1, 0, 0]])
    own = dict(zip(fit.coef_names, fit.beta, strict=True))
    away = np.array([own["age"] * own["SexFemale"] - 1, own["age"] - 0.7])
    wald = away @ np.linalg.solve(slopes @ fit.vcov() @ slopes.T, away)
    assert both["statistic"] * both["num_df"] == pytest.approx(wald)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log(0 - age)", "no value"),
        ("sqrt(-1) * age", "no value"),
        ("age / (age - age)", "other than zero"),
        ("age^", "exponent"),
    ],
)
def test_what_has_no_value_is_refused(fit, text, message):
    with pytest.raises(hlmrs.FormulaError, match=message):
        fit.test(text)
