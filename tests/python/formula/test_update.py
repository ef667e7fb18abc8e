"""``update``, beyond what is compared with R: random terms, offsets, and what is refused."""

import pytest

from hlmrs.errors import FormulaError
from hlmrs.formula import parse, parse_update


@pytest.mark.parametrize(
    ("old", "change", "new"),
    [
        ("y ~ x + (1 | g)", ". ~ . + z", "y ~ x + z + (1 | g)"),
        ("y ~ x + (1 | g)", "~ . - x", "y ~ 1 + (1 | g)"),
        ("y ~ x + (1 | g)", ". ~ . - (1 | g) + (x | g)", "y ~ x + (1 + x | g)"),
        ("y ~ x + (x || g)", ". ~ . - (0 + x | g)", "y ~ x + (1 | g)"),
        ("y ~ x + (1 | a/b)", ". ~ . - (1 | b:a)", "y ~ x + (1 | a)"),
        ("y ~ x + diag(x | g)", "log(.) ~ . + offset(w)", "log(y) ~ x + offset(w) + diag(1 + x | g)"),
        ("y ~ x + offset(w) + (1 | g)", ". ~ . - offset(w)", "y ~ x + (1 | g)"),
        ("y ~ x + (1 | g)", ". ~ z + (1 | h)", "y ~ z + (1 | h)"),
        ("a/b ~ x", ". * 2 ~ .", "(a/b) * 2 ~ x"),
        ("a/b ~ x", "log(.) ~ .", "log(a/b) ~ x"),
        ("y ~ `my col` + I(x^2)", ". ~ . + (1 | `my group`)", "y ~ `my col` + I(x^2) + (1 | `my group`)"),
    ],
)
def test_changes(old, change, new):
    changed = parse_update(old, change)
    assert changed.formula == new
    assert changed == parse(new)
    assert parse_update(parse(old), change) == changed


def test_a_dot_in_the_old_formula_stands_for_its_columns():
    columns = ["y", "x", "z", "g"]
    assert parse_update("y ~ . + (1 | g)", ". ~ . - x", columns).formula == "y ~ z + (1 | g)"


@pytest.mark.parametrize(
    ("old", "change", "reason"),
    [
        ("y ~ x + (1 | g)", "+ z", "expected '~'"),
        ("y ~ x + (1 | g)", ". ~ . - (x | g)", "there is '(1 | g)'"),
        ("y ~ x + (1 | g)", ". ~ .^2", "only be added"),
        ("y ~ x", ". ~ log(.)", "inside a function"),
        ("y ~ x", ". ~ (. | g)", "inside a function or a bar"),
        ("y ~ x", ". ~ . + ", "term is expected"),
        ("y ~ x", ". ~ . - zz", "no column 'zz'"),
        ("y ~ x", ". ~ . + y", "on the right"),
    ],
)
def test_changes_that_cannot_be_read(old, change, reason):
    with pytest.raises(FormulaError) as caught:
        parse_update(old, change, ["y", "x", "g"])
    assert reason in str(caught.value)


def test_what_is_no_text_is_a_type_error():
    with pytest.raises(TypeError, match="str"):
        parse_update("y ~ x", 3)
