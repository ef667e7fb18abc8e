"""Lines whose places matter: a drawing made of letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines as they stand, in letters of one width."""

    lines: Sequence[str]

    def as_text(self) -> str:
        """Indent the lines."""
        return "\n".join(f"  {line}".rstrip() for line in self.lines)

    def as_html(self, title: str) -> str:
        """Keep the lines as they are, the title above."""
        head = f"<p><b>{escape(title)}</b></p>" if title else ""
        return f'{head}<pre style="line-height:1.25">{escape(chr(10).join(self.lines))}</pre>' if self.lines else ""
