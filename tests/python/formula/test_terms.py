"""The algebra of terms, beyond what is compared with R: equal formulas, removal, and what is refused."""

import pytest

from hlmrs.formula import parse


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a * b", "a + b + a:b"),
        ("a * b", "b + a + b:a - 1 + 1"),
        ("a / b", "a + a:b"),
        ("a / b", "a + b %in% a"),
        ("(a + b + c)^2", "a * b * c - a:b:c"),
        ("(a + b)**2", "(a + b)^2"),
        ("a * (b + c)", "a * b + a * c"),
        ("a:b:c", "c:(b:a)"),
        ("x + x", "x"),
        ("x^2", "x"),
        ("I(x**2)", "I( x ^ 2 )"),
        ("0 + x", "x - 1"),
        ("-1 + x", "x + 0"),
        ("x\n  + z", "x+z"),
        ("(1 | a:b)", "(1 | b:a) - (1 | a:b) + (1 | a:b)"),
        ("(1 | a / b)", "(1 | a) + (1 | a:b)"),
        ("(1 | a * b)", "(1 | a) + (1 | b) + (1 | a:b)"),
        ("(x || g)", "(1 | g) + (0 + x | g)"),
        ("us(x | g)", "(x | g)"),
        ("(x + (z | g)) + w", "x + w + (1 + z | g)"),
    ],
)
def test_two_ways_to_write_one_model(left, right):
    one, other = parse(f"y ~ {left}"), parse(f"y ~ {right}")
    assert set(one.terms) == set(other.terms)
    assert one.intercept == other.intercept
    assert one.random == other.random


def test_terms_are_equal_in_any_order_of_their_factors():
    (one,), (other,) = parse("y ~ a:b").terms, parse("y ~ b:a").terms
    assert one == other
    assert hash(one) == hash(other)
    assert (one.name, other.name) == ("a:b", "b:a")
    assert one != parse("y ~ a:c").terms[0]


def test_a_minus_that_removes_nothing_does_nothing():
    assert parse("y ~ x - z").terms == parse("y ~ x").terms


def test_offsets_are_no_terms_and_can_be_removed():
    spec = parse("y ~ x + offset(log(n)) + offset(w) - offset(w)")
    assert [term.name for term in spec.terms] == ["x"]
    assert [offset.name for offset in spec.offsets] == ["offset(log(n))"]


def test_an_offset_written_twice_counts_once():
    assert len(parse("y ~ offset(w) + offset( w )").offsets) == 1


@pytest.mark.parametrize("text", ["1:a", "a * 1", "a / 0", "1 %in% a", "(a - a):b"])
def test_products_that_r_silently_drops_are_refused(text):
    with pytest.raises(ValueError, match="no term to combine"):
        parse(f"y ~ {text}")


def test_a_sign_before_a_product_is_refused_because_it_takes_one_factor():
    with pytest.raises(ValueError, match="takes 'a' alone"):
        parse("y ~ -a:b + c")
    assert parse("y ~ a * b + (-(a:b))").terms == parse("y ~ a * b").terms


@pytest.mark.parametrize(
    "text",
    [
        "*".join("abcdefghijklmnopq"),
        f"({'+'.join('abcdefghijklmnopq')})^17",
        f"({'+'.join(f'x{k}' for k in range(500))})^2",
    ],
)
def test_formulas_of_too_many_terms_are_refused(text):
    with pytest.raises(ValueError, match="too many terms"):
        parse(f"y ~ {text}")


def test_long_sums_are_read():
    names = [f"x{k}" for k in range(15_000)]
    assert len(parse(f"y ~ {'+'.join(names)}").terms) == len(names)
