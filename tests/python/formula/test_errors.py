"""Errors show the formula with a mark under the place and say what was expected."""

import pickle
import time

import pytest

from hlmrs.errors import FormulaError, HlmrsError
from hlmrs.formula import parse


@pytest.mark.parametrize(
    ("formula", "mark", "reason"),
    [
        ("", "^", "empty"),
        ("  ", "^", "empty"),
        ("y", " ^", "expected '~'"),
        ("~", " ^", "right side of '~' is empty"),
        ("y ~ ", "   ^", "right side of '~' is empty"),
        ("~ x", "^", "response is missing"),
        ("y ~ x ~ z", "      ^", "one alone"),
        ("y ~ (a ~ b)", "       ^", "one alone"),
        ("y = x", "  ^", "stands before '~'"),
        ("y ~ x +", "       ^", "term is expected after '+'"),
        ("y ~ x + * z", "        ^", "expected a term after '+', not '*'"),
        ("y ~ (x + (z)", "    ^", "'(' is never closed"),
        ("y ~ log(x + z", "       ^", "'(' is never closed"),
        ("y ~ x)", "     ^", "')' closes nothing"),
        ("y ~ ()", "     ^", "expected a term"),
        ("y ~ x z", "      ^", "expected an operator before 'z'"),
        ("y ~ 2x", "     ^", "expected an operator before 'x'"),
        ("lambda x: x", "       ^", "expected an operator before 'x'"),
        ("y ~ x, z", "     ^", "comma"),
        ("y ~ log(x,)", "          ^", "expected a term after ','"),
        ("y ~ x | g", "      ^", "needs parentheses"),
        ("y ~ `x", "    ^", "never closed"),
        ("y ~ x + (1 | C(g))", "             ^", "write 'g' in the place of C()"),
        ("y ~ C(x, 'sum)", "         ^", "never closed"),
        ("y ~ ``", "    ^", "between the quotes"),
        (r"y ~ `a\q`", "      ^", "unknown escape"),
        ("y ~ x == 2", "      ^", "comparisons and logic"),
        ("y ~ !x", "    ^", "comparisons and logic"),
        ("y ~ x & z", "      ^", "comparisons and logic"),
        ("y ~ x <- z", "      ^", "assignments"),
        ("y ~ (x := 2)", "       ^", "assignments"),
        ("y ~ df$x", "      ^", "column alone"),
        ("y ~ x[1]", "     ^", "column alone"),
        ("y ~ a::b", "     ^", "column alone"),
        ("y ~ x@y", "     ^", "column alone"),
        ("y ~ {x}", "    ^", "no meaning"),
        ("y ~ x; z", "     ^", "no meaning"),
        ("y ~ x # z", "      ^", "no meaning"),
        ("y ~ x %% z", "      ^", "no meaning"),
        ("y ~ x %foo% z", "      ^", "no meaning"),
        ("y ~ x \x00", "      ^", "no meaning"),
        ("y ~ x\n + (z", "         ^", "never closed"),
        ("y ~ I(x * 1e999)", "          ^", "too large"),
        ("y ~ x + lgo(z)", "        ^", "did you mean 'log'"),
        ("y ~ log(x, bse=2)", "               ^", "not 'bse'"),
    ],
)
def test_the_mark_is_under_the_place(formula, mark, reason):
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    message, shown, marked = str(caught.value).split("\n")
    assert reason in message
    assert marked == "    " + mark
    assert shown == "    " + formula.replace("\n", " ").replace("\x00", " ")
    assert (caught.value.formula, caught.value.position) == (formula, len(mark) - 1)


def test_a_long_formula_is_shown_in_part():
    formula = "y ~ " + " + ".join(["abcdef"] * 100) + " + lgo(x) + " + " + ".join(["abcdef"] * 100)
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    _, shown, marked = str(caught.value).split("\n")
    assert shown.startswith("    ...")
    assert shown.endswith("...")
    assert len(shown) == 110
    assert shown[marked.index("^") :].startswith("lgo(x)")


@pytest.mark.parametrize("name", ["x" * 90_000, "`" + "x " * 40_000 + "`"])
def test_long_names_are_cut_in_messages(name):
    for formula in (f"y ~ {name}", f"y ~ x {name}", f"{name} ~ 1 + {name}", f"y ~ log(x, {name})"):
        with pytest.raises(FormulaError) as caught:
            parse(formula, ["y", "x"])
        assert len(str(caught.value)) < 500


def test_columns_that_are_not_there_are_named_with_the_nearest():
    columns = ["Reaction", "Days", "Subject"]
    for formula, reason in [
        ("Reaction ~ Dayz", "no column 'Dayz' in the data; did you mean 'Days'?"),
        ("Reaction ~ days", "did you mean 'Days'"),
        ("reaction ~ Days", "did you mean 'Reaction'"),
        ("Reaction ~ Days + (1 | Subjet)", "did you mean 'Subject'"),
        ("Reaction ~ Days - Dayz", "no column 'Dayz'"),
        ("Reaction ~ Days + (1 | Subject) + offset(offs)", "the columns are 'Reaction', 'Days', 'Subject'"),
        ("Reaction ~ log(q)", "the columns are"),
    ]:
        with pytest.raises(FormulaError) as caught:
            parse(formula, columns)
        assert reason in str(caught.value)


def test_the_nearest_of_many_columns_is_found_at_once():
    columns = [f"column_{k}" for k in range(100_000)]
    begun = time.process_time()
    with pytest.raises(FormulaError, match="did you mean 'column_99'"):
        parse("column_1 ~ colum_99", columns)
    with pytest.raises(FormulaError, match="too many terms"):
        parse("column_1 ~ .", columns)
    assert time.process_time() - begun < 20  # ten times what it takes on a busy machine


@pytest.mark.parametrize(
    "formula",
    ["x" * 10_000_000, "y ~ " + "(" * 10_000_000, "y ~ " + "x + " * 2_500_000 + "x", "y ~ " + "'" * 100_001],
    ids=["name", "parentheses", "sum", "quotes"],
)
def test_ten_megabytes_are_refused_at_once(formula):
    begun = time.process_time()
    with pytest.raises(FormulaError, match="characters; the limit is 100,000"):
        parse(formula)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "text",
    ["(" * 99_000, "(" * 60 + "x" + ")" * 60, "-" * 1000 + "x", "^".join(["a"] * 1000), "log(" * 1000, "(1|" * 1000,
     "I(" + "-" * 60 + "x)"],
    ids=["open", "closed", "signs", "powers", "calls", "bars", "inside"],
)  # fmt: skip
def test_deep_nesting_is_refused(text):
    with pytest.raises(FormulaError, match="nested more than 50 levels"):
        parse(f"y ~ {text}")


def test_nesting_of_every_day_is_read():
    assert parse("y ~ " + "(" * 40 + "x" + ")" * 40).columns() == ("y", "x")


def test_errors_are_value_errors_of_the_package_and_travel():
    with pytest.raises(ValueError, match="empty") as caught:
        parse("")
    assert isinstance(caught.value, HlmrsError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.formula, again.position) == (str(caught.value), "", 0)


@pytest.mark.parametrize("formula", [None, 3, b"y ~ x", ["y ~ x"]])
def test_what_is_no_text_is_a_type_error(formula):
    with pytest.raises(TypeError, match="str"):
        parse(formula)


@pytest.mark.parametrize("formula", ['y "~" x + (1 | g)', "y `~` x + (1 | g)"])
def test_a_tilde_in_quotes_is_no_operator(formula):
    with pytest.raises(FormulaError):
        parse(formula)
