"""Names are written as R writes them, and can be read again."""

import pytest

from hlmrs.formula import parse
from hlmrs.formula.syntax import deparse_name, deparse_number, deparse_text


def name_of(text):
    (term,) = parse(f"y ~ {text}").terms
    return term.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I( x**2 )", "I(x^2)"),
        ("log(x+1)", "log(x + 1)"),
        ("I(x / 2)", "I(x/2)"),
        ("I(- x)", "I(-x)"),
        ("I(((x)))", "I(((x)))"),
        ("poly( x,degree=2,raw=T )", "poly(x, degree = 2, raw = T)"),
        ("C(f, 'sum')", 'C(f, "sum")'),
        ("meas.1", "meas.1"),
        ("`meas.1`", "meas.1"),
        ("`my col`", "`my col`"),
        (r"`a\`b`", r"`a\`b`"),
        ("_private", "`_private`"),
        ("größe", "größe"),
        ("`TRUE`", "`TRUE`"),
        ("`1st`:x", "`1st`:x"),
    ],
)
def test_names_have_the_spaces_and_quotes_of_r(text, name):
    assert name_of(text) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (2, "2"), (100_000, "1e+05"), (123_456, "123456"), (0.1, "0.1"), (0.001, "0.001"), (1e-4, "1e-04"),
     (1e15, "1e+15"), (0.5e-300, "5e-301"), (1234567.891, "1234567.891"), (2.5, "2.5"), (1e22, "1e+22")],
)  # fmt: skip
def test_numbers_take_the_shorter_notation(value, text):
    assert deparse_number(value) == text


def test_numbers_keep_every_digit():
    assert float(deparse_number(0.1 + 0.2)) == 0.1 + 0.2


@pytest.mark.parametrize("text", ["a b", "a`b", "a\\b", "a\nb\t\r", "TRUE", "if", ".", "...", "2x", "a-b", " ", '"'])
def test_any_column_name_can_be_quoted(text):
    spec = parse(f"y ~ {deparse_name(text)}")
    assert spec.columns() == ("y", text)
    quoted = parse(f"y ~ C(f, base = {deparse_text(text)})").terms[0].factors[0].expression
    assert quoted.options()["base"].value == text


def test_quoted_constants_are_columns():
    assert parse("y ~ `TRUE` + T + log(F)").columns() == ("y", "TRUE", "T", "F")
