"""The whole: columns, JSON for the core, writing a model as a formula, remembering."""

import copy
import json
import pickle
import time

import pytest

from hlmrs.formula import NO_RANDOM_TERM, parse
from hlmrs.formula.reading import _interpret


def test_json_is_what_the_core_reads():
    x, g = ({"kind": "column", "name": name, "at": [at, at + 1]} for name, at in (("x", 16), ("g", 24)))
    logged = {"kind": "call", "name": "log", "args": [{**x, "name": "y", "at": [4, 5]}], "named": {}, "at": [0, 6]}
    poly = {
        "kind": "call",
        "name": "poly",
        "args": [x],
        "named": {"degree": {"kind": "number", "value": 2.0}},
        "at": [11, 21],
    }
    formula = "log(y) ~ 0+poly(x, 2)+(1|g)+offset(w)"
    assert json.loads(parse(formula).to_json()) == {
        "formula": formula,
        "response": {"name": "log(y)", "expr": logged},
        "intercept": False,
        "terms": [{"name": "poly(x, 2)", "factors": [{"name": "poly(x, 2)", "expr": poly}]}],
        "offsets": [{"name": "offset(w)", "expr": {"kind": "column", "name": "w", "at": [35, 36]}}],
        "random": [
            {
                "name": "(1 | g)",
                "structure": "us",
                "intercept": True,
                "terms": [],
                "group": [{"name": "g", "expr": {**g, "at": [25, 26]}}],
                "label": "g",
                "at": [22, 27],
            }
        ],
    }


def test_places_are_those_of_the_names():
    formula = "y ~ log( größe ) + `a b`:x + (z | h/g)"
    columns = {}

    def visit(node):
        if isinstance(node, dict):
            if node.get("kind") == "column":
                columns[node["name"]] = formula[slice(*node["at"])]
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(json.loads(parse(formula).to_json()))
    assert columns == {"y": "y", "größe": "größe", "a b": "`a b`", "x": "x", "z": "z", "h": "h", "g": "g"}


def test_columns_are_in_the_order_of_the_formula():
    spec = parse("log(y) ~ C(f, sum):x + offset(w) + (z | h/g) + within(x, k) + q - q")
    assert spec.columns() == ("y", "f", "x", "w", "z", "h", "g", "k")


def test_splines_reach_the_core_as_ready_columns_under_their_name():
    spec = parse("y ~ bs(x, df=4):f + (ns(x) | g)")
    assert [factor.name for factor in spec.splines()] == ["bs(x, df = 4)", "ns(x)"]
    factor = json.loads(spec.to_json())["terms"][0]["factors"][0]
    assert factor["name"] == "bs(x, df = 4)"
    assert (factor["expr"]["name"], factor["expr"]["args"]) == (
        "external",
        [{"kind": "text", "value": "bs(x, df = 4)"}],
    )
    assert spec.columns() == ("y", "x", "f", "g")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("y ~ a*b + (x|g)", "y ~ a + b + a:b + (1 + x | g)"),
        ("y ~ 1", "y ~ 1"),
        ("y ~ 0", "y ~ 0"),
        ("y ~ x - 1", "y ~ 0 + x"),
        ("y ~ (x||g)", "y ~ 1 + (1 | g) + (0 + x | g)"),
        ("y/2 ~ I(x**2) + offset(log( n )) + ar1(0+t|g)", "y/2 ~ I(x^2) + offset(log(n)) + ar1(0 + t | g)"),
    ],
)
def test_a_model_is_written_with_every_term(formula, text):
    assert str(parse(formula)) == text
    assert parse(text) == parse(formula)


def test_specs_travel():
    spec = parse("y ~ a*log(x) + (1 | g)")
    assert pickle.loads(pickle.dumps(spec)) == copy.deepcopy(spec) == spec
    assert hash(spec) == hash(parse("y~a * log(x)+(1|g)"))


def test_a_model_without_random_terms_is_read():
    assert parse("y ~ x").random == ()
    assert "no random term" in NO_RANDOM_TERM


def test_a_dot_is_all_columns_that_have_no_other_part():
    columns = ["y", "x", "g", "n", "my col", "z"]
    spec = parse("log(y) ~ . + offset(log(n)) + (x | g)", columns)
    assert [term.name for term in spec.terms] == ["x", "`my col`", "z"]
    assert [term.name for term in parse("y ~ . - z", columns).terms] == ["x", "g", "n", "`my col`"]
    assert [term.name for term in parse("y ~ .", ("y", "q")).terms] == ["q"]


def test_a_dot_needs_columns():
    with pytest.raises(ValueError, match="there is none"):
        parse("y ~ x.1 + .")


def test_a_formula_read_again_is_remembered():
    formula = "mAch ~ ses * sector + meanses * cses + (cses | school) + I(1.5 * ses)"
    columns = ["mAch", "ses", "sector", "meanses", "cses", "school"]
    assert parse(formula, columns) is parse(formula, columns)
    begun = time.process_time()
    for _ in range(1000):
        parse(formula, columns)
    assert time.process_time() - begun < 1  # 2 us each


def test_an_ordinary_formula_is_read_in_no_time():
    def read():
        _interpret.cache_clear()
        begun = time.process_time()
        parse("mAch ~ ses * sector + (ses | school)")
        return time.process_time() - begun

    assert min(read() for _ in range(200)) < 1e-3  # 70 us
