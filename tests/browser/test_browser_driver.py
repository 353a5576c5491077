"""The driver sees what goes wrong on a page: else the other tests could not fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.browser_driver import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>throw new Error('thrown')</script>", "Error: thrown"),
        ("<script>console.error('logged')</script>", "logged"),
        ("<script>Promise.reject(new Error('rejected'))</script>", "Error: rejected"),
        ("<img src='missing.png'>", "Failed to load resource"),
    ],
)
def test_it_complains(browser: Browser, tmp_path: Path, body: str, complaint: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>x</title><body>{body}", "utf-8")
    with browser.page(path) as page:
        assert any(complaint in text for text in page.complaints())
        assert (len(page.requests()) > 1) == ("img" in body)


def test_it_presses_keys(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><title>x</title><body><input id=a><input id=b>", "utf-8")
    with browser.page(path) as page:
        page.key("Tab")
        page.type("it's /a.b")
        assert page.run("document.getElementById('a').value") == "it's /a.b"
        page.key("Tab")
        assert page.run("document.activeElement.id") == "b"
        assert page.complaints() == []
