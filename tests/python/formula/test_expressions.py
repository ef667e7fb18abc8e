"""What factors and responses stand for: arithmetic, functions, their options."""

import pytest

from hlmrs.formula import Call, ColumnName, Number, Text, parse

AT = (0, 0)
X = ColumnName("x", AT)


def call(name, *args, **named):
    return Call(name, args, tuple(named.items()), AT)


def expression(text):
    (term,) = parse(f"y ~ {text}").terms
    (factor,) = term.factors
    return factor.expression


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("x", X),
        ("I(x^2)", call("I", call("^", X, Number(2)))),
        ("I(-x^2)", call("I", call("neg", call("^", X, Number(2))))),
        ("I((x - 1)/2)", call("I", call("/", call("-", X, Number(1)), Number(2)))),
        ("I(2^-x)", call("I", call("^", Number(2), call("neg", X)))),
        ("I(x^2^3)", call("I", call("^", X, call("^", Number(2), Number(3))))),
        ("I(1 - x - 2)", call("I", call("-", call("-", Number(1), X), Number(2)))),
        ("I(+x)", call("I", X)),
        ("I(1.5e-3*x)", call("I", call("*", Number(0.0015), X))),
        ("log(x)", call("log", X)),
        ("log(x, 2)", call("log", X, base=Number(2))),
        ("log(base = 10, x)", call("log", X, base=Number(10))),
        ("sqrt(abs(x))", call("sqrt", call("abs", X))),
        ("scale(x)", call("scale", X)),
        ("scale(x, center = TRUE, scale = FALSE)", call("scale", X, center=Number(1), scale=Number(0))),
        ("scale(x, F)", call("scale", X, center=Number(0))),
        ("center(x)", call("center", X)),
        ("center(x, g)", call("center", X, ColumnName("g", AT))),
        ("poly(x, 2)", call("poly", X, degree=Number(2))),
        ("poly(log(x), degree = 3, raw = True)", call("poly", call("log", X), degree=Number(3), raw=Number(1))),
        ("factor(x)", call("factor", X)),
        ("as.factor(x)", call("factor", X)),
        ("C(x)", call("C", X)),
        ("C(x, sum)", call("C", X, Text("sum"))),
        ("C(x, 'contr.helmert')", call("C", X, Text("helmert"))),
        ("C(x, Poly)", call("C", X, Text("poly"))),
        ("C(x, contr.treatment, base = 2)", call("C", X, Text("treatment"), base=Number(2))),
        ("C(x, contr.treatment(base = 'b'))", call("C", X, Text("treatment"), base=Text("b"))),
        ("C(x, Treatment('b'))", call("C", X, Text("treatment"), base=Text("b"))),
        ("C(x, Treatment(reference = 'b'))", call("C", X, Text("treatment"), base=Text("b"))),
        ("C(x, base = 'b')", call("C", X, Text("treatment"), base=Text("b"))),
        ("C(factor(x), sum)", call("C", call("factor", X), Text("sum"))),
        ("within(x, g)", call("within", X, ColumnName("g", AT))),
        ("between(log(x), factor(g))", call("between", call("log", X), call("factor", ColumnName("g", AT)))),
        ("bs(x, df = 5)", call("bs", X, df=Number(5))),
        ("ns(x, knots = c(1, -2.5))", call("ns", X, knots=call("c", Number(1), Number(-2.5)))),
        ("cr(x, 4)", call("cr", X, df=Number(4))),
    ],
)
def test_meaning(text, meaning):
    assert expression(text) == meaning


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lgo(x)", r"no function lgo\(\); did you mean 'log'\?.*abs, as.factor, between"),
        ("np.log(x)", "did you mean 'log'"),
        ("__import__('os')", "no function"),
        ("interaction(a, b)", "write a:b"),
        ("relevel(f, 'b')", "Treatment"),
        ("Q('x y')", "backticks"),
        ("c(x, z)", "knots"),
        ("cbind(a, b)", "response"),
        ("log()", "x is missing"),
        ("within(x)", "group is missing"),
        ("center(group = g)", "x is missing"),
        ("center(x, g, h)", "takes x, group, no more"),
        ("log(x, 2, 3)", "takes x, base, no more"),
        ("log(x, bse = 2)", "takes x, base, not 'bse'"),
        ("log(x, base = 2, base = 3)", "given twice"),
        ("log(x, z)", "expected a number, not 'z'"),
        ("poly(x, 0)", "at least 1"),
        ("poly(x, 1.5)", "whole number"),
        ("poly(x, z)", "whole number"),
        ("poly(x, 2, raw = 1)", "TRUE or FALSE"),
        ("scale(x, center = 2)", "TRUE or FALSE"),
        ("scale(x, `TRUE`)", "TRUE or FALSE"),
        ("log(poly(x, 2))", "a number for each row"),
        ("poly(bs(x), 2)", "a number for each row"),
        ("I(factor(x))", "a number for each row"),
        ("C(x + 1)", "a column of levels"),
        ("C(poly(x, 2))", "a column of levels"),
        ("within(x, log(g))", "a column of levels"),
        ("C(x, sm)", "no contrast 'sm'.*treatment, sum, helmert, poly"),
        ("C(x, 2)", "expected a contrast"),
        ("C(x, sum, base = 2)", "only treatment contrasts"),
        ("C(x, Treatment(2))", "a level in quotes"),
        ("C(x, treatment('a'), base = 'b')", "twice"),
        ("C(x, sum, 2)", "takes a factor, a contrast"),
        ("C()", "takes a factor first"),
        ("factor(x, levels = 'a')", "takes x, not 'levels'"),
        ("bs(x, knots = c())", "numbers in"),
        ("bs(x, knots = c(a))", "expected a number"),
        ("log(2)", "constant"),
        ("TRUE", "constant"),
        ("log(NULL)", "constant"),
        ("'x'", "without quotes"),
        ("log('x')", "without quotes"),
        ("I(a:b)", "no arithmetic"),
        ("I(a %in% b)", "no arithmetic"),
        ("log(.)", "cannot stand in arithmetic"),
        ("x/2", r"I\(x/2\)"),
        ("x + 2", "no term"),
        ("a^1.5", "whole number"),
        ("a^b", "whole number"),
        ("offset(x) * z", "only be added"),
        ("offset()", "one argument"),
        ("offset(x = z)", "one argument"),
        ("offset(factor(x))", "a number for each row"),
    ],
)
def test_what_is_not_in_the_list_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(f"y ~ {text}", ["y", "x", "z", "a", "b", "f", "g"])


@pytest.mark.parametrize(
    ("text", "name", "meaning"),
    [
        ("log(y)", "log(y)", call("log", ColumnName("y", AT))),
        ("y/2", "y/2", call("/", ColumnName("y", AT), Number(2))),
        ("-y", "-y", call("neg", ColumnName("y", AT))),
        ("y^2", "y^2", call("^", ColumnName("y", AT), Number(2))),
        ("a+b", "a + b", call("+", ColumnName("a", AT), ColumnName("b", AT))),
        ("(y)", "(y)", ColumnName("y", AT)),
        ("factor(y)", "factor(y)", call("factor", ColumnName("y", AT))),
        ("`the y`", "`the y`", ColumnName("the y", AT)),
        ("cbind(y, n-x)", "cbind(y, n - x)", call("cbind", ColumnName("y", AT), call("-", ColumnName("n", AT), X))),
    ],
)
def test_responses(text, name, meaning):
    spec = parse(f"{text} ~ z")
    assert (spec.response.name, spec.response.expression) == (name, meaning)
    assert spec.counts_successes == text.startswith("cbind")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cbind(a, b, c)", "two counts"),
        ("cbind(a)", "two counts"),
        ("cbind(factor(a), b)", "a number for each row"),
        ("log(cbind(a, b))", "response"),
        ("poly(y, 2)", "a number for each row"),
        ("1", "constant"),
        ("(1 | g)", "random term"),
        ("1 | g", "right of '~'"),
        (".", "update"),
        ("'y'", "without quotes"),
    ],
)
def test_what_is_no_response_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(f"{text} ~ x")


@pytest.mark.parametrize("formula", ["y ~ y + x", "log(y) ~ x + log( y )", "y ~ x + (1 | y)", "y ~ (y | g)", "y ~ a:y"])
def test_a_response_that_explains_itself_is_refused(formula):
    with pytest.raises(ValueError, match="on the right of '~' as well"):
        parse(formula)


def test_arithmetic_of_many_steps_is_refused():
    with pytest.raises(ValueError, match="more than 50 steps"):
        parse(f"y ~ I({'+'.join(f'q{k}' for k in range(60))})")
    assert len(parse(f"y ~ I({'+'.join(f'q{k}' for k in range(40))})").columns()) == 41
