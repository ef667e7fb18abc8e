"""Whatever the text: a spec or a FormulaError, soon; and a spec that is read can be written and read again."""

import time

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hlmrs.errors import FormulaError
from hlmrs.formula import parse, parse_update

LOADED_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOKENS = [
    *"~+-*/:^|()=,.", "**", "||", "%in%", "(1|g)", "diag(", "ar1(", "log(", "poly(", "C(", "I(", "offset(", "within(",
    "bs(", "c(", "cbind(", "factor(", "scale(", "sum", "degree=", "base=", "knots=", "TRUE", "x", "y", "a.b", "`a b`",
    "<", ">=", "!=", "pi", "sin(", "pmax(", "dummy(",
    "0", "1", "2", "2.5e3", "1e400", "'a'", '"b"', "y ~ x", " ", "\n", "$", "[", "==", "<-", "é", "`", "'", "\\",
]  # fmt: skip
COLUMNS = ["x", "y", "g", "a.b", "a b"]

names = st.sampled_from(
    [
        "x",
        "z",
        "a.b",
        "`a b`",
        "T",
        "log(x)",
        "I(x^2)",
        "poly(x, 2)",
        "factor(f)",
        "C(f, sum)",
        "I(x > 2)",
        'dummy(f, "a")',
    ]
)
operators = st.sampled_from([" + ", ":", " * ", "/", " %in% ", " - "])
terms = st.recursive(
    names,
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, operators, inner), st.builds("({})^{}".format, inner, st.integers(1, 3))
    ),
    max_leaves=6,
)
groups = st.sampled_from(["g", "h", "g:h", "h/g", "g/h/k", "factor(g)", "`my group`"])
structures = st.sampled_from(["", "diag", "cs", "ar1", "toep", "us", "homcs", "ou", "exp", "mat"])
bars = st.one_of(
    st.builds("{}({}{} | {})".format, structures, st.sampled_from(["", "0 + ", "1 + "]), names, groups),
    st.builds("({} + {} || {})".format, names, names, groups),
)
offsets = st.sampled_from(["offset(w)", "offset(log(n)/2)"])
responses = st.sampled_from(["y", "log(y)", "y/2", "cbind(s, n - s)"])
right_sides = st.lists(st.one_of(terms, bars, offsets), min_size=1, max_size=5).map(" + ".join)


def read_or_refuse(read):
    begun = time.process_time()
    try:
        spec = read()
    except FormulaError as error:
        spec, text = None, str(error)
    else:
        text = spec.to_json()
    assert time.process_time() - begun < 5
    assert spec is not None or len(text) < 1500
    return spec


@given(st.text(max_size=200))
@example("y ~ x\ud800")
@example("y\u2028~ x %\u2003%")
@settings(LOADED_MACHINE, max_examples=1000)
def test_any_text_is_read_or_refused(text):
    for formula in (text, f"y ~ {text}", f"{text} ~ x", f"y ~ x + ({text} | g)", f"y ~ log({text})"):
        read_or_refuse(lambda formula=formula: parse(formula, COLUMNS))


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
@settings(LOADED_MACHINE, max_examples=3000)
def test_any_tokens_are_read_or_refused(tokens):
    for formula in ("".join(tokens), "y ~ " + " ".join(tokens)):
        spec = read_or_refuse(lambda formula=formula: parse(formula, COLUMNS))
        if spec is not None:
            assert parse(str(spec), COLUMNS) == spec
    read_or_refuse(lambda: parse_update("y ~ x + (x | g)", " ".join(tokens), COLUMNS))


@given(st.sampled_from(TOKENS), st.sampled_from(TOKENS), st.integers(1, 20_000))
@settings(LOADED_MACHINE, max_examples=150)
def test_any_repetition_is_read_or_refused(first, second, times):
    read_or_refuse(lambda: parse("y ~ " + (first + second) * times))


@given(responses, right_sides)
@settings(LOADED_MACHINE, max_examples=1000)
def test_what_is_read_is_written_and_read_again(response, right_side):
    formula = f"{response} ~ {right_side}"
    spec = read_or_refuse(lambda: parse(formula))
    if spec is not None:
        again = parse(str(spec))
        assert again == spec
        assert parse_update(formula, ". ~ .") == spec
        assert set(again.columns()) == set(spec.columns())
