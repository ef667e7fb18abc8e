"""How reports and the HTML of results look and work in a browser: ``python -m benches.browser [FOLDER]``.

The report of several models, that of a binary outcome, and the HTML that notebooks show are opened in headless
Chromium, 390 and 1,400 pixels wide, light and dark.  It fails on an error of the console, a request for anything
outside the file, a page that is wider than its window, and what axe-core finds serious or critical.  FOLDER gets pages
and screenshots.
"""

import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

WIDTHS, SCHEMES = (390, 1400), ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SERIOUS = ("serious", "critical")
NOTEBOOK = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Results in a notebook</title><style>:root{color-scheme:light dark}body{margin:1rem;font:14px sans-serif}
</style></head><body><main><h1>Results in a notebook</h1>%s</main></body></html>
"""


def pages() -> Iterator[tuple[str, str]]:
    """Yield names and HTML: two reports, and what notebooks show."""
    import hlmrs

    warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
    school = hlmrs.datasets.load("Hsb82", "polars")
    steps = hlmrs.build("mAch ~ (meanses + sector) * cses + (cses | school)", school, means="~ meanses")
    null, *between, last = steps.fits.values()
    yield "report", last.report(models=between).html
    women = hlmrs.datasets.load("Contraception", "polars")
    binary = hlmrs.glmer("use ~ age * urban + livch + (1 | district)", women, family="binomial")
    yield "binary", binary.report().html
    shown = [
        last, last.summary(style="hlm"), steps, hlmrs.table(null, *between, last, binary), last.equations(),
        binary.equations(estimates=True), last.check(), last.verdict, last.influence("school"), last.ranking("school"),
        hlmrs.describe(school, "school"), hlmrs.compare(null, last), last.emmeans("sector"), last.text(), last.icc(),
        last.anova(), binary, hlmrs.gee("use ~ age", women, groups="district", family="binomial"),
    ]  # fmt: skip
    parts = (f"<h2>{type(one).__name__}</h2>{one._repr_html_().replace('<h4>', '<h3>')}" for one in shown)
    yield "notebook", NOTEBOOK % "".join(parts).replace("</h4>", "</h3>")


class Watch:
    """What goes wrong while a page is open."""

    def __init__(self, page: Any) -> None:
        self.found: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.found.append(f"request: {request.url}")


def faults(browser: Any, path: Path, width: int, scheme: str) -> list[str]:
    """Open a page, take its picture, and return what is wrong with it."""
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    watch = Watch(page)
    page.goto(path.as_uri(), wait_until="load")
    page.screenshot(path=path.with_name(f"{path.stem}-{width}-{scheme}.png"), full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth")
    found = [*watch.found, *([f"{wide} pixels wide"] if wide > width else [])]
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in SERIOUS:
            nodes = violation["nodes"]
            found.append(f"{violation['id']}: {violation['help']} ({len(nodes)} times, first {nodes[0]['html'][:200]})")
    context.close()
    return found


def browser_path() -> str:
    """Return the path of a Chromium, or say how to get one and exit."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        sys.exit(f"no Chromium was found (looked for {', '.join(BROWSERS)}): install one, as by apt install chromium")
    return found


def main() -> None:
    """Make the pages, open each, and exit with 1 if anything is wrong."""
    executable = browser_path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("playwright is not installed: pip install --group browser")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="hlmrs-pages-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, html in pages():
        paths.append(folder / f"{name}.html")
        paths[-1].write_text(html, encoding="utf-8")
    n_faults = 0
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for path, width, scheme in product(paths, WIDTHS, SCHEMES):
            found = faults(browser, path, width, scheme)
            n_faults += len(found)
            print(f"{path.name}, {width} pixels, {scheme}: {'; '.join(found) or 'nothing wrong'}")
        browser.close()
    print(f"pages and screenshots: {folder}")
    sys.exit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
