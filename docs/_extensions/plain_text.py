"""The site for readers that are programs: ``llms.txt``, and every page as the Markdown that it is written in."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

HEAD = """# hlmrs

> Hierarchical (multilevel, mixed-effects) models for Python: lme4's formulas, any data frame, a Rust core.

Pages are Markdown; every Python example in them ran when the site was built. `llms-full.txt` has all in one file.
"""
SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.S)


def chapters(app: Sphinx) -> list[tuple[str, list[str]]]:
    """Return the captions of the contents, with the pages below each."""
    contents = app.env.get_doctree(app.config.root_doc)
    trees = [node for node in contents.findall() if node.tagname == "toctree"]
    return [(tree["caption"] or "Pages", [str(name) for _, name in tree["entries"]]) for tree in trees]


def summary(app: Sphinx, name: str) -> str:
    """Return the first sentence of a page."""
    first = next(app.env.get_doctree(name).findall(nodes.paragraph), None)
    text = " ".join(first.astext().split()) if first is not None else ""
    found = SENTENCE.match(text)
    return found[0] if found else text


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the list of pages, the pages, and all of them in one file."""
    if exception is not None or app.builder.name != "html":
        return
    source, target = Path(app.srcdir), Path(app.outdir)
    lines, full = [HEAD], [HEAD]
    for caption, names in chapters(app):
        lines.append(f"\n## {caption}\n")
        for name in names:
            page = Path(app.env.doc2path(name, base=False))
            lines.append(f"- [{app.env.titles[name].astext()}]({page}): {summary(app, name)}")
            text = (source / page).read_text(encoding="utf-8")
            (target / page).parent.mkdir(parents=True, exist_ok=True)
            (target / page).write_text(text, encoding="utf-8")
            full.append(text)
    (target / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (target / "llms-full.txt").write_text("\n\n".join(full), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write them when the site is built."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
