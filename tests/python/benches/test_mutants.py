"""Mutants change what they say, are off until they are switched on, and do not get into each other's way."""

import pytest

from benches.mutants import python_sites
from benches.mutants.mutant import applied, sample
from benches.mutants.table import table

PYTHON = b'''
def scaled(x, n=3):
    """Text + text."""
    if n > 0 and x:
        x.append(2 * n)
    elif n is None:
        raise ValueError(f"{n + 1}")
    return [value - 0.5 for value in x if value != 4]
'''


def run(source, on=None):
    names = {"_mutant_on": lambda number: number == on}
    exec(compile(source, "mutated", "exec"), names)
    return names["scaled"]([1, 4])


def test_mutants_of_python_are_off_until_they_are_on():
    found = list(python_sites.of_source(PYTHON, "a.py"))
    for mutant in found:
        source = applied(PYTHON, {7: mutant}, lambda number: f"_mutant_on({number})")
        assert run(source) == [0.5, 5.5], mutant
    changes = {(mutant.kind, mutant.after) for mutant in found}
    assert changes >= {
        ("operator", "n >= 0"), ("boolean operator", "n > 0 or x"), ("number", "1"), ("operator", "2 / n"),
        ("condition", "not (n > 0 and x)"), ("statement deleted", ""), ("operator", "n is not None"),
        ("operator", "value - 0.5".replace("-", "+")), ("result", "scaled() returns None"), ("operator", "value == 4"),
    }  # fmt: skip
    assert not any("n + 1" in mutant.after for mutant in found)  # texts of errors are not mutated


@pytest.mark.parametrize(
    ("after", "right"),
    [("not (n > 0 and x)", [0.5]), ("2 / n", [0.5, 2 / 3 - 0.5]), ("value + 0.5", [1.5, 6.5]), ("value == 4", [3.5]),
     ("scaled() returns None", None)],
)  # fmt: skip
def test_a_mutant_that_is_on_does_what_it_says(after, right):
    (mutant,) = [m for m in python_sites.of_source(PYTHON, "a.py") if m.after == after]
    source = applied(PYTHON, {7: mutant}, lambda number: f"_mutant_on({number})")
    assert run(source, on=7) == (right if right is None else pytest.approx(right))


def test_a_sample_has_one_mutant_a_line_and_is_that_of_its_seed():
    found = list(python_sites.of_source(PYTHON, "a.py"))
    drawn = sample(found, 5, seed=3)
    assert drawn == sample(found, 5, seed=3)
    assert len({mutant.line for mutant in drawn}) == len(drawn) == 5
    source = applied(PYTHON, dict(enumerate(drawn)), lambda number: f"_mutant_on({number})")
    assert run(source) == [0.5, 5.5]


def test_mutants_of_rust_leave_tests_and_constants_alone():
    pytest.importorskip("tree_sitter_rust")
    from benches.mutants import rust_sites

    source = b"""
const N: usize = 2 + 3;
fn mean(x: &[f64]) -> Result<f64> {
    if x.len() < 1 && true { return Err(Error::Empty); }
    let mut total = 0.0;
    for value in x { total += value; }
    check(total)?;
    Ok(-total / 1e-9)
}
#[cfg(test)]
mod tests { fn f() -> i32 { 1 + 1 } }
"""
    found = {(m.line, m.kind, m.after) for m in rust_sites.of_source(source, "rust/mean.rs")}
    assert found == {
        (3, "result", "return Ok(Default::default())"),
        (4, "condition", "if !(x.len() < 1 && true)"),
        (4, "boolean operator", "x.len() < 1 || true"),
        (4, "operator", "x.len() <= 1"),
        (4, "number", "0"),
        (5, "number", "1.0"),
        (6, "operator", "total -= value"),
        (6, "statement deleted", ""),
        (7, "statement deleted", ""),
        (8, "operator", "-total * 1e-9"),
        (8, "sign", "total"),
        (8, "number", "1e-06"),
    }


def test_survivors_are_listed_with_their_reason():
    first, second = list(python_sites.of_source(PYTHON, "a.py"))[:2]
    outcomes = {
        0: {"noticed": "test_x", "blind": {}, "unfinished": False},
        1: {"noticed": None, "blind": {"a": "", "b": ""}, "unfinished": False},
    }
    from benches.mutants.table import key

    text = table({0: first, 1: second}, outcomes, {key(second): "the same by algebra"})
    assert "| both | all | 2 | 1 | 50.0 % |" in text
    assert f"`{second}` | 2 | the same by algebra |" in text
    assert str(first) not in text
