"""Where Rust code can be mutated: operators, conditions, numbers, statements and results of functions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .mutant import ON, Mutant, around, replaced

OTHER = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
}  # fmt: skip
TOLERANCE = 1e-3
"""A number below is a tolerance; a thousand times of it is a mutant, since twice of it is as good a tolerance."""
NOT_ENTERED = {
    "attribute_item", "macro_invocation", "macro_definition", "const_item", "static_item", "type_arguments",
    "use_declaration", "match_pattern", "array_type", "enum_item", "struct_item", "type_item",
}  # fmt: skip
NO_EXPRESSIONS = ("_pattern", "negative_literal", "field_expression")
DISPLAYED = {"fmt", "source", "drop"}


def mutants(root: Path) -> Iterator[Mutant]:
    """Yield every mutant of the crate, its tests left out."""
    for path in sorted((root / "rust").rglob("*.rs")):
        if "tests" not in (path.stem, path.parent.name):
            yield from of_source(path.read_bytes(), str(path.relative_to(root)))


def of_source(source: bytes, path: str) -> Iterator[Mutant]:
    """Yield the mutants of one file."""
    import tree_sitter
    import tree_sitter_rust

    language = tree_sitter.Language(tree_sitter_rust.language())
    yield from _within(tree_sitter.Parser(language).parse(source).root_node, path, in_function=False)


def _within(node: Any, path: str, *, in_function: bool) -> Iterator[Mutant]:
    """Yield the mutants of a node and of what is in it."""
    if node.type in NOT_ENTERED or _is_test(node) or _is_const(node):
        return
    in_function = in_function or node.type in ("function_item", "closure_expression")
    if in_function and node.type in RULES:
        for kind, after, edits in RULES[node.type](node):
            yield Mutant(path, node.start_point.row + 1, kind, node.text.decode(), after, edits)
    for child in node.named_children:
        yield from _within(child, path, in_function=in_function)


def _is_test(node: Any) -> bool:
    """Return whether attributes before the item make it a test."""
    before = node.prev_named_sibling
    while before is not None and before.type == "attribute_item":
        if re.search(rb"\b(test|proptest)\b", before.text):
            return True
        before = before.prev_named_sibling
    return False


def _is_const(node: Any) -> bool:
    """Return whether this is a function which the compiler evaluates, or one that only writes text."""
    if node.type != "function_item":
        return False
    name, modifiers = _field(node, "name"), [c.text for c in node.children if c.type == "function_modifiers"]
    return name.text.decode() in DISPLAYED or any(b"const" in text for text in modifiers)


def _field(node: Any, name: str) -> Any:
    return node.child_by_field_name(name)


def _binary(node: Any) -> Iterator[Any]:
    """Yield `a - b` for `a + b`."""
    sign = _field(node, "operator")
    if other := OTHER.get(sign.type):
        text, start = node.text, node.start_byte
        changed = text[: sign.start_byte - start] + other.encode() + text[sign.end_byte - start :]
        kind = "boolean operator" if other in ("&&", "||") else "operator"
        yield kind, changed.decode(), replaced(start, node.end_byte, _either(changed, text))


def _either(changed: bytes, text: bytes) -> bytes:
    return b"(if " + ON + b" { " + changed + b" } else { " + text + b" })"


def _unary(node: Any) -> Iterator[Any]:
    """`-x` and `!x` become `x`."""
    if node.children[0].type in ("-", "!"):
        changed = node.children[1].text
        yield "sign", changed.decode(), replaced(node.start_byte, node.end_byte, _either(changed, node.text))


def _condition(node: Any) -> Iterator[Any]:
    """Yield the negated condition of an `if` or a `while`."""
    asked = _field(node, "condition")
    if asked.type not in ("let_condition", "let_chain"):
        edits = around(asked.start_byte, asked.end_byte, b"(" + ON + b" != (", b"))")
        yield "condition", f"if !({asked.text.decode()})", edits


def _number(node: Any) -> Iterator[Any]:
    """0 and 1 change places; another whole number is one more; another number is twice itself."""
    if node.parent.type.endswith(NO_EXPRESSIONS) or node.parent.type in NOT_ENTERED:
        return
    match = re.fullmatch(r"(\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)_?([iuf]\w+)?", node.text.decode())
    if match:
        digits, suffix = match[1].replace("_", ""), match[2] or ""
        whole = node.type == "integer_literal" and not suffix.startswith("f")
        changed = (other_whole(int(digits)) if whole else other_real(float(digits))) + suffix
        yield "number", changed, replaced(node.start_byte, node.end_byte, _either(changed.encode(), node.text))


def other_whole(value: int) -> str:
    """Return the whole number that stands for another."""
    return str({0: 1, 1: 0}.get(value, value + 1))


def other_real(value: float) -> str:
    """Return the real number that stands for another."""
    if value in (0.0, 1.0):
        return repr(1.0 - value)
    other = value * (1000.0 if abs(value) < TOLERANCE else 2.0)
    return repr(float(f"{other:.12g}"))


def _statement(node: Any) -> Iterator[Any]:
    """Leave out an assignment, or a call for its effect."""
    inner = node.named_children[0] if node.named_children else None
    if inner is not None and inner.type in DELETED:
        before, after = b"if !" + ON + b" { ", b" }"
        yield "statement deleted", "", around(node.start_byte, node.end_byte, before, after)


DELETED = {"assignment_expression", "compound_assignment_expr", "call_expression", "try_expression"}


def _function(node: Any) -> Iterator[Any]:
    """Return the default of the type at once."""
    body, returned = _field(node, "body"), _field(node, "return_type")
    value = _default(returned.text.decode()) if returned is not None else ""
    if body is not None and body.named_children and value is not None:
        text = b"if " + ON + f" {{ return {value}; }}".encode()
        yield "result", f"return {value}", replaced(body.start_byte + 1, body.start_byte + 1, text)


def _default(returned: str) -> str | None:
    if returned.startswith(("impl ", "&", "!")):
        return None
    if returned.startswith("Option<"):
        return "None"
    wrapped = re.match(r"\w*Result<(.*)", returned)
    return "Ok(Default::default())" if wrapped else "Default::default()"


RULES = {
    "binary_expression": _binary,
    "compound_assignment_expr": _binary,
    "unary_expression": _unary,
    "if_expression": _condition,
    "while_expression": _condition,
    "integer_literal": _number,
    "float_literal": _number,
    "expression_statement": _statement,
    "function_item": _function,
}
