"""The documentation site: pages of Markdown whose examples run while it is built; see ``make docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

import hlmrs

project = "hlmrs"
author = "hlmrs contributors"
copyright = author
version = release = hlmrs.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "examples",
    "reference",
    "formulas",
    "plain_text",
    "keyboard",
    "nothing_from_outside",
]
exclude_patterns = ["_extensions"]
templates_path = ["_templates"]
nitpicky = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
add_module_names = False

html_theme = "furo"
html_title = f"hlmrs {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "default"
pygments_dark_style = "monokai"
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5f99", "color-brand-content": "#1f5f99"},
    "dark_css_variables": {"color-brand-primary": "#8cc2f2", "color-brand-content": "#8cc2f2"},
}
