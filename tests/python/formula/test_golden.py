"""Terms, names and orders are R's; random terms are lme4's."""

import json
from pathlib import Path

import pytest

from hlmrs.formula import parse, parse_update

GOLDEN = Path(__file__).parents[2] / "golden"
TERMS = json.loads((GOLDEN / "formula_terms.json").read_text(encoding="utf-8"))
BARS = json.loads((GOLDEN / "formula_bars.json").read_text(encoding="utf-8"))


def described(spec):
    return [term.name for term in spec.terms], spec.intercept


@pytest.mark.parametrize("case", TERMS["by_hand"], ids=lambda case: case["formula"])
def test_terms_are_those_of_r(case):
    assert described(parse(case["formula"])) == (case["terms"], case["intercept"])


def test_terms_of_random_formulas_are_those_of_r():
    for case in TERMS["at_random"]:
        assert described(parse(case["formula"])) == (case["terms"], case["intercept"]), case["formula"]


@pytest.mark.parametrize("case", TERMS["with_dot"], ids=lambda case: case["formula"])
def test_a_dot_is_what_it_is_in_r(case):
    assert described(parse(case["formula"], TERMS["columns"])) == (case["terms"], case["intercept"])


@pytest.mark.parametrize("case", TERMS["updates"], ids=lambda case: f"{case['old']} | {case['change']}")
def test_updates_are_those_of_r(case):
    spec = parse_update(case["old"], case["change"])
    assert described(spec) == (case["terms"], case["intercept"])
    assert spec.response.name == case["response"]


@pytest.mark.parametrize("case", BARS["formulas"], ids=lambda case: case["formula"])
def test_random_terms_are_those_of_lme4(case):
    ours = [
        (term.intercept, [effect.name for effect in term.terms], sorted(factor.name for factor in term.group))
        for term in parse(case["formula"]).random
    ]
    theirs = [(term["intercept"], term["terms"], term["group"]) for term in case["random"]]
    assert sorted(ours) == sorted(theirs)
