"""The check in a browser names what is missing before it begins; the pages that it opens are in its own file."""

import pytest

from benches import browser


def test_without_a_chromium_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"no Chromium was found .* apt install chromium"):
        browser.main()


def test_the_first_chromium_that_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", {"google-chrome": "/opt/chrome"}.get)
    assert browser.browser_path() == "/opt/chrome"


class Request:
    """What a page asks for."""

    def __init__(self, url):
        self.url = url


class Page:
    """A page that tells what happens in it."""

    def __init__(self):
        self.told = {}

    def on(self, event, tell):
        self.told[event] = tell


def test_requests_for_anything_outside_the_file_are_found():
    page = Page()
    watch = browser.Watch(page)
    for url in ("file:///tmp/page.html", "data:image/png;base64,AA", "https://cdn.example/a.js"):
        page.told["request"](Request(url))
    assert watch.found == ["request: https://cdn.example/a.js"]
