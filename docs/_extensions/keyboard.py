"""Pages for readers by keyboard and by ear: what scrolls can be focused, and headings have their level."""

from typing import Any

from sphinx.application import Sphinx

CHANGES = {
    "body": {
        "<pre>": '<pre tabindex="0">',
        '<div class="formula">': '<div class="formula" tabindex="0">',
        '<table class="docutils': '<table tabindex="0" class="docutils',
        '<div class="shown table ': '<div tabindex="0" class="shown table ',
    },
    "furo_navigation_tree": {'role="heading"': 'role="heading" aria-level="2"'},
}
"""By part of a page, what is written in place of what the theme has."""


def change(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Change the parts of a page."""
    for part, changes in CHANGES.items():
        for old, new in changes.items():
            if part in context:
                context[part] = context[part].replace(old, new)


def setup(app: Sphinx) -> dict[str, Any]:
    """Change pages after the theme has made them."""
    app.connect("html-page-context", change, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
