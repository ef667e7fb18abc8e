"""Text -> tokens, as R's lexer cuts it: identifiers may hold dots, ``**`` is ``^``, backticks quote any name."""

import re
from typing import Literal, NamedTuple

from .reading_error import ReadingError
from .suggest import quote

Kind = Literal["name", "quoted", "number", "text", "operator", "end"]

LONGEST_FORMULA = 100_000


class Token(NamedTuple):
    """A piece of the formula: its meaning and the offsets ``[start, end)`` it covers."""

    kind: Kind
    text: str
    start: int
    end: int


_PATTERN = re.compile(
    r"""\s*(?:
        (?P<name>(?:[^\W\d]|\.(?![0-9]))[\w.]*)
      | (?P<foreign>[=!<>]=|<-|->|::?=|::|&&|%(?!in%)[^%\s]*%|[<>&!{}\[\]$@?;\\#])
      | (?P<operator>\*\*|\|\||%in%|[-+*/:^|~(),=])
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?L?)
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<strange>\S)
    )""",
    re.VERBOSE | re.DOTALL,
)

_COMPARE = "comparisons and logic are not part of the language; make the column in the data frame first"
_ASSIGN = "assignments are not part of the language"
_ACCESS = "data are named by their column alone"
_WHY_FOREIGN = {
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">=", "&", "&&", "!"), _COMPARE),
    **dict.fromkeys(("<-", "->", ":=", "::="), _ASSIGN),
    **dict.fromkeys(("$", "@", "[", "]", "::"), _ACCESS),
}
_OTHERWISE = "the language has + - * / : ^ %in% | || ~ ( ), names, numbers and a list of functions"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "`": "`"}


def tokenize(formula: str) -> list[Token]:
    """Cut a formula into tokens, with one of kind "end" as the last."""
    if len(formula) > LONGEST_FORMULA:
        raise ReadingError(f"the formula has {len(formula):,} characters; the limit is {LONGEST_FORMULA:,}", None)
    # without trailing space every match ends in a token, so that scanning takes one pass
    text = formula.rstrip()
    tokens = [_token(found) for found in _PATTERN.finditer(text)]
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup
    start, end = found.span(found.lastindex or 0)
    text = found.string[start:end]
    match kind:
        case "name" | "number":
            return Token(kind, text, start, end)
        case "operator":
            return Token(kind, "^" if text == "**" else text, start, end)
        case "quoted" | "text":
            return Token(kind, _unquote(text, start), start, end)
        case "strange":
            raise _unreadable(text, start)
    raise ReadingError(f"{quote(text)} has no meaning in a formula: {_WHY_FOREIGN.get(text, _OTHERWISE)}", start)


def _unquote(text: str, start: int) -> str:
    """Return what stands between the quotes."""
    if len(text) == 2:
        raise ReadingError("nothing stands between the quotes", start)
    inner = text[1:-1]
    return _ESCAPE.sub(lambda match: _unescape(match, start + 1), inner) if "\\" in inner else inner


def _unescape(match: re.Match[str], start: int) -> str:
    if match.group(1) not in _ESCAPED:
        raise ReadingError(f"unknown escape {match.group()!r}; write a backslash twice", start + match.start())
    return _ESCAPED[match.group(1)]


def _unreadable(character: str, position: int) -> ReadingError:
    """Say why no token starts here."""
    if character in "\"'`":
        return ReadingError(f"the quote {character} is never closed", position)
    return ReadingError(f"{character!r} has no meaning in a formula: {_OTHERWISE}", position)
