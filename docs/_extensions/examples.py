"""Examples of pages run while the site is built, and what they show stands below them.

Every ``python`` fence of a page runs, in the order of the page.  What a page needs beforehand, such as files that its
readers have, is made by ``before/<page>.py``.  An example that fails, fails the build.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

HERE = Path(__file__).parent
FIGURES = "_figures"


class RunExamples(SphinxTransform):
    """Put what the examples of a page show below them."""

    default_priority = 1

    def apply(self, **_: Any) -> None:
        """Run the examples of a page, if it has any."""
        name = self.env.docname
        blocks = [node for node in self.document.findall(nodes.literal_block) if node.get("language") == "python"]
        if not blocks or name.startswith("reference/"):
            return
        before = HERE / "before" / f"{name}.py"
        if before.exists():
            self.env.note_dependency(str(before))
        folder = Path(self.env.srcdir) / FIGURES
        for node, shown in zip(blocks, run(name, before, blocks, folder), strict=True):
            below = [as_node(one) for one in shown]
            node.parent.insert(node.parent.index(node) + 1, below)


def run(name: str, before: Path, blocks: list[nodes.literal_block], folder: Path) -> list[list[list[str]]]:
    """Run the examples of a page in a process of their own."""
    page = {
        "name": name,
        "before": before.read_text(encoding="utf-8") if before.exists() else "",
        "blocks": [node.astext() for node in blocks],
    }
    command = [sys.executable, str(HERE / "run_page.py"), str(folder)]
    done = subprocess.run(command, input=json.dumps(page), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ExtensionError(f"an example of {name}.md failed:\n{done.stderr}")
    shown: list[list[list[str]]] = json.loads(done.stdout)
    return shown


def as_node(shown: list[str]) -> nodes.Node:
    """Return what is shown as a node of the page."""
    kind, content = shown[:2]
    if kind == "figure":
        image = nodes.image(uri=f"{FIGURES}/{Path(content).name}", alt=shown[2], candidates={})
        return nodes.container("", image, classes=["shown", "figure"])
    if kind == "html":
        return nodes.container("", nodes.raw("", content, format="html"), classes=["shown", "table"])
    return nodes.container("", nodes.literal_block(content, content, language="text"), classes=["shown", kind])


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the transform."""
    app.add_transform(RunExamples)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
