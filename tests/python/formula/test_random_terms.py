"""Random terms: lme4's bars and glmmTMB's structures."""

import pytest

from hlmrs.formula import STRUCTURES, parse


def names(formula):
    return [term.name for term in parse(f"y ~ {formula}").random]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(ses | school)", ["(1 + ses | school)"]),
        ("(x - 1 | g)", ["(0 + x | g)"]),
        ("(a * x | g)", ["(1 + a + x + a:x | g)"]),
        ("(1 + x + f || g)", ["(1 | g)", "(0 + x | g)", "(0 + f | g)"]),
        ("(1 || g)", ["(1 | g)"]),
        ("(0 + f || g)", ["(0 + f | g)"]),
        ("(x | a/b)", ["(1 + x | a)", "(1 + x | a:b)"]),
        ("(1 | a/b/c)", ["(1 | a)", "(1 | a:b)", "(1 | a:b:c)"]),
        ("(x || a/b)", ["(1 | a)", "(1 | a:b)", "(0 + x | a)", "(0 + x | a:b)"]),
        ("(1 | b:a)", ["(1 | b:a)"]),
        ("(1 | a * b)", ["(1 | a)", "(1 | b)", "(1 | a:b)"]),
        ("(1 | a + b)", ["(1 | a)", "(1 | b)"]),
        ("(1 | (a + b)/c)", ["(1 | a)", "(1 | b)", "(1 | a:b:c)"]),
        ("(1 | b %in% a)", ["(1 | b:a)"]),
        ("(1 | factor(a):b)", ["(1 | factor(a):b)"]),
        ("((x | g))", ["(1 + x | g)"]),
        ("(1 | g) + x + (0 + z | h)", ["(1 | g)", "(0 + z | h)"]),
        ("ar1(0 + week | plot) + (1 | plot)", ["ar1(0 + week | plot)", "(1 | plot)"]),
        ("diag(x | a/b)", ["diag(1 + x | a)", "diag(1 + x | a:b)"]),
        ("cs((x | g))", ["cs(1 + x | g)"]),
        ("(x | g) + (z | g) - (x | g)", ["(1 + z | g)"]),
    ],
)
def test_bars_are_spelled_out(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize("structure", [name for name in STRUCTURES if "(" not in name])
def test_a_structure_is_named_by_wrapping(structure):
    (term,) = parse(f"y ~ {structure}(0 + f | g)").random
    assert (term.structure, term.intercept, term.label) == (structure, False, "g")


def test_a_term_knows_where_it_stands():
    text = "y ~ x + ar1(t | g) + (1 | h / k)"
    assert [text[slice(*term.at)] for term in parse(text).random] == ["ar1(t | g)", "(1 | h / k)", "(1 | h / k)"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x | g", "needs parentheses"),
        ("1 + x || g", "needs parentheses"),
        ("(1 | g | h)", "do not nest"),
        ("(1 | (g | h))", "do not nest"),
        ("((1 | g) | h)", "do not nest"),
        ("diag((1 | g) | h)", "do not nest"),
        ("(diag(1 | g) | h)", "do not nest"),
        ("diag(x || g)", r"'\|\|' says diagonal"),
        (
            "un(t + 0 | g)",
            r"no covariance structure un\(\).*us, diag, cs, homcs, ar1, ar1h, toep, ou, exp, gau, mat, rr",
        ),
        ("daig(x | g)", "did you mean 'diag'"),
        ("diag(x)", r"takes a random term: diag\(x \| g\)"),
        ("ar1(t | g, 2)", "one random term"),
        ("ar1(x = t | g)", "one random term"),
        ("(0 | g)", "without an effect"),
        ("(1 | 1)", "grouping factor"),
        ("(1 | g + 0)", "grouping factor"),
        ("(1 | log(g))", "grouping factor"),
        ("(1 | g - g)", "no grouping factor is left"),
        ("(1 | interaction(a, b))", "a:b"),
        ("(offset(x) | g)", "belongs to the model"),
        ("(. | g)", "cannot stand in a random term"),
        ("(1 | .)", "cannot stand in a grouping factor"),
        ("(1 | g) + (1 | g)", "there already"),
        ("(1 | a:b) + (1 | b:a)", "there already"),
        ("(1 | a/b) + (1 | a)", "there already"),
        ("x - (1 | g)", "no random term '\\(1 | g\\)' to remove"),
        ("(1 | g) - (x | g)", "there is '\\(1 | g\\)'"),
        ("x * (1 | g)", "only be added"),
        ("(1 | g)^2", "only be added"),
        ("(2 | g)", "no term"),
    ],
)
def test_what_is_no_random_term_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(f"y ~ {text}", ["y", "x", "z", "g", "h", "t", "a", "b"])


def test_too_many_random_terms_are_refused():
    with pytest.raises(ValueError, match="more than 1,000 random terms"):
        parse("y ~ " + "+".join(f"(1 | g{k})" for k in range(2000)))
    many = "+".join(f"x{k}" for k in range(2000))
    with pytest.raises(ValueError, match="more than 1,000 random terms"):
        parse(f"y ~ ({many} || {many.replace('x', 'g')})")
