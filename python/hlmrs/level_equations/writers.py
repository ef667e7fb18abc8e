"""Equations as text, LaTeX and MathML."""

import re
from collections.abc import Sequence
from html import escape

from .symbols import Block, Line, Matrix, Node, Row, Symbol, Word, Written, index_of

WIDTH = 80
_MOST_SUMMANDS = 5
"""Summands on a line of LaTeX and MathML; more follow on lines of their own."""

_LATEX = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "π": r"\pi", "ψ": r"\psi", "ε": r"\varepsilon", "η": r"\eta",
    "μ": r"\mu", "σ": r"\sigma", "τ": r"\tau", "φ": r"\phi", "θ": r"\theta", "ρ": r"\rho", "ζ": r"\zeta",
    "δ": r"\delta", "ω": r"\omega", "κ": r"\kappa", "λ": r"\lambda", "ν": r"\nu", "²": "^2",
}  # fmt: skip
_OPERATORS = {"*": r"\,", "~": r"\sim", "|": r"\mid", "≤": r"\le", "−": "-"}
_SPECIAL = re.compile(r"[\\{}_$&#%^~]")
_ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}


def as_text(blocks: Sequence[Block]) -> str:
    """Write blocks of equations as lines of text."""
    return "\n\n".join(
        "\n".join([block.heading, *(f"  {part}" for line in block.lines for part in _text_lines(line))])
        for block in blocks
    )


def _text_lines(line: Line) -> list[str]:
    """Write an equation, in several lines where it is long."""
    head = f"{_text_row(line.left)} {line.relation} "
    found, current = [], head
    for k, part in enumerate(line.right):
        text = _text_row(part)
        sign, text = (" - ", text[1:]) if k and text.startswith("-") else (" + " if k else "", text)
        if k and len(current) + len(sign) + len(text) > WIDTH - 2:
            found.append(current)
            current, sign = " " * len(head), sign.lstrip()
        current += sign + text
    return [*found, current]


def _text_row(row: Row) -> str:
    """Write a row; a variable that is multiplied stands in parentheses."""
    found = []
    for k, node in enumerate(row):
        text = _text_node(node)
        multiplied = isinstance(node, Word) and k and row[k - 1] == Written("*")
        found.append(f"({text})" if multiplied else text)
    return "".join(found)


def _text_node(node: Node) -> str:
    match node:
        case Symbol():
            return node.letter + index_of(node)
        case Word():
            return node.text + (f"_{node.units}" if node.units else "")
        case Written():
            return ", " if node.text == "," else f" {node.text} " if node.text in "|≤−" else node.text
        case Matrix():
            return "[" + "; ".join(" ".join(_text_row(cell) for cell in row) for row in node.rows) + "]"


def as_latex(blocks: Sequence[Block]) -> str:
    r"""Write blocks of equations in LaTeX: an ``aligned`` environment, for math mode and ``amsmath``."""
    lines = []
    for block in blocks:
        for k, line in enumerate(block.lines):
            heading = rf"\text{{{_escaped(block.heading)}}}" if not k else ""
            first, *others = _parted(line.right)
            relation = _OPERATORS.get(line.relation, line.relation)
            right = _signed([_latex_row(part) for part in first])
            lines.append(rf"{heading} \quad & {_latex_row(line.left)} {relation} {right}".strip())
            lines += [rf"& \quad {_signed([_latex_row(part) for part in parts], goes_on=True)}" for parts in others]
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _parted(parts: Sequence[Row]) -> list[Sequence[Row]]:
    """Part a sum into lines."""
    return [parts[k : k + _MOST_SUMMANDS] for k in range(0, len(parts), _MOST_SUMMANDS)]


def _signed(parts: Sequence[str], *, goes_on: bool = False) -> str:
    """Add what is written; a negative number brings its own sign, as does the first of a sum that goes on."""
    return "".join(
        part if not (k or goes_on) else f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        for k, part in enumerate(parts)
    )


def _latex_row(row: Row) -> str:
    return " ".join(_latex_node(node) for node in row)


def _latex_node(node: Node) -> str:
    match node:
        case Symbol():
            letter = "".join(_LATEX.get(one, one) for one in node.letter)
            index = index_of(node)
            return f"{letter}_{{{index}}}" if index else letter
        case Word():
            name = rf"\mathrm{{{_escaped(node.text)}}}"
            return f"{name}_{{{node.units}}}" if node.units else name
        case Written():
            return _OPERATORS.get(node.text, node.text)
        case Matrix():
            rows = r" \\ ".join(" & ".join(_latex_row(cell) for cell in row) for row in node.rows)
            return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found.group(), "\\" + found.group()), text)


def as_mathml(blocks: Sequence[Block]) -> str:
    """Write blocks of equations in MathML, which browsers show without a library."""
    rows: list[list[str]] = []
    for block in blocks:
        for k, line in enumerate(block.lines):
            heading = f"<mtext>{escape(block.heading)}</mtext>" if not k else ""
            first, *others = _parted(line.right)
            rows.append([heading, _mathml_row(line.left), f"<mo>{escape(line.relation)}</mo>", _mathml_sum(first)])
            rows += [["", "", "", _mathml_sum(parts, goes_on=True)] for parts in others]
    body = "".join(map(_mathml_line, rows))
    return f'<math display="block"><mtable columnalign="left right center left">{body}</mtable></math>'


def _mathml_line(cells: Sequence[str]) -> str:
    aligned = zip(("left", "right", "center", "left"), cells, strict=True)
    return "<mtr>" + "".join(f"<mtd style='text-align:{side}'>{cell}</mtd>" for side, cell in aligned) + "</mtr>"


def _mathml_sum(parts: Sequence[Row], *, goes_on: bool = False) -> str:
    found = []
    for k, part in enumerate(parts):
        signed = bool(k) or goes_on
        minus = signed and isinstance(part[0], Written) and part[0].text.startswith("-")
        if signed:
            found.append(f"<mo>{'−' if minus else '+'}</mo>")
        found.append(_mathml_row((Written(part[0].text[1:]), *part[1:]) if minus else part))  # type: ignore[union-attr]
    return f"<mrow>{''.join(found)}</mrow>"


def _mathml_row(row: Row) -> str:
    return f"<mrow>{''.join(map(_mathml_node, row))}</mrow>"


def _mathml_node(node: Node) -> str:
    match node:
        case Symbol():
            return _mathml_indexed(f"<mi>{escape(node.letter)}</mi>", index_of(node))
        case Word():
            return _mathml_indexed(f"<mtext>{escape(node.text)}</mtext>", node.units)
        case Written():
            if node.text == "*":
                return "<mo>&#x22C5;</mo>"
            if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", node.text):
                sign = "<mo>−</mo>" if node.text.startswith("-") else ""
                return f"{sign}<mn>{node.text.lstrip('-')}</mn>"
            return f"<mo>{escape(node.text)}</mo>"
        case Matrix():
            rows = "".join(
                f"<mtr>{''.join(f'<mtd>{_mathml_row(cell)}</mtd>' for cell in row)}</mtr>" for row in node.rows
            )
            return f"<mrow><mo>(</mo><mtable>{rows}</mtable><mo>)</mo></mrow>"


def _mathml_indexed(base: str, index: str) -> str:
    return f"<msub>{base}<mi>{escape(index)}</mi></msub>" if index else base
