"""Where Python code can be mutated: the same kinds of faults as in Rust, found in the syntax tree."""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .mutant import ON, Edit, Mutant, around, replaced
from .rust_sites import other_real, other_whole

ONLY_DRAWN = {"plots", "display", "report", "datasets"}
"""Rooms that compute and decide nothing: they write and draw."""
OTHER: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
Change = tuple[str, ast.AST, str, tuple[Edit, ...]]


def mutants(root: Path) -> Iterator[Mutant]:
    """Yield every mutant of the package."""
    package = root / "python" / "hlmrs"
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] not in ONLY_DRAWN:
            yield from of_source(path.read_bytes(), str(path.relative_to(root)))


def of_source(source: bytes, path: str) -> Iterator[Mutant]:
    """Yield the mutants of one file."""
    for kind, node, after, edits in _Sites(source).of(ast.parse(source)):
        before = ast.unparse(node).split("\n")[0] if kind != "result" else ""
        yield Mutant(path, node.lineno, kind, before, after, edits)  # type: ignore[attr-defined]


class _Sites:
    """Mutants of one source; knows where a line begins."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def of(self, node: ast.AST, *, in_function: bool = False) -> Iterator[Change]:
        """Yield the mutants of a node and of what is in it; no types, no texts of errors."""
        if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert | ast.Lambda) or _is_warning(node):
            if isinstance(node, ast.Raise) and in_function:
                yield self._deleted(node)
            if not isinstance(node, ast.Lambda):
                return
        if in_function:
            yield from self._here(node)
        if isinstance(node, ast.FunctionDef):
            yield from self._of_function(node)
            return
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.AnnAssign) and child is node.annotation):
                yield from self.of(child, in_function=in_function)

    def _of_function(self, node: ast.FunctionDef) -> Iterator[Change]:
        """Yield the mutants of a function's body, and the one that returns nothing."""
        if node.name in ("__repr__", "__str__", "_repr_html_") or any(map(_is_typing, node.decorator_list)):
            return
        first = node.body[1] if _is_docstring(node.body[0]) and len(node.body) > 1 else node.body[0]
        if not _is_docstring(first) and getattr(node.returns, "value", 0) is not None:
            start = self._at(first.lineno, 0)
            text = b" " * first.col_offset + b"if " + ON + b": return None\n"
            yield "result", node, f"{node.name}() returns None", replaced(start, start, text)
        for statement in node.body:
            yield from self.of(statement, in_function=True)

    def _here(self, node: ast.AST) -> Iterator[Change]:
        if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in OTHER:
            if not isinstance(node, ast.AugAssign) and not _is_text(node):
                yield self._either(_kind(node), node, _with_op(node))
            elif isinstance(node, ast.AugAssign):
                yield self._alternative("operator", node, _with_op(node))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            changed = copy.deepcopy(node)
            changed.ops = [OTHER[type(node.ops[0])]()]
            yield self._either("operator", node, changed)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield self._either("sign", node, node.operand)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield self._either("condition", node.test, ast.UnaryOp(ast.Not(), node.test))
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            value = other_whole(node.value) if type(node.value) is int else other_real(node.value)  # type: ignore[arg-type]
            yield self._either("number", node, ast.parse(value, mode="eval").body)
        elif isinstance(node, ast.Expr | ast.Assign) and _has_effect(node):
            yield self._deleted(node)

    def _either(self, kind: str, node: ast.expr, changed: ast.expr) -> Change:
        """Return the mutant of an expression."""
        start, end = self._span(node)
        text = ast.unparse(changed)
        both = b"((" + text.encode() + b") if " + ON + b" else (" + self.source[start:end] + b"))"
        return kind, node, text, replaced(start, end, both)

    def _alternative(self, kind: str, node: ast.stmt, changed: ast.stmt) -> Change:
        """Return the mutant of a statement of one line."""
        start, end = self._span(node)
        text, indent = ast.unparse(changed), b" " * node.col_offset
        both = b"if " + ON + b": " + text.encode() + b"\n" + indent + b"else: " + self.source[start:end]
        return kind, node, text, replaced(start, end, both)

    def _deleted(self, node: ast.stmt) -> Change:
        start, end = self._span(node)
        return "statement deleted", node, "", around(start, end, b"if not " + ON + b": ", b"")

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Return the bytes of a node."""
        start = self._at(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _at(self, line: int, column: int) -> int:
        return self.lines[line - 1] + column


def _is_warning(node: ast.AST) -> bool:
    """Return whether a warning or an error is made here."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rsplit(".", 1)[-1]
    return name in ("warn", "cast") or name.endswith(("Error", "Warning"))


def _is_typing(node: ast.expr) -> bool:
    return ast.unparse(node).rsplit(".", 1)[-1] in ("overload", "abstractmethod")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_text(node: ast.AST) -> bool:
    """Return whether texts are joined."""
    return any(
        isinstance(n, ast.JoinedStr) or (isinstance(n, ast.Constant) and isinstance(n.value, str))
        for n in ast.iter_child_nodes(node)
    )


def _has_effect(node: ast.Expr | ast.Assign) -> bool:
    """Return whether a call or an assignment into an object is all there is."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)


def _kind(node: ast.AST) -> str:
    return "boolean operator" if isinstance(node, ast.BoolOp) else "operator"


def _with_op(node: Any) -> Any:
    """Return the node with the operator that stands for its own."""
    changed = copy.deepcopy(node)
    changed.op = OTHER[type(node.op)]()
    return changed
