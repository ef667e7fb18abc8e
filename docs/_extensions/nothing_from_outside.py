"""A built site asks nothing of other servers: links lead there, but no page loads from there."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOADED = (
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\ssrc(?:set)?=[\"']?((?:https?:)?//[^\"'\s>]+)",
    r"<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|icon|preload|preconnect|modulepreload|dns-prefetch))"
    r"[^>]*\shref=[\"']?((?:https?:)?//[^\"'\s>]+)",
    r"url\(\s*[\"']?((?:https?:)?//[^\"')\s]+)",
    r"@import\s+[\"']((?:https?:)?//[^\"']+)",
    r"(?<!@)\bimport\s*\(?\s*[\"']((?:https?:)?//[^\"']+)",
    r"\bfetch\(\s*[\"']((?:https?:)?//[^\"']+)",
)
"""What a browser loads without being asked, in HTML, style sheets and scripts."""


def outside(folder: Path) -> list[str]:
    """Return ``file: address`` for everything that pages would load from elsewhere."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".css", ".js")]
    return [
        f"{path.relative_to(folder)}: {address}"
        for path in files
        for pattern in LOADED
        for address in re.findall(pattern, path.read_text(encoding="utf-8"))
    ]


def check(app: Sphinx, exception: Exception | None) -> None:
    """Fail the build where a page would load anything from elsewhere."""
    if exception is None and app.builder.format == "html" and (found := outside(Path(app.outdir))):
        raise ExtensionError("pages load from other servers:\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at the site when it is built."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
