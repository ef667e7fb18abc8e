"""Tables in Markdown, and the place in a document where results go."""

from collections.abc import Sequence
from pathlib import Path

_START, _END = "<!-- measured -->", "<!-- end of measured -->"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; columns after the first are aligned to the right."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, rule, *rows]) + "\n"


def inserted(path: Path, title: str, text: str) -> None:
    """Put results into a document, between its marks; what people wrote around them stays."""
    old = path.read_text() if path.exists() else f"# {title}\n\n{_START}\n{_END}\n"
    before, rest = old.split(_START)
    after = rest.split(_END)[1]
    path.write_text(f"{before}{_START}\n{text.strip()}\n{_END}{after}")


def duration(seconds: float | None) -> str:
    """Return seconds with three digits, in a unit that suits."""
    if seconds is None:
        return ""
    if seconds >= 100:
        return f"{seconds:.0f} s"
    if seconds >= 0.1:
        return f"{seconds:.3g} s"
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-4 else f"{1e6 * seconds:.3g} µs"


def size(count: float | None) -> str:
    """Return bytes in MiB or GiB."""
    if count is None:
        return ""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def ratio(value: float | None) -> str:
    """Return a ratio with two or three digits."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.3g}"
